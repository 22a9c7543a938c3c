// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/results.h"

#include <algorithm>
#include <cstddef>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rolecall::report {
namespace {

using scenario::Realised;
using scenario::RunResult;
using scenario::ScenarioResult;
using scenario::VerdictKind;

using Runs = std::vector<RunResult>;

// Every run of `results`, a result's controls before its own runs.
template <class Visit>
void for_each_run(const std::vector<ScenarioResult>& results, Visit visit) {
  for (const ScenarioResult& result : results) {
    for (const RunResult& run : result.controls) visit(run);
    for (const RunResult& run : result.runs) visit(run);
  }
}

// "20 of 20 deadlock", "18 of 20 deadlock, 2 of 20 stuck": the expected one first.
std::string tally(const Runs& runs) {
  std::string text;
  const auto add = [&](VerdictKind kind) {
    const auto n = std::count_if(runs.begin(), runs.end(),
                                 [kind](const RunResult& r) { return r.verdict.kind == kind; });
    if (n == 0) return;
    text += fmt::format("{}{} of {} {}", text.empty() ? "" : ", ", n, runs.size(), name(kind));
  };
  add(runs.front().expected.verdict);
  for (const VerdictKind kind : scenario::kAllVerdicts) {
    if (kind != runs.front().expected.verdict) add(kind);
  }
  return text;
}

std::string realised(const Runs& runs) {
  const RunResult& first = runs.front();
  if (std::all_of(runs.begin(), runs.end(),
                  [](const RunResult& r) { return r.realised == Realised::NotAsked; }))
    return "-";
  const Realised counted = first.expected.is_realisable ? Realised::Yes : Realised::NotRealisable;
  const auto n = std::count_if(runs.begin(), runs.end(),
                               [&](const RunResult& r) { return r.realised == counted; });
  if (first.expected.is_realisable) return fmt::format("{} of {}", n, runs.size());
  return fmt::format("not realisable, {} of {}", n, runs.size());
}

std::string median_time(const Runs& runs) {
  std::vector<Duration> times;
  for (const RunResult& run : runs) {
    if (run.time_to_verdict) times.push_back(*run.time_to_verdict);
  }
  if (times.empty()) return "-";
  std::sort(times.begin(), times.end());
  const Duration upper = times[times.size() / 2];
  const Duration lower = times[(times.size() - 1) / 2];
  return fmt::format("{:.3f} s", (lower.in_seconds() + upper.in_seconds()) / 2);
}

std::string lines(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + "\n";
  return text;
}

std::string contradiction(const RunResult& run) {
  return fmt::format("{}, expected {}; order realised: {}", name(run.verdict.kind),
                     expectation(run), name(run.realised));
}

// `lever`: of the series, whose controls go without.
JunitCase junit_case(const RunResult& run, std::optional<scenario::Lever> lever) {
  JunitCase c{run.scenario, fmt::format("{}{}{}", run.is_control ? "control " : "",
                                        lever ? fmt::format("{} ", name(*lever)) : "", run.index)};
  c.took = run.time_to_verdict.value_or(Duration{});
  c.detail = fmt::format("{}: {}\n{}client: {}\nserver: {}\nevidence: {}\nagain: {}\n",
                         name(run.verdict.kind), run.verdict.reason, lines(run.notes),
                         run.client_ended, run.server_ended, run.evidence.string(), run.replay);
  if (run.as_expected) return c;
  c.result = JunitResult::Failed;
  c.reason = contradiction(run);
  return c;
}

// Of a run that went as expected: what was unusual all the same. An order that the peers forbid
// has its reasons in the notes, and they are what was expected.
std::string remarks(const RunResult& run) {
  if (run.realised == Realised::NotRealisable) return "";
  std::string text;
  for (const std::string& note : run.notes)
    text += fmt::format("{} {}run {}: {}\n", run.scenario, run.is_control ? "control " : "",
                        run.index, note);
  return text;
}

bool is_same_run(const RunResult& a, const RunResult& b) {
  return a.scenario == b.scenario && a.lever == b.lever && a.is_control == b.is_control &&
         a.index == b.index;
}

}  // namespace

