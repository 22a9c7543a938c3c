// SPDX-License-Identifier: BSD-3-Clause
// Scenario files one of whose ends is a conversation.
#include "harness/scenario/conversation_fields.h"

#include <string>

#include <gmock/gmock.h>

#include "harness/scenario/evidence_json.h"
#include "harness/scenario/scenario_file.h"

namespace rolecall::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kWithServer[] = R"({
  "schema": 1, "claim": "a claim", "why": [],
  "server": { "peer": "legacy", "args": ["-6"] },
  "client": { "conversation": [
    "open 0",
    "send 0 \"{cookie}\\x0d\"" ] },
  "expect": { "verdict": "stuck" },
  "control": {}
})";

constexpr char kWithClient[] = R"({
  "schema": 1, "claim": "a claim", "why": [],
  "server": { "conversation": ["open 0", "take 0 37"] },
  "client": { "command": ["./x", "-c", "{host}:{port}", "{options}"] },
  "expect": { "verdict": "refused" },
  "control": {}
})";

// With one part exchanged.
std::string changed(std::string text, const std::string& old_text, const std::string& new_text) {
  const auto at = text.find(old_text);
  EXPECT_NE(at, text.npos);
  return text.replace(at, old_text.size(), new_text);
}

std::string refusal_of(const std::string& text) {
  const auto parsed = parse_scenario(text, "a-claim.json");
  return parsed ? "no error" : parsed.error().what;
}

TEST(ConversationFieldsTest, AConversationIsItsSteps) {
  const Scenario s = parse_scenario(kWithServer, "a-claim.json").value();
  EXPECT_TRUE(s.has_conversation());
  EXPECT_EQ(print(s.client.conversation), "open 0\nsend 0 \"{cookie}\\x0d\"\n");
  EXPECT_EQ(s.expect.of_conversation, VerdictKind::Stuck);
  EXPECT_EQ(s.server.peer, "legacy");
  EXPECT_THAT(s.levers, IsEmpty());
}

TEST(ConversationFieldsTest, ItMayPlayTheServerToAnyClient) {
  const Scenario s = parse_scenario(kWithClient, "a-claim.json").value();
  EXPECT_EQ(s.server.conversation.size(), 2U);
  EXPECT_THAT(s.client.command, ElementsAre("./x", "-c", "{host}:{port}", "{options}"));
}

TEST(ConversationFieldsTest, WrittenAsAFileItReadsBackTheSame) {
  for (const char* file : {kWithServer, kWithClient}) {
    const std::string text = as_scenario_file(parse_scenario(file, "a-claim.json").value());
    EXPECT_EQ(as_scenario_file(parse_scenario(text, "a-claim.json").value()), text);
    EXPECT_THAT(text, HasSubstr("conversation"));
  }
}

TEST(ConversationFieldsTest, WhatIsNoStepIsNamedWithItsLine) {
  EXPECT_THAT(refusal_of(changed(kWithServer, "send 0", "sent 0")),
              StartsWith("a-claim.json:6: this is no step: sent 0"));
}

TEST(ConversationFieldsTest, ItHasToOpenAConnection) {
  EXPECT_THAT(refusal_of(changed(kWithClient, "open 0", "close 0")),
              StartsWith("a-claim.json:3: a conversation that opens no connection"));
  EXPECT_THAT(refusal_of(changed(kWithClient, R"("open 0", "take 0 37")", "")),
              HasSubstr("opens no connection"));
}

class OfTwoPrograms : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Keys, OfTwoPrograms,
                         ::testing::Values(R"("address": "::1")", R"("schedule": "natural")",
                                           R"("levers": ["swap"])", R"("link": {})",
                                           R"("limit_ms": 5)"));

TEST_P(OfTwoPrograms, HasNoPlaceBesideAConversation) {
  const std::string text =
      changed(kWithServer, R"("control": {})", std::string(R"("control": {}, )") + GetParam());
  EXPECT_THAT(refusal_of(text), StartsWith("a-claim.json:8: "));
  EXPECT_THAT(refusal_of(text), HasSubstr("has no place beside a conversation"));
}

