// SPDX-License-Identifier: BSD-3-Clause
#include "shim/plan_view.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <atomic>
#include <cstddef>

#include "shim/environment.h"
#include "shim/next.h"
#include "shim/raw.h"
#include "shim/recorder.h"

namespace rolecall::shim {
namespace {

constinit std::atomic<Phase> the_phase{Phase::Cold};
constinit std::atomic<const Plan*> the_plan{nullptr};
constinit std::atomic<Board*> the_board{nullptr};

// Maps the whole of a file of exactly `size` bytes; null for anything else.
void* map_file(const char* path, std::size_t size, bool writable) {
  const long fd = raw(__NR_openat, AT_FDCWD, as_word(path),
                      (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return nullptr;
  const bool fits = raw(__NR_lseek, fd, 0, SEEK_END) == static_cast<long>(size);
  const long address = fits ? raw(__NR_mmap, 0, static_cast<long>(size),
                                  writable ? PROT_READ | PROT_WRITE : PROT_READ,
                                  writable ? MAP_SHARED : MAP_PRIVATE, fd, 0)
                            : -1;
  raw(__NR_close, fd);
  if (address < 0 && address > -4096) return nullptr;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): what the raw mmap gives is a word
  return reinterpret_cast<void*>(address);
}

bool ends_within(const char (&text)[kMaxPath]) {
  for (const char c : text) {
    if (c == '\0') return text[0] != '\0';
  }
  return false;
}

// Whether the order names each of 1..stream_count once.
bool is_permutation(const Plan& plan) {
  bool seen[kMaxStreams + 1] = {};
  for (std::uint32_t i = 0; i < plan.stream_count; ++i) {
    const std::uint16_t number = plan.order[i];
    if (number < 1 || number > plan.stream_count || seen[number]) return false;
    seen[number] = true;
  }
  return true;
}

bool is_well_formed(const Plan& plan) {
  return (plan.side == Side::Server || plan.side == Side::Client) &&
         (plan.numbering == Numbering::ByConnect || plan.numbering == Numbering::ByArrival) &&
         plan.lever >= Lever::RecordOnly && plan.lever <= Lever::Defer &&
         (plan.lever == Lever::RecordOnly) == (plan.stream_count == 0) && plan.port >= 1 &&
         plan.port <= 65535 && plan.hold_ms >= 1 && plan.stream_count <= kMaxStreams &&
         is_permutation(plan) && ends_within(plan.program);
}

bool is_this_program(const char (&program)[kMaxPath]) {
  char self[kMaxPath] = {};
  const long length =
      raw(__NR_readlinkat, AT_FDCWD, as_word("/proc/self/exe"), as_word(self), sizeof self - 1);
  for (long i = 0; i <= length; ++i) {
    if (self[i] != program[i]) return false;
  }
  return length > 0;
}

bool open_board(const Plan& plan) {
  if (!ends_within(plan.board)) return false;
  auto* board = static_cast<Board*>(map_file(plan.board, sizeof(Board), true));
  if (board == nullptr || board->magic != kBoardMagic || board->version != kVersion ||
      board->size != sizeof(Board)) {
    return false;
  }
  the_board.store(board, std::memory_order_release);
  return true;
}

Phase refuse(Refusal why) {
  record({.kind = Kind::NotArmed, .number = static_cast<std::uint32_t>(why)});
  return Phase::Inert;
}

// A plan of another layout is not read further: where its board is cannot be known.
Phase arm() {
  Next::warm();
  const char* const path = environment_value(kPlanVariable);
  if (path == nullptr) return Phase::Inert;
  const auto* plan = static_cast<const Plan*>(map_file(path, sizeof(Plan), false));
  if (plan == nullptr || plan->magic != kPlanMagic || plan->version != kVersion ||
      plan->size != sizeof(Plan) || !open_board(*plan)) {
    return Phase::Inert;
  }
  if (!is_well_formed(*plan)) return refuse(Refusal::BadPlan);
  if (!is_this_program(plan->program)) return refuse(Refusal::WrongProgram);
  the_plan.store(plan, std::memory_order_release);
  record({.kind = Kind::Armed, .number = static_cast<std::uint32_t>(plan->side)});
  return plan->side == Side::Server ? Phase::Server : Phase::Client;
}

__attribute__((constructor)) void arm_at_load() {
  phase();
}

}  // namespace

Phase phase() {
  const Phase seen = the_phase.load(std::memory_order_acquire);
  if (seen != Phase::Cold) return seen;
  Phase cold = Phase::Cold;
  if (!the_phase.compare_exchange_strong(cold, Phase::Warming)) return cold;
  const Phase armed = arm();
  the_phase.store(armed, std::memory_order_release);
  return armed;
}

const Plan& plan_view() {
  return *the_plan.load(std::memory_order_acquire);
}

std::uint32_t swapped_streams() {
  return plan_view().lever == Lever::Swap ? plan_view().stream_count : 0;
}

std::uint32_t deferred_streams() {
  return plan_view().lever == Lever::Defer ? plan_view().stream_count : 0;
}

Board* board_view() {
  return the_board.load(std::memory_order_acquire);
}

}  // namespace rolecall::shim
