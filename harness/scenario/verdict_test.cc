// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/verdict.h"

#include <signal.h>

#include <gmock/gmock.h>

namespace rolecall::scenario {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kHeader = kCookieBytes;

// One connection: what each end has sent as payload and each program has read of it.
ConnectionSample connection(std::uint16_t port, std::uint64_t client_sent,
                            std::uint64_t server_sent, std::uint64_t client_read = 0,
                            std::uint64_t server_read = 0) {
  ConnectionSample c;
  c.client_port = port;
  c.client.seen = c.server.seen = true;
  c.client.established = c.server.established = true;
  c.client.bytes_acked = 1 + kHeader + client_sent;
  c.server.bytes_received = kHeader + client_sent;
  c.server.rqueue = static_cast<std::uint32_t>(client_sent - server_read);
  c.server.bytes_acked = server_sent;
  c.client.bytes_received = server_sent;
  c.client.rqueue = static_cast<std::uint32_t>(server_sent - client_read);
  return c;
}

KernelSample sample(std::vector<ConnectionSample> streams) {
  KernelSample s;
  s.streams = std::move(streams);
  return s;
}

void block(EndSample& end) {
  end.persist = end.send_buffer_full = true;
  end.wqueue = 4'000'000;
}

bool is_certified(const KernelSample& s, int connections = 2) {
  return certify(s, connections, kHeader).has_value();
}

TEST(CertificateTest, TwoSendersOnOneConnectionAndTwoReceiversOnTheOtherAreADeadlock) {
  const auto found =
      certify(sample({connection(11, 64000, 64000), connection(12, 0, 0)}), 2, kHeader);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->both_send, ::testing::ElementsAre(11));
  EXPECT_THAT(found->both_receive, ::testing::ElementsAre(12));
  EXPECT_TRUE(found->is_on_every_connection());
}

TEST(CertificateTest, MovingBytesAreADeadlockWhenNobodyReadsThem) {
  EXPECT_TRUE(is_certified(sample({connection(11, 1000, 2000), connection(12, 0, 0)})));
}

TEST(CertificateTest, AStoppedServerIsNoDeadlock) {  // kill -STOP: the client fills its buffers
  KernelSample s = sample({connection(11, 4'000'000, 0), connection(12, 0, 0)});
  block(s.streams[0].client);
  EXPECT_FALSE(is_certified(s));
}

TEST(CertificateTest,
     AStalledLinkIsNoDeadlock) {  // both directions were flowing, then nothing moves
  EXPECT_FALSE(
      is_certified(sample({connection(11, 90000, 0, 0, 30000), connection(12, 0, 90000)})));
}

TEST(CertificateTest, ASenderThatHasNotBegunIsNoDeadlock) {  // -b 1, -F from an empty pipe
  EXPECT_FALSE(is_certified(sample({connection(11, 131072, 0), connection(12, 0, 0)})));
  EXPECT_FALSE(is_certified(sample({connection(11, 0, 0), connection(12, 0, 0)})));
}

TEST(CertificateTest, ReadBytesAreNoDeadlock) {
  EXPECT_FALSE(is_certified(sample({connection(11, 500, 500, 1, 0), connection(12, 0, 0)})));
}

TEST(CertificateTest, IsUndecidedWhileMoreConnectionsAreSilentThanTwiceUsed) {
  const auto silent = sample(
      {connection(11, 9, 0), connection(12, 9, 9), connection(13, 0, 0), connection(14, 0, 0)});
  EXPECT_FALSE(is_certified(silent, 4));
}

TEST(CertificateTest, ProvesNothingWhileAConnectionIsMissing) {
  EXPECT_FALSE(is_certified(sample({connection(11, 9, 9), connection(12, 0, 0)}), 4));
}

TEST(CertificateTest, ProvesNothingOnAClosingConnection) {  // an acknowledged FIN reads as a byte
  KernelSample s = sample({connection(11, 9, 1), connection(12, 0, 0)});
  s.streams[0].server.established = false;
  EXPECT_FALSE(is_certified(s));
}

TEST(CertificateTest, TheRestMayFlow) {
  const auto found =
      certify(sample({connection(11, 70000, 0, 0, 60000), connection(12, 64000, 64000),
                      connection(13, 0, 0), connection(14, 0, 70000, 60000, 0)}),
              4, kHeader);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->flowing, ::testing::ElementsAre(11, 14));
}

TEST(CertificateTest, IsWedgedOnlyWhenNeitherEndCanGoOn) {
  KernelSample s = sample({connection(11, 64000, 64000), connection(12, 0, 0)});
  const auto found = certify(s, 2, kHeader);
  block(s.streams[0].client);
  EXPECT_FALSE(is_wedged(*found, s));
  block(s.streams[0].server);
  EXPECT_TRUE(is_wedged(*found, s));
}

