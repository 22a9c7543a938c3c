// SPDX-License-Identifier: BSD-3-Clause
// What is known of one stream over the time of a test: bytes by interval and in all, and what the
// kernel says of a sender's connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "harness/perf/report_model.h"
#include "harness/perf/stream.h"
#include "harness/wire/params.h"
#include "harness/wire/results.h"

namespace rolecall::perf {

class StreamRecord {
 public:
  // `addresses`: the facts that never change.
  StreamRecord(std::unique_ptr<Stream> stream, StreamFacts addresses, wire::Protocol protocol,
               std::int64_t block_bytes)
      : stream_(std::move(stream)),
        addresses_(std::move(addresses)),
        protocol_(protocol),
        block_bytes_(block_bytes) {}

  Stream& stream() { return *stream_; }
  const Stream& stream() const { return *stream_; }
  // With its role and number by now.
  StreamFacts facts() const;

  // Its role is given while the test runs.
  void begin_sending();
  // The measured part begins: what was counted so far is forgotten.
  void begin_measuring();
  // The bytes since the last call or the beginning, from `start_s` to `end_s`.
  StreamInterval cut_interval(double start_s, double end_s);
  // What the kernel says of a sender's connection since the last call; nothing of a receiver's.
  std::optional<TcpSample> sample_tcp();
  // The totals stand. cut_interval() has been called for the last time.
  void freeze();

  // After freeze(): what has come on the connection in all.
  void report_as(std::uint64_t bytes) { frozen_bytes_ = bytes; }

  // All after freeze().
  std::uint64_t bytes() const { return frozen_bytes_; }
  std::int64_t retransmits() const { return stream_->sends() && is_tcp() ? tcp_.retransmits : -1; }
  wire::StreamResult result(double seconds) const;
  // With the peer's figures where they have come.
  StreamSummary summary(double seconds) const;

  void set_peer(wire::StreamResult peer, bool peer_has_retransmits);
  // The algorithm in use, empty where the kernel does not say.
  std::string congestion() const;

 private:
  bool is_tcp() const { return protocol_ == wire::Protocol::Tcp; }
  bool is_udp() const { return protocol_ == wire::Protocol::Udp; }
  DatagramFigures count_datagrams() const;
  DatagramSummary datagram_summary() const;

  std::unique_ptr<Stream> stream_;
  StreamFacts addresses_;
  wire::Protocol protocol_;
  std::int64_t block_bytes_;
  std::uint64_t measured_from_ = 0;  // of stream().bytes: what was omitted
  std::uint64_t cut_at_ = 0;
  std::uint64_t frozen_bytes_ = 0;
  DatagramFigures datagrams_from_;  // as measured_from_; frozen as well: cut_interval() is over
  DatagramFigures datagrams_cut_at_;
  std::uint32_t retransmits_from_ = 0;  // of the kernel's counter
  std::uint32_t retransmits_cut_at_ = 0;
  SenderTcp tcp_;
  std::uint64_t rtt_sum_us_ = 0;
  std::uint32_t rtt_samples_ = 0;
  std::optional<wire::StreamResult> peer_;
  bool peer_has_retransmits_ = false;
};

}  // namespace rolecall::perf
