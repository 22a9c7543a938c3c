// SPDX-License-Identifier: BSD-3-Clause
// Clients and the role flag: SPEC.md, "role-flag".
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::client_role_flag {
namespace {

using wire::State;

constexpr const char* kShort = "-n 8K -l 1K";
constexpr const char* kBidirectional = "-t 1 -b 1M -l 1K --bidir";

std::string answer(const Json& document_of_it) {
  return byte(State::ServerParameters) + document(document_of_it.dump());
}

// The server's side of agreeing on `level`, and of asking for the streams.
Checked<void> agree(ClientScript& client, int level) {
  TRY(client.reach(Phase::Parameters));
  TRY(client.read_parameters());
  TRY(client.control().send(answer({{"role_flag", level}}) + byte(State::CreateStreams)));
  client.preamble_size = level == 1 ? 1 : 3;
  return client.take_streams();
}

Checked<void> announces(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  const Json parameters = client.parameter_values();
  TRY(require(number_at(parameters, "/role_flag") >= 1, "a \"role_flag\" from 1 up",
              visible(client.parameters_text, 300)));
  const std::size_t place = client.parameters_text.rfind("\"role_flag\"");
  return require(client.parameters_text.find(',', place) == std::string::npos,
                 "\"role_flag\" as the last key", visible(client.parameters_text, 300));
}

Checked<void> announces_nothing(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  return require(!client.parameter_values().contains("role_flag"), "no \"role_flag\"",
                 visible(client.parameters_text, 300));
}

Checked<void> sends_no_preamble_unasked(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.take_streams());
  return client.streams[0].expect_silence("the server is a legacy one");
}

ClientBody sends_preamble(int level, std::set<std::string> preambles) {
  return [=](ClientScript& client) -> Checked<void> {
    TRY(agree(client, level));
    const std::set<std::string> got(client.preambles.begin(), client.preambles.end());
    TRY(require(
        got == preambles,
        fmt::format("the preambles {}", visible(fmt::format("{}", fmt::join(preambles, " ")))),
        visible(fmt::format("{}", fmt::join(got, " ")))));
    return client.streams[0].expect_silence("nothing follows before 2");
  };
}

Checked<void> whole_flagged_test(ClientScript& client) {
  TRY(agree(client, 2));
  TRY(client.control().send(byte(State::TestStart) + byte(State::TestRunning)));
  client.is_running();
  TRY(client.reach(Phase::Done));
  return client.expect_success();
}

// In the place of 10.
ClientBody fails_at(std::string bytes) {
  return [bytes = std::move(bytes)](ClientScript& client) -> Checked<void> {
    TRY(client.reach(Phase::Parameters));
    TRY(client.read_parameters());
    TRY(client.control().send(bytes));
    return client.expect_failure();
  };
}

Checked<void> fails_at_answer_after_streams(ClientScript& client) {
  TRY(agree(client, 2));
  TRY(client.control().send(answer({{"role_flag", 2}})));
  return client.expect_failure();
}

Checked<void> ignores_unknown_keys(ClientScript& client) {
  TRY(client.reach(Phase::Parameters));
  TRY(client.read_parameters());
  TRY(client.control().send(answer({{"later", {1, 2}}, {"role_flag", 1}}) +
                            byte(State::CreateStreams)));
  client.preamble_size = 1;
  return client.take_streams();
}

Checked<void> prints_the_explanation(ClientScript& client) {
  TRY(client.reach(Phase::Parameters));
  TRY(client.read_parameters());
  TRY(client.control().send(byte(State::ServerError) + length(110) + length(0) +
                            document(R"({"error": "the words of the server"})")));
  TRY(client.expect_failure());
  return require(client.program().errors().find("the words of the server") != std::string::npos,
                 "the server's sentence", visible(client.program().errors(), 300));
}

Checked<void> control_cookie_carries_it(ClientScript& client) {
  TRY(client.reach(Phase::Cookie));
  return require(client.cookie.substr(34) == std::string("\0R1", 3), "0x00, `R1` behind 34 bytes",
                 visible(client.cookie));
}

Checked<void> stream_cookies_carry_it(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.take_streams());
  TRY(client.require_streams(2));
  TRY(require(client.stream_cookies[0].substr(35) == std::string("\x80\0", 2),
              "0x80 0x00 of the first stream, on which the client sends",
              visible(client.stream_cookies[0])));
  return require(client.stream_cookies[1].substr(35) == std::string("\0\x01", 2),
                 "0x00 0x01 of the second stream, on which it receives",
                 visible(client.stream_cookies[1]));
}

Checked<void> refuses_a_legacy_server(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.control().expect(State::IperfDone));
  TRY(client.expect_no_connection("the server has no flag"));
  return client.expect_failure();
}

