// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/stream_record.h"

#include <algorithm>

#include "harness/net/socket.h"
#include "harness/net/tcp_info.h"

namespace rolecall::perf {
namespace {

// Of counts; jitter is that of the later moment.
DatagramFigures difference(const DatagramFigures& later, const DatagramFigures& earlier) {
  return {.packets = later.packets - earlier.packets,
          .lost = later.lost - earlier.lost,
          .out_of_order = later.out_of_order - earlier.out_of_order,
          .jitter_s = later.jitter_s};
}

}  // namespace

StreamFacts StreamRecord::facts() const {
  StreamFacts facts = addresses_;
  facts.sends = stream_->sends();
  if (stream_->is_identified) facts.number = stream_->number;
  return facts;
}

// All that was counted so far, omitted or not.
DatagramFigures StreamRecord::count_datagrams() const {
  const Stream::Datagrams& counts = stream_->datagrams;
  return {.packets = counts.packets.load(std::memory_order_relaxed),
          .lost = static_cast<std::int64_t>(counts.lost.load(std::memory_order_relaxed)),
          .out_of_order = counts.out_of_order.load(std::memory_order_relaxed),
          .jitter_s = counts.jitter_s.load(std::memory_order_relaxed)};
}

void StreamRecord::begin_measuring() {
  measured_from_ = cut_at_ = stream_->bytes.load(std::memory_order_relaxed);
  datagrams_from_ = datagrams_cut_at_ = count_datagrams();
  stream_->datagrams.restarts_jitter.store(true, std::memory_order_relaxed);
  if (stream_->sends()) begin_sending();
}

void StreamRecord::begin_sending() {
  if (const auto info = read_tcp_info(stream_->socket)) {
    retransmits_from_ = retransmits_cut_at_ = info.value().total_retrans;
  }
  tcp_ = SenderTcp();
  rtt_sum_us_ = rtt_samples_ = 0;
}

std::optional<TcpSample> StreamRecord::sample_tcp() {
  if (!stream_->sends() || !is_tcp()) return std::nullopt;
  const auto read = read_tcp_info(stream_->socket);
  if (!read) return std::nullopt;
  const TcpInfo& info = read.value();
  TcpSample sample;
  sample.retransmits = info.total_retrans - retransmits_cut_at_;
  sample.snd_cwnd_bytes = info.snd_cwnd * info.snd_mss;
  sample.snd_wnd_bytes = info.snd_wnd;
  sample.rtt_us = info.rtt_us;
  sample.rttvar_us = info.rttvar_us;
  sample.pmtu_bytes = info.pmtu;
  sample.reorder = info.reordering;
  retransmits_cut_at_ = info.total_retrans;

  tcp_.retransmits = info.total_retrans - retransmits_from_;
  tcp_.reorder = info.reordering;
  tcp_.max_snd_cwnd_bytes = std::max(tcp_.max_snd_cwnd_bytes, sample.snd_cwnd_bytes);
  tcp_.max_snd_wnd_bytes = std::max(tcp_.max_snd_wnd_bytes, sample.snd_wnd_bytes);
  tcp_.max_rtt_us = std::max(tcp_.max_rtt_us, info.rtt_us);
  tcp_.min_rtt_us = rtt_samples_ == 0 ? info.rtt_us : std::min(tcp_.min_rtt_us, info.rtt_us);
  rtt_sum_us_ += info.rtt_us;
  tcp_.mean_rtt_us = static_cast<std::uint32_t>(rtt_sum_us_ / ++rtt_samples_);
  return sample;
}

StreamInterval StreamRecord::cut_interval(double start_s, double end_s) {
  const std::uint64_t total = stream_->bytes.load(std::memory_order_relaxed);
  StreamInterval interval;
  interval.start_s = start_s;
  interval.end_s = end_s;
  interval.bytes = total - std::exchange(cut_at_, total);
  if (!is_udp()) {
    interval.tcp = sample_tcp();
    return interval;
  }
  const DatagramFigures counted = count_datagrams();
  interval.udp = difference(counted, std::exchange(datagrams_cut_at_, counted));
  return interval;
}

void StreamRecord::freeze() {
  frozen_bytes_ = cut_at_ - measured_from_;
}

wire::StreamResult StreamRecord::result(double seconds) const {
  wire::StreamResult r;
  r.id = stream_->id;
  r.bytes = static_cast<std::int64_t>(frozen_bytes_);
  r.retransmits = retransmits();
  r.end_s = seconds;
  if (!is_udp()) return r;
  r.jitter_s = datagrams_cut_at_.jitter_s;
  r.packets = static_cast<std::int64_t>(datagrams_cut_at_.packets);
  r.omitted_packets = static_cast<std::int64_t>(datagrams_from_.packets);
  r.errors = datagrams_cut_at_.lost;
  r.omitted_errors = datagrams_from_.lost;
  return r;
}

StreamSummary StreamRecord::summary(double seconds) const {
  const SideFigures own{seconds, frozen_bytes_};
  SideFigures other;
  if (peer_) {
    other = {peer_->end_s.value_or(seconds),
             static_cast<std::uint64_t>(std::max<std::int64_t>(peer_->bytes, 0))};
  }
  StreamSummary summary;
  summary.sender = stream_->sends() ? own : other;
  summary.receiver = stream_->sends() ? other : own;
  if (stream_->file) summary.file = FileFacts{stream_->file->name, stream_->file->size()};
  if (is_udp()) {
    summary.udp = datagram_summary();
  } else if (!is_tcp()) {
    return summary;
  } else if (stream_->sends()) {
    summary.sender_tcp = tcp_;
  } else if (peer_ && peer_has_retransmits_) {
    summary.sender_tcp = SenderTcp{.retransmits = peer_->retransmits};
  }
  return summary;
}

// The peer's results are of the whole test, with the omitted part apart; releases before 3.14 leave
// that part out. A sender's bytes are without it always, and tell how many its datagrams were.
DatagramSummary StreamRecord::datagram_summary() const {
  const DatagramFigures own = difference(datagrams_cut_at_, datagrams_from_);
  DatagramFigures other;
  if (peer_) {
    const std::int64_t packets =
        stream_->sends() ? peer_->packets - peer_->omitted_packets : peer_->bytes / block_bytes_;
    other = {.packets = static_cast<std::uint64_t>(std::max<std::int64_t>(packets, 0)),
             .lost = peer_->errors - peer_->omitted_errors,
             .jitter_s = peer_->jitter_s};
  }
  if (stream_->sends()) return {own.packets, other};
  return {other.packets, own};
}

void StreamRecord::set_peer(wire::StreamResult peer, bool peer_has_retransmits) {
  peer_ = peer;
  peer_has_retransmits_ = peer_has_retransmits;
}

std::string StreamRecord::congestion() const {
  const auto used = rolecall::congestion(stream_->socket);
  return used ? used.value() : "";
}

}  // namespace rolecall::perf
