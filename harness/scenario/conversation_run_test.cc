// SPDX-License-Identifier: BSD-3-Clause
// What a conversation comes to, and how its program is named.
#include "harness/scenario/conversation_run.h"

#include <gmock/gmock.h>

namespace rolecall::scenario {
namespace {

using conformance::Command;
using conformance::Harm;
using conformance::Heard;
using conformance::Side;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Heard harmed(Harm::Kind kind) {
  Heard heard;
  heard.harm = Harm{kind, "what it did"};
  return heard;
}

Heard ended_with(int status) {
  Heard heard;
  heard.ended = ExitStatus{.code = status};
  return heard;
}

TEST(ConversationVerdictTest, HarmIsNamedAsTheVerdictsAre) {
  EXPECT_EQ(judge(Side::Server, harmed(Harm::Kind::Crash)).kind, VerdictKind::Crashed);
  EXPECT_EQ(judge(Side::Server, harmed(Harm::Kind::End)).kind, VerdictKind::Refused);
  EXPECT_EQ(judge(Side::Server, harmed(Harm::Kind::Hang)).kind, VerdictKind::Stuck);
  EXPECT_EQ(judge(Side::Client, harmed(Harm::Kind::Crash)).reason, "the client died: what it did");
}

TEST(ConversationVerdictTest, AServerCompletesWhereItServesOn) {
  EXPECT_EQ(judge(Side::Server, Heard{}).kind, VerdictKind::Completed);
}

TEST(ConversationVerdictTest, AClientMayRefuse) {
  EXPECT_EQ(judge(Side::Client, ended_with(0)).kind, VerdictKind::Completed);
  EXPECT_EQ(judge(Side::Client, ended_with(1)).kind, VerdictKind::Refused);
}

TEST(ConversationVerdictTest, EveryVerdictCanBeStated) {
  for (const auto kind : {Harm::Kind::Crash, Harm::Kind::End, Harm::Kind::Hang})
    EXPECT_THAT(kVerdictsOfConversations,
                testing::Contains(judge(Side::Server, harmed(kind)).kind));
}

// A program that is here on every machine stands for a peer.
class ProgramTest : public testing::Test {
 protected:
  PeerSet peers_{.found = {{.name = "legacy",
                            .path = std::filesystem::canonical("/bin/sh"),
                            .program = "iperf",
                            .release_text = "3.12",
                            .release = {}}},
                 .missing = {}};
};

TEST_F(ProgramTest, APeerIsStartedToServeOn) {
  const PeerSpec spec{.peer = "legacy", .args = {"-6"}};
  EXPECT_THAT(command_of(spec, Side::Server, peers_).value().words,
              ElementsAre(peers_.found[0].path.string(), "-s", "-p", "{port}", "-6"));
}

TEST_F(ProgramTest, APeerIsKnownByItsPathAndKeepsItsArguments) {
  for (const Side side : {Side::Server, Side::Client}) {
    const PeerSpec spec{.peer = "legacy", .args = {"--bind-dev", "lo"}};
    Command command = command_of(spec, side, peers_).value();
    command.words.front() = "sh";  // by PATH
    EXPECT_EQ(spec_of(command, side, peers_).peer, "legacy");
    EXPECT_EQ(spec_of(command, side, peers_).args, spec.args);
  }
}

TEST_F(ProgramTest, WhatIsStartedInAnotherWayIsNoPeer) {
  const Command with_a_file{{"/bin/sh", "-s", "-p", "{port}", "--logfile", "x", "-J"}};
  EXPECT_THAT(spec_of(with_a_file, Side::Server, peers_).peer, IsEmpty());
  EXPECT_EQ(spec_of(with_a_file, Side::Server, peers_).command, with_a_file.words);
  const Command other_order{{"/bin/sh", "-p", "{port}", "-s"}};
  EXPECT_EQ(spec_of(other_order, Side::Server, peers_).command, other_order.words);
}

TEST_F(ProgramTest, ACommandWorksFromAnyFolder) {
  const PeerSpec spec = spec_of({{"./some/program", "-p", "{port}"}}, Side::Server, peers_);
  const auto here = std::filesystem::current_path();
  EXPECT_THAT(spec.command, ElementsAre((here / "some/program").string(), "-p", "{port}"));
}

TEST_F(ProgramTest, AProgramThatIsNotHereIsNamed) {
  const PeerSpec command{.peer = "", .args = {}, .command = {"no-such-program", "{port}"}};
  EXPECT_THAT(command_of(command, Side::Server, peers_).error().what,
              HasSubstr("no-such-program is no program"));
  const PeerSpec peer{.peer = "iperf3-0.0", .args = {}};
  EXPECT_THAT(command_of(peer, Side::Server, peers_).error().what, HasSubstr("run ci/peers.sh"));
}

}  // namespace
}  // namespace rolecall::scenario
