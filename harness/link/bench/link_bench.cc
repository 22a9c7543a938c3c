// SPDX-License-Identifier: BSD-3-Clause
// What the link costs: one bare TCP flow and one ping-pong of a byte through it with no rule armed,
// with a capture and without, beside the same through a veth pair between two namespaces, in turn.
// Prints a table of medians, judges nothing. Exit status 2 where the machine refuses one of the
// two.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/base/deadline.h"
#include "harness/base/files.h"
#include "harness/link/bench/veth_pair.h"
#include "harness/link/link.h"
#include "harness/net/netns.h"
#include "harness/net/socket.h"

namespace {

using namespace rolecall;

constexpr std::uint16_t kPort = 5201;
constexpr std::size_t kBlock = 128 * 1024;
constexpr int kPingPongs = 5'000;

struct Sample {
  double gbit_per_second = 0;
  double gbit_per_core = 0;  // of one second of the forwarder's own processor time
  double us_per_packet = 0;  // the same for one packet
  double cpu = 0;            // CPU seconds of the whole process a second
  double round_trip_us = 0;  // of one byte and its answer
};

// Blocking, connected, both ends; between the two namespaces.
struct Pair {
  Fd client;
  Fd server;
};

template <class T>
T must(Result<T> result) {
  if (result.has_error()) fmt::print(stderr, "{}\n", result.error().message());
  CHECK(result.has_value());
  if constexpr (!std::is_void_v<T>) return std::move(result.value());
}

void make_blocking(const Fd& socket) {
  const int flags = ::fcntl(socket.get(), F_GETFL);
  CHECK(::fcntl(socket.get(), F_SETFL, flags & ~O_NONBLOCK) == 0);
}

Pair connect_between(const NetworkNamespace& client, const NetworkNamespace& server,
                     const std::string& congestion) {
  const Fd listener =
      must(run_in(server, [] { return listen_tcp(link::kServerAddress, kPort, AF_INET, ""); }));
  Pair pair{must(run_in(client, [] { return tcp_socket(AF_INET); })), Fd()};
  must(set_congestion(pair.client, congestion));
  must(start_connect(pair.client, must(local_address(listener))));
  pollfd ready{listener.get(), POLLIN, 0};
  CHECK(::poll(&ready, 1, 10'000) == 1);
  pair.server = std::move(must(accept_next(listener))->socket);
  for (const Fd* end : {&pair.client, &pair.server}) {
    make_blocking(*end);
    must(set_option(*end, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY"));
  }
  return pair;
}

double cpu_seconds() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

// One byte there and back, again and again; the median time of one.
double round_trip_us(const Pair& pair) {
  std::thread echo([&] {
    char byte = 0;
    for (int i = 0; i < kPingPongs; ++i)
      CHECK(::recv(pair.server.get(), &byte, 1, 0) == 1 &&
            ::send(pair.server.get(), &byte, 1, 0) == 1);
  });
  std::vector<std::int64_t> times;
  char byte = 'x';
  for (int i = 0; i < kPingPongs; ++i) {
    const TimePoint start = now();
    CHECK(::send(pair.client.get(), &byte, 1, 0) == 1 &&
          ::recv(pair.client.get(), &byte, 1, 0) == 1);
    times.push_back((now() - start).ns);
  }
  echo.join();
  std::nth_element(times.begin(), times.begin() + kPingPongs / 2, times.end());
  return static_cast<double>(times[kPingPongs / 2]) / 1e3;
}

// As fast as it goes for `length`, counted at the receiver.
void measure_flow(const Pair& pair, Duration length, Sample& into) {
  std::thread sender([&] {
    const std::vector<char> block(kBlock, 'x');
    while (::send(pair.client.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  std::vector<char> block(kBlock);
  const double cpu = cpu_seconds();
  const TimePoint start = now();
  const Deadline end(start + length);
  std::uint64_t bytes = 0;
  while (!end.expired()) {
    const ssize_t n = ::recv(pair.server.get(), block.data(), block.size(), 0);
    CHECK(n > 0);
    bytes += static_cast<std::uint64_t>(n);
  }
  const double seconds = (now() - start).in_seconds();
  into.gbit_per_second = static_cast<double>(bytes) * 8 / 1e9 / seconds;
  into.cpu = (cpu_seconds() - cpu) / seconds;
  ::shutdown(pair.client.get(), SHUT_RDWR);
  ::shutdown(pair.server.get(), SHUT_RDWR);
  sender.join();
}

Sample through_link(Duration length, const std::string& congestion,
                    const link::LinkOptions& options) {
  auto link = must(link::Link::start(options));
  Sample sample;
  const Pair pair = connect_between(link.client_namespace(), link.server_namespace(), congestion);
  sample.round_trip_us = round_trip_us(pair);
  measure_flow(pair, length, sample);
  const link::LinkLog log = link.stop();
  if (log.capture_error) fmt::print(stderr, "{}\n", log.capture_error->message());
  const auto packets =
      static_cast<double>(log.traffic.to_server.packets + log.traffic.to_client.packets);
  const double cpu = log.forwarder_cpu.in_seconds();
  sample.us_per_packet = cpu / packets * 1e6;
  sample.gbit_per_core = static_cast<double>(log.traffic.to_server.bytes) * 8 / 1e9 / cpu;
  return sample;
}

// As scenarios run it: every packet's first bytes go to a file.
Sample through_capture(Duration length, const std::string& congestion) {
  const TemporaryFolder folder = must(TemporaryFolder::make());
  return through_link(length, congestion, {.capture = folder.path() / "link.pcapng"});
}

Sample through_veth(Duration length, const std::string& congestion, bool offload) {
  const auto client = must(NetworkNamespace::create());
  const auto server = must(NetworkNamespace::create());
  must(link::join_by_veth(client, server, offload));
  Sample sample;
  const Pair pair = connect_between(client, server, congestion);
  sample.round_trip_us = round_trip_us(pair);
  measure_flow(pair, length, sample);
  return sample;
}

double median(std::vector<Sample>& samples, double Sample::*field) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end(),
                   [&](const Sample& a, const Sample& b) { return a.*field < b.*field; });
  return (*middle).*field;
}

struct Row {
  std::string name;
  std::function<Sample()> measure;
  std::vector<Sample> samples{};
};

// What has to be possible here.
Result<void> probe() {
  TRY(gain_namespace_rights());
  TRY(link::probe_link());
  TRY(auto client, NetworkNamespace::create());
  TRY(auto server, NetworkNamespace::create());
  return link::join_by_veth(client, server, true);
}

int run(int rounds, Duration length, const std::string& congestion) {
  if (const auto possible = probe(); possible.has_error()) {
    fmt::print(stderr, "link_bench: {}\n", possible.error().message());
    return 2;
  }
  std::vector<Row> rows = {
      {"link", [&] { return through_link(length, congestion, {}); }},
      {"link, with capture", [&] { return through_capture(length, congestion); }},
      {"link, packets of the MTU",
       [&] { return through_link(length, congestion, {.large_segments = false}); }},
      {"veth, packets of the MTU", [&] { return through_veth(length, congestion, false); }},
      {"veth", [&] { return through_veth(length, congestion, true); }}};
  for (int i = 0; i < rounds; ++i)
    for (Row& row : rows) row.samples.push_back(row.measure());
  fmt::print("{} cores, {} rounds of {:.1f} s, MTU 1500, {}\n", std::thread::hardware_concurrency(),
             rounds, length.in_seconds(), congestion);
  fmt::print("{:<26}{:>8}{:>10}{:>14}{:>24}{:>22}\n", "path", "Gbit/s", "CPU s/s", "round trip us",
             "Gbit/s a forwarder core", "us a packet, there");
  const auto or_dash = [](double value) { return value > 0 ? fmt::format("{:.2f}", value) : "-"; };
  for (Row& row : rows) {
    fmt::print("{:<26}{:>8.2f}{:>10.2f}{:>14.1f}{:>24}{:>22}\n", row.name,
               median(row.samples, &Sample::gbit_per_second), median(row.samples, &Sample::cpu),
               median(row.samples, &Sample::round_trip_us),
               or_dash(median(row.samples, &Sample::gbit_per_core)),
               or_dash(median(row.samples, &Sample::us_per_packet)));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
  if (argc > 4 || rounds < 1 || !(seconds > 0)) {
    fmt::print(stderr, "usage: link_bench [ROUNDS [SECONDS [CONGESTION]]]\n");
    return 2;
  }
  return run(rounds, rolecall::from_seconds(seconds), argc > 3 ? argv[3] : "cubic");
}
