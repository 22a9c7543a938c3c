// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/runner.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/scenario/evidence.h"
#include "harness/scenario/evidence_json.h"
#include "harness/scenario/port_reservation.h"
#include "harness/scenario/shim_plan.h"
#include "harness/scenario/test_run.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;

constexpr Release kFirstWithBidir{3, 7, 0};
constexpr Duration kLongestHold = seconds(3);

Result<Peer> usable_peer(const Scenario& scenario, const PeerSet& peers, const PeerSpec& spec,
                         const char* role, std::optional<Lever> lever) {
  TRY(auto peer, peers.get(spec.peer));
  if (scenario.shape.mode == Mode::Bidir && !peer.is_flagged && peer.release < kFirstWithBidir) {
    return Error{Errc::Config, fmt::format("{} {} at {} knows no --bidir; it came with 3.7", role,
                                           peer.label(), peer.path.string())};
  }
  if (lever == Lever::Swap && !peer.is_dynamic) {
    return Error{Errc::Config,
                 fmt::format("{} {} at {} is a static program: no preload library reaches it, so "
                             "the swap lever cannot order its connections; use a dynamically "
                             "linked build",
                             role, peer.label(), peer.path.string())};
  }
  return peer;
}

Result<ShimPlan> make_shim(const Scenario& scenario, const Peer& client, const Peer& server,
                           std::uint16_t port, const fs::path& library) {
  ShimOptions options;
  options.library = library;
  options.server_program = server.path;
  options.client_program = client.path;
  options.port = port;
  options.order = scenario.schedule.accept;
  options.hold_limit = std::min(kLongestHold, Duration{scenario.limit.ns / 2});
  return ShimPlan::make(options);
}

Realised realised(const Scenario& scenario, const std::optional<ShimObservation>& shim) {
  if (!shim) return Realised::NotAsked;
  if (shim->accepted_numbers() == scenario.schedule.accept) return Realised::Yes;
  return shim->order_impossible ? Realised::NotRealisable : Realised::No;
}

// 'word' for a shell, quoted where it has to be.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::optional<bool> sends(const PeerOutcome& peer, std::uint16_t client_port, bool is_client) {
  if (!peer.report) return std::nullopt;
  for (const StreamReport& s : peer.report->streams)
    if ((is_client ? s.local_port : s.remote_port) == client_port) return s.sends;
  return std::nullopt;
}

// The place of each client port in accept order: from the shim, else from a legacy server's report,
// whose streams stand in the order of accept().
std::vector<std::uint16_t> accept_order(const TestRunRecord& record, const Peer& server) {
  if (record.shim) return record.shim->accept_order;
  std::vector<std::uint16_t> ports;
  if (server.is_flagged || !record.facts.server.report) return ports;
  for (const StreamReport& s : record.facts.server.report->streams) ports.push_back(s.remote_port);
  return ports;
}

std::vector<ConnectionFacts> connections_of(const TestRunRecord& record, const Peer& server) {
  const RunFacts& facts = record.facts;
  const KernelSample& bytes = facts.certified ? *facts.certified : facts.kernel;
  const std::vector<std::uint16_t> accepted = accept_order(record, server);
  std::vector<ConnectionFacts> all;
  for (const ConnectionSample& c : bytes.streams) {
    ConnectionFacts& one = all.emplace_back();
    one.number = number_of(facts, c.client_port);
    one.client_port = c.client_port;
    const auto at = std::find(accepted.begin(), accepted.end(), c.client_port);
    if (at != accepted.end()) one.accept_position = static_cast<int>(at - accepted.begin()) + 1;
    one.client_sends = sends(facts.client, c.client_port, true);
    one.server_sends = sends(facts.server, c.client_port, false);
    one.bytes = c;
  }
  std::stable_sort(all.begin(), all.end(), [](const ConnectionFacts& a, const ConnectionFacts& b) {
    return a.number < b.number;
  });
  return all;
}

