// SPDX-License-Identifier: BSD-3-Clause
// Any text is results or an error, and results are read back as they were written. Input: the
// document.
#include "harness/wire/results.h"

#include "fuzz/target.h"
#include "harness/base/check.h"

using namespace rolecall;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded = wire::decode_results(as_text(fuzz::bytes(data, size)));
  if (!decoded) return 0;
  const std::string text = encode_results(decoded.value());
  CHECK(wire::decode_results(text).value() == decoded.value());
  return 0;
}
