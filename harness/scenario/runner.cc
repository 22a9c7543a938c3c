// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/runner.h"

#include <errno.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/base/files.h"
#include "harness/base/shell_word.h"
#include "harness/net/stop_token.h"
#include "harness/scenario/conversation_run.h"
#include "harness/scenario/evidence_json.h"
#include "harness/scenario/rig.h"
#include "harness/scenario/test_run.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;

constexpr Release kFirstWithBidir{3, 7, 0};

Result<Peer> usable_peer(const Scenario& scenario, const PeerSet& peers, const PeerSpec& spec,
                         const char* role) {
  TRY(auto peer, peers.get(spec.peer));
  if (scenario.shape.mode == Mode::Bidir && !peer.is_flagged && peer.release < kFirstWithBidir) {
    return Error{Errc::Config, fmt::format("{} {} at {} knows no --bidir; it came with 3.7", role,
                                           peer.label(), peer.path.string())};
  }
  return peer;
}

// The place of each client port in accept order: from the lever, where it sees accept(); else from
// a legacy server's report, whose streams stand in the order of accept(); else from the server's
// descriptors; else the order in which the kernel queued them.
std::vector<std::uint16_t> accept_order(const TestRunRecord& record, const Peer& server) {
  if (!record.seen.accept_order.empty()) return record.seen.accept_order;
  std::vector<std::uint16_t> ports;
  if (!server.is_flagged && record.facts.server.report)
    for (const StreamReport& s : record.facts.server.report->streams)
      ports.push_back(s.remote_port);
  if (!ports.empty()) return ports;
  std::vector<ConnectionSample> streams = record.facts.kernel.streams;
  std::sort(streams.begin(), streams.end(),
            [](const ConnectionSample& a, const ConnectionSample& b) {
              return a.server_descriptor < b.server_descriptor;
            });
  for (const ConnectionSample& c : streams) {
    if (c.server_descriptor < 0) return record.seen.queue_order;
    ports.push_back(c.client_port);
  }
  return ports;
}

// The same by their numbers.
AcceptOrder accepted_numbers(const TestRunRecord& record, const Peer& server) {
  AcceptOrder numbers;
  for (const std::uint16_t port : accept_order(record, server))
    numbers.push_back(number_of(record.facts, port));
  return numbers;
}

// Whether the order of ports at the server is the scripted one of the ports at the client, and the
// rules were kept.
Realised realised(const Scenario& scenario, const TestRunRecord& record, const Peer& server) {
  if (record.seen.order_impossible) return Realised::NotRealisable;
  if (!record.seen.rules_fulfilled) return Realised::No;
  if (scenario.schedule.accept.empty()) return Realised::Yes;
  return accepted_numbers(record, server) == scenario.schedule.accept ? Realised::Yes
                                                                      : Realised::No;
}

std::vector<std::string> notes_of(const TestRunRecord& record, const Peer& server,
                                  Realised realised) {
  std::vector<std::string> notes;
  if (realised == Realised::No || realised == Realised::NotRealisable) notes = record.seen.unmet;
  if (realised == Realised::No && notes.empty())
    notes.push_back(fmt::format("the server accepted connections {}",
                                fmt::join(accepted_numbers(record, server), ",")));
  if (auto surplus = surplus_connections(record.facts)) notes.push_back(std::move(*surplus));
  notes.insert(notes.end(), record.seen.remarks.begin(), record.seen.remarks.end());
  return notes;
}

