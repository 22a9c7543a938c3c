// SPDX-License-Identifier: BSD-3-Clause
// The search and the shrinking, against programs whose bug is known.
#include "harness/conformance/conversations/fuzzing.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/conversations/seeds.h"
#include "harness/conformance/server_script.h"

namespace rolecall::conformance {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

bool resets(const Step& step) {
  return step.verb == Verb::Reset;
}

// A program with a bug that shows itself when `breaks` holds of all that it has been told.
class Buggy final : public LiveTarget {
 public:
  using Breaks = std::function<bool(const Conversation&)>;
  explicit Buggy(Breaks breaks) : breaks_(std::move(breaks)) {}

  Checked<Heard> talk(const Conversation& conversation) override {
    told_.insert(told_.end(), conversation.begin(), conversation.end());
    Heard heard;
    heard.answers = std::to_string(conversation.size());
    if (!breaks_(told_)) return heard;
    heard.harm = Harm{Harm::Kind::Crash, "signal 11"};
    restart();
    return heard;
  }
  Checked<Heard> plain_test() override { return Heard{}; }
  void restart() override { told_.clear(); }
  std::string output() const override { return {}; }

 private:
  Breaks breaks_;
  Conversation told_;
};

FuzzOutcome found(LiveTarget& target, std::size_t findings = 1) {
  auto outcome = fuzz(target, whole_conversations(Side::Server),
                      {.conversations = 3'000, .time = seconds(600), .findings = findings},
                      [](const FuzzOutcome&) {});
  EXPECT_TRUE(outcome.has_value());
  return std::move(outcome).value();
}

TEST(Fuzzing, FindsAStepThatBreaksAndKeepsNothingElse) {
  Buggy target([](const Conversation& told) { return std::ranges::any_of(told, resets); });
  const FuzzOutcome outcome = found(target);
  ASSERT_THAT(outcome.findings, SizeIs(1));
  EXPECT_TRUE(outcome.findings[0].is_repeatable);
  EXPECT_THAT(outcome.findings[0].conversation, SizeIs(2));  // and what makes a connection
}

// Neither of two conversations shows it by itself.
TEST(Fuzzing, KeepsWhatCameBeforeWhereItIsNeeded) {
  Buggy target([](const Conversation& told) { return std::ranges::count_if(told, resets) > 2; });
  const FuzzOutcome outcome = found(target);
  ASSERT_THAT(outcome.findings, SizeIs(1));
  EXPECT_TRUE(outcome.findings[0].is_repeatable);
  EXPECT_THAT(outcome.findings[0].conversation, SizeIs(4));
}

TEST(Fuzzing, ShortensWhatIsSent) {
  Buggy target([](const Conversation& told) {
    return std::ranges::any_of(told, [](const Step& step) { return step.bytes.size() > 4000; });
  });
  const FuzzOutcome outcome = found(target);
  ASSERT_THAT(outcome.findings, SizeIs(1));
  ASSERT_THAT(outcome.findings[0].conversation, SizeIs(2));
  EXPECT_LE(outcome.findings[0].conversation[1].bytes.size(), 8002U);
}

// Whether `holds` of a document among the last steps, which are those of the newest conversation.
bool any_document(const Conversation& told, const std::function<bool(const Json&)>& holds) {
  const auto last = std::span(told).last(std::min<std::size_t>(told.size(), 16));
  return std::ranges::any_of(last, [&](const Step& step) {
    if (step.verb != Verb::Send || step.bytes.size() < 5) return false;
    const Json json = Json::parse(step.bytes.substr(4), nullptr, false);
    return json.is_object() && holds(json);
  });
}

TEST(Fuzzing, PutsInAKeyThatNoPlainTestHas) {
  Buggy target([](const Conversation& told) {
    return any_document(told, [](const Json& json) { return json.contains("authtoken"); });
  });
  EXPECT_THAT(found(target).findings, SizeIs(1));
}

TEST(Fuzzing, LeavesOutAKeyThatEveryPlainTestHas) {
  constexpr std::array kOfEvery = {"omit", "time", "num", "blockcount", "parallel"};
  Buggy target([&](const Conversation& told) {
    return any_document(told, [&](const Json& json) {
      const auto lacks = [&](const char* key) { return !json.contains(key); };
      return json.contains("len") && std::ranges::count_if(kOfEvery, lacks) == 1;
    });
  });
  EXPECT_THAT(found(target).findings, SizeIs(1));
}

// What a running program can see of it: before, there is nothing to reset.
bool resets_what_is_open(const Conversation& told) {
  for (auto at = told.begin(); at != told.end(); ++at) {
    const Step open{.verb = Verb::Open, .connection = at->connection};
    if (resets(*at) && std::count(told.begin(), at, open) > 0) return true;
  }
  return false;
}

TEST(Fuzzing, TellsOneBugOnce) {
  Buggy target(resets_what_is_open);
  const FuzzOutcome outcome = found(target, 100);
  EXPECT_EQ(outcome.findings.size(), 1U);
  EXPECT_EQ(outcome.conversations, 3'000U);
}

TEST(Fuzzing, SaysWhatWasNotSeenAgain) {
  int left = 1;
  Buggy target(
      [&](const Conversation& told) { return std::ranges::any_of(told, resets) && left-- > 0; });
  const FuzzOutcome outcome = found(target);
  ASSERT_THAT(outcome.findings, SizeIs(1));
  EXPECT_FALSE(outcome.findings[0].is_repeatable);
}

TEST(Fuzzing, FindsNothingInASoundProgram) {
  Buggy target([](const Conversation&) { return false; });
  EXPECT_THAT(found(target).findings, IsEmpty());
}

TEST(Fuzzing, DoesNotBeginWithAProgramThatAPlainTestBreaks) {
  Buggy target([](const Conversation&) { return true; });
  const auto outcome =
      fuzz(target, whole_conversations(Side::Server), {}, [](const FuzzOutcome&) {});
  ASSERT_TRUE(outcome.has_error());
  EXPECT_EQ(outcome.error().blame, Blame::Environment);
}

}  // namespace
}  // namespace rolecall::conformance
