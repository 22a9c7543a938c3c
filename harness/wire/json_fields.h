// SPDX-License-Identifier: BSD-3-Clause
// Reading JSON the way iperf3's cJSON does: keys match without regard to case, the first of equal
// keys counts, what follows the first value is ignored, numbers saturate. Wrong types read as
// absent (iperf_api.c iperf_cJSON_GetObjectItemType(), 3.18). Total on any text; nothing throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/base/result.h"

namespace rolecall::wire {

// The most members of one object, and values in all: far more than any document of a test has, and
// few enough that reading it takes neither the memory nor the time that its bytes could be made to.
inline constexpr std::size_t kMostMembers = 256;
inline constexpr std::size_t kMostValues = std::size_t{4} << 20;

// The first JSON value in `text`. Malformed when there is none; Limit when it nests deeper than
// 1,000 or holds more than the above.
Result<nlohmann::ordered_json> parse_json(std::string_view text);

// Asks one object for its members. A document that is no object behaves like an empty one.
// Borrows the document, which must outlive it.
class Fields {
 public:
  explicit Fields(const nlohmann::ordered_json& object) : object_(&object) {}

  // The value under `key`, null when absent.
  const nlohmann::ordered_json* find(std::string_view key) const;

  // A number, truncated toward zero and saturated.
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  // Whether a boolean stands there; `false` counts as present, as it does for iperf3.
  bool has_flag(std::string_view key) const;
  bool has_number(std::string_view key) const { return number(key).has_value(); }

 private:
  const nlohmann::ordered_json* object_;
};

// A finished document as it goes over the wire: no blanks, members in the order they were put in,
// integral numbers without a fraction, bytes that are no UTF-8 replaced.
std::string compact(const nlohmann::ordered_json& document);

// A number as cJSON prints it: an integer where it is one.
nlohmann::ordered_json json_number(double value);

}  // namespace rolecall::wire
