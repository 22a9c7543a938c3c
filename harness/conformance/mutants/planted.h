// SPDX-License-Identifier: BSD-3-Clause
// Which fault a mutant of roleperf has. Every edited source of roleperf_mutants begins with this
// file (compiler option -include); plant.py writes the calls. The shipped roleperf has none of it.
#pragma once

#include <cstdlib>  // for faults that end the program
#include <type_traits>

namespace rolecall::conformance {

// The number of the fault that ROLEPERF_MUTANT names, -1 without one. Read once; any thread.
int planted_fault();

// In a constant expression no fault can be chosen any more, so none is there.
constexpr bool planted(int fault) {
  return !std::is_constant_evaluated() && planted_fault() == fault;
}

}  // namespace rolecall::conformance
