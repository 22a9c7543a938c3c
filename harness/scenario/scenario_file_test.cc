// SPDX-License-Identifier: BSD-3-Clause
// SCENARIOS is the folder of the shipped scenarios and of schema.json.
#include "harness/scenario/scenario_file.h"

#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/base/files.h"
#include "harness/scenario/evidence_json.h"
#include "harness/scenario/file_fields.h"

namespace rolecall::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAreArray;

constexpr char kGood[] = R"({
  "schema": 1,
  "claim": "a claim",
  "why": ["seen"],
  "server": { "peer": "legacy" },
  "client": { "peer": "legacy", "args": ["--bidir", "-n", "256M"] },
  "schedule": "accept 2,1",
  "levers": ["swap"],
  "expect": { "above": "deadlock" },
  "repeat": 4,
  "control": { "repeat": 2, "expect": "completed" },
  "limit_ms": 5000
})";

std::string with(const std::string& old_text, const std::string& new_text) {
  std::string text = kGood;
  return text.replace(text.find(old_text), old_text.size(), new_text);
}

std::string error_of(const std::string& text) {
  const auto parsed = parse_scenario(text, "some/claim.json");
  return parsed ? "no error" : parsed.error().what;
}

TEST(ScenarioFileTest, AGoodFileIsRead) {
  const Scenario s = parse_scenario(kGood, "some/claim.json").value();
  EXPECT_EQ(s.name, "claim");
  EXPECT_EQ(print(s.schedule), "accept 2,1");
  EXPECT_EQ(s.expect.under(Lever::Swap), Outcome{VerdictKind::Deadlock});
  EXPECT_EQ(s.repeat, 4);
  EXPECT_EQ(s.control.repeat, 2);
  EXPECT_EQ(s.limit, milliseconds(5000));
  EXPECT_EQ(s.shape.mode, Mode::Bidir);
  EXPECT_TRUE(s.shape.has_size_goal);
}

TEST(ScenarioFileTest, AnUnknownKeyIsRefusedWithLineAndNearestName) {
  EXPECT_EQ(error_of(with("\"repeat\": 4", "\"repeats\": 4")),
            "some/claim.json:10: unknown key \"repeats\" in a scenario; did you mean \"repeat\"?");
}

TEST(ScenarioFileTest, AnUnknownKeyInsideIsRefusedToo) {
  EXPECT_EQ(error_of(with("\"peer\": \"legacy\" }", "\"pear\": \"legacy\" }")),
            "some/claim.json:5: unknown key \"pear\" in \"server\"; did you mean \"peer\"?");
}

TEST(ScenarioFileTest, ASyntaxErrorNamesItsLine) {
  EXPECT_THAT(error_of(with("\"why\": [\"seen\"],", "\"why\": [\"seen\" \"again\"],")),
              StartsWith("some/claim.json:4: syntax error"));
}

TEST(ScenarioFileTest, ACutFileIsASyntaxError) {
  EXPECT_THAT(error_of("{ \"schema\": 1,\n"), StartsWith("some/claim.json:2: syntax error"));
}

TEST(ScenarioFileTest, AKeyTwiceIsRefused) {
  EXPECT_THAT(error_of(with("\"repeat\": 4", "\"claim\": \"b\"")),
              HasSubstr(":10: key \"claim\" stands here a second time"));
}

TEST(ScenarioFileTest, AMissingKeyIsNamed) {
  EXPECT_THAT(error_of(with("\"claim\": \"a claim\",", "")), HasSubstr("has no key \"claim\""));
}

TEST(ScenarioFileTest, AWrongTypeIsNamed) {
  EXPECT_THAT(error_of(with("\"repeat\": 4", "\"repeat\": \"4\"")),
              HasSubstr(":10: \"repeat\" is a string, a whole number is needed"));
}

TEST(ScenarioFileTest, AnUnknownVerdictIsRefusedWithTheNearest) {
  EXPECT_THAT(error_of(with("\"deadlock\"", "\"deadlok\"")),
              HasSubstr(":9: unknown verdict \"deadlok\"; did you mean \"deadlock\"?"));
}

TEST(ScenarioFileTest, NothingLearnedCannotBeExpected) {
  EXPECT_THAT(error_of(with("\"deadlock\"", "\"stuck\"")), HasSubstr("nothing was learned"));
}

TEST(ScenarioFileTest, AnOrderThatIsNoPermutationNamesItsLine) {
  EXPECT_THAT(error_of(with("accept 2,1", "accept 2,2")),
              HasSubstr(":7: accept order 2,2 names connection 2 twice"));
}

TEST(ScenarioFileTest, AnOrderMustFitTheTest) {
  EXPECT_THAT(error_of(with("accept 2,1", "accept 2,1,3")),
              HasSubstr("orders 3 connections, but the test opens 2"));
}

TEST(ScenarioFileTest, ALeverNeedsAnExpectationWhereItActs) {
  EXPECT_THAT(error_of(with("[\"swap\"]", "[\"swap\", \"link\"]")),
              HasSubstr("lever \"link\" acts below the accept queue"));
}

