// SPDX-License-Identifier: BSD-3-Clause
// Any text is a scenario or an error that names the file; what is taken is one that can be run: its
// schedule fits its streams, and it claims something for each of its levers; and it reads back as
// it is written. Input: the file.
#include "harness/scenario/scenario_file.h"

#include "fuzz/target.h"
#include "harness/base/check.h"
#include "harness/scenario/evidence_json.h"

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
  CHECK(s.schedule.is_natural() || !s.levers.empty());
  CHECK(s.repeat >= 1 && s.limit > Duration{});
  const std::string text = as_scenario_file(s);
  const auto again = scenario::parse_scenario(text, "in/a-claim.json");
  CHECK(again.has_value() && as_scenario_file(again.value()) == text);
  CHECK(again.value().client.conversation == s.client.conversation);
  CHECK(again.value().server.conversation == s.server.conversation);
  return 0;
}
