// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/stream_opening.h"

#include <utility>
#include <vector>

#include "harness/net/tcp_info.h"
#include "harness/perf/datagram_connector.h"

namespace rolecall::perf {
namespace {

// For a server's answer to a connect datagram; iperf3 3.22's.
constexpr Duration kAnswerLimit = seconds(30);

std::vector<std::unique_ptr<Stream>> streams_of(const session::ClientSession& session) {
  std::vector<std::unique_ptr<Stream>> streams;
  for (int number = 1; number <= session.stream_count(); ++number) {
    auto stream = std::make_unique<Stream>();
    stream->number = number;
    stream->id = wire::stream_id(number);
    stream->role = session.role(number);
    streams.push_back(std::move(stream));
  }
  return streams;
}

StreamTarget target_of(const StreamOpening& opening) {
  const Options& options = opening.options;
  StreamTarget target;
  target.peer = opening.peer;
  target.from = opening.from;
  target.device = options.bind_device;
  target.more = options.more_addresses;
  target.outgoing_streams = options.outgoing_streams;
  target.first_port = options.client_port;
  target.parameters = opening.parameters;
  target.send_timeout_ms = options.send_timeout_ms;
  if (options.udp) target.limit = kAnswerLimit;
  if (options.connect_timeout_ms != 0) target.limit = milliseconds(options.connect_timeout_ms);
  return target;
}

ConnectOrder connect_order(const StreamOpening& opening) {
  switch (opening.options.stream_connect) {
    case StreamConnect::Parallel:
      return ConnectOrder::Parallel;
    case StreamConnect::Sequential:
      return ConnectOrder::Sequential;
    case StreamConnect::Ordered:
      return ConnectOrder::StreamBarrier;
    case StreamConnect::Auto:
      break;
  }
  if (session::preamble_level(opening.session.flag()) > 0) return ConnectOrder::Parallel;
  const auto info = read_tcp_info(opening.control);
  return affordable_order(microseconds(info ? info.value().min_rtt_us : 0),
                          opening.session.stream_count());
}

}  // namespace

std::unique_ptr<Connector> make_connector(Reactor& reactor, const StreamOpening& opening,
                                          std::function<void(Result<void>)> done) {
  const session::ClientSession& session = opening.session;
  if (opening.options.udp) {
    return std::make_unique<DatagramConnector>(
        reactor, target_of(opening), session.may_repeat_connect(), streams_of(session),
        [&session](int number) { return session.connect_datagram(number); }, std::move(done));
  }
  return std::make_unique<StreamConnector>(
      reactor, target_of(opening), connect_order(opening), streams_of(session),
      [&session](int number) { return session.stream_header(number); }, std::move(done));
}

}  // namespace rolecall::perf
