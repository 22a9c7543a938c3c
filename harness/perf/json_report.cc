// SPDX-License-Identifier: BSD-3-Clause
// The members "start" and "intervals", and the document around them.
#include "harness/perf/json_report.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/perf/clock_text.h"
#include "harness/perf/json_print.h"
#include "harness/perf/json_summary.h"
#include "harness/perf/text_lines.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;

// A sender knows of its datagrams how many they are.
void add_datagrams(ordered_json& object, const DatagramFigures& figures, bool sends) {
  if (!sends) {
    object["jitter_ms"] = figures.jitter_s * 1e3;
    object["lost_packets"] = figures.lost;
  }
  object["packets"] = figures.packets;
  if (!sends) object["lost_percent"] = figures.lost_percent();
}

ordered_json stream_object(const StreamFacts& facts, const StreamInterval& stream, bool omitted) {
  const double seconds = interval_seconds(stream);
  ordered_json object{
      {"socket", facts.socket}, {"start", stream.start_s},
      {"end", stream.end_s},    {"seconds", seconds},
      {"bytes", stream.bytes},  {"bits_per_second", per_second(stream.bytes, seconds) * 8}};
  if (const auto& tcp = stream.tcp; tcp && facts.sends) {
    object["retransmits"] = tcp->retransmits;
    object["snd_cwnd"] = tcp->snd_cwnd_bytes;
    object["snd_wnd"] = tcp->snd_wnd_bytes;
    object["rtt"] = tcp->rtt_us;
    object["rttvar"] = tcp->rttvar_us;
    object["pmtu"] = tcp->pmtu_bytes;
    object["reorder"] = tcp->reorder;
  }
  if (stream.udp) add_datagrams(object, *stream.udp, facts.sends);
  object["omitted"] = omitted;
  object["sender"] = facts.sends;
  return object;
}

ordered_json connected_object(const StreamFacts& facts) {
  ordered_json object{{"socket", facts.socket},
                      {"local_host", shown_host(facts.local_host)},
                      {"local_port", facts.local_port},
                      {"remote_host", shown_host(facts.remote_host)},
                      {"remote_port", facts.remote_port}};
  if (facts.number) object["number"] = *facts.number;
  return object;
}

ordered_json with_member(ordered_json object, const std::string& behind, const char* key,
                         const ordered_json& value) {
  ordered_json out;
  for (auto& [name, member] : object.items()) {
    out[name] = std::move(member);
    if (name == behind) out[key] = value;
  }
  return out;
}

// In the order in which an interval lists them.
std::vector<int> listed_sockets(const std::vector<StreamFacts>& streams,
                                const std::vector<ListedDirection>& directions) {
  std::vector<int> sockets;
  for (const ListedDirection& direction : directions) {
    for (const StreamFacts& facts : streams) {
      if (facts.sends == direction.local_sends) sockets.push_back(facts.socket);
    }
  }
  return sockets;
}

// Times are those of the first stream of all, whichever way it goes.
ordered_json sum_object(const Interval& interval, const std::vector<StreamFacts>& streams,
                        bool local_sends) {
  const StreamInterval first =
      interval.streams.empty() ? StreamInterval{} : interval.streams.front();
  const double seconds = interval_seconds(first);
  const IntervalSum sum = sum_interval(interval, streams, local_sends);
  ordered_json object{{"start", first.start_s},
                      {"end", first.end_s},
                      {"seconds", seconds},
                      {"bytes", sum.bytes},
                      {"bits_per_second", per_second(sum.bytes, seconds) * 8}};
  if (sum.retransmits) object["retransmits"] = *sum.retransmits;
  if (sum.udp) add_datagrams(object, *sum.udp, local_sends);
  object["omitted"] = interval.omitted;
  object["sender"] = local_sends;
  return object;
}

}  // namespace

struct JsonReport::Document {
  ordered_json start{{"connected", ordered_json::array()}};
  ordered_json intervals = ordered_json::array();
  ordered_json end = ordered_json::object();
  std::size_t kept = 0;                                 // objects in the intervals
  std::size_t left_out = 0;                             // intervals
  bool start_written = false;                           // of a stream of events
  std::string error;                                    // empty: none
  ordered_json server_output = ordered_json::object();  // one member under its key, or none