std::vector<Column> result_columns(ScenarioColumn scenario_column) {
  std::vector<Column> columns;
  if (scenario_column == ScenarioColumn::Shown) columns.push_back({"scenario"});
  columns.insert(columns.end(), {{"client"},
                                 {"server"},
                                 {"mode"},
                                 {"P", Align::Right},
                                 {"schedule"},
                                 {"lever"},
                                 {"realised"},
                                 {"verdicts"},
                                 {"median", Align::Right},
                                 {"as stated"}});
  return columns;
}

std::vector<Cell> result_line(const Runs& runs, ScenarioColumn scenario_column) {
  const RunResult& first = runs.front();
  const bool good =
      std::all_of(runs.begin(), runs.end(), [](const RunResult& r) { return r.as_expected; });
  std::vector<Cell> cells;
  if (scenario_column == ScenarioColumn::Shown) cells.push_back({first.scenario});
  cells.insert(
      cells.end(),
      {{first.client_peer},
       {first.server_peer},
       {first.has_conversation ? "-" : name(first.mode)},
       {first.has_conversation ? "-" : std::to_string(first.streams)},
       {first.has_conversation ? "-" : first.schedule},
       {first.lever ? name(*first.lever) : "-"},
       {realised(runs)},
       {tally(runs), good ? Tone::Good : Tone::Bad},
       {median_time(runs)},
       good ? Cell{"yes"} : Cell{fmt::format("NO: stated {}", expectation(first)), Tone::Bad}});
  return cells;
}

std::string results_table(const std::vector<ScenarioResult>& results,
                          ScenarioColumn scenario_column, const Style& style) {
  std::vector<std::vector<Cell>> lines;
  for (const ScenarioResult& result : results) {
    for (const Runs* runs : {&result.controls, &result.runs}) {
      if (!runs->empty()) lines.push_back(result_line(*runs, scenario_column));
    }
  }
  return table(result_columns(scenario_column), lines, style);
}

std::string left_out(const std::vector<ScenarioResult>& results) {
  std::map<std::string, std::vector<std::string>> names;  // by reason
  for (const ScenarioResult& result : results) {
    if (result.left_out.empty()) continue;
    const std::string by = result.lever ? fmt::format(" by {}", name(*result.lever)) : "";
    names[result.left_out].push_back(result.scenario.name + by);
  }
  std::string text;
  for (const auto& [reason, left] : names)
    text +=
        fmt::format("left out, {}{}: {}\n", left.front(),
                    left.size() == 1 ? "" : fmt::format(" and {} more", left.size() - 1), reason);
  return text.empty() ? text : "\n" + text;
}

std::string surprises(const std::vector<ScenarioResult>& results, const Style& style) {
  std::string text;
  for_each_run(results, [&](const RunResult& run) {
    if (run.as_expected) {
      text += remarks(run);
      return;
    }
    text += fmt::format("{} {}run {}: {}\n", run.scenario, run.is_control ? "control " : "",
                        run.index, paint(contradiction(run), Tone::Bad, style));
    text += fmt::format("  {}\n", run.verdict.reason);
    text += indented(lines(run.notes), "  ");
    text += fmt::format("  client: {}; server: {}\n", run.client_ended, run.server_ended);
    text += fmt::format("  evidence: {}\n  again: {}\n", run.evidence.string(), run.replay);
  });
  return text.empty() ? text : "\n" + text;
}

std::string results_json(const std::vector<ScenarioResult>& results,
                         const std::optional<Explanation>& explained) {
  std::string text = "[";
  for_each_run(results, [&](const RunResult& run) {
    nlohmann::json object = to_json(run);
    if (explained && is_same_run(run, explained->deadlock)) {
      object["explanation"] = explanation_json(*explained);
    }
    text += text.size() == 1 ? "\n" : ",\n";
    text += object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  });
  return text + "\n]\n";
}

std::vector<JunitCase> junit_cases(const std::vector<ScenarioResult>& results) {
  std::vector<JunitCase> cases;
  for (const ScenarioResult& result : results) {
    for (const RunResult& run : result.controls) cases.push_back(junit_case(run, result.lever));
    for (const RunResult& run : result.runs) cases.push_back(junit_case(run, result.lever));
  }
  for (const ScenarioResult& result : results) {
    if (result.left_out.empty()) continue;
    cases.push_back({.group = result.scenario.name,
                     .name = result.lever ? name(*result.lever) : "all",
                     .result = JunitResult::Skipped,
                     .reason = result.left_out});
  }
  return cases;
}

}  // namespace rolecall::report
