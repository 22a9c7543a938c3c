// SPDX-License-Identifier: BSD-3-Clause
// rolecall matrix: every client with every server, mode by mode, in natural and in adverse order,
// under every lever.
#include "harness/scenario/matrix.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/report/matrix_table.h"
#include "harness/report/results.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/stage.h"

namespace rolecall::cli {
namespace {

// One line a cell: the pair and its test, the order, the lever that imposes it.
std::string listing(const std::vector<scenario::Scenario>& scenarios) {
  std::size_t width = 0;
  for (const scenario::Scenario& s : scenarios) width = std::max(width, s.name.size());
  std::string text;
  for (const scenario::Scenario& s : scenarios) {
    text += fmt::format("{:{}}  natural\n", s.name, width);
    for (const scenario::Lever lever : s.levers)
      text += fmt::format("{:{}}  {} by {}\n", s.name, width, print(s.schedule), name(lever));
  }
  return text;
}

struct MatrixCommand {
  CommonOptions common;
  bool full = false;
  bool list = false;
  std::string only;
};

// Those that the user wants. Config when there is none.
Result<std::vector<scenario::MatrixCell>> chosen_cells(
    const MatrixCommand& command, const std::vector<scenario::MatrixPeer>& clients,
    const std::vector<scenario::MatrixPeer>& servers) {
  auto cells = scenario::matrix_cells(clients, servers, command.full);
  std::erase_if(cells, [&](const scenario::MatrixCell& cell) {
    return cell.scenario.name.find(command.only) == std::string::npos;
  });
  if (!cells.empty()) return cells;
  return Error{Errc::Config, fmt::format("no cell has '{}' in its name; `rolecall matrix --list`{} "
                                         "names them",
                                         command.only, command.full ? " with --full" : "")};
}

Result<int> run(const MatrixCommand& command) {
  TRY(auto peers, find_peers(command.common));
  const auto clients = scenario::matrix_clients(peers);
  const auto servers = scenario::matrix_servers(peers);
  TRY(const auto cells, chosen_cells(command, clients, servers));
  std::vector<scenario::Scenario> scenarios;
  for (const scenario::MatrixCell& cell : cells) scenarios.push_back(cell.scenario);
  if (command.list) {
    TRY(write_stdout(listing(scenarios)));
    return kExitAsExpected;
  }
  TRY(auto stage, Stage::open(command.common, std::move(peers)));
  TRY(const auto results, stage.run(scenarios, 1, Stage::Missing::IsLeftOut));
  std::string text = report::matrix_table(clients, servers, cells, results, stage.style());
  text += report::left_out(results);
  text += report::surprises(results, stage.style());
  return stage.report(results, text, "rolecall matrix");
}

}  // namespace

void add_matrix_command(CLI::App& app, int& exit_status) {
  auto command = std::make_shared<MatrixCommand>();
  CLI::App* matrix = app.add_subcommand(
      "matrix", "every client with every server, in natural and in adverse order, by every lever");
  matrix->add_flag("--full", command->full,
                   "everybody with everybody, all modes with 1, 2 and 4 streams");
  auto* list = matrix->add_flag("--list", command->list, "only name the cells, one a line");
  matrix->add_option("--only", command->only, "those with TEXT in their name")->type_name("TEXT");
  add_common_options(*matrix, command->common);
  for (const char* of_a_run : {"--json", "--junit", "--html", "--keep", "--jobs"})
    list->excludes(matrix->get_option(of_a_run));
  matrix->callback([command, &exit_status] {
    auto status = run(*command);
    exit_status = status ? status.value() : exit_after(status.error());
  });
}

}  // namespace rolecall::cli
