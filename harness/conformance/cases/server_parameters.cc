// SPDX-License-Identifier: BSD-3-Clause
// Servers and the parameters: SPEC.md, "parameters".
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/server_bodies.h"

namespace rolecall::conformance::server_parameters {
namespace {

using wire::State;

ServerBody refuses(Json changes) {
  return [changes = std::move(changes)](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    TRY(test.reach(Phase::Parameters));
    TRY(test.control().send(document(parameters(changes))));
    TRY(require(test.control().next_is(State::CreateStreams) != true,
                "no 10: the parameters are out of range", "10"));
    TRY(const std::string answer, test.expect_end("the parameters are out of range"));
    return server.expect_served();
  };
}

// In whatever way: some find out only when they set the option.
ServerBody ends_test(Json changes) {
  return [changes = std::move(changes)](ServerScript& server) -> Checked<void> {
    ServerTest test(server);
    TRY(test.reach(Phase::Parameters));
    TRY(test.control().send(document(parameters(changes))));
    TRY(const std::string answer, test.expect_end("the parameters are out of range"));
    return server.expect_served();
  };
}

// No server may go down for it; whether it runs the test or refuses it is not asked.
ServerBody survives(Json changes) {
  return [changes = std::move(changes)](ServerScript& server) -> Checked<void> {
    {
      ServerTest test(server);
      TRY(test.reach(Phase::Parameters));
      TRY(test.control().send(document(parameters(changes))));
      TRY(const std::string answer, test.control().receive_some());
      test.control().close();
    }
    return server.expect_served();
  };
}

// As if `key` were not there: a plain test of one stream runs.
ServerBody reads_as_absent(const char* key) {
  return runs({{key, "text"}});
}

Checked<void> empty_object(ServerScript& server) {
  ServerTest test(server);
  test.parameters_text = "{}";
  return test.reach(Phase::Done);
}

Checked<void> counts_streams(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 4}});
  return test.reach(Phase::Done);
}

Checked<void> both_directions(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"bidirectional", true}, {"parallel", 2}});
  return test.reach(Phase::Done);
}

Checked<void> reverse_and_bidirectional(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"bidirectional", true}, {"reverse", true}});
  test.stream_count = 2;
  test.senders = {0};
  return test.reach(Phase::Done);
}

Checked<void> false_is_present(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"reverse", false}});
  test.senders = {};
  return test.reach(Phase::Done);
}

// Of what is set by the first test nothing is there in the second one.
ServerBody forgets(Json changes) {
  return [changes = std::move(changes)](ServerScript& server) -> Checked<void> {
    {
      ServerTest first(server);
      first.ask(changes);
      TRY(first.reach(Phase::Done));
    }
    TRY(server.await_idle());
    ServerTest second(server);
    second.parameters_text = R"({"tcp":true,"time":0,"num":1000000,"len":1000})";
    TRY(server.reach_after_another(second, Phase::Display));
    const Json theirs = parsed(second.server_results);
    TRY(require(!theirs.contains("server_output_text") && !theirs.contains("server_output_json"),
                "no server's output, as nobody asked for it", visible(second.server_results, 200)));
    return require(at(theirs, "/streams").size() == 1, "one stream, the default",
                   visible(second.server_results, 400));
  };
}

// What the server sends in a test of defaults, behind one of `changes`, in which it sends as well.
Checked<std::string> sent_after(ServerScript& server, Json changes, std::size_t bytes) {
  {
    ServerTest first(server);
    changes["reverse"] = true;
    first.ask(changes);
    TRY(first.reach(Phase::Done));
  }
  TRY(server.await_idle());
  ServerTest second(server);
  second.parameters_text = R"({"tcp":true,"reverse":true,"time":10,"len":1000})";
  second.senders = {};
  TRY(server.reach_after_another(second, Phase::Running));
  return second.streams.front().receive(
      bytes, fmt::format("{} bytes, in a test of no such setting", bytes));
}

// At that rate it would be half a minute's.
Checked<void> forgets_the_rate(ServerScript& server) {
  TRY(sent_after(server, {{"bandwidth", 100000}}, 400000));
  return ok();
}

Checked<void> forgets_the_goal(ServerScript& server) {
  TRY(sent_after(server, {{"num", 0}, {"blockcount", 3}}, 400000));
  return ok();
}

Checked<void> forgets_the_payload(ServerScript& server) {
  TRY(const std::string sent, sent_after(server, {{"repeating_payload", 1}}, 1000));
  return require(sent.find_first_not_of("0123456789") != std::string::npos, "payload of any bytes",
                 visible(sent, 40));
}

Checked<void> applies_congestion_control(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"congestion", "reno"}, {"reverse", true}});
  TRY(test.reach(Phase::Display));
  const Json theirs = parsed(test.server_results);
  return require(text_at(theirs, "/congestion_used") == "reno", R"("congestion_used": "reno")",
                 visible(test.server_results, 200));
}

