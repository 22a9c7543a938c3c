// SPDX-License-Identifier: BSD-3-Clause
// The calls that the library takes over, in an unmodified program, by LD_PRELOAD. Its rules:
//  1. C++20 as a better C, linked by the C driver: the library needs libc.so.6 and nothing else.
//  2. Globals are constant-initialised and never destroyed. Other constructors may call in before
//     ours: each wrapper asks phase(), and whoever finds Warming passes straight through.
//  3. The program's call goes to the next definition, never to a system call of ours: it has to
//  stay
//     the cancellation point that it was. Our own waits go to the next poll() for the same reason.
//  4. Our own work is system calls (raw.h) and atomics: no malloc, no stdio, no lock, no getenv.
//     Nothing of it can come back in here, so nothing guards against that.
//  5. Nothing spans the program's call, no lock, no flag: it may never return. The one exception is
//     the board's `connecting`, which nobody waits for beyond the hold limit.
//  6. No noexcept on a cancellation point: cancelling through it would terminate. errno is what the
//     program's call left, or what it was.
//  7. Each next symbol is looked up once, at load. A missing one is ENOSYS and a record, never an
//  end.
//  8. Only /proc/self/exe as planned is armed: children and tools inherit LD_PRELOAD.
//  9. The plan is a flat file, checked and mapped, never parsed. abi.h is the whole border.
// 10. Records go to a shared ring: slot first, sequence last, overflow counted.
// 11. Every hold ends at the limit, with a record; connections then go out as they arrived.
// 12. What it cannot see: calls inside libc, raw or io_uring system calls, static programs.
//     ci/interposed.sh looks for other ways round it in a program's symbols.
// 13. Never built with a sanitizer; programs that are, are welcome.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/gate.h"
#include "shim/next.h"
#include "shim/plan_view.h"
#include "shim/raw.h"
#include "shim/recorder.h"

// A wrapper that differs from its line in calls.def, or from libc's header, does not compile.
#define CALL(result, name, parameters, specifiers) \
  extern "C" __attribute__((visibility("default"))) result name parameters specifiers;
#include "shim/calls.def"
#undef CALL

namespace rolecall::shim {
namespace {

bool goes_to_the_server(const sockaddr* address, socklen_t length) {
  if (address == nullptr || length < sizeof(sockaddr_in)) return false;
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6) return false;
  // sin_port and sin6_port are the same two bytes.
  const auto* in = reinterpret_cast<const sockaddr_in*>(address);
  return __builtin_bswap16(in->sin_port) == plan_view().port;
}

int int_option(int fd, int level, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  raw(__NR_getsockopt, fd, level, option, as_word(&value), as_word(&length));
  return value;
}

// A TCP socket that no connect() was made on yet: asking again for the outcome of one that is under
// way is not a further connection.
bool is_fresh_tcp(int fd) {
  if (int_option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM) return false;
  const int protocol = int_option(fd, SOL_SOCKET, SO_PROTOCOL);
  if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP) return false;
  tcp_info info{};
  socklen_t length = sizeof info;
  const long rc = raw(__NR_getsockopt, fd, IPPROTO_TCP, TCP_INFO, as_word(&info), as_word(&length));
  return rc != 0 || info.tcpi_state == TCP_CLOSE;
}

std::uint32_t local_port(int fd) {
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  raw(__NR_getsockname, fd, as_word(&own), as_word(&length));
  return __builtin_bswap16(reinterpret_cast<const sockaddr_in&>(own).sin_port);
}

// Gives the connection its number and publishes its port, which a waiting server looks for.
void publish_connect(int fd, int error) {
  const SignalFence fence;
  Board& board = *board_view();
  const std::uint32_t port = local_port(fd);
  const std::uint32_t number = board.connect_count.fetch_add(1);
  if (number < kMaxConnects) board.connects[number].store(kConnectPublished | port);
  record({.kind = Kind::ConnectRecorded, .port = port, .number = number, .error = error});
}

int connect_in_count(Next::connect_type next, int fd, const sockaddr* address, socklen_t length) {
  Board& board = *board_view();
  board.connecting.fetch_add(1);
  const int result = next(fd, address, length);
  const int error = result == 0 ? 0 : errno;
  // After EINTR the kernel goes on connecting, as after EINPROGRESS.
  if (error == 0 || error == EINPROGRESS || error == EINTR) {
    publish_connect(fd, error);
  } else {
    record({.kind = Kind::ConnectFailed, .error = error});
  }
  board.connecting.fetch_sub(1);
  return result;
}

}  // namespace
}  // namespace rolecall::shim

using rolecall::shim::Next;
using rolecall::shim::Phase;

int accept(int listener, struct sockaddr* address, socklen_t* length) {
  const rolecall::shim::AcceptCall call{listener, address, length, 0, false};
  return rolecall::shim::phase() == Phase::Server ? rolecall::shim::accept_in_order(call)
                                                  : rolecall::shim::accept_as_is(call);
}

int accept4(int listener, struct sockaddr* address, socklen_t* length, int flags) {
  const rolecall::shim::AcceptCall call{listener, address, length, flags, true};
  return rolecall::shim::phase() == Phase::Server ? rolecall::shim::accept_in_order(call)
                                                  : rolecall::shim::accept_as_is(call);
}

int connect(int fd, const struct sockaddr* address, socklen_t length) {
  const Next::connect_type next = Next::connect();
  if (next == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  if (rolecall::shim::phase() != Phase::Client ||
      !rolecall::shim::goes_to_the_server(address, length) || !rolecall::shim::is_fresh_tcp(fd)) {
    return next(fd, address, length);
  }
  return rolecall::shim::connect_in_count(next, fd, address, length);
}

// A child that does not accept would otherwise keep its copies of held connections open.
pid_t fork() noexcept {
  const Next::fork_type next = Next::fork();
  if (next == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  const pid_t child = next();
  if (child == 0 && rolecall::shim::phase() == Phase::Server) rolecall::shim::disown_after_fork();
  return child;
}
