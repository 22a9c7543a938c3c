// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/port_reservation.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>

#include <fmt/format.h>

namespace rolecall {
namespace {

// Above what well-known servers use; from 20,000 on conformance cases bind ports of their own.
constexpr int kFirstQuiet = 10'000;
constexpr int kEndOfQuiet = 20'000;
constexpr int kUsualFirst = 32'768;
constexpr int kEnoughPorts = 1'000;
constexpr int kTries = 64;

struct LoopbackAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

LoopbackAddress any_address(int family, std::uint16_t port) {
  LoopbackAddress a;
  if (family == AF_INET6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&a.storage, &v6, a.size = sizeof v6);
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&a.storage, &v4, a.size = sizeof v4);
  }
  return a;
}

std::uint16_t local_port(const Fd& fd) {
  sockaddr_in6 self{};  // sin_port and sin6_port share their place
  socklen_t size = sizeof self;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&self), &size);
  return ntohs(self.sin6_port);
}

// Dual-stack where the machine has IPv6, so that both families of the port are kept.
Result<Fd> open_socket(int& family) {
  family = AF_INET6;
  Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open() && errno == EAFNOSUPPORT) {
    family = AF_INET;
    fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  if (!fd.is_open()) return system_error("socket(SOCK_STREAM)");
  const int off = 0;
  if (family == AF_INET6 &&
      ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0)
    return system_error("setsockopt(IPV6_V6ONLY, 0)");
  return fd;
}

bool bind_to_port(const Fd& fd, int family, std::uint16_t port) {
  const LoopbackAddress address = any_address(family, port);
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0;
}

// The first port that the kernel gives to sockets that ask for none, TCP and UDP alike.
int first_ephemeral_port() {
  int first = kUsualFirst;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first;
  return first;
}

// A port that no socket gets by chance: what is reserved is a TCP port, and the server may want the
// UDP one of its number later. Where all tries fail, or there are too few such ports, any.
bool bind_to_quiet_port(const Fd& fd, int family) {
  const int count = std::min(first_ephemeral_port(), kEndOfQuiet) - kFirstQuiet;
  if (count >= kEnoughPorts) {
    std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<int> offset(0, count - 1);
    for (int i = 0; i < kTries; ++i)
      if (bind_to_port(fd, family, static_cast<std::uint16_t>(kFirstQuiet + offset(random))))
        return true;
  }
  return bind_to_port(fd, family, 0);
}

// Only now, so that no two reservations are of one port: the server that comes binds it, too.
Result<void> share(const Fd& fd) {
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0) return ok();
  return system_error("setsockopt(SO_REUSEADDR)");
}

}  // namespace

Result<PortReservation> PortReservation::take(std::uint16_t port) {
  int family = AF_UNSPEC;
  TRY(auto fd, open_socket(family));
  if (port != 0) {
    TRY(share(fd));  // what an earlier server left in TIME_WAIT is no hindrance
  }
  if (port != 0 ? bind_to_port(fd, family, port) : bind_to_quiet_port(fd, family)) {
    const std::uint16_t taken = local_port(fd);
    TRY(share(fd));
    return PortReservation(std::move(fd), taken);
  }
  if (errno == EADDRINUSE) {
    return Error{Errc::Config, fmt::format("TCP port {} is taken by another program; choose "
                                           "another, or none to let rolecall find one",
                                           port)};
  }
  return system_error(fmt::format("bind(port {})", port));
}

std::string own_loopback(const std::string& stated, std::uint16_t port) {
  if (stated != "127.0.0.1") return stated;
  return fmt::format("127.{}.{}.1", port >> 8, port & 0xff);
}

}  // namespace rolecall