std::optional<bool> sends(const PeerOutcome& peer, std::uint16_t client_port, bool is_client) {
  if (!peer.report) return std::nullopt;
  for (const StreamReport& s : peer.report->streams)
    if ((is_client ? s.local_port : s.remote_port) == client_port) return s.sends;
  return std::nullopt;
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

Result<void> keep_evidence(const RunResult& run, const Scenario& scenario) {
  TRY(write_file(run.evidence / (scenario.name + ".json"), as_scenario_file(scenario)));
  return write_file(
      run.evidence / "verdict.json",
      to_json(run).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

// Below this what the peers print may be cut, and what that comes to says nothing of them.
constexpr std::uintmax_t kRoomForOutput = 64 * 1024;

Result<void> check_room(const fs::path& folder) {
  std::error_code failed;
  const fs::space_info space = fs::space(folder, failed);
  if (failed || space.available >= kRoomForOutput) return ok();
  return Error{Errc::System,
               fmt::format("the disk with the evidence in {} is full, so output may "
                           "be cut: make room, or name another folder with --keep",
                           folder.string()),
               ENOSPC};
}

bool client_says(const std::string& text, const fs::path& evidence) {
  if (text.empty()) return true;
  for (const char* file : {"client.out", "client.err"})
    if (const auto said = read_file(evidence / file))
      if (said.value().find(text) != std::string::npos) return true;
  return false;
}

// "iperf3 3.12", the program's name where nothing more is known, or that it is none.
Result<std::string> label_of(const Scenario& scenario, const PeerSet& peers, const PeerSpec& spec,
                             const char* role) {
  if (!spec.conversation.empty()) return "conversation";
  if (!spec.command.empty()) return fs::path(spec.command.front()).filename().string();
  TRY(const auto peer, usable_peer(scenario, peers, spec, role));
  return peer.label() + (spec.has_retrofit ? " + retrofit" : "");
}

Result<RunResult> describe(const Scenario& scenario, const PeerSet& peers,
                           std::optional<Lever> lever, int index, bool is_control) {
  RunResult run;
  run.scenario = scenario.name;
  run.index = index;
  TRY(run.client_peer, label_of(scenario, peers, scenario.client, "client"));
  TRY(run.server_peer, label_of(scenario, peers, scenario.server, "server"));
  run.mode = scenario.shape.mode;
  run.streams = scenario.shape.streams;
  run.is_control = is_control;
  run.has_conversation = scenario.has_conversation();
  run.schedule = lever && !is_control ? print(scenario.schedule) : print(Schedule{});
  // A control of the link runs on the same link; the shim is left out of its own.
  if (!is_control || lever == Lever::Link) run.lever = lever;
  run.expected = is_control             ? Outcome{scenario.control.expect}
                 : run.has_conversation ? Outcome{scenario.expect.of_conversation}
                 : lever                ? scenario.expect.under(*lever).value_or(Outcome{})
                                        : scenario.expect.in_natural_order();
  if (!is_control) run.also_expected = scenario.also_expected;
  return run;
}

bool is_expected(const RunResult& run) {
  return run.verdict.kind == run.expected.verdict ||
         std::count(run.also_expected.begin(), run.also_expected.end(), run.verdict.kind) > 0;
}

// The scenario whose first run is run `index` of this one.
Scenario as_first_run(const Scenario& scenario, std::optional<Lever> lever, int index) {
  Scenario alone = scenario;
  alone.link.seed += static_cast<std::uint64_t>(index - 1);
  if (lever) alone.levers = {*lever};
  return alone;
}

// A file of the user's says the same again, but for what is drawn by lot: that is in the evidence.
std::string replay_line(const Scenario& alone, const RunResult& run, const RunOptions& options) {
  const bool is_file = !alone.path.empty() && alone.link.loss_percent == 0;
  const fs::path file = is_file ? alone.path : run.evidence / (alone.name + ".json");
  const bool is_by_lever = is_file && run.lever;
  return fmt::format("{} {}{} --repeat 1", options.replay_command, shell_word(file.string()),
                     is_by_lever ? fmt::format(" --lever {}", name(*run.lever)) : "");
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

std::string expectation(const RunResult& run) {
  if (run.also_expected.size() == kAllVerdicts.size()) return kAnythingName;
  std::string text = name(run.expected);
  for (const VerdictKind kind : run.also_expected) text += fmt::format(" or {}", name(kind));
  return text;
}

namespace {

struct Attempt {
  const Scenario& scenario;
  const PeerSet& peers;
  std::optional<Lever> lever;
  int index = 0;
  bool is_control = false;
  const RunOptions& options;
};

Result<void> let_peers_meet(const Attempt& attempt, RunResult& run) {
  const auto& [scenario, peers, lever, index, is_control, options] = attempt;
  TRY(const auto client, peers.get(scenario.client.peer));
  TRY(const auto server, peers.get(scenario.server.peer));
  TRY(auto rig, make_rig({scenario, client, server, lever, is_control, index, options.port,
                          options.shim, run.evidence}));
  TRY(auto record, run_test({scenario, client, server, run.evidence, *rig, options.retrofit,
                             options.stop, options.let_peers_end}));
  run.verdict = judge(record.facts);
  const bool is_imposed = lever && !is_control && !scenario.schedule.is_natural();
  if (is_imposed) run.realised = realised(scenario, record, server);
  const Realised wanted = !is_imposed                  ? Realised::NotAsked
                          : run.expected.is_realisable ? Realised::Yes
                                                       : Realised::NotRealisable;
  run.as_expected = is_expected(run) && run.realised == wanted;
  run.notes = notes_of(record, server, run.realised);
  if (!is_control && !client_says(scenario.expect.client_says, run.evidence)) {
    run.as_expected = false;
    run.notes.push_back(fmt::format("the client did not say \"{}\"", scenario.expect.client_says));
  }
  run.time_to_verdict = record.time_to_verdict;
  run.set_up = record.seen.set_up;
  run.connections = connections_of(record, server);
  run.header_bytes = record.facts.header_bytes;
  run.client_ended = record.client_ended;
  run.server_ended = record.server_ended;
  return write_file(run.evidence / "kernel.jsonl",
                    samples_as_lines(record.samples, record.facts.header_bytes));
}

Result<void> carry_out(const Attempt& attempt, RunResult& run) {
  const auto& [scenario, peers, lever, index, is_control, options] = attempt;
  TRY(make_empty_folder(run.evidence));
  if (run.has_conversation) {
    TRY(have_conversation(scenario, peers, is_control, options.stop, run));
    run.as_expected = is_expected(run);
  } else {
    TRY(let_peers_meet(attempt, run));
  }
  TRY(keep_evidence(run, as_first_run(scenario, lever, index)));
  return check_room(run.evidence);
}

}  // namespace

Result<RunResult> run_once(const Scenario& scenario, const PeerSet& peers,
                           std::optional<Lever> lever, int index, bool is_control,
                           const RunOptions& options) {
  TRY(auto run, describe(scenario, peers, lever, index, is_control));
  run.evidence =
      options.out / scenario.name / fmt::format("{}{}", is_control ? "control-" : "", index);
  run.replay = replay_line(as_first_run(scenario, lever, index), run, options);
  auto done = carry_out({scenario, peers, lever, index, is_control, options}, run);
  if (done) return run;
  // What was asked for cannot be done, whatever run it is; else only this run was not made.
  if (done.error().code == Errc::Config || is_interruption(done.error()))
    return std::move(done).error();
  run.verdict = {VerdictKind::Inconclusive, done.error().message()};
  run.as_expected = false;
  return run;
}

// A natural schedule needs no lever; on the link it runs where the scenario names it.
Levers levers_of(const Scenario& scenario, const RunOptions& options) {
  Levers levers;
  for (const Lever lever : scenario.levers) {
    if (scenario.schedule.is_natural() && lever != Lever::Link) continue;
    if (auto possible = check_lever(lever, options.shim); possible.has_error()) {
      levers.missing.emplace_back(lever, possible.error().message());
    } else {
      levers.here.push_back(lever);
    }
  }
  return levers;
}

}  // namespace rolecall::scenario
