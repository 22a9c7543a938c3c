// SPDX-License-Identifier: BSD-3-Clause
// A JSON document whose values know the line they stand on, so that an error in a scenario file can
// say where. Strict: no comments, no key twice, nothing after the document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace rolecall::scenario {

struct JsonNode {
  enum class Kind { Null, Boolean, Integer, Real, String, Array, Object };

  Kind kind = Kind::Null;
  int line = 1;  // of its key in an object, else of its own
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;  // of an integer, too
  std::string text;
  std::vector<JsonNode> items;    // of an array, or the values of an object
  std::vector<std::string> keys;  // of an object: keys[i] is the key of items[i]

  // Null when there is no such member.
  const JsonNode* member(std::string_view key) const;
};

const char* name(JsonNode::Kind kind);  // "a string" ...

// Malformed with "name:line: what" for a syntax error. `name` is the document's.
Result<JsonNode> parse_json_tree(std::string_view text, std::string_view name);

}  // namespace rolecall::scenario
