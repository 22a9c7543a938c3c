// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/stream_connector.h"

#include <sys/epoll.h>

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/net/tcp_info.h"
#include "harness/perf/test_sockets.h"
#include "harness/wire/cookie.h"

namespace rolecall::perf {
namespace {

// An acknowledgement wakes nobody, so its evidence is looked for this often.
constexpr Duration kBarrierLook = microseconds(200);

// tcpi_bytes_acked counts the SYN of the end that connects.
constexpr std::uint64_t kAcknowledgedCookie = 1 + wire::kCookieSize;

// Whether the connection is surely in the server's accept queue.
bool is_queued(const Fd& socket) {
  const auto info = read_tcp_info(socket);
  return info && info.value().state == TcpState::Established &&
         info.value().bytes_acked >= kAcknowledgedCookie;
}

}  // namespace

StreamConnector::StreamConnector(Reactor& reactor, StreamTarget target, ConnectOrder order,
                                 std::vector<std::unique_ptr<Stream>> streams, Header header,
                                 Done done)
    : reactor_(reactor),
      target_(std::move(target)),
      order_(order),
      streams_(std::move(streams)),
      header_(std::move(header)),
      done_(std::move(done)) {}

StreamConnector::~StreamConnector() {
  for (const auto& stream : streams_) {
    if (stream && stream->socket.is_open()) reactor_.unwatch(stream->socket);
  }
}

void StreamConnector::start(TimePoint now) {
  until_ = now + target_.limit;
  go_on();
}

std::optional<TimePoint> StreamConnector::wake_at() const {
  if (finished_) return std::nullopt;
  return waits_at_barrier_ ? std::min(until_, now() + kBarrierLook) : until_;
}

void StreamConnector::on_time(TimePoint now) {
  if (finished_) return;
  if (now >= until_) {
    return finish(Error{
        Errc::System,
        fmt::format("opening stream connections to {}: {} of {} stand after {} s",
                    target_.peer.text(), connected_, streams_.size(), target_.limit.in_ms() / 1000),
        ETIMEDOUT});
  }
  if (waits_at_barrier_) go_on();
}

bool StreamConnector::must_wait() const {
  const auto waiting = [](const std::unique_ptr<Stream>& s) { return !is_queued(s->socket); };
  const auto begun = std::span(streams_).first(begun_);
  if (begun.empty()) return false;
  if (order_ == ConnectOrder::StreamBarrier) return waiting(begun.back());
  const bool roles_meet = begun.back()->sends() && !streams_[begun_]->sends();
  return order_ == ConnectOrder::RoleBarrier && roles_meet && std::ranges::any_of(begun, waiting);
}

void StreamConnector::go_on() {
  waits_at_barrier_ = false;
  while (!finished_ && begun_ < streams_.size()) {
    if (order_ != ConnectOrder::Parallel && begun_ > connected_) return;  // one is under way
    waits_at_barrier_ = must_wait();
    if (waits_at_barrier_) return;
    if (auto begun = begin(*streams_[begun_++]); !begun) return finish(std::move(begun));
  }
  if (!finished_ && connected_ == streams_.size()) finish(ok());
}

Result<void> StreamConnector::begin(Stream& stream) {
  TRY(stream.socket, tcp_socket(target_.peer.family()));
  TRY(apply_test_options(stream.socket, target_.parameters));
  if (!target_.device.empty()) {
    TRY(bind_to_device(stream.socket, target_.device));
  }
  if (target_.from || target_.first_port != 0) {
    TRY(const auto any, resolve("", 0, target_.peer.family()));
    Address from = target_.from.value_or(any.front());
    if (target_.first_port != 0) {
      from.set_port(static_cast<std::uint16_t>(target_.first_port + stream.number - 1));
      TRY(set_option(stream.socket, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
    }
    TRY(bind_to(stream.socket, from));
  }
  TRY(const bool stands, start_connect(stream.socket, target_.peer));
  if (stands) return connected(stream);
  return reactor_.watch(stream.socket, EPOLLOUT,
                        [this, &stream](std::uint32_t) { on_ready(stream); });
}

void StreamConnector::on_ready(Stream& stream) {
  reactor_.unwatch(stream.socket);
  auto result = finish_connect(stream.socket, target_.peer);
  if (result) result = connected(stream);
  if (!result) return finish(std::move(result));
  go_on();
}

Result<void> StreamConnector::connected(Stream& stream) {
  const Bytes header = header_(stream.number);
  TRY(const std::size_t written, write_some(stream.socket, header));
  CHECK(written == header.size());  // the first bytes of a connection always fit
  TRY(apply_stream_options(stream.socket, target_.parameters, target_.send_timeout_ms));
  ++connected_;
  return ok();
}

void StreamConnector::finish(Result<void> result) {
  if (!std::exchange(finished_, true)) done_(std::move(result));
}

}  // namespace rolecall::perf
