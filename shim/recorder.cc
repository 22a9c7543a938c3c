// SPDX-License-Identifier: BSD-3-Clause
#include "shim/recorder.h"

#include <time.h>

#include "shim/next.h"
#include "shim/plan_view.h"
#include "shim/raw.h"

namespace rolecall::shim {

std::uint64_t now_ns() {
  timespec now{};
  raw(__NR_clock_gettime, CLOCK_MONOTONIC, as_word(&now));
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

void record(const Happening& happening) {
  Board* const board = board_view();
  if (board == nullptr) return;
  const std::uint64_t slot = board->record_count.fetch_add(1, std::memory_order_relaxed);
  if (slot >= kMaxRecords) return;
  Record& record = board->records[slot];
  record.time_ns = now_ns();
  record.kind = happening.kind;
  record.pid = static_cast<std::uint32_t>(raw(__NR_getpid));
  record.tid = static_cast<std::uint32_t>(raw(__NR_gettid));
  record.port = happening.port;
  record.number = happening.number;
  record.position = happening.position;
  record.error = happening.error;
  record.awaited = happening.awaited;
  record.starved_ns = happening.starved_ns;
  record.sleeps = happening.sleeps;
  record.sequence.store(slot + 1, std::memory_order_release);
}

void missing_symbol(Call call) {
  record({.kind = Kind::MissingSymbol, .number = static_cast<std::uint32_t>(call)});
}

}  // namespace rolecall::shim
