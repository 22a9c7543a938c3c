// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/identity.h"

#include <algorithm>
#include <numeric>

namespace rolecall::session {
namespace {

using Indices = std::vector<std::size_t>;

Indices by_size(std::span<const std::uint64_t> totals) {
  Indices order(totals.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return totals[i]; });
  return order;
}

// The client's total of each of `streams`, by its id; nothing where the results lack one.
std::optional<std::vector<std::uint64_t>> clients_totals(const std::vector<BoundStream*>& streams,
                                                         const wire::Results& client) {
  std::vector<std::uint64_t> totals;
  for (const BoundStream* stream : streams) {
    const auto it = std::ranges::find(client.streams, stream->id, &wire::StreamResult::id);
    if (it == client.streams.end() || it->bytes < 0) return std::nullopt;
    totals.push_back(static_cast<std::uint64_t>(it->bytes));
  }
  return totals;
}

std::vector<std::uint64_t> own_totals(const std::vector<BoundStream*>& streams,
                                      const std::vector<ConnectionTotal>& totals) {
  std::vector<std::uint64_t> own;
  for (const BoundStream* stream : streams) {
    const auto it = std::ranges::find(totals, stream->connection, &ConnectionTotal::connection);
    own.push_back(it == totals.end() ? 0 : it->bytes);
  }
  return own;
}

bool identify_direction(const std::vector<BoundStream*>& streams,
                        const std::vector<ConnectionTotal>& totals, const wire::Results& client,
                        std::uint64_t block_bytes) {
  const auto theirs = clients_totals(streams, client);
  if (!theirs) return false;
  const auto ours = own_totals(streams, totals);
  const bool we_send = streams.front()->role == wire::Role::Sender;
  const auto match =
      we_send ? match_totals(ours, *theirs, block_bytes) : match_totals(*theirs, ours, block_bytes);
  if (!match) return false;
  std::vector<BoundStream> placed;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const BoundStream& ours_at = *streams[we_send ? i : (*match)[i]];
    const BoundStream& named = *streams[we_send ? (*match)[i] : i];
    placed.push_back({.connection = ours_at.connection,
                      .number = named.number,
                      .is_identified = true,
                      .id = named.id,
                      .role = named.role});
  }
  for (std::size_t i = 0; i < streams.size(); ++i) *streams[i] = placed[i];
  return true;
}

}  // namespace

// Sorted totals paired in order fit if any assignment does, since all windows are equally wide. If
// a second one fits, then so does one in which two neighbours change places.
std::optional<Indices> match_totals(std::span<const std::uint64_t> sent,
                                    std::span<const std::uint64_t> received,
                                    std::uint64_t block_bytes) {
  CHECK(sent.size() == received.size());
  const Indices s = by_size(sent);
  const Indices r = by_size(received);
  const auto fits = [&](std::size_t i, std::size_t j) {
    return sent[s[i]] >= received[r[j]] && sent[s[i]] - received[r[j]] <= block_bytes;
  };
  Indices match(sent.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (!fits(i, i)) return std::nullopt;
    if (i > 0 && fits(i, i - 1) && fits(i - 1, i)) return std::nullopt;
    match[s[i]] = r[i];
  }
  return match;
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
