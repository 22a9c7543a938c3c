// SPDX-License-Identifier: BSD-3-Clause
// The UDP streams of a test at the server: one socket on which they begin, and for each a socket of
// its own on the same port. Linux gives a datagram to the socket that is connected to its source,
// else to one that is connected to nobody. Between bind() and connect() that may be the new one.
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/hosting.h"
#include "harness/perf/test_sockets.h"
#include "harness/wire/datagram.h"

namespace rolecall::perf {
namespace {

// Between two looks at everything else: who floods the port must not hold up the loop.
constexpr int kMostDatagramsATurn = 64;
// What is longer is cut short, and opens no stream.
constexpr std::size_t kMostRead = 256;

struct Stray {
  Bytes datagram;
  Address source;
};

std::vector<Stray> read_strays(const Fd& flow) {
  std::vector<Stray> strays;
  for (int i = 0; i < kMostDatagramsATurn; ++i) {
    std::array<std::byte, kMostRead> buffer{};
    const auto came = receive_from(flow, buffer);
    if (!came || !came.value()) break;
    const ByteView datagram = ByteView(buffer).first(came.value()->bytes);
    strays.push_back({Bytes(datagram.begin(), datagram.end()), came.value()->source});
  }
  return strays;
}

}  // namespace

// On the address at which the client has found us, so that answers come from there.
Result<void> Hosting::listen_for_flows() {
  TRY(const auto at, local_address(link_.socket()));
  TRY(stream_listener_, flow_socket(at, around_.options.bind_device));
  return around_.reactor.watch(stream_listener_, EPOLLIN,
                               [this](std::uint32_t) { take_datagrams(stream_listener_); });
}

void Hosting::take_datagrams(const Fd& socket) {
  for (int i = 0; i < kMostDatagramsATurn && session_.wants_flows(); ++i) {
    std::array<std::byte, kMostRead> buffer{};
    auto came = receive_from(socket, buffer);
    if (came && !came.value()) break;  // none waits
    // An ICMP message about an answer: that client is gone, and the control connection tells so.
    if (!came && came.error().sys_errno == ECONNREFUSED) continue;
    auto taken =
        came ? take_datagram(ByteView(buffer).first(came.value()->bytes), came.value()->source)
             : Result<void>(std::move(came).error());
    if (!taken) fail(std::move(taken).error(), wire::kErrorStreamAccept);
  }
  if (!session_.wants_flows()) stop_listening();
  pump();
}

// Of a stream that stands, a copy: answered again where the client may send one on purpose. The
// rest are the first of their source, or no business of this test: below level 2 a datagram does
// not say whose it is, and any sender's would take a stream (as at iperf3), so it has to come from
// where the client is.
Result<void> Hosting::take_datagram(ByteView datagram, const Address& source) {
  if (const auto known = flow_of_.find(source.text()); known != flow_of_.end()) {
    if (session_.flag() == session::Flag::Level2) {
      (void)write_some(newcomers_.at(known->second), wire::encode_connect_reply());
    }
    return ok();
  }
  const auto client = peer_address(link_.socket());
  const bool is_the_clients = client && source.host() == client.value().host();
  if (session_.flag() != session::Flag::Level2 && !is_the_clients) return ok();
  const session::ConnectionId id = next_connection_++;
  return session_.on_flow(id, datagram, now()) ? open_flow(id, source) : ok();
}

// What came to a new socket before it was connected is not its stream's: that one's client has no
// answer yet. What comes later waits in the kernel for the test, as iperf3 has it, except at level
// 2 the copies of connect datagrams, which want an answer.
Result<void> Hosting::open_flow(session::ConnectionId id, const Address& source) {
  TRY(const auto at, local_address(link_.socket()));
  const Fd& flow = newcomers_[id];
  TRY(newcomers_[id], flow_socket(at, around_.options.bind_device));
  if (auto failure = apply_test_options(flow, session_.parameters())) {
    return std::move(failure->error);
  }
  TRY(start_connect(flow, source));
  flow_of_[source.text()] = id;
  const std::vector<Stray> strays = read_strays(flow);
  TRY(write_some(flow, wire::encode_connect_reply()));
  if (session_.flag() == session::Flag::Level2) {
    TRY(around_.reactor.watch(flow, EPOLLIN,
                              [this, &flow](std::uint32_t) { take_datagrams(flow); }));
  }
  for (const Stray& stray : strays) {
    if (!session_.wants_flows()) break;
    TRY(take_datagram(stray.datagram, stray.source));
  }
  return ok();
}

}  // namespace rolecall::perf