std::vector<ServerCase> refused() {
  struct Range {
    const char* name;
    const char* clause;
    Json changes;
  };
  const std::vector<Range> ranges = {
      {"no-streams", "no-streams-is-refused", {{"parallel", 0}}},
      {"minus-one-stream", "no-streams-is-refused", {{"parallel", -1}}},
      {"129-streams", "too-many-streams-are-refused", {{"parallel", 129}}},
      {"a-million-streams", "too-many-streams-are-refused", {{"parallel", 1000000}}},
      {"negative-time", "time-out-of-range-is-refused", {{"time", -1}, {"num", 0}}},
      {"more-than-a-day", "time-out-of-range-is-refused", {{"time", 86401}, {"num", 0}}},
      {"negative-omit", "omit-out-of-range-is-refused", {{"omit", -1}}},
      {"omit-of-601", "omit-out-of-range-is-refused", {{"omit", 601}}},
      {"block-of-nothing", "length-out-of-range-is-refused", {{"len", 0}}},
      {"negative-block", "length-out-of-range-is-refused", {{"len", -1}}},
      {"block-above-a-mebibyte", "length-out-of-range-is-refused", {{"len", 1048577}}},
      {"block-of-a-gibibyte", "length-out-of-range-is-refused", {{"len", 1 << 30}}},
      {"burst-of-1001", "burst-out-of-range-is-refused", {{"burst", 1001}}},
      {"type-of-service-of-256", "type-of-service-out-of-range-is-refused", {{"TOS", 256}}},
      {"negative-type-of-service", "type-of-service-out-of-range-is-refused", {{"TOS", -1}}},
      {"negative-num", "negative-amounts-are-refused", {{"num", -1}}},
      {"negative-blockcount", "negative-amounts-are-refused", {{"blockcount", -1}}},
      {"negative-bandwidth", "negative-amounts-are-refused", {{"bandwidth", -1}}},
  };
  std::vector<ServerCase> cases;
  for (const Range& range : ranges) {
    cases.push_back({range.name, {range.clause}, refuses(range.changes)});
  }
  cases.push_back({"udp-length-of-15",
                   {"udp-length-out-of-range-is-refused"},
                   refuses({{"tcp", nullptr}, {"udp", true}, {"len", 15}}),
                   {"udp"}});
  cases.push_back({"udp-length-of-65508",
                   {"udp-length-out-of-range-is-refused"},
                   refuses({{"tcp", nullptr}, {"udp", true}, {"len", 65508}}),
                   {"udp"}});
  return cases;
}

std::vector<ServerCase> wrong_types() {
  std::vector<ServerCase> cases;
  for (const char* key : {"title", "congestion", "extra_data", "authtoken", "client_version"}) {
    cases.push_back(
        {fmt::format("number-as-{}", key), {"wrong-type-harms-nobody"}, survives({{key, 5}})});
  }
  for (const char* key : {"parallel", "len", "omit", "burst", "TOS", "window", "bandwidth"}) {
    cases.push_back(
        {fmt::format("text-as-{}", key), {"wrong-type-is-as-if-absent"}, reads_as_absent(key)});
  }
  cases.push_back({"array-as-parallel",
                   {"wrong-type-harms-nobody"},
                   survives({{"parallel", Json::array({1})}})});
  cases.push_back({"object-as-title",
                   {"failed-test-keeps-the-server", "wrong-type-harms-nobody"},
                   survives({{"title", Json::object()}})});
  return cases;
}

}  // namespace

std::vector<Case> cases() {
  std::vector<ServerCase> all = {
      {"empty-object", {"missing-keys-have-defaults"}, empty_object},
      {"four-streams", {"parallel-counts-streams-per-direction"}, counts_streams, {"parallel"}},
      {"two-streams-each-way",
       {"parallel-counts-streams-per-direction"},
       both_directions,
       {"bidir"}},
      {"reverse", {"reverse-makes-the-server-send"}, runs({{"reverse", true}}), {"reverse"}},
      {"reverse-and-bidirectional",
       {"bidirectional-wins-over-reverse"},
       reverse_and_bidirectional,
       {"bidir"}},
      {"reverse-of-false", {"false-counts-as-present"}, false_is_present, {"reverse"}},
      {"128-streams", {"streams-up-to-128-are-accepted"}, runs({{"parallel", 128}}), {"parallel"}},
      {"no-client-version", {"client-version-is-informative"}, runs({{"client_version", nullptr}})},
      {"other-client-version",
       {"client-version-is-informative"},
       runs({{"client_version", "99.9-of-somebody"}})},
      {"unknown-congestion-control",
       {"unknown-congestion-control-is-tolerated"},
       runs({{"congestion", "no-such-algorithm"}})},
      {"congestion-control",
       {"congestion-control-is-applied"},
       applies_congestion_control,
       {"reverse"}},
      {"error-of-too-many-streams",
       {"refusal-names-the-error"},
       names_error({{"parallel", 129}}, 6)},
      {"error-of-a-block-too-long",
       {"refusal-names-the-error"},
       names_error({{"len", 1048577}}, 7)},
      {"affinity-of-1025",
       {"affinity-out-of-range-is-refused"},
       ends_test({{"server_affinity", 1025}})},
      {"segment-size-of-32768",
       {"segment-size-out-of-range-is-refused"},
       ends_test({{"MSS", 32768}})},
      {"window-above-the-limit",
       {"window-out-of-range-is-refused"},
       ends_test({{"window", 536870913}})},
      {"number-of-streams-reaches-nobody-else",
       {"settings-do-not-outlive-the-test"},
       forgets({{"parallel", 2}}),
       {"parallel"}},
      {"rate-reaches-nobody-else",
       {"settings-do-not-outlive-the-test"},
       forgets_the_rate,
       {"reverse"}},
      {"payload-reaches-nobody-else",
       {"settings-do-not-outlive-the-test"},
       forgets_the_payload,
       {"reverse"}},
      {"output-request-reaches-nobody-else",
       {"output-request-does-not-outlive-the-test"},
       forgets({{"get_server_output", 1}})},
      {"goal-reaches-nobody-else",
       {"goals-do-not-outlive-the-test"},
       forgets_the_goal,
       {"reverse"}},
  };
  for (auto list : {refused(), wrong_types()}) all.insert(all.end(), list.begin(), list.end());
  return of(std::move(all));
}

}  // namespace rolecall::conformance::server_parameters
