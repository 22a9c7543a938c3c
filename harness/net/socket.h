// SPDX-License-Identifier: BSD-3-Clause
// TCP and UDP sockets: addresses, listening, connecting, options. All are close-on-exec and
// non-blocking. Any thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/base/fd.h"
#include "harness/base/result.h"

namespace rolecall {

// An IPv4 or IPv6 address with its port.
class Address {
 public:
  Address() = default;
  Address(const sockaddr* address, socklen_t size);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  // Numeric, without port; an IPv4-mapped address as IPv4.
  std::string host() const;
  // "127.0.0.1:5201", "[::1]:5201".
  std::string text() const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

// All stream addresses of `host` (a name or a numeric address, with %scope), best first. `family`:
// AF_UNSPEC, AF_INET or AF_INET6. An empty host is the wildcard, for binding. May ask the resolver.
Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port, int family);
// The same of a numeric address only, without the resolver; Config for any other text.
Result<std::vector<Address>> resolve_numeric(const std::string& host, std::uint16_t port,
                                             int family);

// A socket that is not yet bound or connected.
Result<Fd> tcp_socket(int family);
Result<Fd> udp_socket(int family);

// A listening socket. Without `host` it takes IPv4 and IPv6 on one socket where `family` is
// AF_UNSPEC. SO_REUSEADDR is set; the backlog is SOMAXCONN.
Result<Fd> listen_tcp(const std::string& host, std::uint16_t port, int family,
                      const std::string& device);

Result<void> bind_to(const Fd& socket, const Address& address);
Result<void> bind_to_device(const Fd& socket, const std::string& device);

// Begins to connect: true when it stands already, false while it is under way (EPOLLOUT tells).
Result<bool> start_connect(const Fd& socket, const Address& to);
// How it came out, once EPOLLOUT or EPOLLERR has come.
Result<void> finish_connect(const Fd& socket, const Address& to);

struct Accepted {
  Fd socket;
  Address peer;
};
// The next connection of a listening socket, nothing when none waits (or it went away meanwhile).
// Goes through accept4() of libc, so that a preload library sees it.
Result<std::optional<Accepted>> accept_next(const Fd& listener);

Result<Address> local_address(const Fd& socket);
Result<Address> peer_address(const Fd& socket);

// setsockopt() and getsockopt() of an int; `name` for the error: "TCP_MAXSEG".
Result<void> set_option(const Fd& socket, int level, int option, int value, const char* name);
Result<int> get_option(const Fd& socket, int level, int option, const char* name);
// The type of service of what is sent, 0 to 255, over IPv4 and IPv6.
Result<void> set_type_of_service(const Fd& socket, int value);
// Leases an IPv6 flow label, 20 bits, for what the socket sends to `to`, and gives that address
// with the label, to be connected to. Config where `to` is not IPv6.
Result<Address> with_flow_label(const Fd& socket, const Address& to, std::uint32_t label);
// What the kernel sends at most, bytes per second.
Result<void> set_pacing_rate(const Fd& socket, std::uint64_t bytes_per_second);
Result<void> set_congestion(const Fd& socket, const std::string& algorithm);
Result<std::string> congestion(const Fd& socket);

// What a read brought: bytes, nothing for now, or the end.
struct ReadOutcome {
  std::size_t bytes = 0;
  bool would_block = false;
  bool closed = false;
};
Result<ReadOutcome> read_some(const Fd& socket, std::span<std::byte> into);
Result<ReadOutcome> read_parts(const Fd& socket, std::span<iovec> into);  // one after the other
// The same of a TCP connection, without the bytes: up to so many are taken and thrown away.
Result<ReadOutcome> skip_some(const Fd& socket, std::size_t bytes);
// One datagram with its source; none when none waits. What does not fit into `into` is cut off.
struct Datagram {
  std::size_t bytes = 0;
  Address source;
};
Result<std::optional<Datagram>> receive_from(const Fd& socket, std::span<std::byte> into);
// How many bytes the kernel took; 0 when it takes none for now.
Result<std::size_t> write_some(const Fd& socket, ByteView bytes);

}  // namespace rolecall