TEST(ConversationFieldsTest, NeitherHasARetrofit) {
  const std::string peer = R"("peer": "legacy", "retrofit": true)";
  EXPECT_THAT(refusal_of(changed(
                  kWithClient, R"("command": ["./x", "-c", "{host}:{port}", "{options}"])", peer)),
              HasSubstr("\"retrofit\" has no place beside a conversation"));
}

TEST(ConversationFieldsTest, WhatIsExpectedIsAVerdictOfConversations) {
  EXPECT_THAT(
      refusal_of(changed(kWithServer, "\"stuck\"", "\"stuk\"")),
      HasSubstr(":7: no conversation comes to the verdict \"stuk\"; did you mean \"stuck\"?"));
  EXPECT_THAT(refusal_of(changed(kWithServer, "\"stuck\"", "\"deadlock\"")), HasSubstr("comes to"));
  EXPECT_THAT(refusal_of(changed(kWithServer, R"("verdict": "stuck")", "")),
              HasSubstr("names no \"verdict\""));
  EXPECT_THAT(refusal_of(changed(kWithServer, R"("verdict": "stuck")", R"("above": "crashed")")),
              HasSubstr("\"above\" has no place beside a conversation"));
}

TEST(ConversationFieldsTest, AnEndHasOnePlayer) {
  constexpr char kOneOf[] = "\"client\" has to have one of";
  EXPECT_THAT(
      refusal_of(changed(kWithServer, "\"conversation\"", "\"peer\": \"x\", \"conversation\"")),
      HasSubstr(kOneOf));
  EXPECT_THAT(refusal_of(changed(kWithClient,
                                 R"("command": ["./x", "-c", "{host}:{port}", "{options}"])", "")),
              HasSubstr(kOneOf));
}

TEST(ConversationFieldsTest, OneEndIsAProgram) {
  EXPECT_THAT(refusal_of(changed(kWithServer, R"("peer": "legacy", "args": ["-6"])",
                                 R"("conversation": ["open 0"])")),
              HasSubstr("no program to have one with"));
}

TEST(ConversationFieldsTest, ACommandSaysWhereItsPortGoes) {
  EXPECT_THAT(refusal_of(changed(kWithClient, "{host}:{port}", "{host}")), HasSubstr("no {port}"));
  EXPECT_THAT(
      refusal_of(changed(kWithClient, R"(["./x", "-c", "{host}:{port}", "{options}"])", "[]")),
      HasSubstr("\"command\" is empty"));
  EXPECT_THAT(refusal_of(changed(kWithClient, R"("{options}"])", R"("{options}"], "args": [])")),
              HasSubstr("\"args\" is for a \"peer\" only"));
}

TEST(ConversationFieldsTest, TwoProgramsHaveNeitherACommandNorAVerdict) {
  constexpr char kConversation[] = R"("server": { "conversation": ["open 0", "take 0 37"] })";
  const std::string with_command =
      changed(kWithClient, kConversation, R"("server": { "peer": "x" })");
  EXPECT_THAT(refusal_of(with_command), HasSubstr("a \"command\" is for a conversation"));
  const std::string with_verdict =
      changed(changed(with_command, R"("command": ["./x", "-c", "{host}:{port}", "{options}"])",
                      R"("peer": "x")"),
              R"("control")", R"("schedule": "natural", "control")");
  EXPECT_THAT(refusal_of(with_verdict), HasSubstr("\"verdict\" is for a conversation"));
}

TEST(ConversationFieldsTest, WithoutOneAScheduleIsNeeded) {
  EXPECT_THAT(refusal_of(R"({ "schema": 1, "claim": "c", "why": [], "server": { "peer": "x" },
    "client": { "peer": "x" }, "expect": { "above": "completed" }, "control": {} })"),
              HasSubstr("a scenario has no key \"schedule\""));
}

}  // namespace
}  // namespace rolecall::scenario
