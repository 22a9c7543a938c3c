// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/stream_connector.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/net/tcp_info.h"
#include "harness/perf/ack_notice.h"
#include "harness/perf/test_sockets.h"
#include "harness/wire/server_error.h"

namespace rolecall::perf {
namespace {

// At a barrier the kernel's notice wakes us. It needs memory in an interrupt, and may be lost
// without; where there are none at all, looking is all that is left.
constexpr Duration kLookAnyway = milliseconds(50);
constexpr Duration kLookWithoutNotices = microseconds(500);

constexpr Duration kWorthOfIdentity = seconds(1);

}  // namespace

ConnectOrder affordable_order(Duration rtt, int streams) {
  const Duration cost = nanoseconds(2 * rtt.ns * streams);
  return cost < kWorthOfIdentity ? ConnectOrder::StreamBarrier : ConnectOrder::RoleBarrier;
}

Result<Address> Connector::prepare(Stream& stream) const {
  if (auto failure = apply_test_options(stream.socket, target_.parameters)) {
    return wire::with_sentence(failure->number, std::move(failure->error));
  }
  if (!target_.device.empty()) {
    TRY(bind_to_device(stream.socket, target_.device));
  }
  TRY(bind_source(stream));
  const auto label = static_cast<std::uint32_t>(target_.parameters.flow_label);
  if (label == 0) return target_.peer;
  auto labelled = with_flow_label(stream.socket, target_.peer, label);
  if (labelled) return labelled;
  return wire::with_sentence(wire::kErrorFlowLabel, labelled.error());
}

Result<void> Connector::bind_source(Stream& stream) const {
  const bool is_sctp = transport_of(target_.parameters) == Transport::Sctp;
  if (is_sctp && target_.outgoing_streams != 0) {
    TRY(set_outgoing_streams(stream.socket, target_.outgoing_streams));
  }
  if (is_sctp && !target_.more.empty()) return bind_all_sources(stream);
  if (!target_.from && target_.first_port == 0) return ok();
  TRY(const auto any, resolve("", 0, target_.peer.family()));
  Address from = target_.from.value_or(any.front());
  if (target_.first_port != 0) {
    from.set_port(static_cast<std::uint16_t>(target_.first_port + stream.number - 1));
    TRY(set_option(stream.socket, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  }
  return bind_to(stream.socket, from);
}

// One port for all: the one of --cport, else whichever the first address gets.
Result<void> Connector::bind_all_sources(Stream& stream) const {
  const int port = target_.first_port == 0 ? 0 : target_.first_port + stream.number - 1;
  TRY(const auto all,
      resolve_all(target_.more, static_cast<std::uint16_t>(port), target_.peer.family()));
  return bind_to_all(stream.socket, all);
}

StreamConnector::StreamConnector(Reactor& reactor, StreamTarget target, ConnectOrder order,
                                 std::vector<std::unique_ptr<Stream>> streams, Header header,
                                 Done done)
    : Connector(std::move(target), std::move(streams)),
      reactor_(reactor),
      order_(order),
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
  if (waits_for_ == nullptr) return until_;
  return std::min(until_, now() + (has_notices_ ? kLookAnyway : kLookWithoutNotices));
}

void StreamConnector::on_time(TimePoint now) {
  if (finished_) return;
  if (waits_for_ != nullptr) go_on();
  if (!finished_ && now >= until_) finish(too_late());
}

Error StreamConnector::too_late() const {
  const double seconds = target_.limit.in_seconds();
  if (waits_for_ != nullptr) {
    return Error{
        Errc::Timeout,
        fmt::format("opening stream connections to {} in order: the first bytes of number "
                    "{} were not acknowledged for {} s, and number {} must not come before",
                    target_.peer.text(), waits_for_->number, seconds, begun_ + 1),
        ETIMEDOUT};
  }
  return Error{Errc::Timeout,
               fmt::format("opening stream connections to {}: {} of {} stand, no further one for "
                           "{} s",
                           target_.peer.text(), connected_, streams_.size(), seconds),
               ETIMEDOUT};
}

// --- barriers ---

// Whether a connection that stands is surely in the server's accept queue. tcpi_bytes_acked counts
// the SYN of the end that connects; of MPTCP it is one subflow's.
bool StreamConnector::is_acknowledged(const Stream& stream) const {
  const Transport transport = transport_of(target_.parameters);
  if (transport == Transport::Sctp) return true;  // its connect() waits until the server has it
  if (transport == Transport::Mptcp) {
    const auto all = is_all_acknowledged(stream.socket);
    return all && all.value();
  }
  const auto info = read_tcp_info(stream.socket);
  return info && info.value().state == TcpState::Established &&
         info.value().bytes_acked >= 1 + header_bytes_;
}

bool StreamConnector::is_waited_for(const Stream& stream) const {
  const bool is_last = &stream == streams_.back().get();
  if (order_ == ConnectOrder::StreamBarrier) return !is_last;
  return order_ == ConnectOrder::RoleBarrier && stream.sends() && !streams_.back()->sends();
}

Stream* StreamConnector::waited_for() const {
  if (begun_ == 0) return nullptr;
  Stream* last = streams_[begun_ - 1].get();
  if (order_ == ConnectOrder::StreamBarrier) return is_acknowledged(*last) ? nullptr : last;
  const bool roles_meet = last->sends() && !streams_[begun_]->sends();
  if (order_ != ConnectOrder::RoleBarrier || !roles_meet) return nullptr;
  for (const auto& stream : std::span(streams_).first(begun_)) {
    if (!is_acknowledged(*stream)) return stream.get();
  }
  return nullptr;
}

void StreamConnector::on_change(Stream& stream, std::uint32_t events) {
  take_ack_notices(stream.socket);
  const auto broken = get_option(stream.socket, SOL_SOCKET, SO_ERROR, "SO_ERROR");
  const int error = broken ? broken.value() : 0;
  if (error != 0 || (events & (EPOLLRDHUP | EPOLLHUP)) != 0) {
    return finish(Error{Errc::PeerClosed,
                        fmt::format("the server has ended stream connection {} to {} before the "
                                    "test began",
                                    stream.number, target_.peer.text()),
                        error});
  }
  go_on();
}

// MPTCP takes the request, but no notice comes of it (Linux 6.18).
bool StreamConnector::gives_notice(const Stream& stream) const {
  return begin_ack_notices(stream.socket) && transport_of(target_.parameters) != Transport::Mptcp;
}

// --- the next one ---

void StreamConnector::go_on() {
  while (!finished_ && begun_ < streams_.size()) {
    if (order_ != ConnectOrder::Parallel && begun_ > connected_) return;  // one is under way
    Stream* const before = waits_for_;
    waits_for_ = waited_for();
    if (waits_for_ != before) until_ = now() + target_.limit;
    if (waits_for_ != nullptr) return;
    if (auto begun = begin(*streams_[begun_++]); !begun) return finish(std::move(begun));
  }
  if (!finished_ && connected_ == streams_.size()) finish(ok());
}

Result<void> StreamConnector::begin(Stream& stream) {
  TRY(stream.socket, stream_socket(target_.peer.family(), transport_of(target_.parameters)));
  TRY(const Address peer, prepare(stream));
  TRY(const bool stands, start_connect(stream.socket, peer));
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
  until_ = now() + target_.limit;
  // Before the server can take the stream for one of the test's.
  TRY(apply_stream_options(stream.socket, target_.parameters, target_.send_timeout_ms));
  const Bytes header = header_(stream.number);
  header_bytes_ = header.size();
  if (is_waited_for(stream) && !gives_notice(stream)) has_notices_ = false;
  TRY(const std::size_t written, write_some(stream.socket, header));
  if (written != header.size()) {  // they always fit, unless the kernel lacks memory
    return Error{Errc::System,
                 fmt::format("sending the first {} bytes of stream connection {} to {}",
                             header.size(), stream.number, target_.peer.text()),
                 ENOBUFS};
  }
  ++connected_;
  return reactor_.watch(stream.socket, EPOLLRDHUP,
                        [this, &stream](std::uint32_t events) { on_change(stream, events); });
}

void StreamConnector::finish(Result<void> result) {
  if (std::exchange(finished_, true)) return;
  for (const auto& stream : streams_) {
    if (!stream->socket.is_open()) continue;
    reactor_.unwatch(stream->socket);
    if (is_waited_for(*stream)) end_ack_notices(stream->socket);
  }
  done_(std::move(result));
}

}  // namespace rolecall::perf