// A report of streams from client ports 11, 12 ... to server port 5201, as one end prints it.
StreamReport stream(bool is_client, std::uint16_t port, bool sends, std::uint64_t sender,
                    std::uint64_t receiver) {
  StreamReport s;
  s.local_port = is_client ? port : 5201;
  s.remote_port = is_client ? 5201 : port;
  s.sends = sends;
  s.sender_bytes = sender;
  s.receiver_bytes = receiver;
  return s;
}
StreamReport client(std::uint16_t port, bool sends, std::uint64_t sender, std::uint64_t receiver) {
  return stream(true, port, sends, sender, receiver);
}
StreamReport server(std::uint16_t port, bool sends, std::uint64_t sender, std::uint64_t receiver) {
  return stream(false, port, sends, sender, receiver);
}

// A test that both ends ended by themselves, with status 0.
RunFacts ended(Mode mode, int streams, std::vector<StreamReport> clients,
               std::vector<StreamReport> servers) {
  RunFacts f;
  f.mode = mode;
  f.streams = streams;
  f.kernel_holds_bytes = 1'000'000;
  f.client.label = "iperf3 3.12";
  f.server.label = "iperf3 3.12";
  f.client.ended = f.server.ended = ExitStatus{};
  f.client.report = PeerReport{{}, std::move(clients), true};
  f.server.report = PeerReport{{}, std::move(servers), true};
  f.client_order = {11, 12};
  return f;
}

RunFacts forward_pair() {
  return ended(Mode::Forward, 2, {client(11, true, 900, 800), client(12, true, 700, 600)},
               {server(11, false, 0, 800), server(12, false, 0, 600)});
}

TEST(VerdictTest, EqualFiguresOfEveryStreamAreCompleted) {
  EXPECT_EQ(judge(forward_pair()).kind, VerdictKind::Completed);
}

