// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/transport.h"

#include <linux/sctp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <span>
#include <string>

#include <fmt/format.h>

#include "harness/base/bytes.h"

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
    case Transport::Sctp:
      return {IPPROTO_SCTP, "SCTP", "modprobe sctp, or a kernel with CONFIG_IP_SCTP"};
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

template <class Value>
Result<void> set_whole_option(const Fd& socket, int option, const Value& value, const char* name) {
  if (::setsockopt(socket.get(), IPPROTO_SCTP, option, &value, sizeof value) == 0) return ok();
  return system_error(fmt::format("setsockopt({})", name));
}

Result<void> listen_at(const Fd& socket, const Address& at, const std::vector<Address>& instead) {
  TRY(instead.empty() ? bind_to(socket, at) : bind_to_all(socket, instead));
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
  if (protocol == IPPROTO_SCTP) return Transport::Sctp;
  return protocol == IPPROTO_MPTCP ? Transport::Mptcp : Transport::Tcp;
}

Result<Fd> listen_beside(const Fd& listener, Transport transport,
                         const std::vector<Address>& instead) {
  TRY(const Address at, local_address(listener));
  TRY(auto socket, stream_socket(at.family(), transport));
  TRY(set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  if (at.family() == AF_INET6) {
    TRY(const int only, get_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
    TRY(set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, only, "IPV6_V6ONLY"));
  }
  TRY(bind_to_same_device(socket, listener));
  TRY(share_port(listener, socket, true));
  const auto listens = listen_at(socket, at, instead);
  TRY(share_port(listener, socket, false));
  TRY(listens);
  return socket;
}

// A socket that fell back hands this option on to its TCP, which does not know it.
bool is_multipath(const Fd& connection) {
  return get_option(connection, SOL_MPTCP, kMptcpInfo, "MPTCP_INFO").has_value();
}

Result<void> bind_to_all(const Fd& socket, const std::vector<Address>& addresses) {
  Bytes packed;  // one sockaddr behind the other, as lksctp-tools hand them over
  std::string names;
  for (const Address& address : addresses) {
    const auto bytes = std::as_bytes(std::span(address.get(), 1)).data();
    packed.insert(packed.end(), bytes, bytes + address.size());
    names += (names.empty() ? "" : ", ") + address.text();
  }
  if (::setsockopt(socket.get(), IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD, packed.data(),
                   static_cast<socklen_t>(packed.size())) != 0) {
    return system_error(fmt::format("setsockopt(SCTP_SOCKOPT_BINDX_ADD, {})", names));
  }
  return ok();
}

Result<void> set_outgoing_streams(const Fd& socket, int count) {
  sctp_initmsg wanted{};
  wanted.sinit_num_ostreams = static_cast<std::uint16_t>(count);
  return set_whole_option(socket, SCTP_INITMSG, wanted, "SCTP_INITMSG");
}

Result<void> set_sctp_no_delay(const Fd& socket) {
  return set_option(socket, IPPROTO_SCTP, SCTP_NODELAY, 1, "SCTP_NODELAY");
}

Result<void> set_sctp_segment_size(const Fd& socket, int bytes) {
  sctp_assoc_value wanted{};
  wanted.assoc_value = static_cast<std::uint32_t>(bytes);
  return set_whole_option(socket, SCTP_MAXSEG, wanted, "SCTP_MAXSEG");
}

// Without SIOCOUTQ, SCTP counts chunks instead of bytes.
Result<bool> is_all_acknowledged(const Fd& connection) {
  int bytes = 0;
  if (::ioctl(connection.get(), SIOCOUTQ, &bytes) == 0) return bytes == 0;
  sctp_status status{};
  socklen_t size = sizeof status;
  if (::getsockopt(connection.get(), IPPROTO_SCTP, SCTP_STATUS, &status, &size) != 0) {
    return system_error("getsockopt(SCTP_STATUS)");
  }
  return status.sstat_unackdata == 0 && status.sstat_penddata == 0;
}

}  // namespace rolecall
