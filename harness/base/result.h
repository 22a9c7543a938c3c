// SPDX-License-Identifier: BSD-3-Clause
// Result<T>: a value or an Error, must-use. Boost.Outcome's, with a policy that aborts on misuse.
#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/base.hpp>
#include <boost/outcome/try.hpp>

#include "harness/base/check.h"
#include "harness/base/error.h"

namespace rolecall {

// Asking a Result for what it does not hold is our own bug: print and abort, in release too.
struct AbortOnMisuse : boost::outcome_v2::policy::base {
  template <class Impl>
  static constexpr void wide_value_check(Impl&& self) {
    if (!base::_has_value(self))
      check_failed("result holds a value", __builtin_FILE(), __builtin_LINE());
  }
  template <class Impl>
  static constexpr void wide_error_check(Impl&& self) {
    if (!base::_has_error(self))
      check_failed("result holds an error", __builtin_FILE(), __builtin_LINE());
  }
  template <class Impl>
  static constexpr void wide_exception_check(Impl&&) {}
};

template <class T>
using Result = boost::outcome_v2::basic_result<T, Error, AbortOnMisuse>;

inline auto ok() {
  return boost::outcome_v2::success();
}

}  // namespace rolecall

// TRY(expr) or TRY(auto x, expr): goes on with the value, or returns the error to the caller.
#define TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
