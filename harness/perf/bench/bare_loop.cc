// SPDX-License-Identifier: BSD-3-Clause
// The least that moves bytes over loopback, to measure roleperf against: two processes, one thread
// a stream, blocking calls of 128 KiB of TCP or of one UDP datagram, no protocol and no counting
// but the receiver's. Prints one JSON line: bytes received, seconds, CPU seconds of both processes.
// The ways to send without a copy are here to be compared; roleperf's -Z has the one that won.
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "harness/base/check.h"

namespace {

constexpr std::size_t kBlock = 128 * 1024;

enum class Sending { Copy, Sendfile, Splice, Zerocopy };

struct Setup {
  Sending sending = Sending::Copy;
  bool skips_copy = false;         // the receiver does (MSG_TRUNC)
  std::size_t datagram_bytes = 0;  // 0: TCP
  int forward = 1;                 // streams on which the parent sends
  int reverse = 0;                 // streams on which it receives
  double seconds = 1;

  std::size_t block_bytes() const { return datagram_bytes == 0 ? kBlock : datagram_bytes; }
};

double cpu_seconds(int who) {
  rusage u{};
  ::getrusage(who, &u);
  return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

void send_copies(int socket, std::size_t bytes) {
  const std::vector<char> block(bytes, 'x');
  while (::send(socket, block.data(), block.size(), MSG_NOSIGNAL) > 0 || errno == ECONNREFUSED) {
  }
}

void send_file(int socket) {
  const int file = ::memfd_create("block", MFD_CLOEXEC);
  CHECK(::ftruncate(file, kBlock) == 0);
  ssize_t n = 0;
  do {
    off_t from = 0;
    n = ::sendfile(socket, file, &from, kBlock);
  } while (n > 0);
}

void send_spliced(int socket) {
  int pipe[2];
  CHECK(::pipe2(pipe, O_CLOEXEC) == 0);
  CHECK(::fcntl(pipe[1], F_SETPIPE_SZ, 2 * kBlock) > 0);
  std::vector<char> block(kBlock, 'x');
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

void send_pinned(int socket) {
  const int on = 1;
  CHECK(::setsockopt(socket, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on) == 0);
  const std::vector<char> block(kBlock, 'x');
  for (;;) {
    const ssize_t n = ::send(socket, block.data(), block.size(), MSG_NOSIGNAL | MSG_ZEROCOPY);
    if (n < 0 && errno != ENOBUFS) return;
    read_notices(socket);
  }
}

void send_all(int socket, const Setup& setup) {
  switch (setup.sending) {
    case Sending::Copy:
      return send_copies(socket, setup.block_bytes());
    case Sending::Sendfile:
      return send_file(socket);
    case Sending::Splice:
      return send_spliced(socket);
    case Sending::Zerocopy:
      return send_pinned(socket);
  }
}

void receive_all(int socket, const Setup& setup, std::atomic<std::uint64_t>& bytes) {
  std::vector<char> block(setup.block_bytes());
  const int flags = setup.skips_copy ? MSG_TRUNC : 0;
  for (ssize_t n = 0; (n = ::recv(socket, block.data(), block.size(), flags)) > 0;) {
    bytes.fetch_add(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  }
}

// Both ends of one loopback connection; the parent keeps the first.
std::pair<int, int> connection(int listener) {
  sockaddr_in to{};
  socklen_t size = sizeof to;
  CHECK(::getsockname(listener, reinterpret_cast<sockaddr*>(&to), &size) == 0);
  const int a = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(::connect(a, reinterpret_cast<sockaddr*>(&to), size) == 0);
  const int b = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  CHECK(b >= 0);
  return {a, b};
}

// The same of UDP, which needs no listener.
std::pair<int, int> flow() {
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int ends[2];
  sockaddr_in names[2];
  for (int i = 0; i < 2; ++i) {
    ends[i] = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof names[i];
    CHECK(::bind(ends[i], reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
    CHECK(::getsockname(ends[i], reinterpret_cast<sockaddr*>(&names[i]), &size) == 0);
  }
  for (int i = 0; i < 2; ++i) {
    CHECK(::connect(ends[i], reinterpret_cast<sockaddr*>(&names[1 - i]), sizeof any) == 0);
  }
  return {ends[0], ends[1]};
}

// One end: sends on the first `sending` of its sockets, receives on the rest, for the given time.
std::uint64_t run_end(const std::vector<int>& sockets, int sending, const Setup& setup) {
  std::atomic<std::uint64_t> bytes{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    threads.emplace_back([&, i] {
      static_cast<int>(i) < sending ? send_all(sockets[i], setup)
                                    : receive_all(sockets[i], setup, bytes);
    });
  }
  ::usleep(static_cast<useconds_t>(setup.seconds * 1e6));  // the length of the measurement itself
  const std::uint64_t counted = bytes.load(std::memory_order_relaxed);
  for (const int socket : sockets) ::shutdown(socket, SHUT_RDWR);
  for (std::thread& t : threads) t.join();
  return counted;
}

int run(const Setup& setup) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::bind(listener, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
  CHECK(::listen(listener, SOMAXCONN) == 0);
  std::vector<int> ours;
  std::vector<int> theirs;
  for (int i = 0; i < setup.forward + setup.reverse; ++i) {
    const auto [a, b] = setup.datagram_bytes == 0 ? connection(listener) : flow();
    ours.push_back(a);
    theirs.push_back(b);
  }
  int result[2];
  CHECK(::pipe2(result, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  CHECK(child >= 0);
  if (child == 0) {
    for (const int socket : ours) ::close(socket);
    std::vector<int> order(theirs.begin() + setup.forward, theirs.end());  // it sends on these
    order.insert(order.end(), theirs.begin(), theirs.begin() + setup.forward);
    const std::uint64_t bytes = run_end(order, setup.reverse, setup);
    CHECK(::write(result[1], &bytes, sizeof bytes) == sizeof bytes);
    ::_exit(0);
  }
  for (const int socket : theirs) ::close(socket);
  std::uint64_t bytes = run_end(ours, setup.forward, setup);
  std::uint64_t other = 0;
  CHECK(::read(result[0], &other, sizeof other) == sizeof other);
  ::waitpid(child, nullptr, 0);
  bytes += other;
  std::printf("{\"bytes\":%llu,\"seconds\":%.3f,\"cpu_seconds\":%.3f}\n",
              static_cast<unsigned long long>(bytes), setup.seconds,
              cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Setup setup;
  int at = 1;
  for (; at < argc && argv[at][0] == '-'; ++at) {
    const std::string_view word = argv[at];
    if (word == "--sendfile") setup.sending = Sending::Sendfile;
    if (word == "--splice") setup.sending = Sending::Splice;
    if (word == "--zerocopy") setup.sending = Sending::Zerocopy;
    if (word == "--skip-copy") setup.skips_copy = true;
    if (word.starts_with("--udp=")) {
      setup.datagram_bytes = static_cast<std::size_t>(std::atoi(argv[at] + 6));
    }
  }
  if (argc - at != 3) {
    std::fprintf(stderr,
                 "usage: bare_loop [--sendfile|--splice|--zerocopy] [--skip-copy] [--udp=BYTES] "
                 "FORWARD_STREAMS REVERSE_STREAMS SECONDS\n");
    return 2;
  }
  ::signal(SIGPIPE, SIG_IGN);  // sendfile() and splice() cannot be told not to
  setup.forward = std::atoi(argv[at]);
  setup.reverse = std::atoi(argv[at + 1]);
  setup.seconds = std::atof(argv[at + 2]);
  return run(setup);
}