Checked<void> sends_a_byte_unasked(ClientScript& client) {
  client.preamble_size = 1;
  TRY(client.reach(Phase::Streams));
  TRY(client.take_streams());
  return require(client.preambles[0] == "S", "`S`", visible(client.preambles[0]));
}

}  // namespace

std::vector<Case> cases() {
  const std::vector<std::string> flag = {"role-flag"};
  const auto numbered = [](char role, char number) { return std::string{role, '\0', number}; };
  return of(std::vector<ClientCase>{
      {"announces-the-flag", {"flag-is-announced-in-the-parameters"}, kShort, announces, flag},
      {"off-announces-nothing",
       {"off-announces-nothing"},
       "-n 8K --role-flag=off",
       announces_nothing,
       flag},
      {"force-announces-nothing",
       {"off-announces-nothing"},
       "-n 8K --role-flag=force",
       announces_nothing,
       flag},
      {"no-preamble-for-a-legacy-server",
       {"legacy-server-is-recognised"},
       kShort,
       sends_no_preamble_unasked,
       flag},
      {"level-1-of-a-sender",
       {"preamble-of-level-1-is-the-role"},
       kShort,
       sends_preamble(1, {"S"}),
       flag},
      {"level-1-of-a-receiver",
       {"preamble-of-level-1-is-the-role"},
       "-n 8K -R",
       sends_preamble(1, {"R"}),
       flag},
      {"level-2-of-two-senders",
       {"preamble-of-level-2-is-role-and-number"},
       "-n 8K -l 1K -P 2",
       sends_preamble(2, {numbered('S', 0), numbered('S', 1)}),
       flag},
      {"level-2-both-ways",
       {"flagged-client-keeps-client-order-roles", "preamble-of-level-2-is-role-and-number"},
       kBidirectional,
       sends_preamble(2, {numbered('S', 0), numbered('R', 1)}),
       flag},
      {"whole-flagged-test",
       {"preamble-of-level-2-is-role-and-number"},
       kShort,
       whole_flagged_test,
       flag},
      {"level-above-its-own",
       {"level-out-of-range-fails-the-client"},
       kShort,
       fails_at(answer({{"role_flag", 99}})),
       flag},
      {"level-0",
       {"level-out-of-range-fails-the-client"},
       kShort,
       fails_at(answer({{"role_flag", 0}})),
       flag},
      {"answer-without-a-level",
       {"level-out-of-range-fails-the-client"},
       kShort,
       fails_at(answer({{"else", 1}})),
       flag},
      {"second-answer",
       {"second-answer-fails-the-client"},
       kShort,
       fails_at(answer({{"role_flag", 2}}) + answer({{"role_flag", 2}})),
       flag},
      {"answer-after-the-streams",
       {"second-answer-fails-the-client"},
       kShort,
       fails_at_answer_after_streams,
       flag},
      {"answer-unannounced",
       {"second-answer-fails-the-client"},
       "-n 8K --role-flag=off",
       fails_at(answer({{"role_flag", 2}})),
       flag},
      {"answer-of-9000-bytes",
       {"answer-is-at-most-8192-bytes"},
       kShort,
       fails_at(byte(State::ServerParameters) + length(9000)),
       flag},
      {"unknown-keys-in-the-answer",
       {"answer-is-at-most-8192-bytes"},
       kShort,
       ignores_unknown_keys,
       flag},
      {"prints-the-explanation", {"explanation-is-read"}, kShort, prints_the_explanation, flag},
      {"error-without-explanation",
       {"missing-explanation-is-no-failure-of-its-own"},
       kShort,
       fails_at(byte(State::ServerError) + length(110) + length(0)),
       flag},
      {"flagged-cookie",
       {"cookie-carries-the-flag"},
       "-n 8K --role-flag=cookie",
       control_cookie_carries_it,
       flag},
      {"flagged-stream-cookies",
       {"stream-cookie-carries-role-and-number"},
       "-t 1 -b 1M --bidir --role-flag=cookie",
       stream_cookies_carry_it,
       flag},
      {"preamble-in-cookie-mode",
       {"preamble-counts-before-the-cookie"},
       "-n 8K --role-flag=cookie",
       sends_preamble(2, {numbered('S', 0)}),
       flag},
      {"require-and-a-legacy-server",
       {"require-refuses-a-legacy-server"},
       "-n 8K --role-flag=require",
       refuses_a_legacy_server,
       flag},
      {"129-streams-without-level-2",
       {"many-streams-need-level-2"},
       "-n 8M -P 129",
       refuses_a_legacy_server,
       flag},
      {"force-sends-a-byte",
       {"force-sends-a-byte"},
       "-n 8K --role-flag=force",
       sends_a_byte_unasked,
       flag},
  });
}

}  // namespace rolecall::conformance::client_role_flag
