// SPDX-License-Identifier: BSD-3-Clause
// What every target is to its engine, libFuzzer or replay_main.cc. A property that does not hold is
// a CHECK: it aborts, and the engine names the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "harness/base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace rolecall::fuzz {

inline ByteView bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

// What a target may leave for the replayer: what it counted over all inputs, to be printed at the
// end, and an input as the target reads it, for `fuzz_<target>_replay --explain FILE`.
inline void (*report)() = nullptr;
inline std::string (*explain)(ByteView input) = nullptr;

}  // namespace rolecall::fuzz
