// SPDX-License-Identifier: BSD-3-Clause
// Servers, what they count and what they report: SPEC.md, "data", "results".
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::server_results {
namespace {

using wire::State;

// The server's document of a test with `changes`, which is then looked at.
using Look = Checked<void> (*)(const Json& theirs);
ServerBody shows(Json changes, Look look) {
  return [changes = std::move(changes), look](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    test.ask(changes);
    TRY(test.reach(Phase::Display));
    return look(parsed(test.server_results));
  };
}

Checked<void> has_numbers(const Json& document, const std::string& at_place,
                          std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    TRY(require(at(document, at_place + "/" + key).is_number(), fmt::format("a number \"{}\"", key),
                visible(at(document, at_place).dump(), 300)));
  }
  return ok();
}

Checked<void> processor_load(const Json& theirs) {
  return has_numbers(theirs, "", {"cpu_util_total", "cpu_util_user", "cpu_util_system"});
}

Checked<void> receiver_has_no_retransmits(const Json& theirs) {
  return require(number_at(theirs, "/sender_has_retransmits") == -1, "-1: it only receives",
                 at(theirs, "/sender_has_retransmits").dump());
}

Checked<void> sender_says_whether_it_can_tell(const Json& theirs) {
  const auto value = number_at(theirs, "/sender_has_retransmits", -1);
  return require(value == 0 || value == 1, "0 or 1: it sends",
                 at(theirs, "/sender_has_retransmits").dump());
}

Checked<void> all_four_streams(const Json& theirs) {
  return require(at(theirs, "/streams").size() == 4, "four entries, two for each direction",
                 visible(theirs.dump(), 300));
}

Checked<void> complete_entries(const Json& theirs) {
  return has_numbers(theirs, "/streams/0",
                     {"id", "bytes", "retransmits", "jitter", "errors", "packets"});
}

Checked<void> omitted_keys_together(const Json& theirs) {
  const bool errors = at(theirs, "/streams/0").contains("omitted_errors");
  const bool packets = at(theirs, "/streams/0").contains("omitted_packets");
  return require(errors == packets, "both keys or none", visible(theirs.dump(), 400));
}

Checked<void> entries_have_times(const Json& theirs) {
  return has_numbers(theirs, "/streams/0", {"start_time", "end_time"});
}

Checked<void> names_congestion_control(const Json& theirs) {
  return require(!text_at(theirs, "/congestion_used").empty(), "a text \"congestion_used\"",
                 visible(theirs.dump(), 300));
}

Checked<void> ids_skip_two(const Json& theirs) {
  const std::int64_t ids[] = {number_at(theirs, "/streams/0/id"),
                              number_at(theirs, "/streams/1/id"),
                              number_at(theirs, "/streams/2/id")};
  return require(ids[0] == 1 && ids[1] == 3 && ids[2] == 4, "the ids 1, 3, 4",
                 fmt::format("{}, {}, {}", ids[0], ids[1], ids[2]));
}

Checked<void> first_two_receive(const Json& theirs) {
  for (const char* place : {"/streams/0/bytes", "/streams/1/bytes"}) {
    TRY(require(number_at(theirs, place) == 3000, "3000 bytes for each of 1 and 3",
                visible(theirs.dump(), 400)));
  }
  return ok();
}

Checked<void> counts_three_thousand(const Json& theirs) {
  return require(number_at(theirs, "/streams/0/bytes") == 3000, "the 3000 bytes that were sent",
                 at(theirs, "/streams/0/bytes").dump());
}

Checked<void> has_output(const Json& theirs) {
  return require(!text_at(theirs, "/server_output_text").empty() ||
                     at(theirs, "/server_output_json").is_object(),
                 "the server's output", visible(theirs.dump(), 300));
}

ServerBody accepts_results(Json changes, Json stream_changes) {
  return [=](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    Json mine = parsed(results({{1, 3000}}, changes));
    for (const auto& [key, value] : stream_changes.items()) {
      if (value.is_null()) {
        mine["streams"][0].erase(key);
      } else {
        mine["streams"][0][key] = value;
      }
    }
    test.client_results = mine.dump();
    return test.reach(Phase::Done);
  };
}

ServerBody refuses_results(const char* without, const char* stream_without, Json stream_changes) {
  return [=](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    TRY(server.reach_after_another(test, Phase::Results));
    Json mine = parsed(results({{1, 3000}}));
    if (*stream_without != '\0') mine["streams"][0].erase(stream_without);
    for (const auto& [key, value] : stream_changes.items()) mine["streams"][0][key] = value;
    if (*without != '\0') mine.erase(without);
    TRY(test.control().send(document(mine.dump())));
    TRY(const std::string answer,
        test.expect_end(fmt::format("{}{} is not as it should be", without,
                                    *stream_without != '\0' ? stream_without : "")));
    TRY(require(answer.find('\x0e') == std::string::npos, "no 14", visible(answer)));
    return server.expect_served();
  };
}

ServerBody in_turn(std::vector<ServerBody> bodies) {
  return [bodies = std::move(bodies)](ServerScript& server) -> Checked<void> {
    for (const ServerBody& body : bodies) {
      TRY(body(server));
    }
    return ok();
  };
}

Checked<void> long_results(ServerScript& server) {
  ServerTest test(server);
  test.client_results = results({{1, 3000}}, {{"unknown", std::string(1000000, 'u')}});
  TRY(test.reach(Phase::Results));
  test.control().wait_at_least(seconds(20));  // to read it all, on a machine that is busy
  return test.reach(Phase::Done);
}

Checked<void> results_of_4_gibibyte(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Results));
  TRY(test.control().send(length(0xf0000000)));
  TRY(const std::string answer, test.expect_end("nobody has that many results"));
  return server.expect_served();
}

