// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/identity.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace rolecall::session {
namespace {

using Indices = std::vector<std::size_t>;

// The indices of `totals` from the smallest on; equal ones stay as they are.
template <class Totals, class Bytes>
Indices in_order(const Totals& totals, const Bytes& bytes) {
  Indices order(totals.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return bytes(totals[i]); });
  return order;
}

// The client's total of each of `streams`, by its id; nothing where the results lack one.
template <class Streams>
std::optional<std::vector<std::uint64_t>> clients_totals(const Streams& streams,
                                                         const wire::Results& client) {
  std::vector<std::uint64_t> totals;
  for (const BoundStream* stream : streams) {
    const auto it = std::ranges::find(client.streams, stream->id, &wire::StreamResult::id);
    if (it == client.streams.end() || it->bytes < 0) return std::nullopt;
    totals.push_back(static_cast<std::uint64_t>(it->bytes));
  }
  return totals;
}

template <class Streams>
std::vector<ConnectionTotal> own_totals(const Streams& streams,
                                        const std::vector<ConnectionTotal>& totals) {
  std::vector<ConnectionTotal> own;
  for (const BoundStream* stream : streams) {
    const auto it = std::ranges::find(totals, stream->connection, &ConnectionTotal::connection);
    own.push_back(it == totals.end() ? ConnectionTotal{stream->connection} : *it);
  }
  return own;
}

bool same_figures(const ConnectionTotal& a, const ConnectionTotal& b) {
  return a.bytes == b.bytes && a.retransmits == b.retransmits;
}

// Totals paired in order of size: rank by rank the index of ours and of theirs.
struct Ranks {
  Indices ours;
  Indices theirs;
  std::vector<bool> exchangeable;  // this rank and the one before it would fit the other way too
};

// Nothing where some rank does not fit. As all windows are equally wide, no assignment fits then;
// and where another one does fit, one fits in which two neighbours have changed places.
template <class Fits>
std::optional<Ranks> pair_by_size(std::span<const ConnectionTotal> ours,
                                  std::span<const std::uint64_t> theirs, const Fits& fits) {
  CHECK(ours.size() == theirs.size());
  Ranks ranks{in_order(ours, [](const ConnectionTotal& total) { return total.bytes; }),
              in_order(theirs, [](std::uint64_t total) { return total; }),
              {}};
  const auto pair_fits = [&](std::size_t i, std::size_t j) {
    return fits(ours[ranks.ours[i]].bytes, theirs[ranks.theirs[j]]);
  };
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (!pair_fits(i, i)) return std::nullopt;
    ranks.exchangeable.push_back(i > 0 && pair_fits(i, i - 1) && pair_fits(i - 1, i));
  }
  return ranks;
}

// Where the server sends, and where a client's bytes never came: the kernels hold what was sent and
// not received; nobody knows how much that is, but none is received that was not sent. Where totals
// lie far enough apart, that alone decides.
std::optional<ReceivedMatch> match_by_distance(const std::vector<ConnectionTotal>& ours,
                                               const std::vector<std::uint64_t>& theirs,
                                               wire::Role own_role) {
  auto own = match_totals(ours, theirs, own_role, std::numeric_limits<std::uint64_t>::max());
  if (!own) return std::nullopt;
  return ReceivedMatch{*std::move(own), std::vector<std::optional<std::uint64_t>>(theirs.size())};
}

bool identify_direction(const std::vector<BoundStream*>& streams,
                        const std::vector<ConnectionTotal>& totals, const wire::Results& client,
                        std::uint64_t block_bytes) {
  const auto theirs = clients_totals(streams, client);
  if (!theirs) return false;
  const wire::Role role = *streams.front()->role;
  const auto ours = own_totals(streams, totals);
  std::optional<ReceivedMatch> match;
  if (role == wire::Role::Receiver) match = match_received(ours, *theirs, block_bytes);
  if (!match) match = match_by_distance(ours, *theirs, role);
  if (!match) return false;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const ConnectionTotal& own = ours[match->own[i]];
    const auto is_same = [&](const ConnectionTotal& other) { return same_figures(own, other); };
    streams[i]->connection = own.connection;
    streams[i]->bytes = match->alike[i];
    streams[i]->is_identified = !match->alike[i] && std::ranges::count_if(ours, is_same) == 1;
  }
  return true;
}

}  // namespace

std::optional<Indices> match_totals(std::span<const ConnectionTotal> ours,
                                    std::span<const std::uint64_t> theirs, wire::Role own_role,
                                    std::uint64_t most_lost) {
  const auto ranks = pair_by_size(ours, theirs, [&](std::uint64_t own, std::uint64_t other) {
    const auto [sent, received] =
        own_role == wire::Role::Sender ? std::pair(own, other) : std::pair(other, own);
    return sent >= received && sent - received <= most_lost;
  });
  if (!ranks) return std::nullopt;
  Indices match(theirs.size());
  for (std::size_t i = 0; i < match.size(); ++i) {
    if (ranks->exchangeable[i] && !same_figures(ours[ranks->ours[i]], ours[ranks->ours[i - 1]])) {
      return std::nullopt;
    }
    match[ranks->theirs[i]] = ranks->ours[i];
  }
  return match;
}

// Neighbours that could change places, and so whole chains of them, are reported as the least of
// them.
std::optional<ReceivedMatch> match_received(std::span<const ConnectionTotal> ours,
                                            std::span<const std::uint64_t> theirs,
                                            std::uint64_t block_bytes) {
  const auto ranks = pair_by_size(ours, theirs, [&](std::uint64_t own, std::uint64_t other) {
    return own >= other && own - other <= block_bytes;
  });
  if (!ranks) return std::nullopt;
  ReceivedMatch match{Indices(theirs.size()),
                      std::vector<std::optional<std::uint64_t>>(theirs.size())};
  std::uint64_t least = 0;
  for (std::size_t i = 0; i < match.own.size(); ++i) {
    const std::size_t at = ranks->theirs[i];
    match.own[at] = ranks->ours[i];
    if (ranks->exchangeable[i]) {
      match.alike[at] = match.alike[ranks->theirs[i - 1]] = least;
    } else {
      least = ours[ranks->ours[i]].bytes;
    }
  }
  return match;
}

bool lacks_payload(const BindStreams& bind, const std::vector<ConnectionTotal>& totals,
                   const wire::Results& client, std::uint64_t block_bytes) {
  std::vector<const BoundStream*> receiving;
  for (const BoundStream& stream : bind.streams) {
    if (stream.role == wire::Role::Receiver) receiving.push_back(&stream);
  }
  const auto theirs = clients_totals(receiving, client);
  if (!theirs || receiving.size() < 2) return false;
  return !match_received(own_totals(receiving, totals), *theirs, block_bytes);
}

bool identify_streams(BindStreams& bind, const std::vector<ConnectionTotal>& totals,
                      const wire::Results& client, std::uint64_t block_bytes) {
  std::size_t identified = 0;
  for (const wire::Role role : {wire::Role::Receiver, wire::Role::Sender}) {
    std::vector<BoundStream*> streams;
    for (BoundStream& stream : bind.streams) {
      if (stream.role == role) streams.push_back(&stream);
    }
    if (!streams.empty() && identify_direction(streams, totals, client, block_bytes)) {
      identified += streams.size();
    }
  }
  if (identified == 0) return false;
  std::ranges::sort(bind.streams, {}, &BoundStream::number);
  bind.identity =
      identified == bind.streams.size() ? IdentityBy::Results : IdentityBy::PartlyResults;
  return true;
}

}  // namespace rolecall::session
