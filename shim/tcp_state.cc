// SPDX-License-Identifier: BSD-3-Clause
#include "shim/tcp_state.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "shim/raw.h"

namespace rolecall::shim {
namespace {

// tcpi_state, from the kernel's tcp_states.h; netinet/tcp.h, which names them too, has a tcp_info
// without the fields that are needed here.
constexpr int kSynSent = 2;
constexpr int kClose = 7;

bool read_info(int fd, tcp_info* info) {
  socklen_t length = sizeof *info;
  return raw(__NR_getsockopt, fd, IPPROTO_TCP, TCP_INFO, as_word(info), as_word(&length)) == 0;
}

// Written and not yet acknowledged: 0 before the handshake is over.
int unacknowledged(int fd) {
  int bytes = 0;
  return raw(__NR_ioctl, fd, SIOCOUTQ, as_word(&bytes)) == 0 ? bytes : 0;
}

}  // namespace

CookieState cookie_state(int fd) {
  tcp_info info{};
  if (!read_info(fd, &info)) return CookieState::Unwritten;
  const int waiting = unacknowledged(fd);
  const bool is_mptcp = int_option(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_MPTCP;
  // tcpi_bytes_acked counts the SYN of the end that connects.
  const bool acknowledged = is_mptcp ? info.tcpi_data_segs_out > 0 && waiting == 0
                                     : info.tcpi_bytes_acked >= kCookieSize + 1;
  if (acknowledged) return CookieState::Acknowledged;
  if (info.tcpi_state == kClose) return CookieState::Dead;
  if (info.tcpi_state == kSynSent) return CookieState::Unwritten;
  if (info.tcpi_data_segs_out > 0) return CookieState::Sent;
  return waiting >= kCookieSize ? CookieState::Queued : CookieState::Unwritten;
}

int int_option(int fd, int level, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  raw(__NR_getsockopt, fd, level, option, as_word(&value), as_word(&length));
  return value;
}

bool is_fresh_tcp(int fd) {
  if (int_option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM) return false;
  const int protocol = int_option(fd, SOL_SOCKET, SO_PROTOCOL);
  if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP) return false;
  tcp_info info{};
  return !read_info(fd, &info) || info.tcpi_state == kClose;
}

std::uint64_t socket_cookie(int fd) {
  std::uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  raw(__NR_getsockopt, fd, SOL_SOCKET, SO_COOKIE, as_word(&cookie), as_word(&length));
  return cookie;
}

}  // namespace rolecall::shim
