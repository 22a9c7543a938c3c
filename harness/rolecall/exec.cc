// SPDX-License-Identifier: BSD-3-Clause
// rolecall exec: arms the shim for one program started by hand. A server alone numbers connections
// as they arrive; with --join both ends share one board, and client order is that of connect().
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/rolecall/command.h"
#include "harness/rolecall/evidence_folder.h"
#include "harness/rolecall/foreground.h"
#include "harness/rolecall/stage.h"
#include "harness/scenario/peer.h"
#include "harness/scenario/shim_plan.h"
#include "harness/schedule/schedule.h"

namespace rolecall::cli {
namespace {

namespace fs = std::filesystem;
using scenario::BoardFile;
using scenario::PlanSpec;

constexpr std::uint16_t kIperf3Port = 5201;

struct ExecCommand {
  std::string order;
  std::string join;
  std::string side;
  int port = 0;
  int hold_ms = 3000;
  std::vector<std::string> words;  // the program and its arguments
};

// The argument of -p, --port or --port=, as getopt_long takes them; iperf3's default otherwise.
Result<std::uint16_t> port_of(const ExecCommand& command) {
  if (command.port != 0) return static_cast<std::uint16_t>(command.port);
  std::string_view text;
  for (std::size_t i = 1; i < command.words.size(); ++i) {
    const std::string_view word = command.words[i];
    const bool next = (word == "-p" || word == "--port") && i + 1 < command.words.size();
    if (next) text = command.words[i + 1];
    if (word.starts_with("--port=")) text = word.substr(7);
    if (word.starts_with("-p") && word.size() > 2) text = word.substr(2);
  }
  if (text.empty()) return kIperf3Port;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc() && end == text.data() + text.size() && port != 0) return port;
  return Error{Errc::Config, fmt::format("-p {}: no port; name it with --port N", text)};
}

Result<shim::Side> side_of(const ExecCommand& command) {
  const auto has = [&](char letter, std::string_view word) {
    return std::any_of(command.words.begin() + 1, command.words.end(), [&](std::string_view w) {
      return w == word || (w.size() >= 2 && w[0] == '-' && w[1] == letter);
    });
  };
  if (command.side == "server") return shim::Side::Server;
  if (command.side == "client") return shim::Side::Client;
  const bool server = has('s', "--server");
  const bool client = has('c', "--client") ||
                      std::any_of(command.words.begin() + 1, command.words.end(),
                                  [](std::string_view w) { return w.starts_with("--client="); });
  if (server != client) return server ? shim::Side::Server : shim::Side::Client;
  return Error{Errc::Config,
               "exec: neither -s nor -c in the command; say --side server or --side client"};
}

Result<fs::path> program_of(const ExecCommand& command) {
  TRY(const auto found, find_program(command.words.front()));
  std::error_code failed;
  const fs::path program = fs::canonical(found, failed);
  if (failed) return Error{Errc::Config, fmt::format("starting {}", found), failed.value()};
  TRY(const bool dynamic, scenario::has_interpreter(program));
  if (dynamic) return program;
  return Error{Errc::Config,
               fmt::format("{} is a static binary, which no preload library reaches; use one that "
                           "is linked dynamically",
                           program.string())};
}

// The orders of `command` for one side, checked against each other.
Result<PlanSpec> plan_of(const ExecCommand& command) {
  PlanSpec plan;
  TRY(plan.side, side_of(command));
  TRY(plan.port, port_of(command));
  TRY(plan.program, program_of(command));
  plan.hold_limit = milliseconds(command.hold_ms);
  plan.numbering = command.join.empty() ? shim::Numbering::ByArrival : shim::Numbering::ByConnect;
  if (!command.order.empty()) {
    TRY(plan.order, parse_accept_order(command.order));
  }
  if (plan.side == shim::Side::Server && plan.order.empty()) {
    return Error{Errc::Config, "exec: a server needs an order: --order 2,1"};
  }
  if (plan.side == shim::Side::Client && command.join.empty()) {
    return Error{Errc::Config,
                 "exec: at a client the shim only records the order of connect(), for a server "
                 "that shares its folder: --join DIR at both ends"};
  }
  if (plan.side == shim::Side::Client && !plan.order.empty()) {
    return Error{Errc::Config, "exec: the order is imposed at the server; leave out --order here"};
  }
  return plan;
}

// The board of this program: its own, or the one of `folder`, made by whichever end comes first.
Result<BoardFile> board_in(const fs::path& folder, bool is_shared) {
  const fs::path path = folder / "board";
  auto made = BoardFile::make(path);
  if (made || !is_shared || made.error().sys_errno != EEXIST) return made;
  TRY(auto board, BoardFile::open(path));
  if (board.observe().connect_count > 0) {
    return Error{Errc::Config, fmt::format("--join {}: a test has run with this folder already; "
                                           "take a new one for each test",
                                           folder.string())};
  }
  return board;
}

std::string told(const scenario::ShimObservation& seen, shim::Side side, const fs::path& program) {
  const bool armed = side == shim::Side::Server ? seen.server_armed : seen.client_armed;
  if (!armed) {
    return fmt::format("the shim was never armed: what ran was not {}", program.string());
  }
  std::string text = seen.accept_order.empty()
                         ? "no stream connection was accepted"
                         : fmt::format("accept() returned {}", print(seen.accepted_numbers()));
  for (const std::string& limit : seen.hold_limits) text += "\nrolecall: " + limit;
  return text;
}

Result<int> exec(const ExecCommand& command) {
  TRY(auto plan, plan_of(command));
  TRY(const auto library, shim_library());
  TRY(auto own, EvidenceFolder::open(""));
  const bool is_shared = !command.join.empty();
  fs::path folder = own.path();
  if (is_shared) {
    TRY(auto shared, EvidenceFolder::open(command.join));
    folder = shared.path();
  }
  TRY(auto board, board_in(folder, is_shared));
  plan.board = folder / "board";
  const fs::path plan_file = own.path() / "plan";
  TRY(scenario::write_plan(plan, plan_file));
  TRY(const int status, run_in_foreground(plan.program, command.words,
                                          scenario::shim_environment(library, plan_file)));
  if (plan.side == shim::Side::Server || !is_shared) {
    fmt::print(stderr, "rolecall: {}\n", told(board.observe(), plan.side, plan.program));
  }
  return status;
}

}  // namespace

