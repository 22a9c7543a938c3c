// SPDX-License-Identifier: BSD-3-Clause
#include "shim/connects.h"

#include <errno.h>
#include <netinet/in.h>

#include "shim/cork.h"
#include "shim/next.h"
#include "shim/plan_view.h"
#include "shim/raw.h"
#include "shim/recorder.h"
#include "shim/tcp_state.h"

namespace rolecall::shim {
namespace {

bool goes_to_the_server(const sockaddr* address, socklen_t length) {
  if (address == nullptr || length < sizeof(sockaddr_in)) return false;
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6) return false;
  // sin_port and sin6_port are the same two bytes.
  const auto* in = reinterpret_cast<const sockaddr_in*>(address);
  return __builtin_bswap16(in->sin_port) == plan_view().port;
}

std::uint32_t local_port(int fd) {
  sockaddr_in6 own{};  // a sockaddr_in has its port in the same two bytes
  socklen_t length = sizeof own;
  raw(__NR_getsockname, fd, as_word(&own), as_word(&length));
  return __builtin_bswap16(own.sin6_port);
}

// Gives the connection its number and publishes its port, which a waiting server looks for.
void publish_connect(int fd, int error) {
  const SignalFence fence;
  Board& board = *board_view();
  const std::uint32_t port = local_port(fd);
  const std::uint32_t number = board.connect_count.fetch_add(1);
  if (number < kMaxConnects) board.connects[number].store(kConnectPublished | port);
  record({.kind = Kind::ConnectRecorded, .port = port, .number = number, .error = error});
  cork(fd, port, number);
}

}  // namespace

bool begins_a_connection(int fd, const sockaddr* address, socklen_t length) {
  return goes_to_the_server(address, length) && is_fresh_tcp(fd);
}

int connect_in_count(int fd, const sockaddr* address, socklen_t length) {
  const Next::connect_type next = Next::connect();
  if (next == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  Board& board = *board_view();
  board.connecting.fetch_add(1);
  const int result = next(fd, address, length);
  const int error = result == 0 ? 0 : errno;
  // After EINTR the kernel goes on connecting, as after EINPROGRESS.
  if (error == 0 || error == EINPROGRESS || error == EINTR) {
    // Before this one is published: a client with a barrier spends the time inside connect().
    notice_expired_corks();
    publish_connect(fd, error);
  } else {
    record({.kind = Kind::ConnectFailed, .error = error});
  }
  board.connecting.fetch_sub(1);
  return result;
}

}  // namespace rolecall::shim
