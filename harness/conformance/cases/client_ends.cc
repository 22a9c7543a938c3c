// SPDX-License-Identifier: BSD-3-Clause
// Clients, the ends of tests, results, errors, and what they print: SPEC.md, "test-end", "results",
// "errors-and-busy", "output".
#include <csignal>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::client_ends {
namespace {

using wire::State;

constexpr const char* kShort = "-n 8K -l 1K";
constexpr const char* kLong = "-t 10 -b 1M -l 1K";
constexpr const char* kJson = "-n 8K -l 1K -J";

Checked<void> results_wait(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.await_test_end());
  return client.control().expect_silence("13 has not come");
}

Checked<void> closes_after_done(ClientScript& client) {
  TRY(client.reach(Phase::Done));
  return client.expect_success();
}

Checked<void> ignores_noise_behind_done(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  TRY(client.control().send(byte(State::ServerError) + length(110) + length(0)));
  TRY(client.control().expect(State::IperfDone));
  TRY(client.control().expect_end("the test is over"));
  return client.expect_success();
}

Checked<void> interrupted_client_says_so(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.streams[0].receive(1000, "payload"));
  client.program().send_signal(SIGINT);
  return client.control().expect(State::ClientTerminate);
}

Checked<void> fails_at_server_terminate(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.control().send(State::ServerTerminate));
  return client.expect_failure();
}

ClientBody fails_at_server_error(Phase phase, std::string behind) {
  return [=](ClientScript& client) -> Checked<void> {
    TRY(client.reach(phase));
    TRY(client.control().send(byte(State::ServerError) + behind));
    if (behind.size() < 8) client.control().end_sending();
    return client.expect_failure();
  };
}

ClientBody fails_at_denial(Phase phase) {
  return [phase](ClientScript& client) -> Checked<void> {
    TRY(client.reach(phase));
    TRY(client.control().send(State::AccessDenied));
    return client.expect_failure();
  };
}

Checked<void> tells_the_error(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.control().send(State::AccessDenied));
  TRY(client.expect_failure());
  return require(!client.program().errors().empty(), "a line on standard error", "nothing");
}

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
    client.control().set_limit(seconds(20));  // to read a long one, on a machine that is busy
    TRY(client.reach(Phase::Done));
    return client.expect_success();
  };
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

