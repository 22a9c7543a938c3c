// SPDX-License-Identifier: BSD-3-Clause
// What a test changes at the server before its streams come, and takes back: the cores, and the
// listener, from which accepted connections inherit. An MPTCP listener is one of the test's own:
// Linux (6.18) gives the tuning of its buffers not back (SO_BUF_LOCK), and further subflows need it
// for as long as the test runs.
#include <sys/epoll.h>

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "harness/perf/affinity.h"
#include "harness/perf/hosting.h"
#include "harness/perf/test_sockets.h"

namespace rolecall::perf {

namespace {

// Between two looks at everything else; whoever is not accepted in a turn is so in the next.
constexpr int kMostAssociationsATurn = 64;

}  // namespace

// A server's own -m is for every TCP test, as with iperf3 since 3.19.
Transport Hosting::transport() const {
  wire::Parameters asked = session_.parameters();
  asked.mptcp = asked.mptcp || around_.options.mptcp;
  return transport_of(asked);
}

std::optional<session::LocalFailure> Hosting::prepare() {
  const wire::Parameters& p = session_.parameters();
  if (auto pinned = pin(); !pinned) {
    return session::LocalFailure{std::move(pinned).error(), wire::kErrorAffinity};
  }
  if (auto listening = listen_for_streams(); !listening) {
    return session::LocalFailure{std::move(listening).error(), wire::kErrorListen};
  }
  const bool own_listener = stream_listener_.is_open();
  const Fd& listener = own_listener ? stream_listener_ : around_.listener;
  auto buffers = buffer_facts(listener, p);
  if (!buffers) return session::LocalFailure{std::move(buffers).error(), wire::kErrorSetBuffer};
  const bool gives_back = !own_listener && transport() == Transport::Tcp;
  if (gives_back && (p.no_delay || p.mss_bytes != 0 || p.window_bytes != 0)) {
    listener_before_ = buffers.value();
  }
  if (auto failure = apply_test_options(listener, p)) return failure;
  if (own_listener) return std::nullopt;
  buffers = buffer_facts(listener, p);
  if (buffers) around_.report.buffers(buffers.value());
  return std::nullopt;
}

Result<void> Hosting::pin() {
  const auto core = session_.parameters().server_affinity;
  if (!core) return ok();
  TRY(cores_before_, current_cores());
  return pin_to_core(static_cast<int>(*core));
}

Result<void> Hosting::listen_for_streams() {
  if (is_udp()) return listen_for_flows();
  if (transport() == Transport::Sctp) return listen_for_associations();
  return around_.listen_as(transport());
}

// Its ports are others than TCP's, so that the listener for control connections stays.
Result<void> Hosting::listen_for_associations() {
  TRY(const auto at, local_address(around_.listener));
  TRY(const auto all, resolve_all(around_.options.more_addresses, at.port(), at.family()));
  TRY(stream_listener_, listen_beside(around_.listener, Transport::Sctp, all));
  return around_.reactor.watch(stream_listener_, EPOLLIN,
                               [this](std::uint32_t) { accept_associations(); });
}

void Hosting::accept_associations() {
  for (int i = 0; i < kMostAssociationsATurn; ++i) {
    if (!stream_listener_.is_open() || !session_.wants_connections()) return;
    auto accepted = accept_next(stream_listener_);
    if (!accepted) return fail(std::move(accepted).error(), wire::kErrorStreamAccept), pump();
    if (!accepted.value()) return;
    take_connection(std::move(accepted.value()->socket));
  }
}

void Hosting::stop_listening() {
  if (!stream_listener_.is_open()) return;
  around_.reactor.unwatch(stream_listener_);
  stream_listener_.reset();
}

void Hosting::restore_listener() {
  stop_listening();
  if (!listener_before_) return;
  if (auto back = take_test_options_back(around_.listener, *listener_before_); !back) {
    around_.report.warning(
        fmt::format("the listener keeps options of the last test: {}", back.error().message()));
  }
  listener_before_.reset();
}

}  // namespace rolecall::perf
