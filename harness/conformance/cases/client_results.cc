// SPDX-License-Identifier: BSD-3-Clause
// Clients and the documents of results, theirs and ours: SPEC.md, "results".
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::client_results {
namespace {

using wire::State;

constexpr const char* kShort = "-n 8K -l 1K";

// Of a result document with `changes`, and stream 1's entry with `stream_changes` (null: without).
std::string changed_results(ClientScript& client, const Json& changes, const Json& stream_changes) {
  Json theirs = parsed(results({{1, client.moved[0]}}));
  for (const auto& [key, value] : changes.items()) {
    if (value.is_null()) {
      theirs.erase(key);
    } else {
      theirs[key] = value;
    }
  }
  for (const auto& [key, value] : stream_changes.items()) {
    if (value.is_null()) {
      theirs["streams"][0].erase(key);
    } else {
      theirs["streams"][0][key] = value;
    }
  }
  return theirs.dump();
}

ClientBody accepts_results(Json changes, Json stream_changes) {
  return [=](ClientScript& client) -> Checked<void> {
    TRY(client.reach(Phase::Results));
    client.server_results = changed_results(client, changes, stream_changes);
    client.control().wait_at_least(seconds(20));  // to read a long one, on a machine that is busy
    TRY(client.reach(Phase::Done));
    return client.expect_success();
  };
}

Checked<void> ignores_output(ClientScript& client) {
  const std::string words = "nobody asked";
  TRY(accepts_results({{"server_output_text", words}}, Json::object())(client));
  const std::string said = client.program().output() + client.program().errors();
  return require(said.find(words) == std::string::npos, "not a word of what it did not ask for",
                 visible(said, 400));
}

ClientBody refuses_results(Json changes, Json stream_changes) {
  return [=](ClientScript& client) -> Checked<void> {
    TRY(client.reach(Phase::Results));
    TRY(client.control().expect_document("the client's results"));
    TRY(client.control().send(document(changed_results(client, changes, stream_changes))));
    (void)client.control().send(State::DisplayResults);  // it may have gone by then
    return client.expect_failure();
  };
}

// Each in a test of its own.
ClientBody in_turn(std::vector<ClientBody> bodies) {
  return [bodies = std::move(bodies)](ClientScript& client) -> Checked<void> {
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      if (i > 0) {
        TRY(client.restart(kShort));
      }
      TRY(bodies[i](client));
    }
    return ok();
  };
}

// The results as they should be, but for a value 1,500 arrays deep under a key of its own.
Checked<void> nested_results(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  TRY(client.control().expect_document("the client's results"));
  const std::string deep = std::string(1500, '[') + std::string(1500, ']');
  const std::string rest = results({{1, client.moved[0]}}).substr(1);
  TRY(client.control().send(document(R"({"unknown":)" + deep + "," + rest)));
  (void)client.control().send(State::DisplayResults);  // it may have gone by then
  return client.expect_failure();
}

// Who takes the first four bytes for a length that is too great does not wait for the ninth.
Checked<void> fails_at_error(ClientScript& client, std::uint32_t number) {
  TRY(client.reach(Phase::Results));
  TRY(client.control().expect_document("the client's results"));
  TRY(client.control().send(byte(State::ServerError) + length(number)));
  TRY(client.control().expect_silence("the second integer of the error is missing"));
  TRY(client.control().send(length(0)));
  TRY(const std::string rest, client.control().expect_end("the client fails"));
  return client.expect_failure();
}

// What is printed is the client's own business, but it depends on what the server has said.
Checked<void> error_in_the_place_of_results(ClientScript& client) {
  constexpr std::uint32_t kCannotReceiveResults = 117;
  constexpr std::uint32_t kRateExceeded = 27;
  TRY(fails_at_error(client, kCannotReceiveResults));
  const std::string said = client.program().errors();
  TRY(client.restart(kShort));
  TRY(fails_at_error(client, kRateExceeded));
  return require(client.program().errors() != said, "other words for another error",
                 visible(said, 300));
}

Checked<void> results_of_4_gibibyte(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  TRY(client.control().expect_document("the client's results"));
  TRY(client.control().send(length(0x7f000000)));
  TRY(const std::string rest, client.control().expect_end("nobody has that many results"));
  return client.expect_failure();
}

Checked<void> results_are_complete(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  const Json theirs = parsed(client.client_results);
  for (const char* place :
       {"/cpu_util_total", "/cpu_util_user", "/cpu_util_system", "/sender_has_retransmits",
        "/streams/0/id", "/streams/0/bytes", "/streams/0/retransmits", "/streams/0/jitter",
        "/streams/0/errors", "/streams/0/packets"}) {
    TRY(require(at(theirs, place).is_number(), fmt::format("a number {}", place),
                visible(client.client_results, 400)));
  }
  return ok();
}

Checked<void> times_of_streams(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  const Json theirs = parsed(client.client_results);
  for (const char* place : {"/streams/0/start_time", "/streams/0/end_time"}) {
    TRY(require(at(theirs, place).is_number(), fmt::format("a number {}", place),
                visible(client.client_results, 400)));
  }
  return ok();
}

Checked<void> omitted_keys(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  const Json stream = at(parsed(client.client_results), "/streams/0");
  return require(stream.contains("omitted_errors") == stream.contains("omitted_packets"),
                 "both keys or none", visible(stream.dump(), 300));
}

Checked<void> receiver_has_no_retransmits(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  const Json theirs = parsed(client.client_results);
  return require(number_at(theirs, "/sender_has_retransmits") == -1, "-1: it only receives",
                 at(theirs, "/sender_has_retransmits").dump());
}

// Of a server that sends and does not know its retransmits: the client has none to show.
Checked<void> understands_unsigned_minus_one(ClientScript& client) {
  constexpr std::uint64_t kMinusOne = 18446744073709551615ULL;
  TRY(accepts_results({{"sender_has_retransmits", kMinusOne}},
                      {{"retransmits", kMinusOne}})(client));
  const Json report = parsed(client.program().output());
  for (const char* place : {"/end/sum_sent/retransmits", "/end/streams/0/sender/retransmits"}) {
    const Json shown = at(report, place);
    TRY(require(!shown.is_number() || shown.get<double>() <= 0,
                fmt::format("no retransmits at {}", place), shown.dump()));
  }
  return require(report.is_object(), "one JSON object on standard output", "none");
}

Checked<void> says_minus_one_without_its_sign(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  return require(client.client_results.find("18446744073709551615") != std::string::npos,
                 "18446744073709551615 for -1", visible(client.client_results, 300));
}

Checked<void> names_congestion_control(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  return require(!text_at(parsed(client.client_results), "/congestion_used").empty(),
                 "a text \"congestion_used\"", visible(client.client_results, 300));
}

}  // namespace