Checked<void> error_in_the_place_of_results(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  TRY(client.control().expect_document("the client's results"));
  TRY(client.control().send(byte(State::ServerError) + length(117) + length(0)));
  TRY(const std::string rest, client.control().expect_end("the client fails"));
  return client.expect_failure();
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

Checked<void> names_congestion_control(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  return require(!text_at(parsed(client.client_results), "/congestion_used").empty(),
                 "a text \"congestion_used\"", visible(client.client_results, 300));
}

// --- what it prints ---

Checked<void> json_of(ClientScript& client, Json& report) {
  TRY(client.reach(Phase::Done));
  TRY(client.expect_success());
  report = parsed(client.program().output());
  return require(report.is_object(), "one JSON object on standard output",
                 visible(client.program().output(), 300));
}

using Look = Checked<void> (*)(const Json& report, const ClientScript& client);
ClientBody prints(Look look) {
  return [look](ClientScript& client) -> Checked<void> {
    Json report;
    TRY(json_of(client, report));
    return look(report, client);
  };
}

Checked<void> anything(const Json&, const ClientScript&) {
  return ok();
}

Checked<void> three_parts(const Json& report, const ClientScript&) {
  for (const char* part : {"start", "intervals", "end"}) {
    TRY(require(report.contains(part), fmt::format("a part \"{}\"", part), "none"));
  }
  return ok();
}

Checked<void> sums(const Json& report, const ClientScript&) {
  for (const char* place : {"/end/sum_sent/bytes", "/end/sum_sent/seconds",
                            "/end/sum_sent/bits_per_second", "/end/sum_received/bytes"}) {
    TRY(require(at(report, place).is_number(), fmt::format("a number {}", place),
                visible(at(report, "/end").dump(), 400)));
  }
  TRY(require(at(report, "/end/streams").is_array(), "an array end.streams", "none"));
  return require(at(report, "/end/cpu_utilization_percent").is_object(),
                 "an object end.cpu_utilization_percent", "none");
}

Checked<void> both_sums(const Json& report, const ClientScript&) {
  for (const char* key :
       {"sum_sent", "sum_received", "sum_sent_bidir_reverse", "sum_received_bidir_reverse"}) {
    TRY(require(at(report, fmt::format("/end/{}", key)).is_object(),
                fmt::format("an object end.{}", key), visible(at(report, "/end").dump(), 200)));
  }
  return ok();
}

Checked<void> connections(const Json& report, const ClientScript&) {
  return require(at(report, "/start/connected").size() == 2 &&
                     at(report, "/start/connected/1/local_port").is_number() &&
                     at(report, "/start/connected/1/remote_port").is_number(),
                 "both streams in start.connected, with their ports",
                 visible(at(report, "/start/connected").dump(), 300));
}

// We say another figure than the client's own, and look for it.
Checked<void> shows_our_figures(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  client.server_results = results({{1, 8000}});
  Json report;
  TRY(json_of(client, report));
  const auto bytes = number_at(report, "/end/streams/0/receiver/bytes");
  return require(bytes == 8000, "the server's 8000 bytes as the receiver's",
                 fmt::format("{}", bytes));
}

Checked<void> unique_keys(ClientScript& client) {
  Json report;
  TRY(json_of(client, report));
  return require(has_unique_keys(client.program().output()), "no key twice in an object",
                 "a key stands there twice");
}

Checked<void> json_of_a_failure(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.control().send(State::AccessDenied));
  TRY(client.control().expect_end("the client is denied"));
  TRY(client.wait());
  const std::string output = client.program().output();
  return require(!text_at(parsed(output), "/error").empty(), "an object with a text \"error\"",
                 visible(output, 300));
}

Checked<void> status_of_a_failure_in_json(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.control().send(State::AccessDenied));
  return client.expect_failure();
}

Checked<void> shows_output(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  client.server_results =
      results({{1, client.moved[0]}}, {{"server_output_text", "words of the server\n"}});
  TRY(client.reach(Phase::Done));
  TRY(client.expect_success());
  return require(client.program().output().find("words of the server") != std::string::npos,
                 "the server's words", visible(client.program().output(), 300));
}

Checked<void> bad_usage(ClientScript& client) {
  TRY(const auto status, client.wait());
  TRY(require(!status.by_signal && status.code == 1, "exit status 1", status.text()));
  return require(!client.program().errors().empty(), "a message on standard error", "nothing");
}

Checked<void> refuses_usage(ClientScript& client) {
  TRY(client.expect_no_connection("the options are wrong"));
  return bad_usage(client);
}

Checked<void> no_data(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.control().expect(State::IperfDone));
  return client.expect_failure();
}

}  // namespace

