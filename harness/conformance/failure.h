// SPDX-License-Identifier: BSD-3-Clause
// What a case found instead of what it expects. Checked<T> is a Result whose error is that.
#pragma once

#include <string>

#include <boost/outcome/basic_result.hpp>

#include "harness/base/result.h"

namespace rolecall::conformance {

enum class Blame {
  Program,      // the program under test did otherwise than the clause says
  Environment,  // we could not even try: no socket, no such program
};

struct Failure {
  std::string expected;
  std::string actual;
  Blame blame = Blame::Program;
};

template <class T>
using Checked = boost::outcome_v2::basic_result<T, Failure, AbortOnMisuse>;

inline Failure failure(std::string expected, std::string actual) {
  return {std::move(expected), std::move(actual), Blame::Program};
}

// What our own side could not do.
inline Failure environment_failure(const Error& error) {
  return {"the suite's own part to work", error.message(), Blame::Environment};
}

template <class T>
Checked<T> checked(Result<T> result) {
  if (result.has_error()) return environment_failure(result.error());
  if constexpr (std::is_void_v<T>) {
    return ok();
  } else {
    return std::move(result).value();
  }
}

// For what is read off: passes where `holds`, else fails with the two sentences.
inline Checked<void> require(bool holds, std::string expected, std::string actual) {
  if (holds) return ok();
  return failure(std::move(expected), std::move(actual));
}

}  // namespace rolecall::conformance
