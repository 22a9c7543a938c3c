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

namespace {

int minor_of(const std::string& release) {
  return release == "installed" ? 12 : std::stoi(release.substr(release.find('.') + 1));
}

constexpr int kOurs = 1000;

struct Key {
  int since;  // 3.x
  const char* path;
};

constexpr Key kKeys[] = {
    {10, "error"},
    {10, "start.target_bitrate"},
    {10, "intervals[].streams[].snd_wnd"},
    {10, "end.streams[].sender.max_snd_wnd"},
    {11, "start.test_start.target_bitrate"},
    {11, "intervals[].sum_bidir_reverse"},
    {11, "intervals[].sum.jitter_ms"},
    {11, "intervals[].sum.lost_packets"},
    {11, "intervals[].sum.lost_percent"},
    {11, "end.sum_sent"},
    {11, "end.sum_received"},
    {11, "end.sum_bidir_reverse"},
    {11, "end.sum_sent_bidir_reverse"},
    {11, "end.sum_received_bidir_reverse"},
    {13, "start.fq_rate"},
    {13, "start.test_start.bidir"},
    {13, "start.test_start.fqrate"},
    {17, "start.test_start.interval"},
    {20, "start.timestamp.timemillisecs"},
    {20, "intervals[].streams[].reorder"},
    {20, "end.streams[].sender.reorder"},
    {21, "start.test_start.gso"},
    {21, "start.test_start.gro"},
    {kOurs, "start.test_start.role_flag"},
    {kOurs, "start.test_start.batched"},
    {kOurs, "start.connected[].number"},
    {kOurs, "start.bound_by"},
};

}  // namespace

std::vector<std::string> keys_beyond_iperf3(const std::string& release) {
  std::vector<std::string> found;
  for (const Key& key : kKeys) {
    if (key.since <= minor_of(release)) continue;
    found.emplace_back(key.path);
    found.push_back("server_output_json." + found.back());
  }
  return found;
}

std::vector<std::string> keys_of_iperf3_alone(const std::string& release) {
  if (release != "3.9") return {};
  return {"intervals[].sum.jitter_ms", "intervals[].sum.lost_packets",
          "intervals[].sum.lost_percent", "intervals[].sum.packets"};
}

}  // namespace rolecall::perf
