// SPDX-License-Identifier: BSD-3-Clause
// Servers that send payload: SPEC.md, "data".
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/payload.h"

namespace rolecall::conformance::server_sending {
namespace {

constexpr std::int64_t kBlock = 3000;

Checked<void> repeating_payload(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"repeating_payload", 1}, {"reverse", true}});
  TRY(test.reach(Phase::Running));
  TRY(const std::string block, test.streams[0].receive(1000, "a block"));
  return require(block.substr(0, 20) == "01234567890123456789", "0123456789 over and over",
                 visible(block));
}

Checked<void> payload_is_not_constant(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"reverse", true}});
  TRY(test.reach(Phase::Running));
  TRY(const std::string block, test.streams[0].receive(1000, "a block"));
  return expect_incompressible(block);
}

// With a rate, so that no block is cut where the kernel's buffer is full.
Checked<void> sends_whole_blocks(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"reverse", true}, {"bandwidth", 8000000}, {"len", kBlock}});
  TRY(test.reach(Phase::Running));
  TRY(test.streams[0].receive(4 * kBlock, "four blocks"));
  TRY(test.reach(Phase::Display));
  const auto sent = number_at(parsed(test.server_results), "/streams/0/bytes");
  return require(sent > 0 && sent % kBlock == 0,
                 fmt::format("a multiple of the block, {} bytes", kBlock),
                 fmt::format("{} bytes", sent));
}

Checked<void> stops_at_its_goal(ServerScript& server) {
  constexpr std::int64_t kGoal = 10000;
  ServerTest test(server);
  test.ask({{"reverse", true}, {"time", 0}, {"num", kGoal}, {"len", kBlock}});
  TRY(test.reach(Phase::Running));
  TRY(test.streams[0].receive(kGoal, "its goal"));
  std::int64_t sent = kGoal;
  while (!test.streams[0].is_silent(kSilence)) {
    const auto more = test.streams[0].receive_some();
    if (more.has_error() || more.value().empty()) break;  // it has ended
    sent += static_cast<std::int64_t>(more.value().size());
    TRY(require(sent <= kGoal + kBlock, fmt::format("{} bytes and one block more at most", kGoal),
                fmt::format("{} bytes and more", sent)));
  }
  return ok();
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ServerCase>{
      {"repeating-payload", {"repeating-payload-is-digits"}, repeating_payload, {"reverse"}},
      {"payload-is-not-constant",
       {"payload-is-not-constant"},
       payload_is_not_constant,
       {"reverse"}},
      {"multiple-of-the-block", {"length-is-the-block"}, sends_whole_blocks, {"reverse"}},
      {"stops-at-its-goal", {"goal-of-bytes-limits-the-sender"}, stops_at_its_goal, {"reverse"}},
  });
}

}  // namespace rolecall::conformance::server_sending
