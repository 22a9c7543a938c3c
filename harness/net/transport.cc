// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/transport.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "harness/net/socket.h"

namespace rolecall {
namespace {

constexpr int kMptcpInfo = 1;  // MPTCP_INFO of linux/mptcp.h, which does not go with libc's headers

struct Kind {
  int protocol;
  const char* name;
  const char* remedy;  // where the kernel lacks it
};

Kind kind(Transport transport) {
  switch (transport) {
    case Transport::Tcp:
      return {IPPROTO_TCP, "TCP", ""};
    case Transport::Mptcp:
      return {IPPROTO_MPTCP, "MPTCP",
              "sysctl net.mptcp.enabled=1, or a kernel with CONFIG_MPTCP (Linux 5.6)"};
  }
  return {IPPROTO_TCP, "TCP", ""};
}

bool is_lacking(int error) {
  return error == EPROTONOSUPPORT || error == ENOPROTOOPT || error == ESOCKTNOSUPPORT;
}

// SO_REUSEPORT lets both listen while it is set on both.
Result<void> share_port(const Fd& one, const Fd& other, bool shared) {
  TRY(set_option(one, SOL_SOCKET, SO_REUSEPORT, int{shared}, "SO_REUSEPORT"));
  return set_option(other, SOL_SOCKET, SO_REUSEPORT, int{shared}, "SO_REUSEPORT");
}

Result<void> listen_at(const Fd& socket, const Address& at) {
  TRY(bind_to(socket, at));
  if (::listen(socket.get(), SOMAXCONN) == 0) return ok();
  return system_error(fmt::format("listen({})", at.text()));
}

Result<void> bind_to_same_device(const Fd& socket, const Fd& other) {
  std::array<char, IF_NAMESIZE> device{};
  socklen_t size = device.size();
  if (::getsockopt(other.get(), SOL_SOCKET, SO_BINDTODEVICE, device.data(), &size) != 0) {
    return system_error("getsockopt(SO_BINDTODEVICE)");
  }
  return device[0] == '\0' ? ok() : bind_to_device(socket, device.data());
}

}  // namespace

Result<Fd> stream_socket(int family, Transport transport) {
  const Kind wanted = kind(transport);
  Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, wanted.protocol));
  if (socket.is_open()) return socket;
  if (!is_lacking(errno)) return system_error(fmt::format("socket({})", wanted.name));
  return system_error(
      fmt::format("socket({0}): this kernel offers no {0}: {1}", wanted.name, wanted.remedy));
}

Result<void> check_transport(Transport transport) {
  if (transport == Transport::Tcp) return ok();
  TRY(const auto socket, stream_socket(AF_INET, transport));
  return ok();
}

Result<Transport> transport_of(const Fd& socket) {
  TRY(const int protocol, get_option(socket, SOL_SOCKET, SO_PROTOCOL, "SO_PROTOCOL"));
  return protocol == IPPROTO_MPTCP ? Transport::Mptcp : Transport::Tcp;
}

Result<Fd> listen_beside(const Fd& listener, Transport transport) {
  TRY(const Address at, local_address(listener));
  TRY(auto socket, stream_socket(at.family(), transport));
  TRY(set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  if (at.family() == AF_INET6) {
    TRY(const int only, get_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
    TRY(set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, only, "IPV6_V6ONLY"));
  }
  TRY(bind_to_same_device(socket, listener));
  TRY(share_port(listener, socket, true));
  const auto listens = listen_at(socket, at);
  TRY(share_port(listener, socket, false));
  TRY(listens);
  return socket;
}

// A socket that fell back hands this option on to its TCP, which does not know it.
bool is_multipath(const Fd& connection) {
  return get_option(connection, SOL_MPTCP, kMptcpInfo, "MPTCP_INFO").has_value();
}

Result<int> unacknowledged_bytes(const Fd& connection) {
  int bytes = 0;
  if (::ioctl(connection.get(), SIOCOUTQ, &bytes) != 0) return system_error("ioctl(SIOCOUTQ)");
  return bytes;
}

}  // namespace rolecall
