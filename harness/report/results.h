// SPDX-License-Identifier: BSD-3-Clause
// What scenarios came to, as text for people and as JSON and JUnit cases for programs. A claim is
// never printed without its control: iperf3 deadlocks by itself so rarely that only the pair shows
// what the schedule did.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/report/explanation.h"
#include "harness/report/junit.h"
#include "harness/report/table.h"
#include "harness/scenario/run_result.h"

namespace rolecall::report {

enum class ScenarioColumn { Shown, Hidden };

// The columns of the table of results, and the line of a series: its control runs, or its runs.
// REQUIRES: `runs` has one.
std::vector<Column> result_columns(ScenarioColumn scenario_column);
std::vector<Cell> result_line(const std::vector<scenario::RunResult>& runs,
                              ScenarioColumn scenario_column);

// One table: for each result a line for its control runs and a line for its runs.
std::string results_table(const std::vector<scenario::ScenarioResult>& results,
                          ScenarioColumn scenario_column, const Style& style);

// What was not run for want of a peer or a lever: a line for each reason. Empty when all was run.
std::string left_out(const std::vector<scenario::ScenarioResult>& results);

// For each run that was not as expected: the verdict and its reason, the evidence, how to run it
// again; and a line for each other one with anything unusual; set off by an empty line. Empty when
// there is none.
std::string surprises(const std::vector<scenario::ScenarioResult>& results, const Style& style);

// A JSON array with one object a run, each on a line of its own; controls come before the runs.
// The run that is explained carries it as its member "explanation".
std::string results_json(const std::vector<scenario::ScenarioResult>& results,
                         const std::optional<Explanation>& explained = std::nullopt);

// One case a run, controls included; one, skipped, for what was left out.
std::vector<JunitCase> junit_cases(const std::vector<scenario::ScenarioResult>& results);

}  // namespace rolecall::report
