// SPDX-License-Identifier: BSD-3-Clause
// Servers and datagrams: SPEC.md, "udp", and the role flag's part of it.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"
#include "harness/conformance/datagrams.h"

namespace rolecall::conformance::server_udp {
namespace {

using wire::State;
using Counter = wire::Counter;

constexpr std::size_t kLength = 100;

// A UDP test: control and documents by TCP, streams by datagrams.
class UdpTest {
 public:
  explicit UdpTest(ServerScript& server, Json changes = Json::object())
      : control(server), server_(server) {
    changes["tcp"] = nullptr;
    changes["udp"] = true;
    if (!changes.contains("len")) changes["len"] = kLength;
    counter_ = changes.contains("udp_counters_64bit") ? Counter::Wide : Counter::Narrow;
    control.ask(changes);
    stream_count_ = control.stream_count;
    control.stream_count = 0;  // of TCP
    control.client_results = results({{1, 0}});
  }

  // Sends a connect datagram and takes the reply.
  Checked<std::string> open_flow(const std::string& connect = kConnect) {
    TRY(auto flow, server_.connect_flow(fmt::format("flow {}", flows.size() + 1)));
    TRY(flow.send(connect));
    flows.push_back(std::move(flow));
    return flows.back().receive_some();
  }

  Checked<void> begin(const std::string& connect = kConnect) {
    TRY(control.reach(Phase::Streams));
    while (flows.size() < stream_count_) {
      TRY(const std::string reply, open_flow(connect));
    }
    return control.reach(Phase::Running);
  }

  Checked<void> send(std::initializer_list<std::uint64_t> numbers, std::size_t length = kLength) {
    for (const std::uint64_t number : numbers) {
      TRY(flows[0].send(datagram(number, counter_, length)));
    }
    return await_datagrams_read(server_.address().port(), server_.line());
  }

  // The server's entry of the only stream.
  Checked<Json> figures() {
    TRY(control.reach(Phase::Display));
    return at(parsed(control.server_results), "/streams/0");
  }

  ServerTest control;
  std::vector<Connection> flows;