std::vector<Case> cases() {
  const Json none = Json::object();
  const Json output_of_7 = {{"server_output_text", 7}};
  return of(std::vector<ClientCase>{
      {"results-are-complete",
       {"stream-results-are-complete", "results-have-the-processor-load",
        "results-have-sender-has-retransmits"},
       kShort,
       results_are_complete},
      {"times-of-streams", {"stream-results-have-times"}, kShort, times_of_streams},
      {"omitted-keys", {"omitted-keys-come-together"}, kShort, omitted_keys},
      {"retransmits-of-a-receiver",
       {"results-have-sender-has-retransmits"},
       "-t 1 -l 1K -R",
       receiver_has_no_retransmits,
       {"reverse"}},
      {"minus-one-without-its-sign",
       {"negative-numbers-may-come-unsigned"},
       "-t 1 -l 1K -R",
       says_minus_one_without_its_sign,
       {"reverse"}},
      {"congestion-control-in-results",
       {"congestion-control-is-reported"},
       kShort,
       names_congestion_control},
      {"unknown-keys-in-results",
       {"unknown-keys-are-ignored"},
       kShort,
       accepts_results({{"unknown", {1, 2}}}, {{"unknown", none}})},
      {"results-without-omitted-keys",
       {"missing-omitted-keys-are-tolerated"},
       kShort,
       accepts_results(none, {{"omitted_errors", nullptr}, {"omitted_packets", nullptr}})},
      {"results-without-times",
       {"missing-times-are-tolerated"},
       kShort,
       accepts_results(none, {{"start_time", nullptr}, {"end_time", nullptr}})},
      {"long-results",
       {"long-results-are-accepted"},
       kShort,
       accepts_results({{"unknown", std::string(1000000, 'u')}}, none)},
      {"output-unasked", {"output-unasked-is-ignored"}, kShort, ignores_output},
      {"number-as-server-output",
       {"wrong-type-in-server-output-harms-nobody"},
       "-n 8K -l 1K --get-server-output",
       accepts_results(output_of_7, none)},
      {"unsigned-minus-one",
       {"unsigned-minus-one-is-understood"},
       "-t 1 -l 1K -R -J",
       understands_unsigned_minus_one,
       {"json", "reverse"}},
      {"results-without-processor-load",
       {"incomplete-results-fail-the-peer"},
       kShort,
       refuses_results({{"cpu_util_total", nullptr}}, none)},
      {"results-without-a-part-of-the-load",
       {"incomplete-results-fail-the-peer"},
       kShort,
       in_turn({refuses_results({{"cpu_util_user", nullptr}}, none),
                refuses_results({{"cpu_util_system", nullptr}}, none)})},
      {"results-without-a-figure-of-a-stream",
       {"incomplete-results-fail-the-peer"},
       kShort,
       in_turn({refuses_results(none, {{"retransmits", nullptr}}),
                refuses_results(none, {{"jitter", nullptr}}),
                refuses_results(none, {{"errors", nullptr}}),
                refuses_results(none, {{"packets", nullptr}})})},
      {"results-without-bytes",
       {"incomplete-results-fail-the-peer"},
       kShort,
       refuses_results(none, {{"bytes", nullptr}})},
      {"results-without-id",
       {"incomplete-results-fail-the-peer"},
       kShort,
       refuses_results(none, {{"id", nullptr}})},
      {"results-without-streams",
       {"results-without-streams-array-are-refused"},
       kShort,
       refuses_results({{"streams", nullptr}}, none)},
      {"deeply-nested-results", {"deep-nesting-is-refused"}, kShort, nested_results},
      {"results-without-streams-in-them",
       {"empty-streams-array-is-accepted"},
       kShort,
       accepts_results({{"streams", Json::array()}}, none)},
      {"results-with-one-omitted-key",
       {"one-omitted-key-is-refused"},
       kShort,
       refuses_results(none, {{"omitted_errors", nullptr}})},
      {"results-of-an-unknown-stream",
       {"unknown-stream-id-is-refused"},
       kShort,
       refuses_results(none, {{"id", 7}})},
      {"results-with-text-as-bytes",
       {"wrong-type-in-results-is-refused"},
       kShort,
       refuses_results(none, {{"bytes", "many"}})},
      {"results-announced-as-2-gibibyte",
       {"length-of-results-is-bounded"},
       kShort,
       results_of_4_gibibyte},
      {"error-in-the-place-of-results",
       {"server-error-in-the-place-of-results"},
       kShort,
       error_in_the_place_of_results},
  });
}

}  // namespace rolecall::conformance::client_results
