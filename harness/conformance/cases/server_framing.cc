// SPDX-License-Identifier: BSD-3-Clause
// Servers and documents: SPEC.md, "framing".
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::server_framing {
namespace {

using wire::State;

constexpr std::size_t kMostParameters = 8192;

std::string parameters_of(std::size_t bytes) {
  const std::size_t empty = parameters({{"title", ""}}).size();
  return parameters({{"title", std::string(bytes - empty, 't')}});
}

// Sends `bytes` where the parameters are due; the server ends the test and serves the next one.
ServerBody refuses_in_place_of_parameters(std::string bytes) {
  return [bytes = std::move(bytes)](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    TRY(test.reach(Phase::Parameters));
    TRY(test.control().send(bytes));
    TRY(const std::string answer, test.expect_end("no parameters can begin like that"));
    TRY(require(answer[0] != '\x0a', "no 10", visible(answer)));
    return server.expect_served();
  };
}

ServerBody refuses_in_place_of_results(std::string bytes) {
  return [bytes = std::move(bytes)](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    TRY(test.reach(Phase::Results));
    TRY(test.control().send(bytes));
    TRY(const std::string answer, test.expect_end("no results can look like that"));
    return server.expect_served();
  };
}

ServerBody accepts(std::string text) {
  return [text = std::move(text)](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    test.parameters_text = text;
    return test.reach(Phase::Done);
  };
}

Checked<void> parameters_in_pieces(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Parameters));
  TRY(test.control().send_bytewise(document(parameters())));
  return test.control().expect(State::CreateStreams);
}

// Everything that the client sends, byte by byte.
Checked<void> results_in_pieces(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Results));
  const auto bytes = static_cast<std::int64_t>(test.payload.size());
  TRY(test.control().send_bytewise(document(results({{1, bytes}}))));
  TRY(const std::string theirs, test.control().expect_document("the server's results"));
  return test.control().expect(State::DisplayResults);
}

Json results_of(ServerTest& test) {
  return parsed(test.server_results);
}

Checked<void> sends_one_object(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Display));
  return require(results_of(test).is_object(), "one JSON object with nothing behind it",
                 visible(test.server_results));
}

Checked<void> sends_unique_keys(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Display));
  return require(has_unique_keys(test.server_results, Keys::AnyCase), "no key twice in an object",
                 visible(test.server_results, 400));
}

Checked<void> ignores_unknown_keys_in_results(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Results));
  Json mine = Json::parse(results({{1, 3000}}, {{"unknown", {1, "two", nullptr}}}));
  mine["streams"][0]["unknown"] = {{"deep", true}};
  test.client_results = mine.dump();
  return test.reach(Phase::Done);
}

// `text` asks for two streams, in a way that is to be understood.
ServerBody understands_two_streams(std::string text) {
  return [text = std::move(text)](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    test.parameters_text = text;
    test.stream_count = 2;
    test.senders = {0, 1};
    return test.reach(Phase::Done);
  };
}

Checked<void> reads_other_values_as_empty(ServerScript& server) {
  ServerTest test(server);
  test.parameters_text = "[1, 2]";
  return test.reach(Phase::Running);
}

Checked<void> understands_unsigned_minus_one(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Results));
  Json mine = Json::parse(results({{1, 3000}}));
  mine["sender_has_retransmits"] = 18446744073709551615ULL;
  mine["streams"][0]["retransmits"] = 18446744073709551615ULL;
  test.client_results = mine.dump();
  return test.reach(Phase::Done);
}

}  // namespace

std::vector<Case> cases() {
  const std::string deep = std::string(1200, '[') + std::string(1200, ']');
  const std::string two = R"("tcp":true,"num":0,"time":10,"len":1000,"omit":0)";
  const Json unknown = {{"zzz", 1}, {"object", {{"a", Json::array({1, nullptr})}}}, {"b", "text"}};
  return of(std::vector<ServerCase>{
      {"parameters-in-pieces", {"document-in-pieces-is-accepted"}, parameters_in_pieces},
      {"results-in-pieces",
       {"document-in-pieces-is-accepted", "state-byte-in-small-segments"},
       results_in_pieces},
      {"results-are-one-object",
       {"document-is-an-object", "document-is-length-and-text"},
       sends_one_object},
      {"result-keys-are-unique", {"document-keys-are-unique"}, sends_unique_keys},
      {"parameters-of-8192-bytes",
       {"parameters-of-8192-bytes-are-accepted"},
       accepts(parameters_of(kMostParameters))},
      {"parameters-of-8193-bytes",
       {"longer-parameters-are-refused"},
       refuses_in_place_of_parameters(document(parameters_of(kMostParameters + 1)))},
      {"parameters-announced-as-16-mebibyte",
       {"longer-parameters-are-refused"},
       refuses_in_place_of_parameters(length(16 << 20))},
      {"parameters-announced-as-2-gibibyte",
       {"longer-parameters-are-refused"},
       refuses_in_place_of_parameters(length(0x7fffffff))},
      {"parameters-of-length-all-ones",
       {"length-of-all-ones-harms-nobody"},
       refuses_in_place_of_parameters(length(0xffffffff))},
      {"results-of-length-all-ones",
       {"length-of-all-ones-harms-nobody"},
       refuses_in_place_of_results(length(0xffffffff))},
      {"empty-parameters",
       {"empty-document-is-refused"},
       refuses_in_place_of_parameters(length(0))},
      {"empty-results", {"empty-document-is-refused"}, refuses_in_place_of_results(length(0))},
      {"parameters-that-are-no-json",
       {"text-that-is-no-json-is-refused"},
       refuses_in_place_of_parameters(document("no JSON at all"))},
      {"parameters-cut-short",
       {"text-that-is-no-json-is-refused"},
       refuses_in_place_of_parameters(document(R"({"tcp":true,"parallel":)"))},
      {"parameters-of-nul-bytes",
       {"text-that-is-no-json-is-refused"},
       refuses_in_place_of_parameters(document(std::string(40, '\0')))},
      {"results-that-are-no-json",
       {"text-that-is-no-json-is-refused"},
       refuses_in_place_of_results(document("no JSON at all"))},
      {"deeply-nested-parameters",
       {"deep-nesting-is-refused"},
       refuses_in_place_of_parameters(document(R"({"x":)" + deep + "}"))},
      {"unknown-keys-in-parameters", {"unknown-keys-are-ignored"}, accepts(parameters(unknown))},
      {"unknown-keys-in-results", {"unknown-keys-are-ignored"}, ignores_unknown_keys_in_results},
      {"keys-in-any-case",
       {"keys-match-in-any-case"},
       understands_two_streams("{" + two + R"(,"PARALLEL":2})")},
      {"first-key-counts",
       {"first-key-counts"},
       understands_two_streams("{" + two + R"(,"parallel":2,"parallel":1})")},
      {"text-behind-the-value",
       {"text-behind-the-value-is-ignored"},
       accepts(parameters() + " and more")},
      {"fractions-are-cut",
       {"fractions-are-cut"},
       understands_two_streams("{" + two + R"(,"parallel":2.9})")},
      {"other-values-read-as-empty", {"other-values-read-as-empty"}, reads_other_values_as_empty},
      {"unsigned-minus-one", {"unsigned-minus-one-is-understood"}, understands_unsigned_minus_one},
  });
}

}  // namespace rolecall::conformance::server_framing
