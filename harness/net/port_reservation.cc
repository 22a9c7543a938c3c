// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/port_reservation.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace rolecall {
namespace {

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
  const int on = 1;
  const int off = 0;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    return system_error("setsockopt(SO_REUSEADDR)");
  if (family == AF_INET6 &&
      ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0)
    return system_error("setsockopt(IPV6_V6ONLY, 0)");
  return fd;
}

}  // namespace

Result<PortReservation> PortReservation::take(std::uint16_t port) {
  int family = AF_UNSPEC;
  TRY(auto fd, open_socket(family));
  const LoopbackAddress address = any_address(family, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) {
    const std::uint16_t taken = local_port(fd);
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
