// SPDX-License-Identifier: BSD-3-Clause
// JSON laid out as iperf3's -J lays it out (cJSON_Print): tabs, "key":<tab>value, objects in arrays
// opened on the array's line, so that line-wise tools see no difference.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace rolecall::perf {

// Without a line end. Bytes that are not UTF-8 are replaced; whole floating numbers lose their
// point.
std::string print_json(const nlohmann::ordered_json& document);

// The same document in one line, for the wire.
std::string print_json_compact(const nlohmann::ordered_json& document);

}  // namespace rolecall::perf