void add_exec_command(CLI::App& app, int& exit_status) {
  auto command = std::make_shared<ExecCommand>();
  CLI::App* exec_app = app.add_subcommand(
      "exec", "run one program under the shim: rolecall exec --order 2,1 -- iperf3 -s -1");
  exec_app
      ->add_option("--order", command->order,
                   "the order in which the server's accept() is to return the client's "
                   "streams, by their numbers")
      ->type_name("N,N,...");
  exec_app
      ->add_option("--join", command->join,
                   "a folder that server and client share, so that streams are numbered by the "
                   "client's connect() and not as they arrive; a new one for each test")
      ->type_name("DIR");
  exec_app->add_option("--side", command->side, "what the program is (otherwise: its -s or -c)")
      ->check(CLI::IsMember({"server", "client"}));
  exec_app->add_option("--port", command->port, "the server's port (otherwise: its -p, or 5201)")
      ->check(CLI::Range(1, 65535));
  exec_app->add_option("--hold-ms", command->hold_ms, "how long a connection may be held back")
      ->check(CLI::Range(1, 600'000))
      ->capture_default_str();
  exec_app->add_option("command", command->words, "after --: the program and its arguments")
      ->type_name("-- PROGRAM ARGS...")
      ->required();
  exec_app->callback([command, &exit_status] {
    const auto status = exec(*command);
    exit_status = status ? status.value() : fail(status.error());
  });
}

}  // namespace rolecall::cli
