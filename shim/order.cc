// SPDX-License-Identifier: BSD-3-Clause
// librolecall_order.so: a remedy for people who cannot upgrade. It gives an unmodified iperf3
// client (3.2 and later) the barrier that it lacks; one line to use, no server involved:
//
//     LD_PRELOAD=/path/to/librolecall_order.so iperf3 -c HOST --bidir
//
// Before each connect() of a further stream of a test it waits until the server's kernel has
// acknowledged the cookie of the stream before. Linux queues a connection for accept() before it
// acknowledges data on it, so the server accepts the streams in the order in which the client
// opened them, and both ends give them the same roles and numbers. Opening P streams takes up to 2
// P round trips. It never goes on unordered: where the acknowledgement does not come within 10
// seconds, or the milliseconds in ROLECALL_ORDER_TIMEOUT_MS, connect() fails with ETIMEDOUT and one
// line on standard error says why.
//
// It recognises a test by what a client writes first: two connections of a process to one address
// and port that open with the same iperf3 cookie are its control connection and its first stream.
// Everything else passes untouched. It does nothing for UDP tests, for static programs and for
// those that make system calls of their own, and it cannot help where accept order is not queue
// order: behind a proxy that ends TCP, with several accepting threads or listeners, or with TCP
// Fast Open. The rules at the top of interpose.cc hold here too.
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstddef>

#include "shim/next.h"
#include "shim/order_limit.h"
#include "shim/stream_barrier.h"
#include "shim/tcp_state.h"

// A wrapper that differs from its line in order_calls.def, or from libc's header, does not compile.
#define CALL(result, name, parameters, specifiers) \
  extern "C" __attribute__((visibility("default"))) result name parameters specifiers;
#include "shim/order_calls.def"
#undef CALL

using rolecall::shim::Next;

namespace {

__attribute__((constructor)) void prepare_at_load() {
  Next::warm();
  rolecall::order::limit_ms();
}

// A libc without the call: it fails as a kernel without it would.
int lacking() {
  errno = ENOSYS;
  return -1;
}

bool is_internet(const sockaddr* address, socklen_t length) {
  return address != nullptr && length >= sizeof(sockaddr_in) &&
         (address->sa_family == AF_INET || address->sa_family == AF_INET6);
}

ssize_t noted(ssize_t written, int fd, const iovec* parts, std::size_t count) {
  if (written > 0) {
    rolecall::order::note_write(fd, parts, count, static_cast<std::size_t>(written));
  }
  return written;
}

ssize_t noted(ssize_t written, int fd, const void* data, size_t size) {
  const iovec part{.iov_base = const_cast<void*>(data), .iov_len = size};
  return noted(written, fd, &part, 1);
}

}  // namespace

void rolecall::shim::missing_symbol(rolecall::shim::Call) {}

int connect(int fd, const struct sockaddr* address, socklen_t length) {
  const Next::connect_type next = Next::connect();
  if (next == nullptr) return lacking();
  if (!is_internet(address, length) || !rolecall::shim::is_fresh_tcp(fd)) {
    return next(fd, address, length);
  }
  if (!rolecall::order::wait_for_last_stream(address, length, rolecall::order::limit_ms())) {
    rolecall::order::say_limit_reached();
    errno = ETIMEDOUT;
    return -1;
  }
  const int result = next(fd, address, length);
  // After EINTR the kernel goes on connecting, as after EINPROGRESS.
  if (result == 0 || errno == EINPROGRESS || errno == EINTR) {
    rolecall::order::note_connect(fd, address, length);
  }
  return result;
}

ssize_t write(int fd, const void* data, size_t size) {
  const Next::write_type next = Next::write();
  return next == nullptr ? lacking() : noted(next(fd, data, size), fd, data, size);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  const Next::writev_type next = Next::writev();
  if (next == nullptr) return lacking();
  return noted(next(fd, parts, count), fd, parts, static_cast<std::size_t>(count));
}

ssize_t send(int fd, const void* data, size_t size, int flags) {
  const Next::send_type next = Next::send();
  return next == nullptr ? lacking() : noted(next(fd, data, size, flags), fd, data, size);
}

ssize_t sendto(int fd, const void* data, size_t size, int flags, const struct sockaddr* to,
               socklen_t length) {
  const Next::sendto_type next = Next::sendto();
  if (next == nullptr) return lacking();
  return noted(next(fd, data, size, flags, to, length), fd, data, size);
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  const Next::sendmsg_type next = Next::sendmsg();
  if (next == nullptr) return lacking();
  const ssize_t sent = next(fd, message, flags);
  return sent > 0 ? noted(sent, fd, message->msg_iov, message->msg_iovlen) : sent;
}
