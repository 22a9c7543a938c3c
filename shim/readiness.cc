// SPDX-License-Identifier: BSD-3-Clause
#include "shim/readiness.h"

#include <netinet/in.h>
#include <sys/time.h>

#include "shim/raw.h"
#include "shim/recorder.h"

namespace rolecall::shim {
namespace {

// At most one connection of our own is pending: there is one next connection.
constinit std::atomic<int> own_fd{-1};
constinit std::atomic<std::uint32_t> own_port{0};

bool is_wildcard(const sockaddr_in6& address) {
  std::uint32_t any = 0;
  for (const std::uint32_t word : address.sin6_addr.s6_addr32) any |= word;
  return any == 0;
}

// Turns what the listener is bound to into an address that reaches it from this machine.
void make_reachable(Peer& at) {
  if (at.address.ss_family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(at.address);
    if (v4.sin_addr.s_addr == 0) v4.sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK);
    return;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(at.address);
  if (is_wildcard(v6)) v6.sin6_addr.s6_addr[15] = 1;
}

// The same port over IPv4 loopback, for a dual-stack listener on a machine without ::1.
Peer over_ipv4(const Peer& at) {
  Peer v4{};
  v4.length = sizeof(sockaddr_in);
  auto& address = reinterpret_cast<sockaddr_in&>(v4.address);
  address.sin_family = AF_INET;
  address.sin_port = reinterpret_cast<const sockaddr_in&>(at.address).sin_port;
  address.sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK);
  return v4;
}

// A socket bound to the address of `at` and a free port, so that the port is known before anybody
// can accept it. Returns the descriptor, or minus errno.
int bound_socket(const Peer& at, std::uint32_t* port) {
  const long fd = raw(__NR_socket, at.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return static_cast<int>(fd);
  Peer own = at;
  reinterpret_cast<sockaddr_in&>(own.address).sin_port = 0;
  long rc = raw(__NR_bind, fd, as_word(&own.address), own.length);
  if (rc == 0) rc = raw(__NR_getsockname, fd, as_word(&own.address), as_word(&own.length));
  if (rc != 0) {
    raw(__NR_close, fd);
    return static_cast<int>(rc);
  }
  *port = own.port();
  return static_cast<int>(fd);
}

// Connects to this machine itself, where the handshake ends inside the call. Only a full queue
// keeps it longer; then the kernel goes on by itself and the listener is readable anyway.
long connect_to_self(int fd, const Peer& at) {
  const timeval limit{.tv_sec = 0, .tv_usec = 20'000};
  raw(__NR_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, as_word(&limit), sizeof limit);
  const long rc = raw(__NR_connect, fd, as_word(&at.address), at.length);
  return rc == -EINPROGRESS ? 0 : rc;
}

// Queues the connection to `at`. Returns 0 or minus errno.
long queue_own_connection(const Peer& at, std::uint32_t number) {
  std::uint32_t port = 0;
  const int fd = bound_socket(at, &port);
  if (fd < 0) return fd;
  own_fd.store(fd);
  own_port.store(port);
  record({.kind = Kind::SelfQueued, .port = port, .number = number});
  const long rc = connect_to_self(fd, at);
  if (rc != 0) forget_own_connection();
  return rc;
}

// Ours comes from the very address that it went to; a client elsewhere can have the same port.
bool comes_from_own_address(int fd, const Peer& peer) {
  Peer local{};
  local.length = sizeof local.address;
  raw(__NR_getsockname, fd, as_word(&local.address), as_word(&local.length));
  if (local.address.ss_family == AF_INET) {
    return reinterpret_cast<const sockaddr_in&>(local.address).sin_addr.s_addr ==
           reinterpret_cast<const sockaddr_in&>(peer.address).sin_addr.s_addr;
  }
  const auto& a = reinterpret_cast<const sockaddr_in6&>(local.address).sin6_addr;
  const auto& b = reinterpret_cast<const sockaddr_in6&>(peer.address).sin6_addr;
  std::uint32_t difference = 0;
  for (int i = 0; i < 4; ++i) difference |= a.s6_addr32[i] ^ b.s6_addr32[i];
  return difference == 0;
}

}  // namespace

void announce(Parked& slot) {
  const std::uint32_t number = slot.number;
  Peer at{};
  at.length = sizeof at.address;
  raw(__NR_getsockname, slot.listener, as_word(&at.address), as_word(&at.length));
  const bool may_be_dual = at.address.ss_family == AF_INET6 &&
                           is_wildcard(reinterpret_cast<const sockaddr_in6&>(at.address));
  make_reachable(at);
  put_back(slot, Stage::Due);  // before ours is queued: another thread may accept it at once
  long rc = queue_own_connection(at, number);
  if (rc != 0 && may_be_dual) rc = queue_own_connection(over_ipv4(at), number);
  if (rc == 0) return;
  Stage due = Stage::Due;
  slot.stage.compare_exchange_strong(due, Stage::DueUnsaid);
  record({.kind = Kind::SelfFailed, .number = number, .error = static_cast<int>(-rc)});
}

bool eat_own_connection(int fd, const Peer& peer) {
  std::uint32_t port = peer.port();
  if (port == 0 || port != own_port.load() || !comes_from_own_address(fd, peer)) return false;
  if (!own_port.compare_exchange_strong(port, 0)) return false;
  close_with_reset(fd);  // a reset leaves no TIME_WAIT on the server's port
  forget_own_connection();
  record({.kind = Kind::SelfEaten, .port = port});
  return true;
}

void forget_own_connection() {
  own_port.store(0);
  const int fd = own_fd.exchange(-1);
  if (fd >= 0) close_with_reset(fd);
}

}  // namespace rolecall::shim
