// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/socket.h"

#include <arpa/inet.h>
#include <linux/in6.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace rolecall {
namespace {

Error resolve_error(const std::string& host, int code) {
  const std::string what = fmt::format("getaddrinfo({})", host);
  if (code == EAI_SYSTEM) return system_error(what);
  return Error{Errc::Config, fmt::format("{}: {}", what, ::gai_strerror(code))};
}

// These concern the connection that is gone, not the listener (accept(2)).
bool only_that_connection_failed(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return error == EAGAIN;
  }
}

Result<Address> address_of(const Fd& socket, int (*ask)(int, sockaddr*, socklen_t*),
                           const char* name) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (ask(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return system_error(fmt::format("{}({})", name, socket.get()));
  }
  return Address(reinterpret_cast<const sockaddr*>(&storage), size);
}

}  // namespace

Address::Address(const sockaddr* address, socklen_t size) : size_(size) {
  CHECK(size <= sizeof storage_);
  std::memcpy(&storage_, address, size);
}

std::uint16_t Address::port() const {
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage_).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(storage_).sin_port);
}

void Address::set_port(std::uint16_t port) {
  if (family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(storage_).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(storage_).sin_port = htons(port);
  }
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "?";
  ::getnameinfo(get(), size_, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  const std::string_view view = text;
  constexpr std::string_view kMapped = "::ffff:";
  const bool mapped = view.starts_with(kMapped) && view.find('.') != std::string_view::npos;
  return std::string(mapped ? view.substr(kMapped.size()) : view);
}

std::string Address::text() const {
  const std::string address = host();
  const bool brackets = address.find(':') != std::string::npos;
  return brackets ? fmt::format("[{}]:{}", address, port()) : fmt::format("{}:{}", address, port());
}

namespace {

Result<std::vector<Address>> look_up(const std::string& host, std::uint16_t port, int family,
                                     int flags) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                 std::to_string(port).c_str(), &hints, &list);
  if (code != 0) return resolve_error(host, code);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    addresses.emplace_back(a->ai_addr, a->ai_addrlen);
  }
  return addresses;
}

}  // namespace

Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port, int family) {
  return look_up(host, port, family, host.empty() ? AI_PASSIVE : 0);
}

Result<std::vector<Address>> resolve_numeric(const std::string& host, std::uint16_t port,
                                             int family) {
  return look_up(host, port, family, AI_NUMERICHOST);
}

Result<Fd> tcp_socket(int family) {
  Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return system_error("socket(TCP)");
  return socket;
}

Result<Fd> udp_socket(int family) {
  Fd socket(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return system_error("socket(UDP)");
  return socket;
}

Result<Fd> listen_tcp(const std::string& host, std::uint16_t port, int family,
                      const std::string& device) {
  const bool dual = host.empty() && family == AF_UNSPEC;
  auto found = resolve(host, port, dual ? AF_INET6 : family);
  auto candidate = found ? tcp_socket(found.value().front().family()) : Result<Fd>(found.error());
  if (dual && candidate.has_error()) {  // a system without IPv6
    found = resolve(host, port, AF_INET);
    if (found) candidate = tcp_socket(AF_INET);
  }
  TRY(auto socket, std::move(candidate));
  const Address& address = found.value().front();
  TRY(set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  if (address.family() == AF_INET6) {
    TRY(set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, dual ? 0 : 1, "IPV6_V6ONLY"));
  }
  if (!device.empty()) {
    TRY(bind_to_device(socket, device));
  }
  TRY(bind_to(socket, address));
  if (::listen(socket.get(), SOMAXCONN) != 0) {
    return system_error(fmt::format("listen({})", address.text()));
  }
  return socket;
}

Result<void> bind_to(const Fd& socket, const Address& address) {
  if (::bind(socket.get(), address.get(), address.size()) != 0) {
    return system_error(fmt::format("bind({})", address.text()));
  }
  return ok();
}

Result<void> bind_to_device(const Fd& socket, const std::string& device) {
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                   static_cast<socklen_t>(device.size() + 1)) != 0) {
    return system_error(fmt::format("setsockopt(SO_BINDTODEVICE, {})", device));
  }
  return ok();
}

Result<bool> start_connect(const Fd& socket, const Address& to) {
  if (::connect(socket.get(), to.get(), to.size()) == 0) return true;
  if (errno == EINPROGRESS || errno == EINTR) return false;
  return system_error(fmt::format("connect({})", to.text()));
}

Result<void> finish_connect(const Fd& socket, const Address& to) {
  TRY(const int error, get_option(socket, SOL_SOCKET, SO_ERROR, "SO_ERROR"));
  if (error == 0) return ok();
  return Error{Errc::System, fmt::format("connect({})", to.text()), error};
}

Result<std::optional<Accepted>> accept_next(const Fd& listener) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  Fd socket(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&storage), &size,
                      SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.is_open()) {
    return std::optional(
        Accepted{std::move(socket), Address(reinterpret_cast<sockaddr*>(&storage), size)});
  }
  if (only_that_connection_failed(errno)) return std::optional<Accepted>();
  return system_error("accept4()");
}

Result<Address> local_address(const Fd& socket) {
  return address_of(socket, ::getsockname, "getsockname");
}

Result<Address> peer_address(const Fd& socket) {
  return address_of(socket, ::getpeername, "getpeername");
}

