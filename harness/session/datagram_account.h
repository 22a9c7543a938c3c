// SPDX-License-Identifier: BSD-3-Clause
// What a receiver knows of one UDP stream by the numbers and times in its datagrams: how many there
// were, how many of them are missing or came late, and how evenly they came.
// iperf_udp.c iperf_udp_recv(), 3.22; jitter as RFC 1889, A.8.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/base/time.h"
#include "harness/wire/datagram.h"

namespace rolecall::session {

class DatagramAccount {
 public:
  explicit DatagramAccount(wire::Counter counter = wire::Counter::Narrow) : counter_(counter) {}

  // `arrived`: by this end's clock, which need not agree with the sender's.
  void take(const wire::DatagramHeader& header, TimePoint arrived);
  // The measured part begins: jitter starts anew, numbers go on.
  void restart_jitter() { transit_.reset(), jitter_s_ = 0; }

  std::uint64_t packets() const { return highest_; }  // the highest number of all
  // Numbers left out so far, less those that came late; a duplicate counts as late, as in iperf3.
  std::uint64_t lost() const { return lost_; }
  std::uint64_t out_of_order() const { return out_of_order_; }
  double jitter_s() const { return jitter_s_; }

 private:
  std::uint64_t whole(std::uint64_t sequence) const;

  wire::Counter counter_;
  std::uint64_t highest_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t out_of_order_ = 0;
  std::optional<Duration> transit_;  // of the last datagram
  double jitter_s_ = 0;
};

}  // namespace rolecall::session
