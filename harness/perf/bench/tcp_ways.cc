// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "harness/base/check.h"
#include "harness/perf/bench/ways.h"

namespace rolecall::bench {
namespace {

constexpr std::size_t kBlocksACall = 8;
constexpr std::size_t kLarge = std::size_t{2} << 20;

void send_block(int socket, std::size_t bytes) {
  const std::vector<char> block(bytes, 'x');
  while (::send(socket, block.data(), block.size(), MSG_NOSIGNAL) > 0) {
  }
}

void send_blocks(int socket, std::size_t bytes) {
  std::vector<char> block(bytes, 'x');
  std::vector<iovec> parts(kBlocksACall, iovec{block.data(), block.size()});
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) > 0) {
  }
}

void send_file(int socket, std::size_t bytes) {
  const int file = ::memfd_create("block", MFD_CLOEXEC);
  CHECK(::ftruncate(file, static_cast<off_t>(bytes)) == 0);
  ssize_t n = 0;
  do {
    off_t from = 0;
    n = ::sendfile(socket, file, &from, bytes);
  } while (n > 0);
}

void send_spliced(int socket, std::size_t bytes) {
  int pipe[2];
  CHECK(::pipe2(pipe, O_CLOEXEC) == 0);
  CHECK(::fcntl(pipe[1], F_SETPIPE_SZ, static_cast<int>(2 * bytes)) > 0);
  std::vector<char> block(bytes, 'x');
  iovec part{block.data(), block.size()};
  for (ssize_t in = 0; (in = ::vmsplice(pipe[1], &part, 1, 0)) > 0;) {
    for (ssize_t out = 0; in > 0; in -= out) {
      out = ::splice(pipe[0], nullptr, socket, nullptr, static_cast<std::size_t>(in), 0);
      if (out <= 0) return;
    }
  }
}

// What the kernel says of pages that it is done with; nobody waits for it.
void read_notices(int socket) {
  char space[128];
  msghdr notice{};
  notice.msg_control = space;
  do {
    notice.msg_controllen = sizeof space;
  } while (::recvmsg(socket, &notice, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0);
}

void send_pinned(int socket, std::size_t bytes) {
  const int on = 1;
  CHECK(::setsockopt(socket, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on) == 0);
  const std::vector<char> block(bytes, 'x');
  for (;;) {
    const ssize_t n = ::send(socket, block.data(), block.size(), MSG_NOSIGNAL | MSG_ZEROCOPY);
    if (n < 0 && errno != ENOBUFS) return;
    read_notices(socket);
  }
}

void receive_up_to(int socket, std::size_t bytes, int flags, Counter& counter) {
  std::vector<char> block(bytes);
  for (ssize_t n = 0; (n = ::recv(socket, block.data(), block.size(), flags)) > 0;) {
    counter.fetch_add(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  }
}

void receive_block(int socket, std::size_t bytes, Counter& counter) {
  receive_up_to(socket, bytes, 0, counter);
}

void receive_large(int socket, std::size_t, Counter& counter) {
  receive_up_to(socket, kLarge, 0, counter);
}

void receive_truncated(int socket, std::size_t bytes, Counter& counter) {
  receive_up_to(socket, bytes, MSG_TRUNC, counter);
}

// Woken for a portion, not for each segment.
void receive_portions(int socket, std::size_t, Counter& counter) {
  const int portion = kBlock;
  CHECK(::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &portion, sizeof portion) == 0);
  receive_up_to(socket, kLarge, 0, counter);
}

// As much a call as a large place takes, into a block that stays in the cache: nobody looks at it.
void receive_over_and_over(int socket, std::size_t bytes, Counter& counter) {
  std::vector<char> block(bytes);
  std::vector<iovec> parts(kLarge / bytes, iovec{block.data(), block.size()});
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  for (ssize_t n = 0; (n = ::recvmsg(socket, &message, 0)) > 0;) {
    counter.fetch_add(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  }
}

constexpr Way kWays[] = {
    {.name = "send", .send = send_block},
    {.name = "sendmsg", .send = send_blocks},
    {.name = "sendfile", .send = send_file},
    {.name = "splice", .send = send_spliced},
    {.name = "zerocopy", .send = send_pinned},
    {.name = "recv", .receive = receive_block},
    {.name = "recv-2M", .receive = receive_large},
    {.name = "rcvlowat", .receive = receive_portions},
    {.name = "recvmsg", .receive = receive_over_and_over},
    {.name = "truncate", .receive = receive_truncated},
};

}  // namespace

std::span<const Way> tcp_ways() {
  return kWays;
}

}  // namespace rolecall::bench
