// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/evidence_json.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "harness/scenario/run_result.h"

namespace rolecall::scenario {
namespace {

using Json = nlohmann::ordered_json;

// Bytes of a peer may stand in a reason, so what is no UTF-8 is replaced.
std::string dump(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json end_as_json(const EndSample& end, std::uint64_t sent, std::uint64_t consumed) {
  if (!end.seen) return nullptr;
  Json j{{"bytes_acked", end.bytes_acked}, {"bytes_received", end.bytes_received}};
  if (end.closed) {  // what was read is not known any more, and a FIN may be counted
    j["closed"] = true;
    return j;
  }
  j["payload_sent"] = sent;
  j["payload_read"] = consumed;
  j["established"] = end.established;
  j["receive_queue"] = end.rqueue;
  j["send_queue"] = end.wqueue;
  j["send_window"] = end.snd_wnd;
  j["persist"] = end.persist;
  j["send_buffer_full"] = end.send_buffer_full;
  return j;
}

Json connection_as_json(const ConnectionSample& c, std::uint64_t header) {
  return {{"client_port", c.client_port},
          {"client",
           end_as_json(c.client, payload_sent_by_client(c, header), payload_consumed_by_client(c))},
          {"server", end_as_json(c.server, payload_sent_by_server(c),
                                 payload_consumed_by_server(c, header))}};
}

Json peer_as_json(const PeerSpec& spec) {
  if (!spec.command.empty()) return {{"command", spec.command}};
  if (!spec.conversation.empty()) {
    Json steps = Json::array();
    for (const auto& step : spec.conversation) steps.push_back(print(step));
    return {{"conversation", std::move(steps)}};
  }
  Json j{{"peer", spec.peer}, {"args", spec.args}};
  if (spec.has_retrofit) j["retrofit"] = true;
  return j;
}

Json expectation_as_json(const Scenario& scenario) {
  Json expect = Json::object();
  if (scenario.expect.above) expect["above"] = name(*scenario.expect.above);
  if (scenario.expect.below) expect["below"] = name(*scenario.expect.below);
  if (scenario.also_expected.size() == kAllVerdicts.size()) {
    expect["or"] = {kAnythingName};
  } else {
    for (const VerdictKind kind : scenario.also_expected) expect["or"].push_back(name(kind));
  }
  if (!scenario.expect.client_says.empty()) expect["client_says"] = scenario.expect.client_says;
  return expect;
}

Json link_as_json(const LinkShape& link) {
  Json j{{"mtu", link.mtu},
         {"delay_ms", link.delay.in_seconds() * 1e3},
         {"loss_percent", link.loss_percent},
         {"seed", link.seed},
         {"proxy", link.has_proxy}};
  if (link.hold_limit) j["hold_ms"] = link.hold_limit->in_ms();
  if (link.shortest_timer) j["rto_min_ms"] = link.shortest_timer->in_ms();
  return j;
}

// What is asked of two programs.
void add_test(const Scenario& scenario, Json& file) {
  Json levers = Json::array();
  for (const Lever lever : scenario.levers) levers.push_back(name(lever));
  file["address"] = scenario.address;
  file["schedule"] = print(scenario.schedule);
  file["levers"] = std::move(levers);
  file["expect"] = expectation_as_json(scenario);
  if (std::ranges::count(scenario.levers, Lever::Link) > 0)
    file["link"] = link_as_json(scenario.link);
  file["limit_ms"] = scenario.limit.in_ms();
}

}  // namespace

std::string samples_as_lines(const std::vector<KernelSample>& samples, std::uint64_t header) {
  std::string lines;
  for (const KernelSample& sample : samples) {
    Json j{{"time_ns", sample.at.ns}};
    if (sample.control.client_port != 0) {
      j["control"] = {{"client_port", sample.control.client_port},
                      {"bytes_from_client", sample.control.client.bytes_acked},
                      {"bytes_from_server", sample.control.server.bytes_acked}};
    }
    j["streams"] = Json::array();
    for (const ConnectionSample& c : sample.streams)
      j["streams"].push_back(connection_as_json(c, header));
    lines += dump(j, -1) + "\n";
  }
  return lines;
}

std::string as_scenario_file(const Scenario& scenario) {
  // A file with an order has a control, where the command that made it had another one.
  const int controls = std::max(scenario.control.repeat, scenario.schedule.is_natural() ? 0 : 1);
  Json j{{"schema", 1},
         {"claim", scenario.claim},
         {"why", scenario.why},
         {"server", peer_as_json(scenario.server)},
         {"client", peer_as_json(scenario.client)}};
  if (scenario.has_conversation()) {
    j["expect"] = {{"verdict", name(scenario.expect.of_conversation)}};
  } else {
    add_test(scenario, j);
  }
  j["repeat"] = scenario.repeat;
  j["control"] = {{"repeat", controls}, {"expect", name(scenario.control.expect)}};
  return dump(j, 2) + "\n";
}

nlohmann::json to_json(const RunResult& run) {
  const auto peer = [](const std::string& label) {
    const std::size_t space = label.find(' ');
    return nlohmann::json{{"name", label.substr(0, space)},
                          {"version", space == std::string::npos ? "" : label.substr(space + 1)}};
  };
  nlohmann::json connections = nlohmann::json::array();
  for (const ConnectionFacts& c : run.connections) {
    nlohmann::json j{{"number", c.number},
                     {"client_port", c.client_port},
                     {"accept_position", c.accept_position}};
    if (c.client_sends) j["client_role"] = *c.client_sends ? "sender" : "receiver";
    if (c.server_sends) j["server_role"] = *c.server_sends ? "sender" : "receiver";
    j["payload_sent_by_client"] = payload_sent_by_client(c.bytes, run.header_bytes);
    j["payload_sent_by_server"] = payload_sent_by_server(c.bytes);
    // What a program read is not known of a dead socket.
    j["payload_read_by_client"] = nullptr;
    j["payload_read_by_server"] = nullptr;
    if (!c.bytes.client.closed) j["payload_read_by_client"] = payload_consumed_by_client(c.bytes);
    if (!c.bytes.server.closed)
      j["payload_read_by_server"] = payload_consumed_by_server(c.bytes, run.header_bytes);
    connections.push_back(std::move(j));
  }
  nlohmann::json j{{"scenario", run.scenario},
                   {"run", run.index},
                   {"control", run.is_control},
                   {"client", peer(run.client_peer)},
                   {"server", peer(run.server_peer)},
                   {"mode", name(run.mode)},
                   {"streams", run.streams},
                   {"schedule", run.schedule},
                   {"lever", nullptr},
                   {"realised", name(run.realised)},
                   {"verdict", name(run.verdict.kind)},
                   {"reason", run.verdict.reason},
                   {"notes", run.notes},
                   {"expected", expectation(run)},
                   {"as_expected", run.as_expected},
                   {"seconds", nullptr},
                   {"connections", std::move(connections)},
                   {"client_ended", run.client_ended},
                   {"server_ended", run.server_ended},
                   {"evidence", run.evidence.string()},
                   {"replay", run.replay}};
  if (run.has_conversation)
    for (const char* of_two_programs : {"mode", "streams", "schedule"})
      j[of_two_programs] = nullptr;
  if (run.lever) j["lever"] = name(*run.lever);
  if (run.set_up) j["set_up_seconds"] = run.set_up->in_seconds();
  if (run.time_to_verdict) j["seconds"] = run.time_to_verdict->in_seconds();
  return j;
}

}  // namespace rolecall::scenario
