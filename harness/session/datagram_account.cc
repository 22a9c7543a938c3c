// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/datagram_account.h"

#include <algorithm>
#include <cstdlib>

namespace rolecall::session {
namespace {

// A wide number may be anything. No test loses as many, and so many can be added up.
constexpr std::uint64_t kMostLost = std::uint64_t{1} << 46;

}  // namespace

// A narrow counter starts again at 0 after 2^32 datagrams: the number meant is the one nearest to
// what has come. (iperf3 takes all that follows for late.)
std::uint64_t DatagramAccount::whole(std::uint64_t sequence) const {
  constexpr std::uint64_t kTurn = std::uint64_t{1} << 32;
  if (counter_ == wire::Counter::Wide) return sequence;
  const std::uint64_t near = highest_ / kTurn * kTurn + sequence;
  if (near + kTurn / 2 < highest_) return near + kTurn;
  const bool is_of_last_turn = near > highest_ + kTurn / 2 && near >= kTurn;
  return is_of_last_turn ? near - kTurn : near;
}

void DatagramAccount::take(const wire::DatagramHeader& header, TimePoint arrived) {
  const std::uint64_t sequence = whole(header.sequence);
  if (sequence > highest_) {
    lost_ = std::min(lost_ + sequence - highest_ - 1, kMostLost);
    highest_ = sequence;
  } else {
    ++out_of_order_;
    if (lost_ > 0) --lost_;
  }
  const Duration transit{std::abs((arrived - header.sent).ns)};
  if (transit_) {
    const double change_s = std::abs((transit - *transit_).in_seconds());
    jitter_s_ += (change_s - jitter_s_) / 16;
  }
  transit_ = transit;
}

}  // namespace rolecall::session
