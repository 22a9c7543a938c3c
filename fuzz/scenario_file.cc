// SPDX-License-Identifier: BSD-3-Clause
// Any text is a scenario or an error that names the file; what is taken is one that can be run: its
// schedule fits its streams, and it claims something for each of its levers, or one end is a
// conversation; and it reads back as it is written. Input: the file.
#include "harness/scenario/scenario_file.h"

#include "fuzz/target.h"
#include "harness/base/check.h"
#include "harness/scenario/evidence_json.h"

using namespace rolecall;
using scenario::PeerSpec;
using scenario::Scenario;

static Result<Scenario> read(std::string_view text) {
  return scenario::parse_scenario(text, "in/a-claim.json");
}

static void check_two_programs(const Scenario& s) {
  CHECK(check_fits(s.schedule, s.connections()));
  CHECK(s.schedule.is_natural() || !s.levers.empty());
  CHECK(s.limit > Duration{});
}

static void check_conversation(const Scenario& s) {
  CHECK(s.client.conversation.empty() != s.server.conversation.empty());
  const auto& steps = s.client.conversation.empty() ? s.server.conversation : s.client.conversation;
  CHECK(opens_any(steps));
  CHECK(s.schedule.is_natural() && s.levers.empty());
}

static void check_end(const PeerSpec& again, const PeerSpec& end) {
  CHECK(again.peer == end.peer && again.args == end.args);
  CHECK(again.has_retrofit == end.has_retrofit);
  CHECK(again.conversation == end.conversation);
  CHECK(again.command == end.command);
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto taken = read(as_text(fuzz::bytes(data, size)));
  if (!taken) {
    CHECK(taken.error().message().find("a-claim.json") != std::string::npos);
    return 0;
  }
  const Scenario& s = taken.value();
  CHECK(s.name == "a-claim" && !s.claim.empty() && s.repeat >= 1);
  s.has_conversation() ? check_conversation(s) : check_two_programs(s);
  const std::string text = as_scenario_file(s);
  const auto again = read(text);
  CHECK(again && as_scenario_file(again.value()) == text);
  check_end(again.value().client, s.client);
  check_end(again.value().server, s.server);
  CHECK(again.value().expect.of_conversation == s.expect.of_conversation);
  return 0;
}
