// SPDX-License-Identifier: BSD-3-Clause
// What roleperf reports of UDP tests, beside what the link did to their datagrams and what the
// receiver's kernel had no room for.
#include <signal.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/link/random_loss.h"
#include "harness/perf/program_pair.h"
#include "harness/scenario/linked_pair.h"
#include "harness/schedule/schedule.h"

namespace rolecall::scenario {
namespace {

using link::Direction;
using link::LinkLog;
using nlohmann::ordered_json;
using perf::Ends;
using testing::Combine;
using testing::Values;

// What a pair reports and the link saw of a test that has ended.
struct Ended {
  ordered_json client;
  ordered_json server;
  LinkLog log;
};

Ended run(const Ends& ends, const std::string& line, const std::string& rules) {
  LinkedPair pair(ends, line, parse_schedule(rules).value().rules);
  LinkLog log = pair.finish();
  for (const Direction d : link::kDirections) EXPECT_EQ(log.traffic[d].overflowed, 0U);
  return {pair.document(kToClient), pair.document(kToServer), std::move(log)};
}

// --- datagrams that the link loses and brings late

constexpr int kLength = 1000;
constexpr int kDatagrams = 30;  // that go at least
constexpr int kInTheLot = 20;   // the first ones
// So slow that no more than kMaxTimes go within the limit of a run.
constexpr char kStream[] = "-u -l 1000 -b 400K";

// Of a stream's first datagrams some are lost by lot, then one comes one place late, one three; the
// last ones are left alone.
std::string disturb(int stream) {
  std::string rules = fmt::format(
      "hold datagram 22 of stream {0} until datagram 23 of stream {0}; "
      "hold datagram 24 of stream {0} until datagram 27 of stream {0}",
      stream);
  link::RandomLoss lot(30, static_cast<std::uint64_t>(stream) + 2);
  for (int place = 1; place <= kInTheLot; ++place)
    if (lot.loses_next()) rules += fmt::format("; drop datagram {} of stream {}", place, stream);
  return rules;
}

// What a report says, or is to say, of one stream.
struct Account {
  std::int64_t packets = 0;
  std::int64_t bytes = 0;
  std::int64_t lost = 0;
  std::int64_t late = 0;
  bool operator==(const Account&) const = default;
};

void PrintTo(const Account& a, std::ostream* os) {
  *os << fmt::format("{} packets, {} bytes, {} lost, {} late", a.packets, a.bytes, a.lost, a.late);
}

// As the link counted them: what went.
Account sent(const LinkLog& log, Direction direction, int stream = 1) {
  const link::DatagramCount& count = log.stream(stream)->datagrams[direction];
  return {.packets = static_cast<std::int64_t>(count.packets),
          .bytes = static_cast<std::int64_t>(count.bytes)};
}

// And what came of the first `packets`.
Account arrived(const LinkLog& log, std::int64_t packets, int stream = 1) {
  Account all{.packets = packets};
  for (const link::PacketAction& action : log.actions) {
    const Rule& rule = log.rules.at(action.rule).rule;
    if (rule.connection != stream || rule.datagram > packets) continue;
    all.lost += action.fate == link::PacketFate::Dropped ? 1 : 0;
    all.late += action.fate == link::PacketFate::Released ? 1 : 0;
  }
  all.bytes = (packets - all.lost) * kLength;
  return all;
}

int count_drops(const std::string& rules) {
  const std::vector<Rule> all = parse_schedule(rules).value().rules;
  return static_cast<int>(std::ranges::count(all, Verb::Drop, &Rule::verb));
}

// What a document says of all streams. Only the receiver's own knows which came late.
Account reported(const ordered_json& document, const char* sum) {
  const ordered_json& of = document["end"][sum];
  Account all{.packets = of["packets"].get<std::int64_t>(),
              .bytes = of["bytes"].get<std::int64_t>(),
              .lost = of["lost_packets"].get<std::int64_t>()};
  for (const ordered_json& stream : document["end"]["streams"])
    all.late += stream["udp"]["out_of_order"].get<std::int64_t>();
  return all;
}

Account without_late(Account account) {
  account.late = 0;
  return account;
}

Account without_bytes(Account account) {
  account.bytes = 0;
  return account;
}

// What the document of one end says of a stream of the link; `port` is how it calls the client's.
const ordered_json& stream_of(const ordered_json& document, const char* port,
                              const link::ConnectionLog& stream) {
  const ordered_json& all = document["start"]["connected"];
  std::size_t i = 0;
  while (all.at(i)[port] != stream.client_port) ++i;
  return document["end"]["streams"][i]["udp"];
}

const ordered_json& at_the_server(const Ended& test, int stream) {
  return stream_of(test.server, "remote_port", *test.log.stream(stream));
}

const ordered_json& at_the_client(const Ended& test, int stream) {
  return stream_of(test.client, "local_port", *test.log.stream(stream));
}

// Its bytes are the sender's, as in iperf3, or nothing.
Account account_of(const ordered_json& udp) {
  return {.packets = udp["packets"].get<std::int64_t>(),
          .lost = udp["lost_packets"].get<std::int64_t>(),
          .late = udp["out_of_order"].get<std::int64_t>()};
}

void expect_all_disturbed(const LinkLog& log) {
  for (const link::RuleLog& rule : log.rules) {
    const bool is_done = rule.rule.datagram > kDatagrams || rule.is_fulfilled();
    EXPECT_TRUE(is_done) << rule.text();
  }
}

class UdpAccounting : public LinkedPairTest,
                      public testing::WithParamInterface<std::tuple<std::string, std::string>> {
 protected:
  static std::string other() { return std::get<0>(GetParam()); }
  static std::string option() { return std::get<1>(GetParam()); }
};

TEST_P(UdpAccounting, TheServerReportsWhatTheLinkDid) {
  const Ends ends{"ours", other()};
  if (!is_here(ends)) GTEST_SKIP() << kNoSuchIperf3;
  const Ended test = run(
      ends, fmt::format("{} -i 0.1 -n {} {}", kStream, kDatagrams * kLength, option()), disturb(1));
  expect_all_disturbed(test.log);
  const Account all = sent(test.log, kToServer);
  const Account came = arrived(test.log, all.packets);
  EXPECT_EQ(reported(test.server, "sum_received"), came) << test.log.text();
  if (other() != "ours") return;
  EXPECT_EQ(reported(test.client, "sum_sent"), all);
  EXPECT_EQ(reported(test.client, "sum_received"), without_late(came));
}

// The goal is what comes of the first datagrams; nothing that follows them comes.
TEST_P(UdpAccounting, TheClientReportsWhatTheLinkDid) {
  const Ends ends{other(), "ours"};
  if (!is_here(ends)) GTEST_SKIP() << kNoSuchIperf3;
  const std::string rules = disturb(1);
  const auto goal = (kDatagrams - count_drops(rules)) * kLength;
  const Ended test =
      run(ends, fmt::format("{} -R -n {} {}", kStream, goal, option()),
          fmt::format("{}; drop datagram {} of stream 1 1000 times", rules, kDatagrams + 1));
  expect_all_disturbed(test.log);
  EXPECT_EQ(reported(test.client, "sum_received"), arrived(test.log, kDatagrams))
      << test.log.text();
  if (other() != "ours") return;
  EXPECT_EQ(reported(test.server, "sum_sent"), sent(test.log, kToClient));
}

INSTANTIATE_TEST_SUITE_P(With, UdpAccounting,
                         Combine(Values("ours", "3.22"), Values("", "--udp-counters-64bit")));
INSTANTIATE_TEST_SUITE_P(Segmented, UdpAccounting, Combine(Values("ours"), Values("--gsro")));

TEST_F(LinkedPairTest, AClientReportsWhatItSentAndWhatIperf3SaysOfIt) {
  const Ends ends{"3.22", "ours"};
  if (!is_here(ends)) GTEST_SKIP() << kNoSuchIperf3;
  const Ended test = run(ends, fmt::format("{} -n {}", kStream, kDatagrams * kLength), disturb(1));
  EXPECT_EQ(reported(test.client, "sum_sent"), sent(test.log, kToServer));
  EXPECT_EQ(test.client["end"]["streams"][0]["udp"]["lost_packets"],
            test.server["end"]["streams"][0]["udp"]["lost_packets"]);
}

TEST_F(LinkedPairTest, AServerReportsWhatItSentToIperf3) {
  const Ends ends{"ours", "3.22"};
  if (!is_here(ends)) GTEST_SKIP() << kNoSuchIperf3;
  const Ended test = run(ends, fmt::format("{} -R -t 1", kStream), disturb(1));
  EXPECT_EQ(reported(test.server, "sum_sent"), sent(test.log, kToClient));
}

TEST_F(LinkedPairTest, EachStreamHasItsOwnLosses) {
  const Ended test =
      run({"ours", "ours"}, fmt::format("{} -P 2 -n {}", kStream, 4 * kDatagrams * kLength),
          disturb(1) + "; " + disturb(2));
  expect_all_disturbed(test.log);
  for (const int stream : {1, 2}) {
    const Account came = arrived(test.log, sent(test.log, kToServer, stream).packets, stream);
    EXPECT_EQ(account_of(at_the_server(test, stream)), without_bytes(came));
  }
}

// Stream 1 carries what the client sends, stream 2 what the server does.
class UdpBothWays : public LinkedPairTest, public testing::WithParamInterface<Ends> {};

TEST_P(UdpBothWays, EachEndReportsWhatTheLinkDid) {
  const Ends ends = GetParam();
  if (!is_here(ends)) GTEST_SKIP() << kNoSuchIperf3;
  const Ended test = run(ends, fmt::format("{} --bidir -n {}", kStream, 4 * kDatagrams * kLength),
                         disturb(1) + "; " + disturb(2));
  expect_all_disturbed(test.log);
  if (ends.server == "ours") {
    const std::int64_t all = sent(test.log, kToServer, 1).packets;
    EXPECT_EQ(account_of(at_the_server(test, 1)), without_bytes(arrived(test.log, all, 1)));
  }
  if (ends.client == "ours") {
    const Account came = account_of(at_the_client(test, 2));
    EXPECT_GE(came.packets, kDatagrams);
    EXPECT_EQ(came, without_bytes(arrived(test.log, came.packets, 2)));
  }
}

INSTANTIATE_TEST_SUITE_P(Between, UdpBothWays,
                         Values(Ends{"ours", "ours"}, Ends{"ours", "3.22"}, Ends{"3.22", "ours"}));

// --- datagrams for which the receiver's buffer has no room

class UdpOverrun : public LinkedPairTest, public testing::WithParamInterface<std::string> {};

TEST_P(UdpOverrun, IsReportedAsTheKernelCountsIt) {
  const std::string way = GetParam();
  const Direction to = way == "-R" ? kToClient : kToServer;
  LinkedPair pair({"ours", "ours"},
                  fmt::format("{} -w 64K -t 60 --role-flag=off {}", kStream, way));
  const auto count = [&] { return udp_counters(pair.place(to)); };
  ASSERT_TRUE(comes_true([&] { return count().taken > 5; }));
  pair.end(to).send_signal(SIGSTOP);
  ASSERT_TRUE(comes_true([&] { return count().overrun > 5; }));
  const UdpCounters before = count();
  pair.end(to).send_signal(SIGCONT);
  // More than the buffer had: datagrams behind those that were lost.
  ASSERT_TRUE(comes_true([&] { return count().taken > before.taken + 80; }));
  // Nothing is on its way when the test ends, and nothing is read that is not counted yet.
  const Direction back = to == kToClient ? kToServer : kToClient;
  pair.end(back).send_signal(SIGSTOP);
  ASSERT_TRUE(comes_true([&] { return all_threads_are('T', pair.end(back).pid()); }));
  ASSERT_TRUE(comes_true([&] {
    const UdpCounters now = count();
    return udp_counters(pair.place(back)).sent == now.taken + now.overrun &&
           all_threads_are('S', pair.end(to).pid());
  }));
  pair.end(kToClient).send_signal(SIGINT);
  if (to == kToClient) {
    ASSERT_TRUE(comes_true([&] { return pair.end(kToClient).status().has_value(); }));
  }
  pair.end(back).send_signal(SIGCONT);
  pair.finish();
  const UdpCounters after = count();
  const Account report = reported(pair.document(to), "sum_received");
  const std::int64_t taken = after.taken - 1;  // one opened the stream
  EXPECT_EQ(report, (Account{taken + report.lost, taken * kLength, report.lost, 0}));
  // The same, unless the last ones of all found the buffer full again: nothing tells of those.
  EXPECT_GE(report.lost, before.overrun);
  EXPECT_LE(report.lost, after.overrun);
}

INSTANTIATE_TEST_SUITE_P(Of, UdpOverrun, Values("", "-R"));

}  // namespace
}  // namespace rolecall::scenario
