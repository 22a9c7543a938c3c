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

// What the client has sent on the streams that this end receives, it has by now: each total of
// `ours` is one of `theirs`, or up to a block above it, since 3.16 to 3.22 count whole blocks, of
// which the last may have gone in part.
struct ReceivedMatch {
  std::vector<std::size_t> own;  // for each of theirs the index of ours
  // For each of theirs: what to report of it where others of ours would fit as well, the same for
  // all of these.
  std::vector<std::optional<std::uint64_t>> alike;
};
// Nothing where it does not: more is under way. REQUIRES: as many of either.
std::optional<ReceivedMatch> match_received(std::span<const ConnectionTotal> ours,
                                            std::span<const std::uint64_t> theirs,
                                            std::uint64_t block_bytes);

// Whether there is a choice between streams that this end receives, and what has come on them does
// not yet fit what the client says it has sent. REQUIRES: roles are given.
bool lacks_payload(const BindStreams& bind, const std::vector<ConnectionTotal>& totals,
                   const wire::Results& client, std::uint64_t block_bytes);

// Gives `bind` the numbers and ids under which its totals fit the client's, in each direction where
// exactly one assignment does; whether it did so in any. A number stays a guess where only the
// figures are sure. REQUIRES: roles are given.
bool identify_streams(BindStreams& bind, const std::vector<ConnectionTotal>& totals,
                      const wire::Results& client, std::uint64_t block_bytes);

}  // namespace rolecall::session
