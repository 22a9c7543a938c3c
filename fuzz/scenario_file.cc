// SPDX-License-Identifier: BSD-3-Clause
// Any text is a scenario or an error that names the file; what is taken is one that can be run: its
// schedule fits its streams, and it claims something for each of its levers. Input: the file.
#include "harness/scenario/scenario_file.h"

#include "fuzz/target.h"
#include "harness/base/check.h"

using namespace rolecall;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = scenario::parse_scenario(as_text(fuzz::bytes(data, size)), "in/a-claim.json");
  if (!read) {
    CHECK(read.error().message().find("a-claim.json") != std::string::npos);
    return 0;
  }
  const scenario::Scenario& s = read.value();
  CHECK(s.name == "a-claim" && !s.claim.empty());
  CHECK(check_fits(s.schedule, s.connections()));
  CHECK(!s.levers.empty() && s.repeat >= 1 && s.limit > Duration{});
  return 0;
}
