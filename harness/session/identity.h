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

// Pairs this end's totals with the peer's such that no stream received more than was sent on it,
// and at most `most_lost` bytes less: for each of `theirs` the index of ours. Nothing where no
// assignment does so, or where two do that give a peer's stream different figures; between
// connections for which this end counted the same, any is right. REQUIRES: as many of either.
std::optional<std::vector<std::size_t>> match_totals(std::span<const ConnectionTotal> ours,
                                                     std::span<const std::uint64_t> theirs,
                                                     wire::Role own_role, std::uint64_t most_lost);

// Gives `bind` the numbers and ids under which its totals fit the client's, in each direction where
// exactly one assignment does; whether it did so in any. A number stays a guess where only the
// figures are sure. REQUIRES: roles are given.
bool identify_streams(BindStreams& bind, const std::vector<ConnectionTotal>& totals,
                      const wire::Results& client, std::uint64_t block_bytes);

}  // namespace rolecall::session
