// SPDX-License-Identifier: BSD-3-Clause
// What a conformance run came to: for people, for scripts, and for CI systems.
#pragma once

#include <string>
#include <vector>

#include "harness/conformance/baseline.h"
#include "harness/report/table.h"

namespace rolecall::report {

struct ConformanceRun {
  conformance::Side side = conformance::Side::Server;
  std::string subject;  // the command, or the address of a server that runs already
  std::vector<conformance::Judged> cases;
  Duration took = {};
  std::string again;  // a command line that runs one again; {case} stands for its option
};

// A tree by area, then each result that is not as it should be, with both sides' bytes, then sums.
std::string conformance_text(const ConformanceRun& run, const Style& style);
// One object; "cases" has all of them.
std::string conformance_json(const ConformanceRun& run);
std::string conformance_junit(const ConformanceRun& run);
// SARIF 2.1.0: clauses are rules, what is not kept is a result at the clause in SPEC.md.
std::string conformance_sarif(const ConformanceRun& run);

}  // namespace rolecall::report
