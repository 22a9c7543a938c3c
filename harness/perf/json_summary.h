// SPDX-License-Identifier: BSD-3-Clause
// The member "end" of the JSON document.
#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/perf/report_model.h"
#include "harness/perf/totals.h"

namespace rolecall::perf {

// `directions` in the order of directions(). Streams and summary belong together by index.
nlohmann::ordered_json json_summary(const Summary& summary, const std::vector<StreamFacts>& streams,
                                    const std::vector<ListedDirection>& directions);

}  // namespace rolecall::perf
