// SPDX-License-Identifier: BSD-3-Clause
// Servers, what they print and when they exit: SPEC.md, "output".
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/net/socket.h"

namespace rolecall::conformance::server_output {
namespace {

Checked<void> one_off_after_success(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Done));
  TRY(const auto status, server.program()->wait(server.line().step_limit()));
  return require(status.is_success(), "exit status 0", status.text());
}

Checked<void> one_off_after_failure(ServerScript& server) {
  {
    ServerTest test(server);
    TRY(test.reach(Phase::Running));
    TRY(test.control().send("\x07"));
    TRY(const std::string answer, test.expect_end("the state is unknown"));
  }
  TRY(const auto status, server.program()->wait(server.line().step_limit()));
  return require(status.is_success(), "exit status 0", status.text());
}

Checked<void> json_of(ServerTest& test, ServerScript& server, Json& document) {
  TRY(test.reach(Phase::Done));
  TRY(server.program()->wait(server.line().step_limit()));
  document = parsed(server.program()->output());
  return require(document.is_object(), "one JSON object on standard output",
                 visible(server.program()->output(), 300));
}

Checked<void> json_of_a_test(ServerScript& server, Json& document, const Json& asked = {}) {
  ServerTest test(server);
  if (!asked.is_null()) test.ask(asked);
  return json_of(test, server, document);
}

Checked<void> json_is_one_document(ServerScript& server) {
  Json document;
  return json_of_a_test(server, document);
}

Checked<void> json_has_three_parts(ServerScript& server) {
  Json document;
  TRY(json_of_a_test(server, document));
  for (const char* part : {"start", "intervals", "end"}) {
    TRY(require(document.contains(part), fmt::format("a part \"{}\"", part), "none"));
  }
  return ok();
}

Checked<void> json_names_the_connections(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 2}});
  TRY(test.reach(Phase::Running));
  Json expected = Json::array();
  for (const Connection& stream : test.streams) {
    TRY(const auto ours, checked(local_address(stream.socket())));
    expected.push_back({{"local_port", server.address().port()}, {"remote_port", ours.port()}});
  }
  Json document;
  TRY(json_of(test, server, document));
  Json named = Json::array();
  for (const Json& one : at(document, "/start/connected"))
    named.push_back({{"local_port", number_at(one, "/local_port")},
                     {"remote_port", number_at(one, "/remote_port")}});
  return require(named == expected, expected.dump() + " in start.connected",
                 at(document, "/start/connected").dump());
}

ServerBody json_keys_are_unique(const Json& asked) {
  return [asked](ServerScript& server) -> Checked<void> {
    Json document;
    TRY(json_of_a_test(server, document, asked));
    return require(has_unique_keys(server.program()->output(), Keys::Exact),
                   "no key twice in an object", "a key stands there twice");
  };
}

Checked<void> json_of_a_failure(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  TRY(test.control().send("\x07"));
  TRY(const std::string answer, test.expect_end("the state is unknown"));
  TRY(server.program()->wait(server.line().step_limit()));
  const std::string output = server.program()->output();
  return require(!text_at(parsed(output), "/error").empty(), "an object with a text \"error\"",
                 visible(output, 300));
}

Checked<void> prints_an_object_a_line(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Done));
  TRY(server.program()->wait(server.line().step_limit()));
  const std::string flaw = flaw_in_json_stream(server.program()->output());
  return require(flaw.empty(), "an object with \"event\" and \"data\" a line, \"end\" the last",
                 visible(flaw, 200));
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ServerCase>{
      {"one-off-after-success",
       {"one-off-server-exits"},
       one_off_after_success,
       {"one-off", "process"},
       "-1"},
      {"one-off-after-failure",
       {"one-off-server-exits"},
       one_off_after_failure,
       {"one-off", "process"},
       "-1"},
      {"json-is-one-document",
       {"json-is-one-document"},
       json_is_one_document,
       {"json", "process"},
       "-1 -J"},
      {"json-has-three-parts",
       {"json-has-three-parts"},
       json_has_three_parts,
       {"json", "process"},
       "-1 -J"},
      {"json-names-the-connection",
       {"json-names-the-connections"},
       json_names_the_connections,
       {"json", "process"},
       "-1 -J"},
      {"json-keys-are-unique",
       {"json-keys-are-unique"},
       json_keys_are_unique({}),
       {"json", "process"},
       "-1 -J"},
      {"json-keys-with-a-rate-are-unique",
       {"json-keys-are-unique"},
       json_keys_are_unique({{"bandwidth", 1000000}}),
       {"json", "process"},
       "-1 -J"},
      {"json-of-a-failure",
       {"json-of-a-failure-is-a-document"},
       json_of_a_failure,
       {"json", "process"},
       "-1 -J"},
      {"json-stream",
       {"json-stream-is-a-line-each"},
       prints_an_object_a_line,
       {"json-stream", "process"},
       "-1 --json-stream"},
  });
}

}  // namespace rolecall::conformance::server_output