Checked<void> waits_for_the_clients_results(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Results));
  return test.control().expect_silence("the client's results are due first");
}

Checked<void> payload_after_test_end(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Results));
  (void)test.streams[0].send(std::string(5000, 'z'));
  TRY(test.reach(Phase::Display));
  return counts_three_thousand(parsed(test.server_results));
}

Checked<void> stream_closed_early(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 2}});
  TRY(test.reach(Phase::Running));
  TRY(test.send_payload());
  TRY(test.await_read());
  test.streams[0].close();
  test.payload = "";
  test.client_results = results({{1, 3000}, {3, 3000}});
  TRY(test.reach(Phase::Display));
  return first_two_receive(parsed(test.server_results));
}

// A server of one thread reads the streams between two looks at the control connection: what comes
// on the other stream after the reset makes it meet the reset before the end of the test.
Checked<void> stream_reset(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 2}});
  TRY(test.reach(Phase::Running));
  TRY(test.send_payload());
  TRY(test.await_read());
  TRY(test.reset_stream(0));
  TRY(test.streams[1].send(test.payload));
  TRY(test.await_read());
  test.payload = "";
  test.client_results = results({{1, 3000}, {3, 6000}});
  TRY(test.reach(Phase::Display));
  return require(number_at(parsed(test.server_results), "/streams/1/bytes") == 6000,
                 "6000 bytes of the other stream", visible(test.server_results, 400));
}

Checked<void> early_payload_is_counted(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 2}});
  TRY(test.reach(Phase::Streams));
  TRY(test.open_stream());
  TRY(test.streams[0].send(test.payload));
  TRY(test.reach(Phase::Running));
  TRY(test.streams[1].send(test.payload));
  TRY(test.await_read());
  test.payload = "";
  test.client_results = results({{1, 3000}, {3, 3000}});
  TRY(test.reach(Phase::Display));
  return first_two_receive(parsed(test.server_results));
}

// Nothing but payload goes to a sender.
Checked<void> receiving_server_is_silent(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Running));
  TRY(test.send_payload());
  TRY(test.await_read());
  return test.streams[0].expect_silence("the server receives on it");
}

}  // namespace