 private:
  ServerScript& server_;
  std::size_t stream_count_ = 1;
  Counter counter_ = Counter::Narrow;
};

ServerBody counts(std::initializer_list<std::uint64_t> numbers, Json wanted,
                  Json changes = Json::object(), std::size_t length = kLength) {
  return [numbers = std::vector(numbers), wanted, changes,
          length](ServerScript& server) -> Checked<void> {
    UdpTest test(server, changes);
    TRY(test.begin());
    for (const std::uint64_t number : numbers) {
      TRY(test.send({number}, length));
    }
    TRY(const Json figures, test.figures());
    return has_figures(figures, wanted);
  };
}

Checked<void> whole_test(ServerScript& server) {
  UdpTest test(server);
  TRY(test.begin());
  TRY(test.send({1, 2, 3}));
  return test.control.reach(Phase::Done);
}

Checked<void> replies_6789(ServerScript& server) {
  UdpTest test(server);
  TRY(test.control.reach(Phase::Streams));
  TRY(const std::string reply, test.open_flow());
  return require(reply.starts_with("6789"), "`6789`", visible(reply));
}

ServerBody opens_with(std::string connect) {
  return [connect = std::move(connect)](ServerScript& server) -> Checked<void> {
    UdpTest test(server);
    return test.begin(connect);
  };
}

Checked<void> sends_on_the_second(ServerScript& server) {
  UdpTest test(server, {{"bidirectional", true}, {"bandwidth", 1000000}});
  TRY(test.begin());
  TRY(const std::string payload, test.flows[1].receive_some());
  return test.flows[0].expect_silence("the server receives on the first");
}

// The first datagrams of a server that sends.
ServerBody sends(Counter counter) {
  return [counter](ServerScript& server) -> Checked<void> {
    Json changes = {{"reverse", true}, {"bandwidth", 1000000}};
    if (counter == Counter::Wide) changes["udp_counters_64bit"] = 1;
    UdpTest test(server, changes);
    TRY(test.begin());
    for (std::uint64_t number = 1; number <= 3; ++number) {
      TRY(const std::string payload, test.flows[0].receive_some());
      TRY(check_datagram(payload, number, counter, kLength));
    }
    return ok();
  };
}

// The transit time of the second is 100 s shorter: J = 100 s / 16, whatever this machine adds to
// it.
Checked<void> smooths_jitter(ServerScript& server) {
  UdpTest test(server);
  TRY(test.begin());
  TRY(test.flows[0].send(datagram(1, Counter::Narrow, kLength, 200)));
  TRY(test.flows[0].send(datagram(2, Counter::Narrow, kLength, 100)));
  TRY(await_datagrams_read(server.address().port(), server.line()));
  TRY(const Json figures, test.figures());
  const double jitter = figures.value("jitter", -1.0);
  return require(jitter > 5.5 && jitter < 7, "a jitter of 6.25 s", fmt::format("{}", jitter));
}

// The server's own omitted part ends by its clock; four seconds are well behind it.
Checked<void> reports_what_is_omitted(ServerScript& server) {
  UdpTest test(server, {{"omit", 3}});
  TRY(test.begin());
  TRY(test.send({1, 3}));
  TRY(test.control.control().expect_silence("the omitted part ends without a word", seconds(4)));
  TRY(test.send({4, 6}));
  TRY(const Json figures, test.figures());
  return has_figures(
      figures, {{"packets", 6}, {"errors", 2}, {"omitted_packets", 3}, {"omitted_errors", 1}});
}

Checked<void> copied_connect_is_counted(ServerScript& server) {
  UdpTest test(server);
  TRY(test.begin());
  TRY(test.flows[0].send(kConnect));
  TRY(test.send({1, 2}));
  TRY(const Json figures, test.figures());
  return require(number_at(figures, "/packets") != 2, "figures that are wrecked", figures.dump());
}

// Into the kernel's hands before the second stream is opened.
Checked<void> counts_early_datagrams(ServerScript& server) {
  UdpTest test(server, {{"parallel", 2}});
  TRY(test.control.reach(Phase::Streams));
  TRY(const std::string reply, test.open_flow());
  TRY(test.flows[0].send(datagram(1, Counter::Narrow, kLength)));
  TRY(test.flows[0].send(datagram(2, Counter::Narrow, kLength)));
  TRY(test.begin());
  TRY(await_datagrams_read(server.address().port(), server.line()));
  test.control.client_results = results({{1, 0}, {3, 0}});
  TRY(const Json figures, test.figures());
  return has_figures(figures, {{"bytes", 200}, {"packets", 2}});
}

Checked<void> ignores_short_datagrams(ServerScript& server) {
  UdpTest test(server);
  TRY(test.begin());
  TRY(test.send({1}));
  TRY(test.flows[0].send("four"));
  TRY(test.send({2}));
  TRY(const Json figures, test.figures());
  TRY(has_figures(figures, {{"packets", 2}, {"errors", 0}}));
  return require(figures.value("jitter", 0.0) < 3600, "no hour of jitter", figures.dump());
}

Checked<void> keeps_others_waiting(ServerScript& server) {
  UdpTest test(server);
  TRY(test.control.reach(Phase::Streams));
  TRY(auto stranger, server.connect("another client"));
  return stranger.expect_silence("streams are opened", kLongSilence);
}

Checked<void> names_no_congestion_control(ServerScript& server) {
  UdpTest test(server);
  TRY(test.begin());
  TRY(test.control.reach(Phase::Display));
  return require(!parsed(test.control.server_results).contains("congestion_used"),
                 "no \"congestion_used\"", visible(test.control.server_results, 300));
}

std::string flagged_connect(const std::string& cookie, char number = 0) {
  return kConnect + cookie + std::string{'S', '\0', number};
}

Checked<void> answers_each_copy(ServerScript& server) {
  UdpTest test(server, {{"role_flag", 2}, {"parallel", 2}});
  test.control.agreed_level = 2;
  TRY(test.control.reach(Phase::Streams));
  const std::string connect = flagged_connect(test.control.cookie);
  TRY(const std::string first, test.open_flow(connect));
  TRY(test.flows[0].send(connect));
  TRY(const std::string second, test.flows[0].receive_some());
  TRY(require(first == "6789" && second == "6789", "`6789` each time",
              visible(first) + ", " + visible(second)));
  TRY(test.begin(flagged_connect(test.control.cookie, 1)));
  TRY(test.flows[0].send(connect));  // one that was late
  TRY(test.send({1, 2}));
  test.control.client_results = results({{1, 0}, {3, 0}});
  TRY(const Json figures, test.figures());
  return has_figures(figures, {{"bytes", 200}, {"packets", 2}, {"errors", 0}});
}

ServerBody does_not_answer(bool has_cookie) {
  return [has_cookie](ServerScript& server) -> Checked<void> {
    UdpTest test(server, {{"role_flag", 2}});
    test.control.agreed_level = 2;
    TRY(test.control.reach(Phase::Streams));
    TRY(auto stranger, server.connect_flow("stranger"));
    TRY(stranger.send(has_cookie ? flagged_connect(ServerTest::fresh_cookie()) : kConnect));
    return stranger.expect_silence("it is not of this test");
  };
}

std::vector<ServerCase> with_tag(std::vector<ServerCase> cases, const char* tag) {
  for (ServerCase& one : cases) one.tags.emplace_back(tag);
  return cases;
}

}  // namespace

std::vector<Case> cases() {
  const Json wide = {{"udp_counters_64bit", 1}};
  const std::uint64_t past_2_to_31 = (std::uint64_t{1} << 31) + 1;
  const std::uint64_t past_2_to_32 = (std::uint64_t{1} << 33) + 1;
  return of(with_tag(
      {
          {"udp-whole-test", {"udp-control-stays-on-tcp"}, whole_test},
          {"udp-reply", {"udp-reply-confirms-the-stream"}, replies_6789},
          {"udp-connect-in-little-endian",
           {"legacy-connect-datagram-is-accepted"},
           opens_with("\x15\xcd\x5b\x07")},
          {"udp-connect-in-big-endian",
           {"legacy-connect-datagram-is-accepted"},
           opens_with("\x07\x5b\xcd\x15")},
          {"udp-connect-of-any-words", {"any-datagram-opens-a-stream"}, opens_with("hello")},
          {"udp-senders-are-opened-first",
           {"udp-senders-are-opened-first"},
           sends_on_the_second,
           {"bidir"}},
          {"datagrams-of-the-server",
           {"datagram-header-has-time-and-number", "datagrams-have-the-length",
            "sequence-numbers-begin-at-one"},
           sends(Counter::Narrow),
           {"reverse"}},
          {"wide-counters-of-the-server",
           {"counters-of-64-bit"},
           sends(Counter::Wide),
           {"reverse"}},
          {"wide-counters-to-the-server",
           {"counters-of-64-bit"},
           counts({1, 2, 3}, {{"packets", 3}, {"errors", 0}}, wide)},
          {"number-past-2-to-the-31",
           {"counters-pass-2-to-the-31"},
           counts({past_2_to_31}, {{"packets", past_2_to_31}, {"errors", past_2_to_31 - 1}})},
          {"wide-number-past-2-to-the-32",
           {"counters-pass-2-to-the-31"},
           counts({past_2_to_32}, {{"packets", past_2_to_32}, {"errors", past_2_to_32 - 1}}, wide)},
          {"packets-are-the-highest-number",
           {"packets-are-the-highest-number"},
           counts({5, 6}, {{"packets", 6}, {"errors", 4}})},
          {"gaps-are-lost", {"gaps-are-lost"}, counts({1, 2, 5, 6}, {{"errors", 2}})},
          {"late-datagrams",
           {"late-datagrams-are-not-lost"},
           counts({1, 3, 2, 4}, {{"errors", 0}, {"packets", 4}})},
          {"duplicates-of-datagrams",
           {"duplicates-cancel-losses"},
           counts({1, 3, 3, 4}, {{"errors", 0}})},
          {"number-zero",
           {"number-zero-is-out-of-order"},
           counts({0, 1, 2}, {{"bytes", 300}, {"packets", 2}})},
          {"bytes-of-datagrams",
           {"received-bytes-are-those-of-datagrams"},
           counts({1, 2, 2, 3}, {{"bytes", 400}})},
          {"jitter", {"jitter-is-smoothed-transit-difference"}, smooths_jitter},
          {"omitted-datagrams",
           {"omitted-datagrams-are-reported", "omitted-part-is-silent"},
           reports_what_is_omitted},
          {"shorter-datagrams",
           {"shorter-datagrams-are-glued"},
           counts({1, 2, 3, 4, 5, 6}, {{"packets", 5}}, Json::object(), 50)},
          {"longer-datagrams",
           {"longer-datagrams-are-cut"},
           counts({1, 2, 3, 4, 5, 6}, {{"bytes", 600}}, Json::object(), 300)},
          {"copied-connect-datagram",
           {"copied-connect-datagram-is-counted"},
           copied_connect_is_counted},
          {"datagrams-before-the-test",
           {"data-before-running-is-counted"},
           counts_early_datagrams,
           {"parallel"}},
          {"short-datagrams", {"short-datagrams-harm-no-figures"}, ignores_short_datagrams},
          {"udp-streams-keep-others-waiting",
           {"udp-set-up-keeps-others-waiting"},
           keeps_others_waiting},
          {"udp-congestion-control",
           {"udp-results-have-no-congestion-control"},
           names_no_congestion_control},
          {"flagged-connect-copied",
           {"flagged-connect-datagram-may-be-repeated"},
           answers_each_copy,
           {"role-flag"}},
          {"flagged-connect-of-a-stranger",
           {"foreign-connect-datagram-is-ignored"},
           does_not_answer(true),
           {"role-flag"}},
          {"plain-connect-in-a-flagged-test",
           {"foreign-connect-datagram-is-ignored"},
           does_not_answer(false),
           {"role-flag"}},
      },
      "udp"));
}

}  // namespace rolecall::conformance::server_udp
