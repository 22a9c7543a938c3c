// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/conversation_run.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/net/process.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;
using conformance::Command;
using conformance::Conversation;
using conformance::Harm;
using conformance::Heard;
using conformance::Side;

// Only a program that hangs meets it.
constexpr Duration kStepLimit = seconds(20);
constexpr char kTimeLineFile[] = "conversation.txt";

const PeerSpec& program_of(const Scenario& scenario) {
  return side_under_test(scenario) == Side::Server ? scenario.server : scenario.client;
}

const Conversation& conversation_of(const Scenario& scenario) {
  return side_under_test(scenario) == Side::Server ? scenario.client.conversation
                                                   : scenario.server.conversation;
}

Command as_runner_starts(const Peer& peer, Side side) {
  if (side == Side::Server) return {{peer.path.string(), "-s", "-p", "{port}"}};
  return {{peer.path.string(), "-c", "{host}", "-p", "{port}", "{options}"}};
}

bool has_folder(const std::string& word) {
  return word.find('/') != word.npos;
}

std::optional<fs::path> program_at(const std::string& word) {
  if (!has_folder(word)) return find_program(word.c_str());
  if (::access(word.c_str(), X_OK) != 0) return std::nullopt;
  return fs::path(word);
}

// What came behind the words that the runner itself starts `peer` with; nothing when these are
// others, or no arguments that a scenario may have.
std::optional<std::vector<std::string>> further_arguments(const Command& command, const Peer& peer,
                                                          Side side) {
  const auto program = program_at(command.words.front());
  std::error_code failed;
  if (!program || fs::canonical(*program, failed) != peer.path) return std::nullopt;
  const auto own = as_runner_starts(peer, side).words;
  const auto& words = command.words;
  if (words.size() < own.size() || !std::equal(own.begin() + 1, own.end(), words.begin() + 1))
    return std::nullopt;
  std::vector<std::string> args(words.begin() + static_cast<std::ptrdiff_t>(own.size()),
                                words.end());
  if (read_shape(args).has_error()) return std::nullopt;
  return args;
}

const char* did(VerdictKind harm) {
  if (harm == VerdictKind::Crashed) return "died";
  return harm == VerdictKind::Refused ? "ended by itself" : "is stuck";
}

std::string ending_of(const Heard& heard) {
  return heard.ended ? heard.ended->text() : "ended by rolecall";
}

}  // namespace

Side side_under_test(const Scenario& scenario) {
  return scenario.server.conversation.empty() ? Side::Server : Side::Client;
}

Result<Command> command_of(const PeerSpec& spec, Side side, const PeerSet& peers) {
  if (spec.command.empty()) {
    TRY(const auto peer, peers.get(spec.peer));
    Command command = as_runner_starts(peer, side);
    command.words.insert(command.words.end(), spec.args.begin(), spec.args.end());
    return command;
  }
  if (program_at(spec.command.front())) return Command{spec.command};
  return Error{Errc::Config,
               fmt::format("{} is no program that can be started; name another one as "
                           "the first word of \"command\"",
                           spec.command.front())};
}

PeerSpec spec_of(const Command& command, Side side, const PeerSet& peers) {
  PeerSpec spec;
  for (const Peer& peer : peers.found) {
    auto args = further_arguments(command, peer, side);
    if (!args) continue;
    spec.peer = peer.name;
    spec.args = std::move(*args);
    return spec;
  }
  spec.command = command.words;
  std::string& program = spec.command.front();
  if (has_folder(program)) program = fs::absolute(program).lexically_normal().string();
  return spec;
}

VerdictKind verdict_of(Harm::Kind harm) {
  switch (harm) {
    case Harm::Kind::Crash:
      return VerdictKind::Crashed;
    case Harm::Kind::End:
      return VerdictKind::Refused;
    case Harm::Kind::Hang:
      break;
  }
  return VerdictKind::Stuck;
}

Verdict judge(Side side, const Heard& heard) {
  if (heard.harm) {
    const VerdictKind kind = verdict_of(heard.harm->kind);
    return {kind, fmt::format("the {} {}: {}", name(side), did(kind), heard.harm->what)};
  }
  if (side == Side::Server)
    return {VerdictKind::Completed, "the server serves on: a plain test of one stream went well"};
  const bool succeeds = heard.ended && heard.ended->is_success();
  return {succeeds ? VerdictKind::Completed : VerdictKind::Refused,
          fmt::format("the client ended by itself: {}", ending_of(heard))};
}

Result<void> have_conversation(const Scenario& scenario, const PeerSet& peers, bool is_control,
                               const StopToken* stop, RunResult& run) {
  const auto is_stopped = [&] { return stop != nullptr && stop->is_raised(); };
  if (is_stopped()) return interruption();
  const Side side = side_under_test(scenario);
  TRY(const auto command, command_of(program_of(scenario), side, peers));
  const auto target = make_live_target(side, command, run.evidence, kStepLimit);
  const auto heard = is_control ? target->plain_test() : target->talk(conversation_of(scenario));
  if (is_stopped()) return interruption();
  if (heard.has_error())
    return Error{Errc::Config, fmt::format("{}: {}", heard.error().expected, heard.error().actual)};
  run.verdict = judge(side, heard.value());
  const bool is_server = side == Side::Server;
  (is_server ? run.server_ended : run.client_ended) = ending_of(heard.value());
  (is_server ? run.client_ended : run.server_ended) =
      is_control ? "took part in a plain test" : "took its steps";
  return write_file(run.evidence / kTimeLineFile, heard.value().time_line);
}

}  // namespace rolecall::scenario
