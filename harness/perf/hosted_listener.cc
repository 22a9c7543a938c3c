// SPDX-License-Identifier: BSD-3-Clause
// What a test changes at the server before its streams come, and takes back: the cores, and the
// listener, from which accepted connections inherit. An MPTCP listener is one of the test's own:
// Linux (6.18) gives the tuning of its buffers not back (SO_BUF_LOCK), and further subflows need it
// for as long as the test runs.
#include <sys/epoll.h>

#include <fmt/format.h>

#include "harness/perf/affinity.h"
#include "harness/perf/hosted_test.h"
#include "harness/perf/test_sockets.h"

namespace rolecall::perf {

// A server's own -m is for every TCP test, as with iperf3 since 3.19.
Transport HostedTest::transport() const {
  wire::Parameters asked = session_.parameters();
  asked.mptcp = asked.mptcp || around_.options.mptcp;
  return transport_of(asked);
}

Result<void> HostedTest::prepare() {
  const wire::Parameters& p = session_.parameters();
  if (p.server_affinity) {
    TRY(cores_before_, current_cores());
    TRY(pin_to_core(static_cast<int>(*p.server_affinity)));
  }
  if (is_udp()) return listen_for_flows();
  if (transport() == Transport::Sctp) return listen_for_associations();
  TRY(around_.listen_as(transport()));
  TRY(auto buffers, buffer_facts(around_.listener, p));
  if (p.no_delay || p.mss_bytes != 0 || p.window_bytes != 0) {
    if (transport() == Transport::Tcp) listener_before_ = buffers;
    TRY(apply_test_options(around_.listener, p));
    TRY(buffers, buffer_facts(around_.listener, p));
  }
  around_.report.buffers(buffers);
  return ok();
}

// Its ports are others than TCP's, so that the listener for control connections stays.
Result<void> HostedTest::listen_for_associations() {
  TRY(const auto at, local_address(around_.listener));
  TRY(const auto all, resolve_all(around_.options.more_addresses, at.port(), at.family()));
  TRY(stream_listener_, listen_beside(around_.listener, Transport::Sctp, all));
  TRY(apply_test_options(stream_listener_, session_.parameters()));
  return around_.reactor.watch(stream_listener_, EPOLLIN,
                               [this](std::uint32_t) { accept_associations(); });
}

void HostedTest::accept_associations() {
  while (stream_listener_.is_open() && session_.wants_connections()) {
    auto accepted = accept_next(stream_listener_);
    if (!accepted) return fail(std::move(accepted).error(), wire::kErrorStreamAccept), pump();
    if (!accepted.value()) return;
    take_connection(std::move(accepted.value()->socket));
  }
}

void HostedTest::stop_listening() {
  if (!stream_listener_.is_open()) return;
  around_.reactor.unwatch(stream_listener_);
  stream_listener_.reset();
}

void HostedTest::restore_listener() {
  stop_listening();
  if (!listener_before_) return;
  if (auto back = take_test_options_back(around_.listener, *listener_before_); !back) {
    around_.report.warning(
        fmt::format("the listener keeps options of the last test: {}", back.error().message()));
  }
  listener_before_.reset();
}

}  // namespace rolecall::perf
