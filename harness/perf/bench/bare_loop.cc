// SPDX-License-Identifier: BSD-3-Clause
// The least that moves bytes over loopback, to measure roleperf against: two processes, one thread
// a stream, blocking calls, no protocol and no counting but the receiver's. Prints one JSON line:
// bytes received, seconds, CPU seconds of both processes.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "harness/base/check.h"
#include "harness/perf/bench/ways.h"

namespace {

using namespace rolecall::bench;

struct Setup {
  Send send = nullptr;
  Receive receive = nullptr;
  std::size_t datagram_bytes = 0;  // 0: TCP
  int forward = 1;                 // streams on which the parent sends
  int reverse = 0;                 // streams on which it receives
  double seconds = 1;
  std::string congestion;  // of TCP; empty: the system's

  void choose_congestion(int socket) const {
    const auto size = static_cast<socklen_t>(congestion.size());
    CHECK(size == 0 ||
          ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, congestion.data(), size) == 0);
  }
  std::size_t block_bytes() const { return datagram_bytes == 0 ? kBlock : datagram_bytes; }
};

double cpu_seconds(int who) {
  rusage u{};
  ::getrusage(who, &u);
  return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
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
  Counter bytes{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    threads.emplace_back([&, i] {
      static_cast<int>(i) < sending ? setup.send(sockets[i], setup.block_bytes())
                                    : setup.receive(sockets[i], setup.block_bytes(), bytes);
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
  setup.choose_congestion(listener);  // whose connections inherit it
  std::vector<int> ours;
  std::vector<int> theirs;
  for (int i = 0; i < setup.forward + setup.reverse; ++i) {
    const auto [a, b] = setup.datagram_bytes == 0 ? connection(listener) : flow();
    if (setup.datagram_bytes == 0) setup.choose_congestion(a);
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

std::vector<Way> ways() {
  std::vector<Way> all;
  for (const auto some : {tcp_ways(), udp_ways()}) all.insert(all.end(), some.begin(), some.end());
#ifdef WITH_LIBURING
  const auto rings = uring_ways();
  all.insert(all.end(), rings.begin(), rings.end());
#endif
  return all;
}

// Takes --send=WAY and --receive=WAY; false when there is no such way.
bool choose(Setup& setup, std::string_view send, std::string_view receive) {
  for (const Way& way : ways()) {
    if (way.is_udp != (setup.datagram_bytes != 0)) continue;
    if (way.send != nullptr && way.name == send) setup.send = way.send;
    if (way.receive != nullptr && way.name == receive) setup.receive = way.receive;
  }
  return setup.send != nullptr && setup.receive != nullptr;
}

int explain() {
  std::string senders;
  std::string receivers;
  for (const Way& way : ways()) {
    std::string& names = way.send != nullptr ? senders : receivers;
    names.append(names.empty() ? "" : ", ").append(way.name);
    if (way.is_udp) names.append(" (UDP)");
  }
  std::fprintf(stderr,
               "usage: bare_loop [--send=WAY] [--receive=WAY] [--udp=BYTES] [--congestion=NAME] "
               "FORWARD_STREAMS REVERSE_STREAMS SECONDS\nways to send: %s\nways to receive: %s\n",
               senders.c_str(), receivers.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  Setup setup;
  std::string_view send = "send";
  std::string_view receive = "recv";
  int at = 1;
  for (; at < argc && argv[at][0] == '-'; ++at) {
    const std::string_view word = argv[at];
    if (word.starts_with("--send=")) send = word.substr(7);
    if (word.starts_with("--receive=")) receive = word.substr(10);
    if (word.starts_with("--congestion=")) setup.congestion = word.substr(13);
    if (word.starts_with("--udp="))
      setup.datagram_bytes = static_cast<std::size_t>(std::atoi(argv[at] + 6));
  }
  if (argc - at != 3 || !choose(setup, send, receive)) return explain();
  setup.forward = std::atoi(argv[at]);
  setup.reverse = std::atoi(argv[at + 1]);
  setup.seconds = std::atof(argv[at + 2]);
  const bool has_streams =
      setup.forward >= 0 && setup.reverse >= 0 && setup.forward + setup.reverse > 0;
  if (!has_streams || !(setup.seconds > 0)) return explain();
  ::signal(SIGPIPE, SIG_IGN);  // sendfile() and splice() cannot be told not to
  return run(setup);
}
