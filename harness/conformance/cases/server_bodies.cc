// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/cases/server_bodies.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rolecall::conformance {

ServerBody runs(Json changes) {
  return [changes = std::move(changes)](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    test.ask(changes);
    return test.reach(Phase::Done);
  };
}

ServerBody names_error(Json changes, std::uint32_t number) {
  return [changes = std::move(changes), number](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    TRY(test.reach(Phase::Parameters));
    TRY(test.control().send(document(parameters(changes))));
    TRY(test.control().expect(wire::State::ServerError));
    return test.control().expect(length(number), fmt::format("error {}", number));
  };
}

Checked<void> expect_patience(TimePoint since, Duration least) {
  const Duration took = now() - since;
  return require(!(took < least), fmt::format("nobody gives up within {} s", least.in_seconds()),
                 fmt::format("after {:.3f} s", took.in_seconds()));
}

Checked<void> expect_dropped(Connection& connection, TimePoint since, std::string_view why) {
  connection.wait_at_least(kLatestDrop);
  TRY(const std::string answer, connection.expect_end(why));
  return expect_patience(since, kEarliestDrop);
}

Checked<void> expect_counted(ServerTest& test, std::int64_t bytes, std::string_view which) {
  TRY(test.reach(Phase::Display));
  const auto counted = number_at(parsed(test.server_results), "/streams/0/bytes");
  return require(counted == bytes, fmt::format("the {} bytes {}", bytes, which),
                 fmt::format("{}", counted));
}

}  // namespace rolecall::conformance