Result<void> keep_evidence(const TestRunRecord& record, const RunResult& run,
                           const Scenario& scenario) {
  TRY(write_file(run.evidence / "kernel.jsonl",
                 samples_as_lines(record.samples, record.facts.header_bytes)));
  if (record.shim) {
    TRY(write_file(run.evidence / "events.jsonl", record.shim->events));
  }
  TRY(write_file(run.evidence / (scenario.name + ".json"), as_scenario_file(scenario)));
  return write_file(
      run.evidence / "verdict.json",
      to_json(run).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

RunResult describe(const Scenario& scenario, const Peer& client, const Peer& server,
                   std::optional<Lever> lever, int index) {
  RunResult run;
  run.scenario = scenario.name;
  run.index = index;
  run.client_peer = client.label();
  run.server_peer = server.label();
  run.mode = scenario.shape.mode;
  run.streams = scenario.shape.streams;
  run.schedule = lever ? print(scenario.schedule) : print(Schedule{});
  run.lever = lever;
  return run;
}

}  // namespace

const char* name(Realised realised) {
  switch (realised) {
    case Realised::NotAsked:
      return "not asked";
    case Realised::Yes:
      return "yes";
    case Realised::No:
      return "no";
    case Realised::NotRealisable:
      return "not realisable";
  }
  return "?";
}

Result<RunResult> run_once(const Scenario& scenario, const PeerSet& peers,
                           std::optional<Lever> lever, int index, bool is_control,
                           const RunOptions& options) {
  if (lever && *lever != Lever::Swap)
    return Error{Errc::Config, fmt::format("lever {} is not built yet", name(*lever))};
  TRY(auto client, usable_peer(scenario, peers, scenario.client, "client", lever));
  TRY(auto server, usable_peer(scenario, peers, scenario.server, "server", lever));
  TRY(auto port, PortReservation::take(options.port));
  RunResult run = describe(scenario, client, server, lever, index);
  run.is_control = is_control;
  run.expected = is_control ? scenario.control.expect
                 : lever    ? scenario.expect.under(*lever).value_or(VerdictKind::Completed)
                            : scenario.expect.in_natural_order();
  const fs::path place = options.out / scenario.name;
  run.evidence = place / fmt::format("{}{}", is_control ? "control-" : "", index);
  TRY(make_empty_folder(run.evidence));
  const fs::path again =
      scenario.path.empty() ? run.evidence / (scenario.name + ".json") : scenario.path;
  run.replay = fmt::format("{} {} --repeat 1", options.replay_command, quoted(again.string()));

  std::optional<ShimPlan> shim;
  if (lever) {
    TRY(auto plan, make_shim(scenario, client, server, port.port(), options.shim));
    shim.emplace(std::move(plan));
  }
  TRY(auto record, run_test({scenario, client, server, port.port(), run.evidence,
                             shim ? &*shim : nullptr, options.stop, options.let_peers_end}));
  run.verdict = judge(record.facts);
  run.realised = realised(scenario, record.shim);
  run.as_expected = run.verdict.kind == run.expected &&
                    (run.realised == Realised::NotAsked || run.realised == Realised::Yes);
  run.time_to_verdict = record.time_to_verdict;
  run.connections = connections_of(record, server);
  run.header_bytes = record.facts.header_bytes;
  run.client_ended = record.client_ended;
  run.server_ended = record.server_ended;
  TRY(keep_evidence(record, run, scenario));
  return run;
}

Result<std::vector<Lever>> usable_levers(const Scenario& scenario, const RunOptions& options) {
  if (scenario.schedule.is_natural()) return std::vector<Lever>{};
  std::error_code failure;
  const bool has_shim = fs::is_regular_file(options.shim, failure);
  std::vector<Lever> usable;
  std::string why;
  for (const Lever lever : scenario.levers) {
    if (lever == Lever::Swap && has_shim) {
      usable.push_back(lever);
    } else if (lever == Lever::Swap) {
      why += fmt::format("; swap needs the preload library, which is not at \"{}\"",
                         options.shim.string());
    } else {
      why += fmt::format("; {} is not built yet", name(lever));
    }
  }
  if (!usable.empty()) return usable;
  return Error{Errc::Config, fmt::format("scenario {}: no lever here can impose \"{}\"{}",
                                         scenario.name, print(scenario.schedule), why)};
}

}  // namespace rolecall::scenario
