// SPDX-License-Identifier: BSD-3-Clause
// The UDP streams of a test at the server. Linux gives a datagram to the socket that is connected
// to its source, else to one that is connected to nobody: the socket on which a stream's first
// datagram comes becomes that stream's, and a new one stands before that, so that no datagram finds
// none.
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <utility>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/hosted_test.h"
#include "harness/perf/test_sockets.h"
#include "harness/wire/datagram.h"

namespace rolecall::perf {
namespace {

constexpr std::size_t kMostConnect = 256;  // what is longer is cut short, and none of ours

}  // namespace

// On the address that the client has found us at, so that answers come from there.
Result<void> HostedTest::listen_for_flow() {
  TRY(const auto at, local_address(link_.socket()));
  TRY(flow_listener_, flow_listener(at, session_.parameters()));
  return around_.reactor.watch(flow_listener_, EPOLLIN, [this](std::uint32_t) { take_flows(); });
}

void HostedTest::take_flows() {
  while (session_.wants_flows()) {
    auto taken = take_flow();
    if (!taken) {
      fail(std::move(taken).error(), wire::kErrorStreamAccept);
      break;
    }
    if (!taken.value()) break;
  }
  pump();
}

Result<bool> HostedTest::take_flow() {
  std::array<std::byte, kMostConnect> buffer{};
  sockaddr_storage source{};
  socklen_t size = sizeof source;
  const ssize_t n = ::recvfrom(flow_listener_.get(), buffer.data(), buffer.size(), 0,
                               reinterpret_cast<sockaddr*>(&source), &size);
  if (n < 0 && errno == EAGAIN) return false;
  if (n < 0) return system_error("receiving a connect datagram");
  const Address from(reinterpret_cast<const sockaddr*>(&source), size);
  const session::ConnectionId id = next_connection_++;
  const auto datagram = ByteView(buffer).first(static_cast<std::size_t>(n));
  if (!session_.on_flow(id, datagram, now())) return true;
  around_.reactor.unwatch(flow_listener_);
  const Fd& flow = newcomers_[id] = std::exchange(flow_listener_, Fd());
  if (session_.wants_flows()) {
    TRY(listen_for_flow());
  }
  TRY(start_connect(flow, from));
  TRY(write_some(flow, wire::encode_connect_reply()));
  TRY(around_.reactor.watch(flow, EPOLLIN, [this, &flow](std::uint32_t) { answer_copies(flow); }));
  return true;
}

// The answer was lost, or is on its way. Until the test runs all that comes are copies.
void HostedTest::answer_copies(const Fd& flow) {
  std::array<std::byte, kMostConnect> buffer{};
  const auto read = read_some(flow, buffer);
  if (!read || read.value().bytes == 0 || session_.flag() != session::Flag::Level2) return;
  (void)write_some(flow, wire::encode_connect_reply());
}

}  // namespace rolecall::perf
