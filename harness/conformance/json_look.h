// SPDX-License-Identifier: BSD-3-Clause
// Looks into documents of programs under test, which may hold anything: nothing here throws.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace rolecall::conformance {

using Json = nlohmann::ordered_json;

// The document; discarded (no object) where `text` is no JSON.
Json parsed(const std::string& text);
// What is at `pointer` ("/streams/0/bytes"); null where nothing is.
Json at(const Json& document, const std::string& pointer);
// The number there; `otherwise` where there is none.
std::int64_t number_at(const Json& document, const std::string& pointer,
                       std::int64_t otherwise = 0);
std::string text_at(const Json& document, const std::string& pointer);
// Whether no object in `text`, which is JSON, has a key twice. On the wire keys that differ in case
// only are the same: cJSON finds the first that matches in any case.
enum class Keys { Exact, AnyCase };
bool has_unique_keys(const std::string& text, Keys compared);
// What is wrong with `text` as a stream of events, an object with "event" and "data" a line and
// "end" the last; empty where nothing is.
std::string flaw_in_json_stream(std::string text);

}  // namespace rolecall::conformance