TEST(ScenarioFileTest, WhatTheRunnerSetsItselfIsRefused) {
  EXPECT_THAT(error_of(with("\"--bidir\"", "\"-p\", \"5201\", \"--bidir\"")),
              HasSubstr(":6: client: --port is set by the runner itself"));
}

TEST(ScenarioFileTest, AnAddressOfAnotherMachineIsRefused) {
  EXPECT_THAT(error_of(with("\"repeat\": 4", "\"address\": \"192.0.2.1\"")),
              HasSubstr("peers run on this machine"));
}

TEST(ScenarioFileTest, WrittenAsAFileItReadsBackTheSame) {
  const Scenario s = parse_scenario(kGood, "claim.json").value();
  const std::string text = as_scenario_file(s);
  EXPECT_EQ(as_scenario_file(parse_scenario(text, "claim.json").value()), text);
}

// The same text with one part exchanged.
std::string linked(const std::string& schedule, const std::string& levers,
                   const std::string& expect) {
  std::string text = kGood;
  const auto exchange = [&](const std::string& key, const std::string& value) {
    const std::size_t at = text.find("\"" + key + "\":");
    const std::size_t end = text.find('\n', at);
    text.replace(at, end - at, "\"" + key + "\": " + value + ",");
  };
  exchange("schedule", "\"" + schedule + "\"");
  exchange("levers", levers);
  exchange("expect", expect);
  return text;
}

std::string on_link(const std::string& shape) {
  std::string text = linked("accept 2,1", R"(["link"])", R"({"below": "deadlock"})");
  return text.insert(text.rfind('}'), ", \"link\": " + shape);
}

TEST(ScenarioFileTest, LossAndDelayMayBeParts) {
  const auto s =
      parse_scenario(on_link(R"({"loss_percent": 0.25, "delay_ms": 1.5})"), "claim.json").value();
  EXPECT_EQ(s.link.loss_percent, 0.25);
  EXPECT_EQ(s.link.delay, microseconds(1500));
  EXPECT_EQ(as_scenario_file(parse_scenario(as_scenario_file(s), "claim.json").value()),
            as_scenario_file(s));
}

TEST(ScenarioFileTest, LossIsANumberBelowAll) {
  EXPECT_THAT(error_of(on_link(R"({"loss_percent": "1"})")), HasSubstr("a number is needed"));
  EXPECT_THAT(error_of(on_link(R"({"loss_percent": 99.5})")), HasSubstr("it may be 0 to 99"));
}

TEST(ScenarioFileTest, ALinkNeedsItsLever) {
  std::string text = kGood;
  text.insert(text.rfind('}'), R"(, "link": {"delay_ms": 50})");
  EXPECT_THAT(error_of(text), HasSubstr("\"levers\" does not name it"));
}

TEST(ScenarioFileTest, AnOrderNeedsItsControl) {
  EXPECT_THAT(error_of(with("\"repeat\": 2", "\"repeat\": 0")),
              HasSubstr("says nothing without its control"));
}

TEST(ScenarioFileTest, WhatIsNotOrderedIsNotImpossible) {
  EXPECT_THAT(error_of(linked("natural", R"(["link"])", R"({"below": "not realisable"})")),
              HasSubstr("the schedule is natural"));
}

TEST(ScenarioFileTest, ANaturalTestOnTheLinkNeedsItsVerdict) {
  EXPECT_THAT(error_of(linked("natural", R"(["link"])", R"({"above": "deadlock"})")),
              HasSubstr("\"expect\" names no verdict there"));
}

TEST(ScenarioFileTest, SeveralVerdictsMayBeRight) {
  const char* const text = R"({"above": "deadlock", "or": ["refused", "crashed"]})";
  const auto s = parse_scenario(linked("accept 2,1", R"(["swap"])", text), "claim.json").value();
  EXPECT_THAT(s.also_expected, ElementsAre(VerdictKind::Refused, VerdictKind::Crashed));
  EXPECT_EQ(parse_scenario(as_scenario_file(s), "claim.json").value().also_expected,
            s.also_expected);
}

TEST(ScenarioFileTest, AnythingMayBeRight) {
  const char* const text = R"({"above": "deadlock", "or": ["anything"]})";
  const auto s = parse_scenario(linked("accept 2,1", R"(["swap"])", text), "claim.json").value();
  EXPECT_EQ(s.also_expected.size(), kAllVerdicts.size());
  EXPECT_THAT(as_scenario_file(s), HasSubstr("\"anything\""));
}

TEST(ScenarioFileTest, NothingLearnedIsNotRightEither) {
  EXPECT_THAT(
      error_of(linked("accept 2,1", R"(["swap"])", R"({"above": "deadlock", "or": ["stuck"]})")),
      HasSubstr("nothing was learned"));
}

