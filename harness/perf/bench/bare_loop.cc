// SPDX-License-Identifier: BSD-3-Clause
// The least that moves bytes over loopback TCP, to measure roleperf against: two processes, one
// thread a stream, blocking send() and recv() of 128 KiB, no protocol and no counting but the
// receiver's. Prints one JSON line: bytes received, seconds, CPU seconds of both processes.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "harness/base/check.h"

namespace {

constexpr std::size_t kBlock = 128 * 1024;

struct Setup {
  int forward = 1;  // streams on which the parent sends
  int reverse = 0;  // streams on which it receives
  double seconds = 1;
};

double cpu_seconds(int who) {
  rusage u{};
  ::getrusage(who, &u);
  return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

void send_all(int socket) {
  std::vector<char> block(kBlock, 'x');
  while (::send(socket, block.data(), block.size(), MSG_NOSIGNAL) > 0) {
  }
}

void receive_all(int socket, std::atomic<std::uint64_t>& bytes) {
  std::vector<char> block(kBlock);
  for (ssize_t n = 0; (n = ::recv(socket, block.data(), block.size(), 0)) > 0;) {
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

// One end: sends on the first `sending` of its sockets, receives on the rest, for the given time.
std::uint64_t run_end(const std::vector<int>& sockets, int sending, double seconds) {
  std::atomic<std::uint64_t> bytes{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    threads.emplace_back([&, i] {
      static_cast<int>(i) < sending ? send_all(sockets[i]) : receive_all(sockets[i], bytes);
    });
  }
  ::usleep(static_cast<useconds_t>(seconds * 1e6));  // the length of the measurement itself
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
    const auto [a, b] = connection(listener);
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
    const std::uint64_t bytes = run_end(order, setup.reverse, setup.seconds);
    CHECK(::write(result[1], &bytes, sizeof bytes) == sizeof bytes);
    ::_exit(0);
  }
  for (const int socket : theirs) ::close(socket);
  std::uint64_t bytes = run_end(ours, setup.forward, setup.seconds);
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
  if (argc != 4) {
    std::fprintf(stderr, "usage: bare_loop FORWARD_STREAMS REVERSE_STREAMS SECONDS\n");
    return 2;
  }
  return run({std::atoi(argv[1]), std::atoi(argv[2]), std::atof(argv[3])});
}