Result<void> set_option(const Fd& socket, int level, int option, int value, const char* name) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) != 0) {
    return system_error(fmt::format("setsockopt({}, {})", name, value));
  }
  return ok();
}

Result<int> get_option(const Fd& socket, int level, int option, const char* name) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(socket.get(), level, option, &value, &size) != 0) {
    return system_error(fmt::format("getsockopt({})", name));
  }
  return value;
}

Result<void> set_type_of_service(const Fd& socket, int value) {
  TRY(const int family, get_option(socket, SOL_SOCKET, SO_DOMAIN, "SO_DOMAIN"));
  if (family == AF_INET6) {
    TRY(set_option(socket, IPPROTO_IPV6, IPV6_TCLASS, value, "IPV6_TCLASS"));
  }
  return set_option(socket, IPPROTO_IP, IP_TOS, value, "IP_TOS");  // of mapped addresses too
}

Result<Address> with_flow_label(const Fd& socket, const Address& to, std::uint32_t label) {
  if (to.family() != AF_INET6) {
    return Error{
        Errc::Config,
        fmt::format("no flow label (-L) fits to {}: only IPv6 packets have one", to.text())};
  }
  sockaddr_in6 labelled{};
  std::memcpy(&labelled, to.get(), sizeof labelled);
  in6_flowlabel_req lease{};
  lease.flr_dst = labelled.sin6_addr;
  lease.flr_label = htonl(label);
  lease.flr_action = IPV6_FL_A_GET;
  lease.flr_share = IPV6_FL_S_ANY;
  lease.flr_flags = IPV6_FL_F_CREATE;
  if (::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &lease, sizeof lease) != 0) {
    return system_error(fmt::format("setsockopt(IPV6_FLOWLABEL_MGR, {:#x})", label));
  }
  TRY(set_option(socket, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1, "IPV6_FLOWINFO_SEND"));
  labelled.sin6_flowinfo = lease.flr_label;
  return Address(reinterpret_cast<const sockaddr*>(&labelled), sizeof labelled);
}

Result<void> set_pacing_rate(const Fd& socket, std::uint64_t bytes_per_second) {
  const int set = ::setsockopt(socket.get(), SOL_SOCKET, SO_MAX_PACING_RATE, &bytes_per_second,
                               sizeof bytes_per_second);
  if (set != 0) return system_error(fmt::format("SO_MAX_PACING_RATE({})", bytes_per_second));
  return ok();
}

Result<void> set_congestion(const Fd& socket, const std::string& algorithm) {
  if (::setsockopt(socket.get(), IPPROTO_TCP, TCP_CONGESTION, algorithm.data(),
                   static_cast<socklen_t>(algorithm.size())) != 0) {
    return system_error(fmt::format("setsockopt(TCP_CONGESTION, {})", algorithm));
  }
  return ok();
}

Result<std::string> congestion(const Fd& socket) {
  char text[64] = "";
  socklen_t size = sizeof text - 1;
  if (::getsockopt(socket.get(), IPPROTO_TCP, TCP_CONGESTION, text, &size) != 0) {
    return system_error("getsockopt(TCP_CONGESTION)");
  }
  return std::string(text);
}

namespace {

Result<ReadOutcome> receive(const Fd& socket, std::span<iovec> into, int flags) {
  msghdr message{};
  message.msg_iov = into.data();
  message.msg_iovlen = into.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket.get(), &message, flags);
  } while (n < 0 && errno == EINTR);
  if (n > 0) return ReadOutcome{.bytes = static_cast<std::size_t>(n)};
  if (n == 0) return ReadOutcome{.closed = true};
  if (errno == EAGAIN) return ReadOutcome{.would_block = true};
  return system_error(fmt::format("recvmsg({})", socket.get()));
}

}  // namespace

Result<ReadOutcome> read_some(const Fd& socket, std::span<std::byte> into) {
  iovec part{into.data(), into.size()};
  return receive(socket, std::span(&part, 1), 0);
}

Result<ReadOutcome> read_parts(const Fd& socket, std::span<iovec> into) {
  return receive(socket, into, 0);
}

Result<ReadOutcome> skip_some(const Fd& socket, std::size_t bytes) {
  iovec part{nullptr, bytes};
  return receive(socket, std::span(&part, 1), MSG_TRUNC);
}

Result<std::optional<Datagram>> receive_from(const Fd& socket, std::span<std::byte> into) {
  sockaddr_storage source{};
  socklen_t size = sizeof source;
  ssize_t n = 0;
  do {
    n = ::recvfrom(socket.get(), into.data(), into.size(), 0, reinterpret_cast<sockaddr*>(&source),
                   &size);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) return std::optional<Datagram>();
  if (n < 0) return system_error(fmt::format("recvfrom({})", socket.get()));
  return std::optional(Datagram{static_cast<std::size_t>(n),
                                Address(reinterpret_cast<const sockaddr*>(&source), size)});
}

Result<std::size_t> write_some(const Fd& socket, ByteView bytes) {
  ssize_t n = 0;
  do {
    n = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n >= 0) return static_cast<std::size_t>(n);
  if (errno == EAGAIN) return std::size_t{0};
  return system_error(fmt::format("send({})", socket.get()));
}

}  // namespace rolecall
