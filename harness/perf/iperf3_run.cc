// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/iperf3_run.h"

#include <filesystem>

#include <fmt/format.h>

#include "harness/perf/program.h"

namespace rolecall::perf {

bool iperf3_is_installed() {
  Program iperf3({"iperf3", "--version"});
  return iperf3.status() == 0;
}

std::string iperf3_of(const std::string& release) {
  if (release == "installed") return iperf3_is_installed() ? "iperf3" : "";
  const std::string path = fmt::format("{}/iperf3-{}/bin/iperf3", PEERS, release);
  return std::filesystem::exists(path) ? path : "";
}

Iperf3Output run_iperf3(const std::string& client_words, const std::string& server_words) {
  const std::uint16_t port = free_port();
  Program server(words(fmt::format("iperf3 -s -1 -p {} {}", port, server_words)));
  if (!await_listener(port)) return {"", server.output()};
  Program client(words(fmt::format("iperf3 -c 127.0.0.1 -p {} {}", port, client_words)));
  client.status();
  server.status();
  return {client.output(), server.output()};
}

const std::vector<std::string>& keys_beyond_iperf3_3_12() {
  static const std::vector<std::string> kKeys = [] {
    std::vector<std::string> all = {"start.timestamp.timemillisecs",
                                    "start.fq_rate",
                                    "start.test_start.bidir",
                                    "start.test_start.fqrate",
                                    "start.test_start.interval",
                                    "start.test_start.gso",
                                    "start.test_start.gro",
                                    "start.test_start.role_flag",
                                    "start.test_start.batched",
                                    "intervals[].streams[].reorder",
                                    "end.streams[].sender.reorder",
                                    "start.connected[].number",
                                    "start.bound_by"};
    const std::vector<std::string> own = all;
    for (const std::string& key : own) all.push_back("server_output_json." + key);
    return all;
  }();
  return kKeys;
}

std::string without_first_bitrate(std::string server) {
  const auto first = server.find("\t\t\"target_bitrate\"");
  const auto cookie = server.find("\"cookie\"");
  if (first < cookie) server.erase(first, server.find('\n', first) + 1 - first);
  return server;
}

}  // namespace rolecall::perf
