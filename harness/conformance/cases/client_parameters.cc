// SPDX-License-Identifier: BSD-3-Clause
// Clients, their documents and parameters: SPEC.md, "framing", "parameters".
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/base/bytes.h"
#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::client_parameters {
namespace {

using wire::State;

// What the parameters of a client with such options must be.
using Look = Checked<void> (*)(const Json& parameters);
ClientBody shows(Look look) {
  return [look](ClientScript& client) -> Checked<void> {
    TRY(client.reach(Phase::Streams));
    const Json parameters = client.parameter_values();
    TRY(require(parameters.is_object(), "one JSON object", visible(client.parameters_text)));
    return look(parameters);
  };
}

template <class Value>
Checked<void> has(const Json& parameters, const char* key, const Value& value) {
  const bool holds = parameters.contains(key) && parameters[key] == Json(value);
  return require(holds, fmt::format("\"{}\": {}", key, Json(value).dump()),
                 visible(parameters.dump(), 300));
}

Checked<void> lacks(const Json& parameters, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    TRY(require(!parameters.contains(key), fmt::format("no \"{}\"", key),
                visible(parameters.dump(), 300)));
  }
  return ok();
}

Checked<void> protocol(const Json& parameters) {
  TRY(has(parameters, "tcp", true));
  return lacks(parameters, {"udp"});
}

Checked<void> udp_protocol(const Json& parameters) {
  TRY(has(parameters, "udp", true));
  return lacks(parameters, {"tcp"});
}

Checked<void> always_sent(const Json& parameters) {
  for (const char* key : {"omit", "time", "num", "blockcount", "parallel", "len"}) {
    TRY(require(at(parameters, fmt::format("/{}", key)).is_number(),
                fmt::format("a number \"{}\"", key), visible(parameters.dump(), 300)));
  }
  return ok();
}

Checked<void> booleans_only_when_set(const Json& parameters) {
  return lacks(parameters, {"reverse", "bidirectional", "nodelay", "udp"});
}

Checked<void> reverse(const Json& parameters) {
  return has(parameters, "reverse", true);
}

Checked<void> bidirectional(const Json& parameters) {
  return has(parameters, "bidirectional", true);
}

Checked<void> no_delay(const Json& parameters) {
  return has(parameters, "nodelay", true);
}

Checked<void> only_bytes(const Json& parameters) {
  TRY(has(parameters, "num", 65536));
  TRY(has(parameters, "time", 0));
  return require(number_at(parameters, "/blockcount") == 0, "no \"blockcount\" but 0",
                 visible(parameters.dump(), 300));
}

Checked<void> only_blocks(const Json& parameters) {
  TRY(has(parameters, "blockcount", 7));
  TRY(has(parameters, "time", 0));
  return require(number_at(parameters, "/num") == 0, "no \"num\" but 0",
                 visible(parameters.dump(), 300));
}

Checked<void> bytes_of_all_streams(const Json& parameters) {
  TRY(has(parameters, "parallel", 4));
  return has(parameters, "num", 65536);
}

Checked<void> rate_of_each_stream(const Json& parameters) {
  TRY(has(parameters, "parallel", 2));
  return has(parameters, "bandwidth", 5000000);
}

Checked<void> udp_length(const Json& parameters) {
  const auto bytes = number_at(parameters, "/len");
  return require(bytes >= 16 && bytes <= 65507, "a \"len\" from 16 to 65507",
                 visible(parameters.dump(), 300));
}

Checked<void> udp_rate(const Json& parameters) {
  return require(number_at(parameters, "/bandwidth") > 0, "a \"bandwidth\" above 0",
                 visible(parameters.dump(), 300));
}

Checked<void> type_of_service(const Json& parameters) {
  return has(parameters, "TOS", 184);
}

Checked<void> block_length(const Json& parameters) {
  return has(parameters, "len", 4096);
}

Checked<void> one_object(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  return require(client.parameter_values().is_object(), "one JSON object with nothing behind it",
                 visible(client.parameters_text));
}

Checked<void> fit_8192_bytes(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  return require(client.parameters_text.size() <= 8192, "at most 8192 bytes",
                 fmt::format("{} bytes", client.parameters_text.size()));
}

// With a title that does not fit; whether the client refuses it before it connects, gives the test
// up or leaves something out is its own affair.
Checked<void> never_more_than_8192_bytes(ClientScript& client) {
  if (!client.reach(Phase::Parameters)) {
    TRY(const auto status, client.wait());
    return require(!status.by_signal && status.code != 0, "a test, or an error", status.text());
  }
  TRY(const std::string first, client.control().receive(1, "parameters, or that there are none"));
  if (first == byte(State::IperfDone)) return client.expect_failure();
  TRY(const std::string rest, client.control().receive(3, "the length of the parameters"));
  const auto bytes = be32(as_bytes(first + rest));
  return require(bytes <= 8192, "at most 8192 bytes", fmt::format("{} bytes", bytes));
}

