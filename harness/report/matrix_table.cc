// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/matrix_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace rolecall::report {
namespace {

using scenario::Lever;
using scenario::MatrixCell;
using scenario::Realised;
using scenario::RunResult;
using scenario::ScenarioResult;
using scenario::VerdictKind;
using Results = std::map<std::string, std::vector<const ScenarioResult*>>;  // by scenario

constexpr std::array kLevers = {Lever::Swap, Lever::Defer, Lever::Link};

const char* word(const RunResult& run) {
  if (run.realised == Realised::NotRealisable) return "--";
  if (run.realised == Realised::No) return "??";
  switch (run.verdict.kind) {
    case VerdictKind::Completed:
      return "ok";
    case VerdictKind::Deadlock:
      return "DEAD";
    case VerdictKind::PartialDeadlock:
      return "part";
    case VerdictKind::Void:
      return "void";
    case VerdictKind::Misattributed:
      return "swap";
    case VerdictKind::WrongFigures:
      return "figs";
    case VerdictKind::Refused:
      return "refd";
    case VerdictKind::Crashed:
      return "CRSH";
    case VerdictKind::Stuck:
      return "stck";
    case VerdictKind::Inconclusive:
      return "inco";
  }
  return "?";
}

constexpr char kLegend[] =
    "ok completed, DEAD deadlock on every connection, part on some, swap figures of another "
    "stream,\n"
    "figs wrong figures, refd refused, void reports success and delivered nothing, CRSH crashed,\n"
    "stck stuck at the limit, inco inconclusive, -- not realisable: the peers' own ordering "
    "forbids\n"
    "the adverse order, ?? the order did not come about, . nothing to try, x left out,\n"
    "! not as declared\n";

// The worst of several runs: the first that is not as declared.
Cell cell(const std::vector<const RunResult*>& runs) {
  if (runs.empty()) return {".", Tone::Faint};
  const auto bad =
      std::find_if(runs.begin(), runs.end(), [](const RunResult* r) { return !r->as_expected; });
  if (bad != runs.end()) return {fmt::format("{}!", word(**bad)), Tone::Bad};
  return {word(*runs.front()), Tone::Plain};
}

std::vector<const RunResult*> pointers(const std::vector<RunResult>& runs) {
  std::vector<const RunResult*> all;
  for (const RunResult& run : runs) all.push_back(&run);
  return all;
}

// Natural order, then one cell a lever.
std::vector<Cell> group(const std::vector<const ScenarioResult*>& results) {
  std::vector<const RunResult*> natural;
  std::map<Lever, std::vector<const RunResult*>> by_lever;
  std::set<Lever> missing;
  for (const ScenarioResult* result : results) {
    if (!result->left_out.empty() && result->lever) missing.insert(*result->lever);
    for (const RunResult& run : result->controls) natural.push_back(&run);
    if (result->lever) {
      by_lever[*result->lever] = pointers(result->runs);
    } else {
      for (const RunResult& run : result->runs) natural.push_back(&run);
    }
  }
  std::vector<Cell> cells = {cell(natural)};
  for (const Lever lever : kLevers)
    cells.push_back(missing.contains(lever) ? Cell{"x", Tone::Faint} : cell(by_lever[lever]));
  return cells;
}

std::string shape_name(const MatrixCell& cell) {
  return fmt::format("{} P={}", name(cell.mode), cell.streams);
}

// The tests that any pair has, in the order in which they are met; a pair need not have them all.
std::vector<std::string> shapes_of(const std::vector<MatrixCell>& cells) {
  std::vector<std::string> shapes;
  for (const MatrixCell& cell : cells)
    if (std::find(shapes.begin(), shapes.end(), shape_name(cell)) == shapes.end())
      shapes.push_back(shape_name(cell));
  return shapes;
}

std::vector<Column> columns_for(const std::vector<std::string>& shapes) {
  std::vector<Column> columns = {{"client"}, {"server"}};
  for (const std::string& shape : shapes) {
    columns.push_back({fmt::format("{}: none", shape)});
    for (const Lever lever : kLevers) columns.push_back({name(lever)});
  }
  return columns;
}

}  // namespace

std::string matrix_table(const std::vector<scenario::MatrixPeer>& clients,
                         const std::vector<scenario::MatrixPeer>& servers,
                         const std::vector<MatrixCell>& cells,
                         const std::vector<ScenarioResult>& results, const Style& style) {
  Results by_name;
  for (const ScenarioResult& result : results) by_name[result.scenario.name].push_back(&result);
  const std::vector<std::string> shapes = shapes_of(cells);
  const std::vector<Column> columns = columns_for(shapes);
  std::vector<std::vector<Cell>> rows;
  std::optional<std::pair<std::size_t, std::size_t>> pair;
  std::size_t count = 0;
  std::size_t good = 0;
  for (const MatrixCell& one : cells) {
    if (pair != std::pair(one.client, one.server)) {
      pair = {one.client, one.server};
      rows.emplace_back(columns.size(), Cell{".", Tone::Faint});
      rows.back()[0] = {clients[one.client].label};
      rows.back()[1] = {servers[one.server].label};
    }
    const auto shape = std::find(shapes.begin(), shapes.end(), shape_name(one)) - shapes.begin();
    std::size_t at = 2 + static_cast<std::size_t>(shape) * (1 + kLevers.size());
    for (Cell& c : group(by_name[one.scenario.name])) {
      if (c.tone != Tone::Faint) ++count;
      if (c.tone == Tone::Plain) ++good;
      rows.back()[at++] = std::move(c);
    }
  }
  return table(columns, rows, style) + "\n" + kLegend +
         fmt::format("{} of {} cells as declared\n", good, count);
}

}  // namespace rolecall::report
