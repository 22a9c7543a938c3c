// SPDX-License-Identifier: BSD-3-Clause
// What every target is to its engine, libFuzzer or replay_main.cc. A property that does not hold is
// a CHECK: it aborts, and the engine names the input.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace rolecall::fuzz {

inline ByteView bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

}  // namespace rolecall::fuzz
