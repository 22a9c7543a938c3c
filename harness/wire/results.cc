// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/results.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/wire/json_fields.h"

namespace rolecall::wire {
namespace {

using Json = nlohmann::ordered_json;

// 3.12 and 3.13 print negative integers as unsigned 64-bit: -1 arrives as 18446744073709551615.
std::int64_t undo_unsigned(std::int64_t value) {
  return value == std::numeric_limits<std::int64_t>::max() ? -1 : value;
}

Error missing(std::string_view key) {
  return Error{Errc::Malformed, fmt::format("results have no number under \"{}\"", key)};
}

// No test has more of anything; figures of this size can be added up for all streams.
constexpr std::int64_t kMostCounted = std::int64_t{1} << 46;

std::int64_t within_reason(std::int64_t count) {
  return std::clamp(count, -kMostCounted, kMostCounted);
}

Result<std::int64_t> integer_of(const Fields& from, const char* key) {
  const auto value = from.integer(key);
  if (!value) return missing(key);
  return undo_unsigned(*value);
}

Result<double> number_of(const Fields& from, const char* key) {
  const auto value = from.number(key);
  if (!value) return missing(key);
  return *value;
}

Result<StreamResult> decode_stream(const Json& document) {
  const Fields f(document);
  StreamResult s;
  TRY(const auto id, integer_of(f, "id"));
  if (id < 1 || id > std::numeric_limits<int>::max()) {
    return Error{Errc::Malformed, fmt::format("results have a stream id {}", id)};
  }
  s.id = static_cast<int>(id);
  TRY(s.bytes, integer_of(f, "bytes"));
  TRY(s.retransmits, integer_of(f, "retransmits"));
  TRY(s.jitter_s, number_of(f, "jitter"));
  TRY(s.errors, integer_of(f, "errors"));
  TRY(s.packets, integer_of(f, "packets"));
  if (f.has_number("omitted_errors") != f.has_number("omitted_packets")) {
    return missing(f.has_number("omitted_errors") ? "omitted_packets" : "omitted_errors");
  }
  s.omitted_errors = f.integer("omitted_errors").value_or(0);
  s.omitted_packets = f.integer("omitted_packets").value_or(0);
  for (std::int64_t* count :
       {&s.retransmits, &s.errors, &s.packets, &s.omitted_errors, &s.omitted_packets}) {
    *count = within_reason(*count);
  }
  s.start_s = f.number("start_time").value_or(0);
  s.end_s = f.number("end_time");
  return s;
}

Json encode_stream(const StreamResult& s) {
  Json out = {{"id", s.id},
              {"bytes", s.bytes},
              {"retransmits", s.retransmits},
              {"jitter", json_number(s.jitter_s)},
              {"errors", s.errors},
              {"omitted_errors", s.omitted_errors},
              {"packets", s.packets},
              {"omitted_packets", s.omitted_packets},
              {"start_time", json_number(s.start_s)}};
  if (s.end_s) out["end_time"] = json_number(*s.end_s);
  return out;
}

}  // namespace

std::string encode_results(const Results& r) {
  Json out = {{"cpu_util_total", json_number(r.cpu_total_percent)},
              {"cpu_util_user", json_number(r.cpu_user_percent)},
              {"cpu_util_system", json_number(r.cpu_system_percent)},
              {"sender_has_retransmits", r.sender_has_retransmits}};
  if (r.congestion_used) out["congestion_used"] = *r.congestion_used;
  if (r.server_output_json) {
    auto output = parse_json(*r.server_output_json);
    if (output) out["server_output_json"] = std::move(output).value();
  }
  if (r.server_output_text) out["server_output_text"] = *r.server_output_text;
  Json streams = Json::array();
  for (const StreamResult& s : r.streams) streams.push_back(encode_stream(s));
  out["streams"] = std::move(streams);
  return compact(out);
}

Result<Results> decode_results(std::string_view json) {
  TRY(const auto document, parse_json(json));
  const Fields f(document);
  Results r;
  TRY(r.cpu_total_percent, number_of(f, "cpu_util_total"));
  TRY(r.cpu_user_percent, number_of(f, "cpu_util_user"));
  TRY(r.cpu_system_percent, number_of(f, "cpu_util_system"));
  TRY(const auto has_retransmits, integer_of(f, "sender_has_retransmits"));
  r.sender_has_retransmits = has_retransmits < 0 ? -1 : has_retransmits > 0 ? 1 : 0;
  r.congestion_used = f.text("congestion_used");
  if (const Json* output = f.find("server_output_json"); output != nullptr && output->is_object()) {
    r.server_output_json = compact(*output);
  }
  r.server_output_text = f.text("server_output_text");
  const Json* streams = f.find("streams");
  if (streams == nullptr || !streams->is_array()) {
    return Error{Errc::Malformed, "results have no array under \"streams\""};
  }
  for (const Json& stream : *streams) {
    TRY(const auto s, decode_stream(stream));
    r.streams.push_back(s);
  }
  return r;
}

}  // namespace rolecall::wire
