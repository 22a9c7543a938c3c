// SPDX-License-Identifier: BSD-3-Clause
// For tests only: a document of iperf3 -J read back into the facts of a test, so that a report of
// ours can be made of what iperf3 itself measured.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "harness/perf/report_samples.h"

namespace rolecall::perf {

// `document` must be a whole one, of a test that succeeded.
SampleTest read_iperf3_document(const nlohmann::ordered_json& document, End end);

// The settings under which JsonReport says the same of itself and of the time as `document`.
ReportSettings iperf3_settings(const nlohmann::ordered_json& document, End end);

}  // namespace rolecall::perf
