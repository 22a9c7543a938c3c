// SPDX-License-Identifier: BSD-3-Clause
// JUnit XML, as CI systems read it: one suite, one case a run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/time.h"

namespace rolecall::report {

enum class JunitResult {
  Passed,
  Failed,
  Error,  // it could not be run
  Skipped,
};

struct JunitCase {
  std::string group;  // shown as the class name: the scenario or row
  std::string name;
  Duration took = {};
  JunitResult result = JunitResult::Passed;
  std::string reason = {};  // one line: why it failed or was skipped
  std::string detail = {};  // more of it: evidence, the replay line
};

// Text and attribute values alike: markup is escaped; what XML 1.0 cannot hold (control characters,
// bytes that are no UTF-8) becomes U+FFFD.
std::string xml_escape(std::string_view text);

std::string junit(std::string_view suite, const std::vector<JunitCase>& cases);

}  // namespace rolecall::report
