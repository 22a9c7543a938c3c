// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/program_pair.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <ostream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/iperf3_run.h"
#include "harness/perf/program.h"

namespace rolecall::perf {

using nlohmann::ordered_json;

namespace {

struct StreamFigures {
  bool client_sends = false;
  std::int64_t sent = 0;
  std::int64_t received = 0;
};

// By the client's port: what one end's document says of each stream.
std::map<int, StreamFigures> figures(const ordered_json& document, bool of_client) {
  std::map<int, StreamFigures> found;
  const ordered_json& connected = document["start"]["connected"];
  const ordered_json& streams = document["end"]["streams"];
  for (std::size_t i = 0; i < connected.size() && i < streams.size(); ++i) {
    StreamFigures f;
    f.client_sends = streams[i]["sender"]["sender"].get<bool>() == of_client;
    f.sent = streams[i]["sender"]["bytes"].get<std::int64_t>();
    f.received = streams[i]["receiver"]["bytes"].get<std::int64_t>();
    found[connected[i][of_client ? "local_port" : "remote_port"].get<int>()] = f;
  }
  return found;
}

// iperf3 from 3.16 on cancels a sender's thread where it stands (iperf_client_end(),
// cleanup_server()): of a block that went just then it counts nothing.
std::int64_t uncounted_of_sender(const ordered_json& document) {
  const auto version = document["start"]["version"].get<std::string>();
  const bool has_threads = version == "iperf 3.18" || version == "iperf 3.22";
  return has_threads ? document["start"]["test_start"]["blksize"].get<std::int64_t>() : 0;
}

// The ends leave the first part out (-O) each by its own clock: of what a sender has left out so
// much may have come after its receiver's cut.
std::int64_t omitted_bytes(const ordered_json& document) {
  std::int64_t sum = 0;
  for (const ordered_json& interval : document["intervals"]) {
    for (const ordered_json& stream : interval["streams"])
      if (stream["omitted"].get<bool>()) sum += stream["bytes"].get<std::int64_t>();
  }
  return sum;
}

// Whether nothing came of all that was to go from the client, or of all that was to go to it. A
// single stream may not have had its turn on a busy machine.
bool has_idle_way(const std::map<int, StreamFigures>& streams) {
  std::map<bool, std::int64_t> received;
  for (const auto& [port, s] : streams) received[s.client_sends] += s.received;
  return std::ranges::any_of(received, [](const auto& way) { return way.second == 0; });
}

}  // namespace

void PrintTo(const Ends& ends, std::ostream* os) {
  *os << ends.client << " with " << ends.server;
}

std::string program_of(const std::string& name) {
  return name == "ours" ? ROLEPERF : iperf3_of(name);
}

void expect_success(const Outcome& run) {
  EXPECT_EQ(run.client_status, 0) << run.client;
  EXPECT_EQ(run.server_status, 0) << run.server;
}

Outcome run(const std::string& server_program, const std::string& client_program, const Words& both,
            const std::string& host) {
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("{} -s -1 -p {} {}", server_program, port, both.server)));
  if (!await_listener(port)) return {-1, -1, "", server.output()};
  Program client(words(fmt::format("{} -c {} -p {} {}", client_program, host, port, both.client)));
  Outcome run;
  run.client_status = client.status();
  run.server_status = server.status();
  run.client = client.output();
  run.server = server.output();
  return run;
}

ordered_json parse(const std::string& text) {
  return ordered_json::parse(text, nullptr, false);
}

std::vector<std::string> wrong_figures(const ordered_json& client, const ordered_json& server) {
  std::vector<std::string> wrong;
  const auto of_client = figures(client, true);
  auto of_server = figures(server, false);
  for (const auto& [port, c] : of_client) {
    const StreamFigures& s = of_server[port];
    const bool agree = c.client_sends ? c.received == s.received : c.sent == s.sent;
    const ordered_json& sender = c.client_sends ? client : server;
    const std::int64_t uncounted = uncounted_of_sender(sender) + omitted_bytes(sender);
    const bool good = c.client_sends == s.client_sends && agree && c.received <= c.sent + uncounted;
    if (good) continue;
    wrong.push_back(fmt::format("client port {}: client says {} sent, {} received; server {}, {}",
                                port, c.sent, c.received, s.sent, s.received));
  }
  if (of_client.empty() || of_client.size() != of_server.size())
    wrong.emplace_back("other streams");
  // A goal may be reached before the scheduler has given each way its turn.
  const bool all_must_flow = client["start"]["test_start"]["duration"] != 0;
  if (all_must_flow && has_idle_way(of_client)) wrong.emplace_back("nothing came one way");
  return wrong;
}

}  // namespace rolecall::perf
