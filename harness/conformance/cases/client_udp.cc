// SPDX-License-Identifier: BSD-3-Clause
// Clients and datagrams: SPEC.md, "udp", and the role flag's part of it.
#include <array>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/cases/client_flows.h"
#include "harness/conformance/datagrams.h"
#include "harness/net/socket.h"

namespace rolecall::conformance::client_udp {
namespace {

using wire::State;
using Counter = wire::Counter;

constexpr const char* kShort = "-u -n 800 -l 100 -b 1M";
constexpr const char* kTwoStreams = "-u -n 800 -l 100 -b 1M -P 2";
constexpr const char* kSecond = "-u -t 1 -l 100 -b 1M";

Checked<void> opens_with_9876(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(reach_flows(client));
  TRY(const std::string connect, open_flow(client, flows));
  return require(connect == kConnect, "`9876`", visible(connect));
}

ClientBody goes_on_after(std::string reply) {
  return [reply = std::move(reply)](ClientScript& client) -> Checked<void> {
    std::vector<Connection> flows;
    TRY(run_flows(client, flows, 1, reply));
    TRY(const std::string payload, flows[0].receive_some());
    return ok();
  };
}

Checked<void> fails_at_another_reply(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(reach_flows(client));
  TRY(open_flow(client, flows, "abcd"));
  return client.expect_failure();
}

Checked<void> opens_one_after_the_other(ClientScript& client) {
  TRY(reach_flows(client));
  TRY(auto first, client.accept_flow("flow 1"));
  TRY(first.receive_some());
  TRY(first.expect_silence("it is sent once"));
  TRY(client.expect_no_flow("the first has no reply yet"));
  TRY(first.send("6789"));
  TRY(client.accept_flow("flow 2"));
  return ok();
}

Checked<void> has_a_port_for_each(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(run_flows(client, flows, 2));
  TRY(const auto first, checked(peer_address(flows[0].socket())));
  TRY(const auto second, checked(peer_address(flows[1].socket())));
  return require(first.port() != second.port(), "two ports",
                 fmt::format("{} for both", first.port()));
}

Checked<void> sends_on_the_first(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(run_flows(client, flows, 2));
  TRY(const std::string payload, flows[0].receive_some());
  return flows[1].expect_silence("the client receives on the second");
}

ClientBody sends(Counter counter) {
  return [counter](ClientScript& client) -> Checked<void> {
    std::vector<Connection> flows;
    TRY(run_flows(client, flows, 1));
    for (std::uint64_t number = 1; number <= 3; ++number) {
      TRY(const std::string payload, flows[0].receive_some());
      TRY(check_datagram(payload, number, counter, 100));
    }
    return ok();
  };
}

Checked<void> waits_for_running(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(reach_flows(client));
  TRY(open_flow(client, flows));
  return flows[0].expect_silence("the test does not run yet");
}

// Its results name as many bytes as its datagrams have, and as many datagrams as came.
Checked<void> counts_its_datagrams(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(run_flows(client, flows, 1));
  TRY(client.control().expect(State::TestEnd));
  TRY(client.control().send(State::ExchangeResults));
  TRY(const std::string text, client.control().expect_document("the client's results"));
  const Json mine = parsed(text);
  const auto packets = number_at(mine, "/streams/0/packets");
  return require(packets > 0 && number_at(mine, "/streams/0/bytes") == 100 * packets,
                 "100 bytes of each of its packets", visible(text, 400));
}

// In the place of 10, as a flagged server does.
Checked<void> agree(ClientScript& client) {
  TRY(client.reach(Phase::Parameters));
  TRY(client.listen_for_flows());
  TRY(client.read_parameters());
  return client.control().send(byte(State::ServerParameters) + document(R"({"role_flag":2})") +
                               byte(State::CreateStreams));
}

Checked<void> connects_with_cookie_and_preamble(ClientScript& client) {
  std::vector<Connection> flows;
  TRY(agree(client));
  TRY(const std::string connect, open_flow(client, flows));
  const std::string wanted = kConnect + client.cookie + std::string("S\0\0", 3);
  return require(connect == wanted, visible(wanted), visible(connect));
}

Checked<void> connects_again(ClientScript& client) {
  TRY(agree(client));
  TRY(auto flow, client.accept_flow("flow 1"));
  TRY(const std::string first, flow.receive_some());
  TRY(const std::string again, flow.receive_some());
  return require(first == again, "the same datagram again", visible(again));
}

std::vector<ClientCase> with_tag(std::vector<ClientCase> cases, const char* tag) {
  for (ClientCase& one : cases) one.tags.emplace_back(tag);
  return cases;
}

}  // namespace

std::vector<Case> cases() {
  return of(with_tag(
      {
          {"udp-connect-datagram",
           {"udp-connect-datagram-opens-a-stream", "udp-control-stays-on-tcp"},
           "-u -n 800 -l 100 -b 1M",
           opens_with_9876},
          {"udp-reply", {"udp-replies-of-all-ages-are-accepted"}, kShort, goes_on_after("6789")},
          {"udp-reply-of-3-9",
           {"udp-replies-of-all-ages-are-accepted"},
           kShort,
           goes_on_after("\xb1\x68\xde\x3a")},
          {"longer-udp-reply",
           {"longer-udp-reply-is-accepted"},
           kShort,
           goes_on_after("6789 and thirty bytes more of it..")},
          {"wrong-udp-reply", {"wrong-udp-reply-is-refused"}, kShort, fails_at_another_reply},
          {"udp-streams-one-by-one",
           {"udp-streams-are-opened-one-by-one", "legacy-connect-datagram-is-not-repeated"},
           kTwoStreams,
           opens_one_after_the_other,
           {"parallel"}},
          {"udp-ports",
           {"udp-streams-have-ports-of-their-own"},
           kTwoStreams,
           has_a_port_for_each,
           {"parallel"}},
          {"udp-senders-are-opened-first",
           {"udp-senders-are-opened-first"},
           "-u -t 1 -l 100 -b 1M --bidir",
           sends_on_the_first,
           {"bidir"}},
          {"datagrams-of-the-client",
           {"datagram-header-has-time-and-number", "datagrams-have-the-length",
            "sequence-numbers-begin-at-one"},
           kSecond,
           sends(Counter::Narrow)},
          {"wide-counters-of-the-client",
           {"counters-of-64-bit"},
           "-u -t 1 -l 100 -b 1M --udp-counters-64bit",
           sends(Counter::Wide)},
          {"no-datagram-before-running",
           {"no-data-before-udp-streams-stand"},
           kSecond,
           waits_for_running},
          {"bytes-of-datagrams",
           {"received-bytes-are-those-of-datagrams"},
           kShort,
           counts_its_datagrams},
          {"flagged-connect-datagram",
           {"flagged-connect-datagram"},
           kShort,
           connects_with_cookie_and_preamble,
           {"role-flag"}},
          {"lost-connect-datagram",
           {"lost-connect-datagram-is-sent-again"},
           kShort,
           connects_again,
           {"role-flag"}},
      },
      "udp"));
}

}  // namespace rolecall::conformance::client_udp