Checked<void> unique_keys(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  TRY(require(has_unique_keys(client.parameters_text, Keys::AnyCase),
              "no key twice in the parameters", visible(client.parameters_text, 400)));
  return require(has_unique_keys(client.client_results, Keys::AnyCase),
                 "no key twice in the results", visible(client.client_results, 400));
}

// The server's document and the state behind it in one segment.
Checked<void> state_behind_document(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  TRY(const std::string theirs, client.control().expect_document("the client's results"));
  TRY(client.control().send(document(results({{1, client.moved[0]}})) +
                            byte(State::DisplayResults)));
  return client.control().expect(State::IperfDone);
}

Checked<void> server_results_in_pieces(ClientScript& client) {
  TRY(client.reach(Phase::Results));
  TRY(const std::string theirs, client.control().expect_document("the client's results"));
  TRY(client.control().send_bytewise(document(results({{1, client.moved[0]}})) +
                                     byte(State::DisplayResults)));
  return client.control().expect(State::IperfDone);
}

ClientBody fails_at_results(std::string bytes) {
  return [bytes = std::move(bytes)](ClientScript& client) -> Checked<void> {
    TRY(client.reach(Phase::Results));
    TRY(const std::string theirs, client.control().expect_document("the client's results"));
    TRY(client.control().send(bytes));
    return client.expect_failure();
  };
}

}  // namespace

std::vector<Case> cases() {
  constexpr const char* kPlain = "-n 8K -l 1K";
  return of(std::vector<ClientCase>{
      {"protocol-of-tcp", {"protocol-is-named"}, kPlain, shows(protocol)},
      {"protocol-of-udp",
       {"protocol-is-named"},
       "-u -n 8K -l 1K -b 1M",
       shows(udp_protocol),
       {"udp"}},
      {"always-sent-keys", {"always-sent-keys"}, kPlain, shows(always_sent)},
      {"booleans-only-when-set",
       {"boolean-keys-are-sent-only-when-set"},
       kPlain,
       shows(booleans_only_when_set)},
      {"reverse-is-true",
       {"boolean-keys-are-sent-only-when-set"},
       "-n 8K -R",
       shows(reverse),
       {"reverse"}},
      {"bidirectional-is-true",
       {"boolean-keys-are-sent-only-when-set"},
       "-n 8K --bidir",
       shows(bidirectional),
       {"bidir"}},
      {"nodelay-is-true", {"boolean-keys-are-sent-only-when-set"}, "-n 8K -N", shows(no_delay)},
      {"goal-of-bytes-alone", {"time-is-zero-with-another-goal"}, "-n 64K", shows(only_bytes)},
      {"goal-of-blocks-alone", {"time-is-zero-with-another-goal"}, "-k 7", shows(only_blocks)},
      {"bytes-of-all-streams",
       {"num-is-bytes-of-the-whole-test"},
       "-n 64K -P 4",
       shows(bytes_of_all_streams),
       {"parallel"}},
      {"rate-of-each-stream",
       {"bandwidth-is-per-stream"},
       "-t 1 -b 5M -P 2",
       shows(rate_of_each_stream),
       {"parallel"}},
      {"udp-length", {"udp-clients-send-a-length"}, "-u -n 8K", shows(udp_length), {"udp"}},
      {"udp-rate", {"udp-clients-name-a-rate"}, "-u -n 8K", shows(udp_rate), {"udp"}},
      {"type-of-service",
       {"type-of-service-is-the-whole-byte"},
       "-n 8K -S 184",
       shows(type_of_service),
       {"tos"}},
      {"block-length", {"always-sent-keys"}, "-n 8K -l 4K", shows(block_length)},
      {"parameters-are-one-object",
       {"document-is-an-object", "document-is-length-and-text"},
       kPlain,
       one_object},
      {"parameters-fit", {"parameters-fit-8192-bytes"}, kPlain, fit_8192_bytes},
      {"parameters-with-a-long-title",
       {"parameters-fit-8192-bytes"},
       "-n 8K -T " + std::string(9000, 't'),
       never_more_than_8192_bytes},
      {"document-keys-are-unique", {"document-keys-are-unique"}, kPlain, unique_keys},
      {"state-behind-document",
       {"state-may-follow-document-at-once"},
       kPlain,
       state_behind_document},
      {"server-results-in-pieces",
       {"document-in-pieces-is-accepted", "state-byte-in-small-segments"},
       kPlain,
       server_results_in_pieces},
      {"empty-results", {"empty-document-is-refused"}, kPlain, fails_at_results(length(0))},
      {"results-that-are-no-json",
       {"text-that-is-no-json-is-refused"},
       kPlain,
       fails_at_results(document("no JSON at all"))},
      {"results-of-nul-bytes",
       {"text-that-is-no-json-is-refused"},
       kPlain,
       fails_at_results(document(std::string(40, '\0')))},
  });
}

}  // namespace rolecall::conformance::client_parameters
