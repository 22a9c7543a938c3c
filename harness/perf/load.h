// SPDX-License-Identifier: BSD-3-Clause
// How much is to be sent, and how fast; and what of it is already spoken for.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "harness/wire/datagram.h"

namespace rolecall::perf {

struct Load {
  bool is_udp = false;        // blocks are datagrams
  bool keeps_blocks = false;  // SCTP: each block is a message
  wire::Counter counter = wire::Counter::Narrow;
  bool is_file = false;                  // the streams have files to send or to write
  bool is_zerocopy = false;              // -Z
  bool skips_copy = false;               // --skip-rx-copy
  bool gso = false;                      // UDP: several datagrams leave in one message,
  bool gro = false;                      // and are received in one
  bool is_unbatched = false;             // one block a call to the kernel, at both ends
  bool is_repeating = false;             // the payload is digits in place of random bytes
  std::size_t block_bytes = 128 * 1024;  // -l: the unit of accounting
  std::uint64_t goal_bytes = 0;          // -n, or -k in bytes; over all streams; 0: no goal
  std::uint64_t bits_per_second = 0;     // -b, each stream; 0: unlimited
  int burst_blocks = 0;                  // sends in a row of a paced stream; 0: one
};

// -n in bytes, or -k in blocks; no more than a JSON document has room for, which is never reached.
inline std::uint64_t goal_in_bytes(std::int64_t bytes, std::int64_t blocks,
                                   std::size_t block_bytes) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (bytes != 0) return static_cast<std::uint64_t>(bytes);
  const auto count = static_cast<std::uint64_t>(blocks);
  return count <= kMost / block_bytes ? count * block_bytes : kMost;
}

// The goal, shared by all workers of one direction. Without a goal nothing is counted here, so that
// workers do not share a cache line for nothing.
class Budget {
 public:
  explicit Budget(std::uint64_t goal_bytes) : goal_(goal_bytes) {}

  // Up to `blocks` blocks to send, in bytes, fewer when the goal needs fewer: whole blocks, so that
  // the goal may be passed by less than one. 0: the goal is spoken for, until a claim is settled
  // for less. `cut`: the rest of a block that goes first, and is claimed by nobody.
  std::uint64_t claim(std::size_t block_bytes, std::size_t blocks, std::size_t cut = 0) {
    const std::uint64_t want = block_bytes * blocks;
    if (goal_ == 0) return want;
    std::uint64_t before = claimed_.load(std::memory_order_relaxed);
    const std::uint64_t until = until_.load();
    std::uint64_t granted = 0;
    do {
      const std::uint64_t left = before + cut < until ? until - before - cut : 0;
      granted = std::min(want, (left + block_bytes - 1) / block_bytes * block_bytes);
    } while (!claimed_.compare_exchange_weak(before, before + granted, std::memory_order_relaxed));
    return granted;
  }

  // What came of a claim: `sent` bytes went out. The rest is free again, so that a stream whose
  // connection stands still keeps nothing from the others. True when these bytes reach the goal.
  bool settle(std::uint64_t claimed, std::uint64_t sent) {
    if (goal_ != 0) claimed_.fetch_add(sent - claimed, std::memory_order_relaxed);  // modulo 2^64
    return spend(sent);
  }

  // Counts bytes that were sent or received; true when these reach the goal.
  bool spend(std::uint64_t bytes) {
    if (goal_ == 0) return false;
    const std::uint64_t before = spent_.fetch_add(bytes);
    const std::uint64_t until = until_.load();
    return before < until && before + bytes >= until;
  }

  bool reached() const { return goal_ != 0 && spent_.load() >= until_.load(); }

  // The omitted part is over: the goal counts from here on. Claims that are not settled yet belong
  // to what follows, so nothing that workers may be adding to is set back.
  void begin() { until_.store(spent_.load() + goal_); }

 private:
  static constexpr std::uint64_t kFarAway = std::uint64_t{1} << 63;

  const std::uint64_t goal_;
  std::atomic<std::uint64_t> until_{kFarAway};  // what claims and spendings come to at the goal
  std::atomic<std::uint64_t> claimed_{0};
  std::atomic<std::uint64_t> spent_{0};
};

}  // namespace rolecall::perf