TEST(VerdictTest, ABidirTestIsCompletedFromWhatEachEndKnows) {
  const auto f = ended(Mode::Bidir, 1, {client(11, true, 900, 800), client(12, false, 700, 600)},
                       {server(11, false, 0, 800), server(12, true, 700, 0)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
}

TEST(VerdictTest, FiguresOfTheOtherStreamAreMisattributed) {
  const auto f = ended(Mode::Forward, 2, {client(11, true, 900, 600), client(12, true, 700, 800)},
                       {server(12, false, 0, 600), server(11, false, 0, 800)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Misattributed);
  EXPECT_THAT(judge(f).reason, HasSubstr("the server's streams are connections 2,1"));
}

TEST(VerdictTest, ByReverseItIsTheSendersFigureThatIsMisattributed) {
  const auto f = ended(Mode::Reverse, 2, {client(11, false, 700, 650), client(12, false, 900, 850)},
                       {server(12, true, 700, 0), server(11, true, 900, 0)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Misattributed);
}

TEST(VerdictTest, FiguresByPlaceThatHappenToBeEqualAreStillMisattributed) {
  const auto f = ended(Mode::Forward, 2, {client(11, true, 900, 800), client(12, true, 900, 800)},
                       {server(12, false, 0, 800), server(11, false, 0, 800)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Misattributed);
}

TEST(VerdictTest, StreamsThatAServerSaysItCannotTellApartMayChangePlaces) {
  auto f = ended(Mode::Forward, 2, {client(11, true, 900, 800), client(12, true, 900, 800)},
                 {server(12, false, 0, 800), server(11, false, 0, 800)});
  f.server.report->tells_numbers = true;
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
  f.server.report->streams[0].number = 1;  // it is the second
  EXPECT_EQ(judge(f).kind, VerdictKind::Misattributed);
}

TEST(VerdictTest, AnotherOrderWithEachStreamsOwnFiguresIsCompleted) {
  const auto f = ended(Mode::Forward, 2, {client(11, true, 900, 800), client(12, true, 700, 600)},
                       {server(12, false, 0, 600), server(11, false, 0, 800)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
}

TEST(VerdictTest, MispairedConnectionsOfATestThatReportsSuccessAreVoid) {
  const auto f = ended(Mode::Bidir, 1, {client(11, true, 900, 0), client(12, false, 900, 0)},
                       {server(12, false, 0, 0), server(11, true, 900, 0)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Void);
  EXPECT_THAT(judge(f).reason, HasSubstr("connection 1 is sender/sender"));
}

TEST(VerdictTest, OneByteMoreThanWasSentIsAWrongFigure) {
  const auto f = ended(Mode::Forward, 1, {client(11, true, 900, 901)}, {server(11, false, 0, 901)});
  EXPECT_EQ(judge(f).kind, VerdictKind::WrongFigures);
  EXPECT_THAT(judge(f).reason, HasSubstr("more than was sent"));
}

// Seen with 3.18 and 3.22 at either end.
TEST(VerdictTest, AThreadThatSendsMayBeABlockAheadOfItsFigure) {
  auto f = ended(Mode::Reverse, 1, {client(11, false, 500'000, 510'000)},
                 {server(11, true, 500'000 - 131'072, 0)});
  EXPECT_EQ(judge(f).kind, VerdictKind::WrongFigures);
  f.server.has_sender_threads = true;
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
  f.server.report->streams[0].sender_bytes = 500'000 - 131'073;
  EXPECT_EQ(judge(f).kind, VerdictKind::WrongFigures);
}

// Seen under load: 89 MB counted as sent, 49 MB as received, as the server's -O began later.
TEST(VerdictTest, WithOmitEachEndCountsFromATimeOfItsOwn) {
  RunFacts f = ended(Mode::Forward, 1, {client(11, true, 900, 901)}, {server(11, false, 0, 901)});
  f.omits_start = true;
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
  f = ended(Mode::Forward, 1, {client(11, true, 9'000'000, 100)}, {server(11, false, 0, 100)});
  f.omits_start = true;
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
}

TEST(VerdictTest, WithOmitNoMoreIsReceivedThanTheKernelHad) {
  RunFacts f = ended(Mode::Forward, 1, {client(11, true, 900, 901)}, {server(11, false, 0, 901)});
  f.omits_start = true;
  f.kernel = sample({connection(11, 900, 0, 0, 900)});
  f.kernel.streams[0].server.closed = true;
  EXPECT_THAT(judge(f).reason, HasSubstr("but the receiver's kernel had 900 only"));
}

TEST(VerdictTest, NothingReceivedOfSomethingSentIsAWrongFigure) {
  const auto f = ended(Mode::Forward, 1, {client(11, true, 900, 0)}, {server(11, false, 0, 0)});
  EXPECT_EQ(judge(f).kind, VerdictKind::WrongFigures);
}

TEST(VerdictTest, MoreUnderWayThanKernelsHoldIsAWrongFigure) {
  const auto f =
      ended(Mode::Forward, 1, {client(11, true, 9'000'000, 100)}, {server(11, false, 0, 100)});
  EXPECT_THAT(judge(f).reason, HasSubstr("the kernels and one block hold at most"));
}

// Seen under load: 94 MB sent, 56 MB counted, and the client's kernel had all of the 94 MB.
TEST(VerdictTest, WhatAClientDrainsAfterTheTestIsNotMissed) {
  const auto f = ended(Mode::Reverse, 1, {client(11, false, 9'000'000, 100)},
                       {server(11, true, 9'000'000, 0)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
}

TEST(VerdictTest, NothingReceivedIsNoFaultOnceAllOfItWasDrained) {
  RunFacts f = ended(Mode::Reverse, 1, {client(11, false, 900, 0)}, {server(11, true, 900, 0)});
  f.kernel = sample({connection(11, 0, 900, 900)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Inconclusive);
  EndSample& end = f.kernel.streams[0].client;
  end.closed = true;
  EXPECT_EQ(judge(f).kind, VerdictKind::Inconclusive);  // it closed with a reset: bytes were unread
  end.bytes_acked += 1;
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
}

// Seen on a machine that stood still for a second.
TEST(VerdictTest, NothingCountedOfWhatKernelsHoldProvesNothing) {
  RunFacts f = ended(Mode::Reverse, 1, {client(11, false, 900, 0)}, {server(11, true, 900, 0)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Inconclusive);
  EXPECT_THAT(judge(f).reason, HasSubstr("connection 1: 900 sent, 0 received"));
}

TEST(VerdictTest, NothingReceivedOfMoreThanKernelsHoldIsAWrongFigure) {
  const auto f =
      ended(Mode::Reverse, 1, {client(11, false, 9'000'000, 0)}, {server(11, true, 9'000'000, 0)});
  EXPECT_EQ(judge(f).kind, VerdictKind::WrongFigures);
}

TEST(VerdictTest, NothingReceivedByAServerIsNoFaultOnceAllOfItWasDrained) {
  RunFacts f = ended(Mode::Forward, 1, {client(11, true, 900, 0)}, {server(11, false, 0, 0)});
  f.kernel = sample({connection(11, 900, 0, 0, 900)});
  f.kernel.streams[0].server.closed = true;
  EXPECT_EQ(judge(f).kind, VerdictKind::WrongFigures);
  f.kernel.streams[0].server.bytes_acked = 1;
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
}

TEST(VerdictTest, MoreThanTheKernelReceivedIsAWrongFigure) {
  RunFacts f = forward_pair();
  f.kernel = sample({connection(11, 500, 0)});
  f.kernel.streams[0].server.closed = true;
  f.kernel.streams[0].server.rqueue = 0;
  EXPECT_THAT(judge(f).reason, HasSubstr("the receiver's kernel had 500 only"));
}

TEST(VerdictTest, AStreamThatHadNothingToSendIsNoFault) {
  RunFacts f = ended(Mode::Forward, 2, {client(11, true, 900, 800), client(12, true, 0, 0)},
                     {server(11, false, 0, 800), server(12, false, 0, 0)});
  EXPECT_EQ(judge(f).kind, VerdictKind::Completed);
}

TEST(VerdictTest, ConnectionsBeyondThoseOfTheTestAreCounted) {
  RunFacts f = forward_pair();
  EXPECT_EQ(surplus_connections(f), std::nullopt);
  f.client_order = {11, 0, 12};  // one is not known
  EXPECT_EQ(surplus_connections(f), std::nullopt);
  f.client_order = {11, 12, 13};
  EXPECT_EQ(surplus_connections(f), "the client opened 3 stream connections, the test has 2");
}

TEST(VerdictTest, AStreamThatOneEndDoesNotReportIsAWrongFigure) {
  RunFacts f = forward_pair();
  f.server.report->streams.pop_back();
  EXPECT_EQ(judge(f).kind, VerdictKind::WrongFigures);
}

TEST(VerdictTest, AnErrorWithExitStatusZeroIsStillARefusal) {  // clients 3.10 to 3.13 with -J
  RunFacts f = forward_pair();
  f.client.report->error = "the server is busy";
  EXPECT_EQ(judge(f).kind, VerdictKind::Refused);
  EXPECT_THAT(judge(f).reason, HasSubstr("the server is busy"));
}

TEST(VerdictTest, ADeathBySignalIsACrashWhateverElseIsTrue) {
  RunFacts f = forward_pair();
  f.server.ended = ExitStatus{true, SIGSEGV};
  EXPECT_EQ(judge(f).kind, VerdictKind::Crashed);
}

TEST(VerdictTest, GarbageWithExitStatusZeroIsStuckAndQuoted) {
  RunFacts f = forward_pair();
  f.client.report.reset();
  f.client.report_problem = "it printed 3 bytes without a complete JSON report";
  EXPECT_EQ(judge(f).kind, VerdictKind::Stuck);
  EXPECT_THAT(judge(f).reason, HasSubstr("it printed 3 bytes"));
}

RunFacts deadlocked() {
  RunFacts f = ended(Mode::Bidir, 1, {}, {});
  f.client.ended.reset();
  f.server.ended.reset();
  f.kernel = sample({connection(11, 64000, 64000), connection(12, 0, 0)});
  f.certified = f.kernel;
  f.certificate = certify(f.kernel, 2, kHeader);
  return f;
}

TEST(VerdictTest, WithADurationTheCertificateAloneDecides) {
  EXPECT_TRUE(is_decided(deadlocked()));
  EXPECT_EQ(judge(deadlocked()).kind, VerdictKind::Deadlock);
  EXPECT_THAT(
      judge(deadlocked()).reason,
      HasSubstr("connection 1: client sent 64000 bytes, server sent 64000, nobody read any"));
}

TEST(VerdictTest, WithASizeGoalOnlyWedgedSendersDecide) {
  RunFacts f = deadlocked();
  f.has_size_goal = true;
  EXPECT_FALSE(is_decided(f));
  f.is_wedged = true;
  EXPECT_TRUE(is_decided(f));
}

TEST(VerdictTest, ACertificateWithASizeGoalIsVoidOnceTheTestHasEndedByItself) {
  RunFacts f = ended(Mode::Bidir, 1, {client(11, true, 900, 0), client(12, false, 900, 0)},
                     {server(12, false, 0, 0), server(11, true, 900, 0)});
  f.certificate = deadlocked().certificate;
  f.has_size_goal = true;
  EXPECT_EQ(judge(f).kind, VerdictKind::Void);
}

TEST(VerdictTest, WhereTheRestFlowsItIsAPartialDeadlock) {
  RunFacts f = deadlocked();
  f.certificate->flowing = {13, 14};
  EXPECT_EQ(judge(f).kind, VerdictKind::PartialDeadlock);
}

TEST(VerdictTest, AHoldLimitMakesItInconclusive) {
  RunFacts f = deadlocked();
  f.lever_problems = {"connection 2 was never made within the hold limit"};
  EXPECT_EQ(judge(f).kind, VerdictKind::Inconclusive);
}

TEST(VerdictTest, WithoutACertificateTheLimitIsStuckAndNeverADeadlock) {
  RunFacts f = deadlocked();
  f.certificate.reset();
  EXPECT_EQ(judge(f).kind, VerdictKind::Stuck);
  EXPECT_THAT(judge(f).reason, HasSubstr("connection 2: client sent 0 and read 0"));
}

}  // namespace
}  // namespace rolecall::scenario
