// SPDX-License-Identifier: BSD-3-Clause
// The faults by name, as plant.py lists them in fault_names.inc, which the build writes.
#include "harness/conformance/mutants/planted.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>

namespace rolecall::conformance {
namespace {

constexpr std::string_view kNames[] = {
#include "harness/conformance/mutants/fault_names.inc"
};

int chosen_fault() {
  const char* wanted = std::getenv("ROLEPERF_MUTANT");
  if (wanted == nullptr) return -1;
  const auto found = std::find(std::begin(kNames), std::end(kNames), wanted);
  if (found != std::end(kNames)) return static_cast<int>(found - std::begin(kNames));
  std::fprintf(stderr, "ROLEPERF_MUTANT: no mutant has the name %s\n", wanted);
  std::_Exit(2);
}

}  // namespace

int planted_fault() {
  static const int fault = chosen_fault();
  return fault;
}

}  // namespace rolecall::conformance
