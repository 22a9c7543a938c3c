// SPDX-License-Identifier: BSD-3-Clause
// One deadlock, explained from its evidence: who connected and was accepted when, which roles each
// connection has at its two ends, where the bytes stand, and what iperf3 itself says of it.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "harness/base/result.h"
#include "harness/report/table.h"
#include "harness/scenario/peer_report.h"
#include "harness/scenario/run_result.h"

namespace rolecall::report {

// What there is to explain it from: the run, and the same in a test of one second (-t 1) that was
// left to end by itself.
struct Explanation {
  scenario::RunResult deadlock;
  scenario::RunResult left_alone;
  Result<scenario::PeerReport> client;  // of left_alone, as it printed with -J; or why not
};

// All of it, for people: the two below in order, each with a line that says what it is.
std::string explanation_text(const Explanation& explanation, const Style& style);

// {"text": the same without colours, "left_alone": {client_ended, error, streams, evidence,
// replay}}.
nlohmann::json explanation_json(const Explanation& explanation);

// The picture and the connections of `run`. A run whose connections are not all known by number is
// told by its verdict's reason alone.
std::string explain_deadlock(const scenario::RunResult& run, const Style& style);

// What the client printed with -J when nobody ended it: its way out and its own figures.
std::string client_says(const scenario::RunResult& run, const scenario::PeerReport& client);

}  // namespace rolecall::report