std::vector<Case> cases() {
  const Json none = Json::object();
  const Json output_of_7 = {{"server_output_text", 7}};
  return of(std::vector<ClientCase>{
      {"results-wait", {"results-follow-exchange-results"}, kShort, results_wait},
      {"closes-after-done", {"client-closes-after-done"}, kShort, closes_after_done},
      {"noise-behind-done", {"error-behind-done-is-noise"}, kShort, ignores_noise_behind_done},
      {"interrupted-client", {"interrupted-client-says-so"}, kLong, interrupted_client_says_so},
      {"server-terminate", {"server-terminate-fails-the-client"}, kLong, fails_at_server_terminate},
      {"server-error-to-the-cookie",
       {"server-error-fails-the-client"},
       kShort,
       fails_at_server_error(Phase::Cookie, length(110) + length(0))},
      {"server-error-to-the-parameters",
       {"server-error-fails-the-client"},
       kShort,
       fails_at_server_error(Phase::Streams, length(6) + length(0))},
      {"server-error-while-running",
       {"server-error-fails-the-client"},
       kLong,
       fails_at_server_error(Phase::Running, length(141) + length(104))},
      {"unknown-error-number",
       {"unknown-error-number-fails-the-client"},
       kShort,
       fails_at_server_error(Phase::Streams, length(9999) + length(9999))},
      {"one-integer",
       {"one-integer-is-enough"},
       kShort,
       fails_at_server_error(Phase::Streams, length(110))},
      {"half-server-error",
       {"half-server-error-fails-the-client"},
       kShort,
       fails_at_server_error(Phase::Streams, std::string(2, '\0'))},
      {"denial-of-the-cookie", {"denial-fails-the-client"}, kShort, fails_at_denial(Phase::Cookie)},
      {"denial-of-the-parameters",
       {"denial-fails-the-client"},
       kShort,
       fails_at_denial(Phase::Streams)},
      {"error-is-told", {"error-is-told"}, kShort, tells_the_error},
      {"results-are-complete",
       {"stream-results-are-complete", "results-have-the-processor-load",
        "results-have-sender-has-retransmits"},
       kShort,
       results_are_complete},
      {"times-of-streams", {"stream-results-have-times"}, kShort, times_of_streams},
      {"omitted-keys", {"omitted-keys-come-together"}, kShort, omitted_keys},
      {"retransmits-of-a-receiver",
       {"results-have-sender-has-retransmits"},
       "-n 1M -l 1K -R",
       receiver_has_no_retransmits,
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
      {"output-unasked",
       {"output-unasked-is-ignored"},
       kShort,
       accepts_results({{"server_output_text", "nobody asked"}}, none)},
      {"number-as-server-output",
       {"wrong-type-in-server-output-harms-nobody"},
       "-n 8K -l 1K --get-server-output",
       accepts_results(output_of_7, none)},
      {"unsigned-minus-one",
       {"unsigned-minus-one-is-understood"},
       kShort,
       accepts_results({{"sender_has_retransmits", 18446744073709551615ULL}},
                       {{"retransmits", 18446744073709551615ULL}})},
      {"results-without-processor-load",
       {"incomplete-results-fail-the-peer"},
       kShort,
       refuses_results({{"cpu_util_total", nullptr}}, none)},
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
      {"no-data-comes",
       {"client-without-data-gives-up"},
       "-t 10 -R --rcv-timeout 500",
       no_data,
       {"reverse", "rcv-timeout"}},
      {"json-is-one-document", {"json-is-one-document"}, kJson, prints(anything), {"json"}},
      {"json-has-three-parts", {"json-has-three-parts"}, kJson, prints(three_parts), {"json"}},
      {"json-has-sums", {"json-end-has-the-sums"}, kJson, prints(sums), {"json"}},
      {"json-has-both-sums",
       {"json-of-bidirectional-has-both-sums"},
       "-t 1 -b 1M -l 1K --bidir -J",
       prints(both_sums),
       {"json", "bidir"}},
      {"json-names-the-connections",
       {"json-names-the-connections"},
       "-n 8K -l 1K -P 2 -J",
       prints(connections),
       {"json", "parallel"}},
      {"shows-the-servers-figures",
       {"client-shows-the-servers-figures"},
       kJson,
       shows_our_figures,
       {"json"}},
      {"json-keys-are-unique", {"json-keys-are-unique"}, kJson, unique_keys, {"json"}},
      {"json-of-a-failure",
       {"json-of-a-failure-is-a-document"},
       kJson,
       json_of_a_failure,
       {"json"}},
      {"status-of-a-failure-in-json",
       {"failure-has-a-status"},
       kJson,
       status_of_a_failure_in_json,
       {"json"}},
      {"output-is-shown", {"output-is-shown"}, "-n 8K -l 1K --get-server-output", shows_output},
      {"unknown-option", {"bad-usage-exits-with-1"}, "--no-such-option", bad_usage},
      {"time-and-bytes", {"bad-usage-exits-with-1"}, "-k 3 -n 8K", refuses_usage},
      {"no-streams", {"client-refuses-no-streams"}, "-P 0 -n 8K", refuses_usage},
  });
}

}  // namespace rolecall::conformance::client_ends
