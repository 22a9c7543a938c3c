// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/datagram_connector.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/test_sockets.h"
#include "harness/wire/datagram.h"

namespace rolecall::perf {
namespace {

// Between copies of a connect datagram: doubled each time.
constexpr Duration kFirstRepeat = milliseconds(100);
constexpr Duration kLongestRepeat = seconds(2);

}  // namespace

DatagramConnector::DatagramConnector(Reactor& reactor, StreamTarget target, bool may_repeat,
                                     std::vector<std::unique_ptr<Stream>> streams,
                                     Datagram datagram, Done done)
    : Connector(std::move(target), std::move(streams)),
      reactor_(reactor),
      may_repeat_(may_repeat),
      datagram_(std::move(datagram)),
      done_(std::move(done)),
      answered_(streams_.size()),
      repeat_after_(kFirstRepeat) {}

DatagramConnector::~DatagramConnector() {
  for (const auto& stream : streams_) {
    if (stream && stream->socket.is_open()) reactor_.unwatch(stream->socket);
  }
}

void DatagramConnector::start(TimePoint now) {
  until_ = now + target_.limit;
  if (may_repeat_) repeat_at_ = now + repeat_after_;
  begin_next();
}

std::optional<TimePoint> DatagramConnector::wake_at() const {
  if (finished_) return std::nullopt;
  return repeat_at_ ? std::min(until_, *repeat_at_) : until_;
}

void DatagramConnector::on_time(TimePoint now) {
  if (finished_) return;
  if (now >= until_) {
    const auto count = std::ranges::count(answered_, true);
    return finish(Error{
        Errc::Timeout,
        fmt::format("opening UDP streams to {}: {} of {} were answered, no further one for {} s; "
                    "is UDP port {} open on the way?",
                    target_.peer.text(), count, streams_.size(), target_.limit.in_seconds(),
                    target_.peer.port()),
        ETIMEDOUT});
  }
  if (!repeat_at_ || now < *repeat_at_) return;
  repeat_after_ = std::min(repeat_after_ + repeat_after_, kLongestRepeat);
  repeat_at_ = now + repeat_after_;
  for (const auto& stream : streams_) {
    if (answered_[static_cast<std::size_t>(stream->number - 1)]) continue;
    if (auto sent = send_connect(*stream); !sent) return finish(std::move(sent));
  }
}

void DatagramConnector::conclude() {
  if (begun_ == streams_.size()) finish(ok());
}

void DatagramConnector::begin_next() {
  while (!finished_ && begun_ < streams_.size()) {
    if (!may_repeat_ && begun_ > 0 && !answered_[begun_ - 1]) return;
    if (auto begun = begin(*streams_[begun_++]); !begun) return finish(std::move(begun));
  }
}

Result<void> DatagramConnector::begin(Stream& stream) {
  TRY(stream.socket, udp_socket(target_.peer.family()));
  TRY(const Address peer, prepare(stream));
  TRY(apply_stream_options(stream.socket, target_.parameters, target_.send_timeout_ms));
  TRY(start_connect(stream.socket, peer));
  TRY(reactor_.watch(stream.socket, EPOLLIN, [this, &stream](std::uint32_t) { on_ready(stream); }));
  return send_connect(stream);
}

// What an ICMP message said of an earlier copy is no reason to give up where more follow.
Result<void> DatagramConnector::send_connect(const Stream& stream) {
  auto sent = write_some(stream.socket, datagram_(stream.number));
  if (!sent && may_repeat_ && sent.error().sys_errno == ECONNREFUSED) return ok();
  TRY(std::move(sent));
  return ok();
}

// Once it is answered nothing more is read: what comes then is data. At level 2 whatever is no
// answer is passed over, as another one will come; below it, it ends the test like iperf3's.
void DatagramConnector::on_ready(const Stream& stream) {
  std::array<std::byte, 64> buffer{};
  const auto read = read_some(stream.socket, buffer);
  if (!read) {
    if (may_repeat_ && read.error().sys_errno == ECONNREFUSED) return;
    return finish(
        Error{Errc::System,
              fmt::format("opening UDP stream {} to {}", stream.number, target_.peer.text()),
              read.error().sys_errno});
  }
  if (read.value().would_block) return;  // its checksum was wrong, say
  if (!wire::is_connect_reply(ByteView(buffer).first(read.value().bytes))) {
    if (may_repeat_) return;
    return finish(Error{Errc::Malformed,
                        fmt::format("opening UDP stream {} to {}: the answer is none of iperf3's",
                                    stream.number, target_.peer.text())});
  }
  reactor_.unwatch(stream.socket);
  answered_[static_cast<std::size_t>(stream.number - 1)] = true;
  until_ = now() + target_.limit;
  if (std::ranges::count(answered_, false) == 0) return finish(ok());
  begin_next();
}

void DatagramConnector::finish(Result<void> result) {
  if (std::exchange(finished_, true)) return;
  for (const auto& stream : streams_) {
    if (stream->socket.is_open()) reactor_.unwatch(stream->socket);
  }
  done_(std::move(result));
}

}  // namespace rolecall::perf
