// SPDX-License-Identifier: BSD-3-Clause
// One stream connection of a running test: its socket, and the bytes that its worker counts.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "harness/base/fd.h"
#include "harness/perf/disk_file.h"
#include "harness/wire/role_flag.h"

namespace rolecall::perf {

struct Stream {
  Fd socket;                               // non-blocking
  int number = 0;                          // in client order, from 1
  int id = 0;                              // the protocol's
  wire::Role role = wire::Role::Receiver;  // of this end; while it is open, what payload makes it
  bool is_identified = true;               // the number is known for sure
  std::uint32_t connection = 0;            // server: the session's name for it

  // Whose an open stream becomes: the receiving worker's, when payload comes on it, or its
  // sender's, when the session says so. Whoever claims it first has it.
  enum class Claim : std::uint8_t { None, Open, Receives, Sends };
  std::atomic<Claim> claim{Claim::None};
  bool claim_for(Claim use) {
    Claim open = Claim::Open;
    return claim.compare_exchange_strong(open, use);
  }

  std::optional<DiskFile> file;  // -F

  // Payload sent or received so far. Written by the stream's worker, read by any thread; on a cache
  // line of its own, so that counting one stream never slows another.
  alignas(64) std::atomic<std::uint64_t> bytes{0};

  // UDP: what its worker counts beside bytes. A sender has packets only.
  struct Datagrams {
    std::atomic<std::uint64_t> packets{0};  // sent; received: the highest number
    std::atomic<std::uint64_t> lost{0};
    std::atomic<std::uint64_t> out_of_order{0};
    std::atomic<double> jitter_s{0};
    std::atomic<bool> restarts_jitter{false};  // asked of the worker
  };
  Datagrams datagrams;

  bool sends() const { return role == wire::Role::Sender; }
};

}  // namespace rolecall::perf
