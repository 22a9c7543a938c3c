// SPDX-License-Identifier: BSD-3-Clause
// One deadlock, explained from its evidence: who connected and was accepted when, which roles each
// connection has at its two ends, where the bytes stand, and what iperf3 itself says of it.
#pragma once

#include <string>

#include "harness/report/table.h"
#include "harness/scenario/peer_report.h"
#include "harness/scenario/run_result.h"

namespace rolecall::report {

// The picture and the connections of `run`. A run whose connections are not all known by number is
// told by its verdict's reason alone.
std::string explain_deadlock(const scenario::RunResult& run, const Style& style);

// What the client printed with -J when nobody ended it: its way out and its own figures.
std::string client_says(const scenario::RunResult& run, const scenario::PeerReport& client);

}  // namespace rolecall::report
