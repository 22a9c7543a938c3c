// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/linked_pair.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/base/check.h"
#include "harness/base/deadline.h"
#include "harness/net/process_stat.h"
#include "harness/perf/program.h"

namespace rolecall::scenario {
namespace {

using perf::words;

constexpr std::uint16_t kPort = 5201;

void await_listener(const NetworkNamespace& inside) {
  SockDiag diag = run_in(inside, [] { return SockDiag::open(); }).value();
  CHECK(comes_true([&] { return !diag.listeners(kPort).value().empty(); }));
}

}  // namespace

// Two lines that begin with "Udp:", names and numbers.
UdpCounters udp_counters(const NetworkNamespace& inside) {
  const std::string table =
      run_in(inside, [] { return read_file("/proc/thread-self/net/snmp"); }).value();
  const auto names_at = table.find("\nUdp:") + 1;
  const auto numbers_at = table.find("\nUdp:", names_at) + 1;
  const auto names = words(table.substr(names_at, table.find('\n', names_at) - names_at));
  const auto numbers = words(table.substr(numbers_at, table.find('\n', numbers_at) - numbers_at));
  const auto number = [&](const char* name) {
    const auto it = std::ranges::find(names, name);
    return std::stoll(numbers.at(static_cast<std::size_t>(it - names.begin())));
  };
  return {.taken = number("InDatagrams"),
          .overrun = number("RcvbufErrors"),
          .sent = number("OutDatagrams")};
}

bool all_threads_are(char state, pid_t pid) {
  const std::vector<ProcessStat> threads = threads_of(pid);
  return !threads.empty() && std::ranges::all_of(threads, [state](const ProcessStat& thread) {
    return thread.state == state;
  });
}

Obituaries::Obituaries(const NetworkNamespace& inside)
    : monitor_(run_in(inside, [] { return DestroyMonitor::open(); }).value()) {}

TcpInfo Obituaries::of(std::uint16_t port) {
  const auto found = [&] {
    return std::ranges::find_if(dead_, [&](const TcpSocket& socket) {
      return socket.local_port == port || socket.remote_port == port;
    });
  };
  CHECK(comes_true([&] {
    const std::vector<TcpSocket> more = monitor_.take(kPort).value();
    dead_.insert(dead_.end(), more.begin(), more.end());
    return found() != dead_.end();
  }));
  return found()->info;
}

LinkedPair::LinkedPair(const perf::Ends& ends, const std::string& line, std::vector<Rule> rules)
    : folder_(TemporaryFolder::make().value()),
      link_(link::Link::start({.rules = std::move(rules), .hold_limit = perf::kPatience}).value()),
      obituaries_{Obituaries(link_.server_namespace()), Obituaries(link_.client_namespace())},
      server_(start(kToServer, perf::program_of(ends.server), "-s -1 -J")),
      client_(start(kToClient, perf::program_of(ends.client),
                    fmt::format("-c {} -J {}", link::kServerAddress, line))) {}

// The client only once the server listens.
Child LinkedPair::start(link::Direction leads_to, const std::string& program,
                        const std::string& line) {
  if (leads_to == kToClient) await_listener(link_.server_namespace());
  const std::filesystem::path output = folder_.path() / name(leads_to);
  return Child::start(
             {program, words(line), {}, output, output.string() + " err", &place(leads_to)})
      .value();
}

std::string LinkedPair::output(link::Direction leads_to) const {
  return read_file(folder_.path() / name(leads_to)).value();
}

link::LinkLog LinkedPair::finish() {
  for (const link::Direction d : {kToClient, kToServer}) {
    const auto status = end(d).wait(Deadline::after(perf::kPatience));
    EXPECT_TRUE(status && status.value().is_success()) << output(d);
  }
  return link_.stop();
}

nlohmann::ordered_json LinkedPair::document(link::Direction leads_to) const {
  return nlohmann::ordered_json::parse(output(leads_to), nullptr, false);
}

}  // namespace rolecall::scenario