  ordered_json whole(const std::string& title, const std::string& extra_data) const {
    ordered_json document{{"start", start}, {"intervals", intervals}, {"end", end}};
    if (left_out != 0) document["intervals_left_out"] = left_out;
    if (!error.empty()) document["error"] = error;
    if (!title.empty()) document["title"] = title;
    if (!extra_data.empty()) document["extra_data"] = extra_data;
    document.update(server_output);
    return document;
  }
};

JsonReport::JsonReport(ReportSettings settings, ReportSink& sink)
    : settings_(std::move(settings)), sink_(sink) {}

JsonReport::~JsonReport() = default;

void JsonReport::begin_test() {
  streams_.clear();
  test_ = {};
  title_ = settings_.title;
  extra_data_ = settings_.extra_data;
  document_ = std::make_unique<Document>();
  document_->start["version"] = settings_.version;
  document_->start["system_info"] = settings_.system_info;
}

void JsonReport::server_listening(std::uint16_t, int) {
  begin_test();
}

void JsonReport::client_starting() {
  begin_test();
}

// The first of the two places that a server of iperf3 has it in.
void JsonReport::rate_asked(std::uint64_t bits_per_second) {
  if (!document_ || bits_per_second == 0) return;
  ordered_json& start = document_->start;
  start = with_member(std::move(start), "system_info", "target_bitrate", bits_per_second);
}

void JsonReport::connected(const ControlFacts& facts) {
  if (!document_) return;
  ordered_json& start = document_->start;
  const bool server = settings_.end == End::Server;
  const std::int64_t ms = settings_.wall_clock_ms();
  start["timestamp"] = {{"time", gmt_text(ms)}, {"timesecs", ms / 1000}, {"timemillisecs", ms}};
  start[server ? "accepted_connection" : "connecting_to"] = {
      {"host", server ? shown_host(facts.host) : facts.host}, {"port", facts.port}};
  start["cookie"] = facts.cookie;
  const bool is_tcp = facts.protocol == wire::Protocol::Tcp;
  if (facts.mss_bytes != 0 && is_tcp) {
    start["tcp_mss"] = facts.mss_bytes;
  } else if (is_tcp) {
    start["tcp_mss_default"] = facts.control_mss;
  }
  start["target_bitrate"] = facts.target_bitrate_bps;
  start["fq_rate"] = facts.fq_rate_bps;
}

void JsonReport::buffers(const BufferFacts& facts) {
  if (!document_) return;
  ordered_json& start = document_->start;
  start["sock_bufsize"] = facts.requested_bytes;
  start["sndbuf_actual"] = facts.send_bytes;
  start["rcvbuf_actual"] = facts.receive_bytes;
}

void JsonReport::stream_connected(const StreamFacts& facts) {
  streams_.push_back(facts);
  if (document_) document_->start["connected"].push_back(connected_object(facts));
}

// The n-th stream is the same one everywhere in the document, whenever its place was found.
void JsonReport::streams_bound(const std::vector<StreamFacts>& streams,
                               const BindingFacts& binding) {
  streams_ = streams;
  if (!document_) return;
  ordered_json connected = ordered_json::array();
  for (const StreamFacts& facts : streams) connected.push_back(connected_object(facts));
  document_->start["connected"] = std::move(connected);
  document_->start["bound_by"] = {{"roles", binding.roles}, {"identity", binding.identity}};
  if (document_->start_written) {
    write_event("streams_bound", {{"connected", document_->start["connected"]},
                                  {"bound_by", document_->start["bound_by"]}});
  }
  const auto order = listed_sockets(streams, directions(settings_.end, test_));
  for (ordered_json& interval : document_->intervals) {
    auto& listed = interval["streams"].get_ref<ordered_json::array_t&>();
    std::ranges::stable_sort(listed, {}, [&](const ordered_json& stream) {
      return std::ranges::find(order, stream["socket"].get<int>()) - order.begin();
    });
  }
}