std::vector<Case> cases() {
  const Json plain = Json::object();
  const Json reverse = {{"reverse", true}};
  const Json both_ways = {{"bidirectional", true}, {"parallel", 2}};
  return of(std::vector<ServerCase>{
      {"processor-load", {"results-have-the-processor-load"}, shows(plain, processor_load)},
      {"retransmits-of-a-receiver",
       {"results-have-sender-has-retransmits"},
       shows(plain, receiver_has_no_retransmits)},
      {"retransmits-of-a-sender",
       {"results-have-sender-has-retransmits"},
       shows(reverse, sender_says_whether_it_can_tell),
       {"reverse"}},
      {"results-of-four-streams",
       {"results-list-all-streams"},
       shows(both_ways, all_four_streams),
       {"bidir"}},
      {"results-are-complete", {"stream-results-are-complete"}, shows(plain, complete_entries)},
      {"omitted-keys", {"omitted-keys-come-together"}, shows(plain, omitted_keys_together)},
      {"times-of-streams", {"stream-results-have-times"}, shows(plain, entries_have_times)},
      {"congestion-control-in-results",
       {"congestion-control-is-reported"},
       shows(reverse, names_congestion_control),
       {"reverse"}},
      {"ids-skip-two",
       {"stream-ids-skip-two"},
       shows({{"parallel", 3}}, ids_skip_two),
       {"parallel"}},
      {"first-accepted-are-received-on",
       {"first-accepted-are-received-on"},
       shows(both_ways, first_two_receive),
       {"bidir"}},
      {"payload-is-counted",
       {"receiver-counts-what-arrives", "payload-follows-the-cookie"},
       shows(plain, counts_three_thousand)},
      {"output-when-asked",
       {"output-is-sent-when-asked"},
       shows({{"get_server_output", 1}}, has_output)},
      {"results-without-omitted-keys",
       {"missing-omitted-keys-are-tolerated"},
       accepts_results(plain, {{"omitted_errors", nullptr}, {"omitted_packets", nullptr}})},
      {"results-without-times",
       {"missing-times-are-tolerated"},
       accepts_results(plain, {{"start_time", nullptr}, {"end_time", nullptr}})},
      {"results-without-streams-in-them",
       {"empty-streams-array-is-accepted"},
       accepts_results({{"streams", Json::array()}}, plain)},
      {"results-without-processor-load",
       {"incomplete-results-fail-the-peer"},
       refuses_results("cpu_util_total", "", plain)},
      {"results-without-sender-has-retransmits",
       {"incomplete-results-fail-the-peer"},
       refuses_results("sender_has_retransmits", "", plain)},
      {"results-without-a-part-of-the-load",
       {"incomplete-results-fail-the-peer"},
       in_turn({refuses_results("cpu_util_user", "", plain),
                refuses_results("cpu_util_system", "", plain)})},
      {"results-without-a-figure-of-a-stream",
       {"incomplete-results-fail-the-peer"},
       in_turn({refuses_results("", "retransmits", plain), refuses_results("", "jitter", plain),
                refuses_results("", "errors", plain), refuses_results("", "packets", plain)})},
      {"results-without-bytes",
       {"incomplete-results-fail-the-peer"},
       refuses_results("", "bytes", plain)},
      {"results-without-id",
       {"incomplete-results-fail-the-peer"},
       refuses_results("", "id", plain)},
      {"results-without-streams",
       {"results-without-streams-array-are-refused"},
       refuses_results("streams", "", plain)},
      {"results-with-one-omitted-key",
       {"one-omitted-key-is-refused"},
       refuses_results("", "omitted_errors", plain)},
      {"results-of-an-unknown-stream",
       {"unknown-stream-id-is-refused"},
       refuses_results("", "", {{"id", 7}})},
      {"results-with-text-as-bytes",
       {"wrong-type-in-results-is-refused"},
       refuses_results("", "", {{"bytes", "many"}})},
      {"results-of-a-mebibyte", {"long-results-are-accepted"}, long_results},
      {"results-announced-as-4-gibibyte", {"length-of-results-is-bounded"}, results_of_4_gibibyte},
      {"results-wait-for-the-clients",
       {"server-results-follow-client-results"},
       waits_for_the_clients_results},
      {"payload-after-test-end", {"data-after-test-end-is-not-counted"}, payload_after_test_end},
      {"stream-closed-early",
       {"stream-closed-early-is-tolerated"},
       stream_closed_early,
       {"parallel"}},
      {"stream-reset", {"stream-reset-is-tolerated"}, stream_reset, {"parallel"}},
      {"payload-before-running",
       {"data-before-running-is-counted"},
       early_payload_is_counted,
       {"parallel"}},
      {"receiving-streams-are-silent",
       {"client-keeps-receiving-streams-silent", "payload-goes-one-way"},
       receiving_server_is_silent},
  });
}

}  // namespace rolecall::conformance::server_results
