// SPDX-License-Identifier: BSD-3-Clause
// Clients, what they print and how they exit: SPEC.md, "output".
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/net/socket.h"

namespace rolecall::conformance::client_output {
namespace {

using wire::State;

constexpr const char* kShort = "-n 8K -l 1K";
constexpr const char* kJson = "-n 8K -l 1K -J";

Checked<void> tells_the_error(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  TRY(client.control().send(State::AccessDenied));
  TRY(client.expect_failure());
  return require(!client.program().errors().empty(), "a line on standard error", "nothing");
}

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

// Stream 1 goes to the server, stream 3 comes from it. The server's figures are chosen, so that no
// two of the four are the same.
Checked<void> has_both_sums(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  client.server_results = results({{1, 1001}, {3, 3003}});
  Json report;
  TRY(json_of(client, report));
  const Json own = parsed(client.client_results);
  const Json wanted = {{"sum_sent", at(own, "/streams/0/bytes")},
                       {"sum_received", 1001},
                       {"sum_sent_bidir_reverse", 3003},
                       {"sum_received_bidir_reverse", at(own, "/streams/1/bytes")}};
  for (const auto& [key, bytes] : wanted.items()) {
    TRY(require(at(report, fmt::format("/end/{}/bytes", key)) == bytes,
                fmt::format("end.{} with {} bytes", key, bytes.dump()),
                visible(at(report, fmt::format("/end/{}", key)).dump(), 200)));
  }
  return ok();
}

// An array like start.connected, of the connections as they stand at our end.
Checked<Json> connected(const ClientScript& client) {
  Json wanted = Json::array();
  for (const Connection& stream : client.streams) {
    TRY(const auto ours, checked(local_address(stream.socket())));
    TRY(const auto theirs, checked(peer_address(stream.socket())));
    wanted.push_back({{"local_port", theirs.port()}, {"remote_port", ours.port()}});
  }
  return wanted;
}

Checked<void> names_the_connections(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.require_streams(2));
  TRY(const Json wanted, connected(client));
  Json report;
  TRY(json_of(client, report));
  Json found = Json::array();
  for (const Json& entry : at(report, "/start/connected")) {
    found.push_back(
        {{"local_port", at(entry, "/local_port")}, {"remote_port", at(entry, "/remote_port")}});
  }
  return require(found == wanted, wanted.dump(), visible(found.dump(), 300));
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
  return require(has_unique_keys(client.program().output(), Keys::Exact),
                 "no key twice in an object", "a key stands there twice");
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

Checked<void> unique_keys_of_a_failure(ClientScript& client) {
  TRY(json_of_a_failure(client));
  return require(has_unique_keys(client.program().output(), Keys::Exact),
                 "no key twice in an object", visible(client.program().output(), 300));
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

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ClientCase>{
      {"error-is-told", {"error-is-told"}, kShort, tells_the_error},
      {"json-is-one-document", {"json-is-one-document"}, kJson, prints(anything), {"json"}},
      {"json-has-three-parts", {"json-has-three-parts"}, kJson, prints(three_parts), {"json"}},
      {"json-has-sums", {"json-end-has-the-sums"}, kJson, prints(sums), {"json"}},
      {"json-has-both-sums",
       {"json-of-bidirectional-has-both-sums"},
       "-t 1 -b 1M -l 1K --bidir -J",
       has_both_sums,
       {"json", "bidir"}},
      {"json-names-the-connections",
       {"json-names-the-connections"},
       "-n 8K -l 1K -P 2 -J",
       names_the_connections,
       {"json", "parallel"}},
      {"shows-the-servers-figures",
       {"client-shows-the-servers-figures"},
       kJson,
       shows_our_figures,
       {"json"}},
      {"json-keys-are-unique", {"json-keys-are-unique"}, kJson, unique_keys, {"json"}},
      {"json-keys-of-both-directions-are-unique",
       {"json-keys-are-unique"},
       "-t 1 -b 1M -l 1K --bidir -J",
       unique_keys,
       {"json", "bidir"}},
      {"json-keys-of-a-failure-are-unique",
       {"json-keys-are-unique"},
       kJson,
       unique_keys_of_a_failure,
       {"json"}},
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

}  // namespace rolecall::conformance::client_output