TEST(ScenarioFileTest, DeepNestingIsRefused) {
  EXPECT_THAT(error_of(std::string(200'000, '[')), HasSubstr("nested deeper than 64"));
}

TEST(ScenarioFileTest, OfALongTokenTheErrorShowsTheStart) {
  EXPECT_LT(error_of("{ \"" + std::string(100'000, 'x')).size(), 200U);
}

TEST(ScenarioFileTest, RulesOnPacketsNeedTheLink) {
  EXPECT_THAT(error_of(linked("drop ack 1", "[\"swap\"]", "{\"above\": \"deadlock\"}")),
              HasSubstr("lever \"swap\" sees no packets"));
}

TEST(ScenarioFileTest, AnOrderMayBeExpectedToBeImpossible) {
  const auto s = parse_scenario(
      linked("accept 2,1", R"(["link"])", R"({"below": "not realisable"})"), "claim.json");
  EXPECT_EQ(s.value().expect.under(Lever::Link), kNotRealisable);
}

TEST(TestShapeTest, OptionsAreReadAsGetoptReadsThem) {
  const TestShape shape = read_shape({"-RP3", "--le=16K", "-w", "1M", "-t", "2"}).value();
  EXPECT_EQ(shape.mode, Mode::Reverse);
  EXPECT_EQ(shape.streams, 3);
  EXPECT_EQ(shape.block_bytes, 16U * 1024);
  EXPECT_EQ(shape.window_bytes, 1024U * 1024);
  EXPECT_FALSE(shape.has_size_goal);
}

TEST(TestShapeTest, AnArgumentIsNotTakenForAnOption) {
  EXPECT_EQ(read_shape({"-T", "--bidir"}).value().mode, Mode::Forward);
}

TEST(TestShapeTest, WhatHasNoVerdictIsRefused) {
  EXPECT_THAT(read_shape({"-u"}).error().what, HasSubstr("TCP tests only"));
}

TEST(TestShapeTest, AMissingArgumentIsNamed) {
  EXPECT_THAT(read_shape({"-P"}).error().what, HasSubstr("\"-P\" needs an argument"));
}

// The keys that the schema allows at `object`.
std::vector<std::string> schema_keys(const nlohmann::json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, rule] : object["properties"].items()) keys.push_back(key);
  return keys;
}

class SchemaTest : public ::testing::Test {
 protected:
  nlohmann::json schema_ =
      nlohmann::json::parse(read_file(std::string(SCENARIOS) + "/schema.json").value());
};

TEST_F(SchemaTest, AllowsTheKeysThatTheParserKnows) {
  const auto& parts = schema_["properties"];
  EXPECT_THAT(schema_keys(schema_), UnorderedElementsAreArray(known_keys("")));
  EXPECT_THAT(schema_keys(parts["expect"]), UnorderedElementsAreArray(known_keys("expect")));
  EXPECT_THAT(schema_keys(parts["control"]), UnorderedElementsAreArray(known_keys("control")));
  EXPECT_THAT(schema_keys(parts["link"]), UnorderedElementsAreArray(known_keys("link")));
  EXPECT_THAT(schema_keys(schema_["$defs"]["peer"]),
              UnorderedElementsAreArray(known_keys("server")));
  EXPECT_THAT(schema_keys(schema_["$defs"]["client"]),
              UnorderedElementsAreArray(known_keys("client")));
}

TEST_F(SchemaTest, NamesTheVerdictsOfConversations) {
  std::vector<std::string> verdicts;
  for (const VerdictKind kind : kVerdictsOfConversations) verdicts.emplace_back(name(kind));
  EXPECT_EQ(schema_["properties"]["expect"]["properties"]["verdict"]["enum"],
            nlohmann::json(verdicts));
}

TEST_F(SchemaTest, KnowsTheVerbsOfSteps) {
  const auto& steps = schema_["$defs"]["peer"]["properties"]["conversation"]["items"];
  const std::string pattern = steps["pattern"];
  const std::regex step(pattern);
  for (const char* text : {"open 0", "send 0 \"\"", "await 0 \"\"", "take 0 1", "finish 0",
                           "reset 0", "close 0", "shout 0", "open", ""})
    EXPECT_EQ(std::regex_search(text, step), conformance::parse_step(text).has_value()) << text;
}

TEST_F(SchemaTest, NamesTheVerdictsThatCanBeExpected) {
  std::vector<std::string> expectable;
  for (const VerdictKind kind : kAllVerdicts)
    if (kind != VerdictKind::Stuck && kind != VerdictKind::Inconclusive)
      expectable.emplace_back(name(kind));
  EXPECT_EQ(schema_["$defs"]["verdict"]["enum"], nlohmann::json(expectable));
}

TEST(ShippedScenariosTest, AllAreRead) {
  const auto files = find_scenarios(SCENARIOS).value();
  for (const auto& file : files) {
    const auto loaded = load_scenario(file);
    EXPECT_TRUE(loaded.has_value()) << loaded.error().message();
  }
}

TEST(ShippedScenariosTest, AFolderWithoutAnyIsAnError) {
  const TemporaryFolder empty = TemporaryFolder::make().value();
  EXPECT_THAT(find_scenarios(empty.path()).error().what, HasSubstr("no scenario"));
}

}  // namespace
}  // namespace rolecall::scenario
