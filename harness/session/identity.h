// SPDX-License-Identifier: BSD-3-Clause
// Which stream is which, from what both ends counted. The client's results come before the
// server's, so a server can still choose the ids under which it answers
// (iperf_api.c iperf_exchange_results(), all releases).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "harness/session/event.h"

namespace rolecall::session {

// Pairs the senders' totals with the receivers' such that each difference (sent - received) lies
// within [0, block_bytes]: for each sender the index of its receiver. Nothing where no assignment
// does so, or more than one. REQUIRES: as many of either.
std::optional<std::vector<std::size_t>> match_totals(std::span<const std::uint64_t> sent,
                                                     std::span<const std::uint64_t> received,
                                                     std::uint64_t block_bytes);

// Gives `bind` the numbers and ids under which its totals fit the client's, in each direction where
// exactly one assignment does; whether it did so in any. REQUIRES: roles are given.
bool identify_streams(BindStreams& bind, const std::vector<ConnectionTotal>& totals,
                      const wire::Results& client, std::uint64_t block_bytes);

}  // namespace rolecall::session
