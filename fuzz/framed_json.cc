// SPDX-License-Identifier: BSD-3-Clause
// Any text comes through a frame as it was, and is a JSON value within the limits or an error; a
// value is read back as it is written. Input: the text.
#include <nlohmann/json.hpp>

#include "fuzz/target.h"
#include "harness/base/check.h"
#include "harness/wire/control_decoder.h"
#include "harness/wire/json_fields.h"

using namespace rolecall;
using namespace rolecall::wire;
using Document = nlohmann::ordered_json;

static void check_frame(std::string_view text) {
  ControlDecoder in;
  in.feed(encode_frame(text));
  const auto back = in.take_frame(text.size());
  CHECK(back && back.value() && *back.value() == text);
  CHECK(in.buffered() == 0);
}

// Each key is the only one of its spelling, upper or lower case.
static void check_limits(const Document& value, int depth) {
  constexpr int kDeepest = 1000;
  if (!value.is_structured()) return;
  CHECK(depth < kDeepest);
  CHECK(value.is_array() || value.size() <= kMostMembers);
  for (const auto& [key, inner] : value.items()) {
    CHECK(value.is_array() || Fields(value).find(key) == &inner);
    check_limits(inner, depth + 1);
  }
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text(fuzz::bytes(data, size));
  check_frame(text);
  const auto document = parse_json(text);
  if (!document) {
    CHECK(document.error().code == Errc::Malformed || document.error().code == Errc::Limit);
    return 0;
  }
  check_limits(document.value(), 0);
  const auto again = parse_json(compact(document.value()));
  CHECK(again && again.value() == document.value());
  return 0;
}
