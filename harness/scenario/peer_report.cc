// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/peer_report.h"

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rolecall::scenario {
namespace {

using nlohmann::json;

// The length of the JSON object that `text` starts with, npos when it is not closed. An iperf3
// server prints one object after the other with nothing between.
std::size_t object_length(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

const json& member(const json& object, const char* key) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  const auto it = object.find(key);
  return it == object.end() ? kNothing : *it;
}

// The integer that a JSON number stands for; large ones may be printed as 1e+12.
std::optional<std::uint64_t> whole_number(const json& value) {
  if (value.is_number_unsigned()) return value.get_ref<const json::number_unsigned_t&>();
  if (!value.is_number_float()) return std::nullopt;
  const double d = value.get_ref<const json::number_float_t&>();
  constexpr double kExact = 9007199254740992.0;  // 2^53: every integer below is exact
  if (!(d >= 0) || d > kExact) return std::nullopt;
  return static_cast<std::uint64_t>(d);
}

std::optional<std::uint16_t> port(const json& value) {
  const auto n = whole_number(value);
  if (!n || *n == 0 || *n > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
  return static_cast<std::uint16_t>(*n);
}

std::optional<bool> flag(const json& value) {
  if (!value.is_boolean()) return std::nullopt;
  return value.get_ref<const json::boolean_t&>();
}

// Streams by their socket number, which connects start.connected to end.streams.
struct Connected {
  std::vector<StreamReport> streams;
  std::map<std::uint64_t, std::size_t> by_socket;
};

Connected read_connected(const json& document) {
  Connected result;
  for (const json& entry : member(member(document, "start"), "connected")) {
    const auto local = port(member(entry, "local_port"));
    const auto remote = port(member(entry, "remote_port"));
    if (!local || !remote) continue;
    if (const auto socket = whole_number(member(entry, "socket")))
      result.by_socket.emplace(*socket, result.streams.size());
    StreamReport& stream = result.streams.emplace_back();
    stream.local_port = *local;
    stream.remote_port = *remote;
    if (const auto number = port(member(entry, "number"))) stream.number = *number;
  }
  return result;
}

void read_figures(const json& entry, std::size_t place, Connected& connected) {
  const json& sender = member(entry, "sender");
  const json& receiver = member(entry, "receiver");
  std::size_t index = place;
  if (const auto socket = whole_number(member(sender.is_object() ? sender : receiver, "socket"))) {
    const auto it = connected.by_socket.find(*socket);
    if (it != connected.by_socket.end()) index = it->second;
  }
  if (index >= connected.streams.size()) return;
  StreamReport& stream = connected.streams[index];
  stream.sends = flag(member(sender.is_object() ? sender : receiver, "sender"));
  stream.sender_bytes = whole_number(member(sender, "bytes"));
  stream.receiver_bytes = whole_number(member(receiver, "bytes"));
}

PeerReport read_document(const json& document) {
  Connected connected = read_connected(document);
  PeerReport report;
  const json& figures = member(member(document, "end"), "streams");
  std::size_t place = 0;
  for (const json& entry : figures) read_figures(entry, place++, connected);
  report.streams = std::move(connected.streams);
  report.has_end = figures.is_array() && !figures.empty();
  report.tells_numbers = member(member(document, "start"), "bound_by").is_object();
  const json& error = member(document, "error");
  if (error.is_string()) report.error = error.get_ref<const std::string&>();
  return report;
}

std::string first_line(std::string_view text) {
  const std::string_view line = text.substr(0, std::min<std::size_t>(text.find('\n'), 80));
  std::string printable;
  for (const char c : line) printable += c >= ' ' && c < 127 ? c : '?';
  return printable;
}

// More figures win, later ones among equals.
bool says_at_least_as_much(const PeerReport& a, const PeerReport& b) {
  return std::pair(a.has_end, a.streams.size()) >= std::pair(b.has_end, b.streams.size());
}

}  // namespace

Result<PeerReport> parse_report(std::string_view output) {
  std::optional<PeerReport> best;
  std::string error;
  std::string_view rest = output;
  for (std::size_t at = rest.find('{'); at != std::string_view::npos; at = rest.find('{')) {
    rest.remove_prefix(at);
    const std::size_t length = object_length(rest);
    if (length == std::string_view::npos) break;
    const json document = json::parse(rest.substr(0, length), nullptr, false);
    rest.remove_prefix(length);
    if (!document.is_object() || !document.contains("start")) continue;
    PeerReport report = read_document(document);
    if (!report.error.empty()) error = report.error;
    if (!best || says_at_least_as_much(report, *best)) best = std::move(report);
  }
  if (best) {
    best->error = error;
    return *best;
  }
  if (output.empty()) return Error{Errc::Malformed, "it printed nothing"};
  return Error{Errc::Malformed, fmt::format("it printed {} bytes without a complete JSON report; "
                                            "they begin \"{}\"",
                                            output.size(), first_line(output))};
}

}  // namespace rolecall::scenario
