// SPDX-License-Identifier: BSD-3-Clause
// rolecall fixes: what each known fix of the race settles and what it costs, measured here and now,
// against what is declared of it.
#include "harness/scenario/fixes.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/report/results.h"
#include "harness/report/table.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/stage.h"

namespace rolecall::cli {
namespace {

using report::Cell;
using report::Tone;
using scenario::Fix;
using scenario::FixCell;
using scenario::Realised;
using scenario::RunResult;
using scenario::Scenario;
using scenario::ScenarioResult;
using scenario::Subject;
using scenario::VerdictKind;

struct FixesCommand {
  CommonOptions common;
  std::string only;
};

// What was run, cell by cell: `results` has one for each of `cells`.
struct Answers {
  std::vector<Fix> fixes;
  std::vector<FixCell> cells;
  std::vector<ScenarioResult> results;
};

// --- set-up ---

std::optional<Duration> shortest_set_up(const ScenarioResult& result) {
  std::optional<Duration> shortest;
  for (const RunResult& run : result.runs)
    if (run.set_up && (!shortest || *run.set_up < *shortest)) shortest = run.set_up;
  return shortest;
}

bool is_bare(const FixCell& cell) {
  return cell.scenario.link.delay == Duration{};
}

// What the set-up of this cell takes without any delay.
Duration bare_set_up(const Answers& all, const FixCell& of) {
  for (std::size_t i = 0; i < all.cells.size(); ++i) {
    const FixCell& cell = all.cells[i];
    if (cell.fix == of.fix && cell.question.column == of.question.column && is_bare(cell))
      return shortest_set_up(all.results[i]).value_or(Duration{});
  }
  return {};
}

std::string round_trips(Duration took) {
  return fmt::format("{:.1f} ({:.2f} s)",
                     took.in_seconds() / scenario::kSetUpRoundTrip.in_seconds(), took.in_seconds());
}

void mark_unexpected(ScenarioResult& result, const std::string& why) {
  result.as_expected = false;
  for (RunResult& run : result.runs) {
    run.as_expected = false;
    run.notes.push_back(why);
  }
}

// A set-up that was not seen is undecided; one that takes too long is not what is declared.
void judge_set_up(Answers& all) {
  for (std::size_t i = 0; i < all.cells.size(); ++i) {
    const FixCell& cell = all.cells[i];
    ScenarioResult& result = all.results[i];
    if (cell.question.subject != Subject::SetUp || !result.left_out.empty()) continue;
    const auto took = shortest_set_up(result);
    const Fix& fix = all.fixes[cell.fix];
    const Duration bare = bare_set_up(all, cell);
    if (!took) {
      mark_unexpected(result, "the link did not see the set-up of the streams");
    } else if (cell.question.streams > 1 && !is_bare(cell) && !keeps_its_bound(fix, *took, bare)) {
      mark_unexpected(result,
                      fmt::format("set-up in round trips: {}; {:.2f} s without any delay; "
                                  "declared are at most {} beyond that",
                                  round_trips(*took), bare.in_seconds(), *fix.most_round_trips));
    }
  }
}

// --- the table ---

// Right when every test completed: under the order, or because no order could be brought about.
Cell answer(const ScenarioResult& result) {
  if (!result.left_out.empty()) return {"-"};
  for (const RunResult& run : result.runs) {
    if (run.as_expected) continue;
    if (run.realised == Realised::No) return {"? (order not imposed)", Tone::Bad};
    return {fmt::format("{}, declared: {}", name(run.verdict.kind), expectation(run)), Tone::Bad};
  }
  const auto wrong = std::ranges::find_if(
      result.runs, [](const RunResult& r) { return r.verdict.kind != VerdictKind::Completed; });
  if (!result.scenario.also_expected.empty()) {
    const auto right = std::ranges::count(result.runs, VerdictKind::Completed,
                                          [](const RunResult& r) { return r.verdict.kind; });
    return {fmt::format("{} of {}", right, result.runs.size())};
  }
  if (wrong == result.runs.end()) return {"yes", Tone::Good};
  return {fmt::format("no: {}", name(wrong->verdict.kind)), Tone::Bad};
}

// Several answers as one, part by part where they differ or one alone was asked for.
Cell together(const std::vector<std::pair<std::string, Cell>>& parts) {
  if (parts.empty()) return {""};
  const Cell& first = parts.front().second;
  const bool has_all = parts.size() > 1 || parts.front().first.empty();
  if (has_all &&
      std::ranges::all_of(parts, [&](const auto& p) { return p.second.text == first.text; }))
    return first;
  Cell all;
  for (const auto& [part, cell] : parts) {
    all.text += fmt::format("{}{} {}", all.text.empty() ? "" : "; ", part, cell.text);
    if (cell.tone == Tone::Bad) all.tone = Tone::Bad;
  }
  return all;
}

// With the bound where there is one: so many round trips, and what the same takes without delay.
Cell set_up_answer(const Answers& all, const FixCell& cell, const ScenarioResult& result) {
  if (!result.left_out.empty()) return {"-"};
  const auto took = shortest_set_up(result);
  if (!took) return {fmt::format("? ({})", name(result.runs.front().verdict.kind)), Tone::Bad};
  const Fix& fix = all.fixes[cell.fix];
  if (!fix.most_round_trips || cell.question.streams == 1) return {round_trips(*took)};
  return {fmt::format("{}, {} {} and {:.2f} s", round_trips(*took),
                      result.as_expected ? "at most" : "ABOVE", *fix.most_round_trips,
                      bare_set_up(all, cell).in_seconds()),
          result.as_expected ? Tone::Good : Tone::Bad};
}

// The cell of `fix` in `column`: blank when nothing is asked there.
Cell cell_of(const Answers& all, std::size_t fix, std::string_view column) {
  std::vector<std::pair<std::string, Cell>> parts;
  for (std::size_t i = 0; i < all.cells.size(); ++i) {
    const FixCell& cell = all.cells[i];
    if (cell.fix != fix || cell.question.column != column) continue;
    if (cell.question.subject == Subject::SetUp) return set_up_answer(all, cell, all.results[i]);
    parts.emplace_back(cell.question.part, answer(all.results[i]));
  }
  return together(parts);
}

// Those that were asked of some fix, in their order.
std::vector<std::string> columns_of(const std::vector<FixCell>& cells) {
  std::vector<std::string> columns;
  for (const FixCell& cell : cells)
    if (std::find(columns.begin(), columns.end(), cell.question.column) == columns.end())
      columns.emplace_back(cell.question.column);
  return columns;
}

// Whether anything was run for it.
bool has_answers(const Answers& all, std::size_t fix) {
  for (std::size_t i = 0; i < all.cells.size(); ++i)
    if (all.cells[i].fix == fix && all.results[i].left_out.empty()) return true;
  return false;
}

std::string fixes_table(const Answers& all, const report::Style& style) {
  const auto asked = columns_of(all.cells);
  std::vector<report::Column> columns = {{"fix"}, {"on the wire"}};
  for (const std::string& column : asked) columns.push_back({column});
  columns.push_back({"lines"});
  std::vector<std::vector<Cell>> rows;
  for (std::size_t i = 0; i < all.fixes.size(); ++i) {
    if (!has_answers(all, i)) continue;
    rows.push_back({{all.fixes[i].name}, {all.fixes[i].on_the_wire}});
    for (const std::string& column : asked) rows.back().push_back(cell_of(all, i, column));
    rows.back().push_back({all.fixes[i].lines});
  }
  return report::table(columns, rows, style);
}

constexpr char kLegend[] = R"(
on the wire: by definition. parameter: role_flag in the client's parameters; reply: the state 0x40 with its
framed JSON; a cookie has 37 bytes, sent anyway. legacy peer: --bidir in natural order, with iperf3 as server
and as client. roles: --bidir on the link, in the adverse order of the queue; identity: -P 2, the same, forward
and -R; "n of m" where nothing is declared, since it depends on the figures of each test. above: the same orders
above the queue, by swap; nothing is asked there of the role barrier, which roleperf takes on a long path only
(260 ms round trip here). Of several runs each, the first that is not right. RTTs: from the first stream's SYN
to TEST_START at 50 ms round trip, the shortest of the runs; 128: --bidir -P 64; at most: so many, and the time
that the same takes here without any delay. lines: what a patch to iperf3 would need, an estimate. All else is
measured by this run, against what is declared in advance.
)";

// --- the command ---

// Those that the user wants. Config when there is none.
Result<std::vector<FixCell>> chosen_cells(const std::vector<Fix>& fixes, const std::string& only) {
  auto cells = scenario::fix_cells(fixes);
  const std::string example = cells.front().scenario.name;
  std::erase_if(cells, [&](const FixCell& cell) {
    return cell.scenario.name.find(only) == std::string::npos;
  });
  if (!cells.empty()) return cells;
  return Error{Errc::Config,
               fmt::format("no cell has '{}' in its name; the first is named {}", only, example)};
}

Result<int> run(const FixesCommand& command) {
  TRY(auto stage, Stage::open(command.common));
  Answers all;
  all.fixes = scenario::known_fixes(
      stage.peers().get(scenario::kReleasedFix) ? scenario::kReleasedFix : scenario::kLegacyPeer);
  TRY(all.cells, chosen_cells(all.fixes, command.only));
  std::vector<Scenario> scenarios;
  for (const FixCell& cell : all.cells) scenarios.push_back(cell.scenario);
  TRY(all.results, stage.run(scenarios, std::nullopt, Stage::Missing::IsLeftOut));
  judge_set_up(all);
  std::string text = fixes_table(all, stage.style()) + kLegend + report::left_out(all.results);
  text += report::surprises(all.results, stage.style());
  return stage.report(std::move(all.results), text, "rolecall fixes");
}

}  // namespace

void add_fixes_command(CLI::App& app, int& exit_status) {
  auto command = std::make_shared<FixesCommand>();
  CLI::App* fixes =
      app.add_subcommand("fixes", "what each known fix of the race settles, and what it costs");
  fixes->add_option("--only", command->only, "the cells with TEXT in their name, ROW.QUESTION")
      ->type_name("TEXT");
  add_common_options(*fixes, command->common);
  fixes->callback([command, &exit_status] {
    auto status = run(*command);
    exit_status = status ? status.value() : exit_after(status.error());
  });
}

}  // namespace rolecall::cli
