// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/shim_plan.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "harness/scenario/shim_events.h"
#include "shim/abi.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;

Result<void> copy_path(const fs::path& path, char (&into)[shim::kMaxPath]) {
  const std::string& text = path.native();
  if (text.size() >= shim::kMaxPath) {
    return Error{Errc::Limit, fmt::format("path of {} bytes: the shim takes {}: {}", text.size(),
                                          shim::kMaxPath - 1, text)};
  }
  std::copy(text.begin(), text.end(), into);
  return ok();
}

Result<void> write_plan(const ShimOptions& options, shim::Side side, const fs::path& board,
                        const fs::path& to) {
  const auto plan = std::make_unique<shim::Plan>();  // zeros
  plan->magic = shim::kPlanMagic;
  plan->version = shim::kVersion;
  plan->size = sizeof(shim::Plan);
  plan->side = side;
  plan->numbering = shim::Numbering::ByConnect;
  plan->port = options.port;
  plan->hold_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(1, options.hold_limit.in_ms()));
  plan->stream_count = static_cast<std::uint32_t>(options.order.size());
  for (std::size_t i = 0; i < options.order.size(); ++i)
    plan->order[i] = static_cast<std::uint16_t>(options.order[i]);
  TRY(copy_path(side == shim::Side::Server ? options.server_program : options.client_program,
                plan->program));
  TRY(copy_path(board, plan->board));
  return write_file(to, {reinterpret_cast<const char*>(plan.get()), sizeof *plan});
}

Result<void*> make_board(const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.is_open()) return system_error(fmt::format("open({})", path.string()));
  if (::ftruncate(fd.get(), sizeof(shim::Board)) != 0)
    return system_error(fmt::format("ftruncate({})", path.string()));
  void* memory =
      ::mmap(nullptr, sizeof(shim::Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return system_error(fmt::format("mmap({})", path.string()));
  auto* board = static_cast<shim::Board*>(memory);
  board->magic = shim::kBoardMagic;
  board->version = shim::kVersion;
  board->size = sizeof(shim::Board);
  return memory;
}

}  // namespace

AcceptOrder ShimObservation::accepted_numbers() const {
  AcceptOrder numbers;
  for (const std::uint16_t port : accept_order) {
    const auto at = std::find(client_order.begin(), client_order.end(), port);
    numbers.push_back(at == client_order.end() ? 0
                                               : static_cast<int>(at - client_order.begin()) + 1);
  }
  return numbers;
}

Result<ShimPlan> ShimPlan::make(const ShimOptions& options) {
  TRY(check_permutation(options.order));
  TRY(auto folder, TemporaryFolder::make());
  const fs::path board_path = folder.path() / "board";
  TRY(auto* board, make_board(board_path));
  ShimPlan plan(std::move(folder), options, board);
  TRY(write_plan(options, shim::Side::Server, board_path, plan.folder_.path() / "server.plan"));
  TRY(write_plan(options, shim::Side::Client, board_path, plan.folder_.path() / "client.plan"));
  return plan;
}

ShimPlan::ShimPlan(ShimPlan&& other) noexcept
    : folder_(std::move(other.folder_)),
      options_(std::move(other.options_)),
      board_(std::exchange(other.board_, nullptr)) {}

ShimPlan::~ShimPlan() {
  if (board_ != nullptr) ::munmap(board_, sizeof(shim::Board));
}

std::vector<std::string> ShimPlan::environment(const fs::path& plan) const {
  std::string preload = "LD_PRELOAD=" + options_.library.string();
  if (const char* others = std::getenv("LD_PRELOAD"); others != nullptr && *others != '\0')
    preload += std::string(":") + others;
  return {preload, fmt::format("{}={}", shim::kPlanVariable, plan.string())};
}

std::vector<std::string> ShimPlan::server_environment() const {
  return environment(folder_.path() / "server.plan");
}

std::vector<std::string> ShimPlan::client_environment() const {
  return environment(folder_.path() / "client.plan");
}

ShimObservation ShimPlan::observe() const {
  return read_board(*static_cast<const shim::Board*>(board_));
}

}  // namespace rolecall::scenario
