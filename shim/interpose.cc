// SPDX-License-Identifier: BSD-3-Clause
// The calls that the library takes over, in an unmodified program, by LD_PRELOAD. Its rules:
//  1. C++20 as a better C, linked by the C driver: the library needs libc.so.6 and nothing else.
//  2. Globals are constant-initialised and never destroyed. Other constructors may call in before
//     ours: each wrapper asks phase(), and whoever finds Warming passes straight through.
//  3. The program's call goes to the next definition, never to a system call of ours: it has to
//  stay
//     the cancellation point that it was. Our own waits go to the next poll() for the same reason;
//     only the wait behind a write (cork.h) does not, because a write that has happened must
//     return.
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
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim/connects.h"
#include "shim/cork.h"
#include "shim/gate.h"
#include "shim/next.h"
#include "shim/plan_view.h"

// A wrapper that differs from its line in calls.def, or from libc's header, does not compile.
#define CALL(result, name, parameters, specifiers) \
  extern "C" __attribute__((visibility("default"))) result name parameters specifiers;
#include "shim/calls.def"
#undef CALL

using rolecall::shim::Next;
using rolecall::shim::Phase;
using rolecall::shim::phase;

namespace {

// A libc without the call: it fails as a kernel without it would.
int lacking() {
  errno = ENOSYS;
  return -1;
}

// The program's own write, then whatever has become possible by it.
template <class Result, class... Parameters>
Result write_through(Result (*next)(Parameters...), Parameters... arguments) {
  if (next == nullptr) return lacking();
  phase();
  const Result result = next(arguments...);
  if (rolecall::shim::is_corking()) rolecall::shim::advance_corks();
  return result;
}

}  // namespace

int accept(int listener, struct sockaddr* address, socklen_t* length) {
  const rolecall::shim::AcceptCall call{listener, address, length, 0, false};
  return phase() == Phase::Server ? rolecall::shim::accept_in_order(call)
                                  : rolecall::shim::accept_as_is(call);
}

int accept4(int listener, struct sockaddr* address, socklen_t* length, int flags) {
  const rolecall::shim::AcceptCall call{listener, address, length, flags, true};
  return phase() == Phase::Server ? rolecall::shim::accept_in_order(call)
                                  : rolecall::shim::accept_as_is(call);
}

int listen(int fd, int backlog) noexcept {
  const Next::listen_type next = Next::listen();
  if (next == nullptr) return lacking();
  if (phase() == Phase::Server) rolecall::shim::defer_accepts(fd);
  return next(fd, backlog);
}

int connect(int fd, const struct sockaddr* address, socklen_t length) {
  if (phase() == Phase::Client && rolecall::shim::begins_a_connection(fd, address, length)) {
    return rolecall::shim::connect_in_count(fd, address, length);
  }
  const Next::connect_type next = Next::connect();
  return next == nullptr ? lacking() : next(fd, address, length);
}

// A child that does not accept would otherwise keep its copies of held connections open.
pid_t fork() noexcept {
  const Next::fork_type next = Next::fork();
  if (next == nullptr) return lacking();
  const pid_t child = next();
  if (child == 0 && phase() == Phase::Server) rolecall::shim::disown_after_fork();
  return child;
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t length) noexcept {
  phase();
  if (rolecall::shim::keep_back_option(fd, level, name, value, length)) {
    rolecall::shim::advance_corks();
    return 0;
  }
  const Next::setsockopt_type next = Next::setsockopt();
  return next == nullptr ? lacking() : next(fd, level, name, value, length);
}

ssize_t write(int fd, const void* data, size_t size) {
  return write_through(Next::write(), fd, data, size);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  return write_through(Next::writev(), fd, parts, count);
}

ssize_t send(int fd, const void* data, size_t size, int flags) {
  return write_through(Next::send(), fd, data, size, flags);
}

ssize_t sendto(int fd, const void* data, size_t size, int flags, const struct sockaddr* to,
               socklen_t length) {
  return write_through(Next::sendto(), fd, data, size, flags, to, length);
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  return write_through(Next::sendmsg(), fd, message, flags);
}

int sendmmsg(int fd, struct mmsghdr* messages, unsigned int count, int flags) {
  return write_through(Next::sendmmsg(), fd, messages, count, flags);
}

ssize_t sendfile(int fd, int from, off_t* offset, size_t size) noexcept {
  return write_through(Next::sendfile(), fd, from, offset, size);
}

ssize_t sendfile64(int fd, int from, off64_t* offset, size_t size) noexcept {
  return write_through(Next::sendfile64(), fd, from, offset, size);
}