void JsonReport::test_started(const TestFacts& facts) {
  test_ = facts;
  if (title_.empty()) title_ = facts.title;
  if (extra_data_.empty()) extra_data_ = facts.extra_data;
  if (!document_) return;
  document_->start["test_start"] = {{"protocol", wire::name(facts.protocol)},
                                    {"num_streams", facts.streams},
                                    {"blksize", facts.block_bytes},
                                    {"omit", facts.omit_s},
                                    {"duration", facts.duration_s},
                                    {"bytes", facts.bytes},
                                    {"blocks", facts.blocks},
                                    {"reverse", int{facts.reverse}},
                                    {"tos", facts.tos},
                                    {"target_bitrate", facts.target_bitrate_bps},
                                    {"bidir", int{facts.bidir}},
                                    {"fqrate", facts.fq_rate_bps},
                                    {"interval", facts.interval_s},
                                    {"gso", int{facts.gso}},
                                    {"gro", int{facts.gro}},
                                    {"role_flag", facts.role_flag},
                                    {"batched", int{facts.batched}}};
  if (!settings_.json_stream) return;
  write_event("start", document_->start);
  document_->start_written = true;
}

void JsonReport::interval(const Interval& interval) {
  if (!document_ || is_empty_leftover(interval, settings_.interval_s)) return;
  ordered_json object{{"streams", ordered_json::array()}};
  for (const ListedDirection& direction : directions(settings_.end, test_)) {
    for (std::size_t i = 0; i < std::min(streams_.size(), interval.streams.size()); ++i) {
      if (streams_[i].sends != direction.local_sends) continue;
      object["streams"].push_back(
          stream_object(streams_[i], interval.streams[i], interval.omitted));
    }
    object["sum" + direction.json_sum_suffix] =
        sum_object(interval, streams_, direction.local_sends);
  }
  if (settings_.json_stream) write_event("interval", object);
  if (keeps_intervals()) keep(std::move(object));
}

// Those that are kept have no gap: after the first that is left out all are.
void JsonReport::keep(ordered_json interval) {
  const std::size_t objects = interval["streams"].size() + interval.size();
  const bool is_bounded = settings_.end == End::Server;
  if (is_bounded && (document_->left_out != 0 || document_->kept + objects > settings_.most_kept)) {
    ++document_->left_out;
    return;
  }
  document_->kept += objects;
  document_->intervals.push_back(std::move(interval));
}

// A stream may run for days: what nobody is going to ask for is not kept.
bool JsonReport::keeps_intervals() const {
  const bool captured = settings_.end == End::Server && test_.output_wanted;
  return !settings_.json_stream || settings_.json_stream_full || captured;
}

void JsonReport::summary(const Summary& summary) {
  if (!document_) return;
  document_->end = json_summary(summary, streams_, directions(settings_.end, test_));
}

void JsonReport::server_output(const ServerOutput& output) {
  if (!document_) return;
  if (output.is_json) {
    auto parsed = ordered_json::parse(output.text, nullptr, false);
    if (!parsed.is_discarded()) {
      document_->server_output["server_output_json"] = std::move(parsed);
      return;
    }
  }
  document_->server_output["server_output_text"] = output.text;
}

// iperf3's clients put the bare text there, its servers and its signal handler the whole line.
void JsonReport::failed(const Failure& failure) {
  const std::string line = failure_line(failure);
  if (!document_) return sink_.write_error(fmt::format("roleperf: {}\n", harmless_line(line)));
  const bool bare = settings_.end == End::Client && failure.kind != FailureKind::Interrupt;
  if (document_->error.empty()) document_->error = bare ? failure.text : line;
}

void JsonReport::warning(std::string_view text) {
  sink_.write_error(fmt::format("warning: {}\n", harmless_line(text)));
}

void JsonReport::debug(std::string_view text) {
  sink_.write_error(fmt::format("debug: {}\n", text));
}

void JsonReport::finished() {
  if (document_) write_document();
  sink_.flush();
}

void JsonReport::write_document() {
  if (settings_.json_stream) write_last_events();
  if (!settings_.json_stream || settings_.json_stream_full) {
    sink_.write(print_json(document_->whole(title_, extra_data_)) + "\n");
  }
  document_.reset();
}

void JsonReport::write_last_events() {
  if (!document_->error.empty()) write_event("error", document_->error);
  for (const auto& [key, value] : document_->server_output.items()) {
    write_event(key.c_str(), value);
  }
  write_event("end", document_->end);
}

void JsonReport::write_event(const char* name, const ordered_json& data) {
  sink_.write(fmt::format("{{\"event\":\"{}\",\"data\":{}}}\n", name, print_json_compact(data)));
  sink_.flush();
}

ServerOutput JsonReport::captured() const {
  return {true, document_ ? print_json_compact(document_->whole("", "")) : "{}"};
}

}  // namespace rolecall::perf
