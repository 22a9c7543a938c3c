// SPDX-License-Identifier: BSD-3-Clause
// The kernel's own account of TCP sockets (NETLINK_SOCK_DIAG): a dump of those of one port, both
// ends of a loopback connection at once, and the last figures of each socket at its death. No
// privilege.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/net/tcp_info.h"

namespace rolecall {

// Which timer of the socket runs, as sock_diag numbers it.
enum class TcpTimer : std::uint8_t {
  Off = 0,
  Retransmit = 1,
  KeepAlive = 2,
  TimeWait = 3,
  Persist = 4
};

struct TcpSocket {
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  TcpState state = TcpState::Unknown;
  TcpTimer timer = TcpTimer::Off;
  // Received and not yet read by the program, in bytes; on a listener: connections waiting for
  // accept().
  std::uint32_t rqueue = 0;
  // Written and not yet acknowledged, in bytes; on a listener: the backlog.
  std::uint32_t wqueue = 0;
  // The kernel takes no more bytes from the program: less than a third of its send buffer is free,
  // which is when poll() stops saying writable.
  bool send_buffer_full = false;
  std::uint32_t uid = 0;
  std::uint32_t inode = 0;  // the number in /proc/<pid>/fd; 0 once no program holds the socket
  TcpInfo info;
};

// Asks for dumps. One thread at a time.
class SockDiag {
 public:
  static Result<SockDiag> open();
  // Every TCP socket, IPv4 and IPv6, whose local or remote port is `port`, in any state. The dump
  // is not atomic: each socket is read at its own moment, but its queue is read before its byte
  // counts. The kernel walks its whole table of connections for it: 1 to 4 ms, and some 50 us in a
  // NetworkNamespace.
  Result<std::vector<TcpSocket>> dump(std::uint16_t port);
  // Those that listen on `port`, IPv4 and IPv6; a hundredth of the work of a dump.
  Result<std::vector<TcpSocket>> listeners(std::uint16_t port);

 private:
  explicit SockDiag(Fd fd) : fd_(std::move(fd)), buffer_(kBufferSize) {}
  Result<std::vector<TcpSocket>> ask(std::uint16_t port, std::uint32_t states);

  static constexpr std::size_t kBufferSize = 64 * 1024;
  Fd fd_;
  std::vector<std::byte> buffer_;
  std::uint32_t sequence_ = 0;
};

// Listens for the deaths of TCP sockets. In what it gives only ports, bytes_acked and
// bytes_received mean anything, and both count a FIN that was acknowledged or received; the rest of
// the socket is gone by then. One thread at a time.
class DestroyMonitor {
 public:
  static Result<DestroyMonitor> open();
  // Readable when a socket of this network namespace has died.
  const Fd& fd() const { return fd_; }
  // What died since the last call and had `port` at one end. Never blocks. When more sockets die
  // than its buffer holds between two calls (1 MiB: thousands), the kernel leaves some out.
  Result<std::vector<TcpSocket>> take(std::uint16_t port);

 private:
  explicit DestroyMonitor(Fd fd) : fd_(std::move(fd)), buffer_(kBufferSize) {}

  static constexpr std::size_t kBufferSize = 64 * 1024;
  Fd fd_;
  std::vector<std::byte> buffer_;
};

}  // namespace rolecall
