// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/peer_outcome.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/base/sanitizer_report.h"

namespace rolecall::scenario {
namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

// The last number of "4096 16384 4194304": the most that autotuning may reach.
std::uint64_t most_of(const char* path) {
  auto text = read_file(path);
  if (!text) return 0;
  std::uint64_t n = 0;
  const std::string& t = text.value();
  const std::size_t digits = t.find_last_of("0123456789");
  if (digits == std::string::npos) return 0;
  const std::size_t before = t.find_last_not_of("0123456789", digits);
  std::from_chars(t.data() + (before == std::string::npos ? 0 : before + 1), t.data() + t.size(),
                  n);
  return n;
}

struct Part {
  bool client_sent, server_sent, client_read, server_read, client_closed, server_closed;
  bool operator==(const Part&) const = default;
};

Part part_of(const ConnectionSample& c, std::uint64_t header) {
  return {payload_sent_by_client(c, header) > 0,
          payload_sent_by_server(c) > 0,
          payload_consumed_by_client(c) > 0,
          payload_consumed_by_server(c, header) > 0,
          c.client.closed,
          c.server.closed};
}

}  // namespace

void read_outcome(const std::filesystem::path& output, const std::filesystem::path& errors,
                  PeerOutcome& peer) {
  auto said = read_file(output);
  if (said) {
    auto report = parse_report(said.value());
    if (report) {
      peer.report = std::move(report.value());
    } else {
      peer.report_problem = report.error().what;
    }
  } else {
    peer.report_problem = "it was never started";
  }
  auto complained = read_file(errors);
  if (!complained) return;
  for (std::string_view rest = complained.value(); !rest.empty();) {
    const std::string_view line = take_line(rest);
    if (peer.complaint.empty() && !line.starts_with("warning:")) peer.complaint = line;
    if (peer.has_sanitizer_report || !has_sanitizer_report(line)) continue;
    peer.has_sanitizer_report = true;
    peer.complaint = line;
  }
}

std::vector<std::uint16_t> client_ports(const PeerReport& report) {
  std::vector<std::uint16_t> ports;
  for (const StreamReport& s : report.streams) ports.push_back(s.local_port);
  return ports;
}

std::uint64_t kernel_holds_bytes(std::uint64_t window_bytes) {
  if (window_bytes > 0) return 2 * (2 * window_bytes);
  return most_of("/proc/sys/net/ipv4/tcp_wmem") + most_of("/proc/sys/net/ipv4/tcp_rmem");
}

bool is_news(const KernelSample& before, const KernelSample& after, std::uint64_t header) {
  if (before.streams.size() != after.streams.size()) return true;
  if (before.control.client_port != after.control.client_port) return true;
  for (std::size_t i = 0; i < after.streams.size(); ++i)
    if (part_of(before.streams[i], header) != part_of(after.streams[i], header)) return true;
  return false;
}

}  // namespace rolecall::scenario
