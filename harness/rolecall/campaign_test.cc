// SPDX-License-Identifier: BSD-3-Clause
// The campaign of random loss: what counts as expected of a flagged pair, and that a mispaired test
// can be looked at and run again.
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/rolecall/cli_fixture.h"

namespace rolecall::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CampaignTest : public CliTest {
 protected:
  // One test of each pair, with no loss.
  int run_campaign(std::vector<std::string> more) {
    more.insert(more.begin(), {"campaign", "--tests", "1", "--loss", "0"});
    return run(more);
  }
  bool is_without_link() const { return err().find("needs the link") != std::string::npos; }

  // An iperf3 that serves, and as a client ends by a signal.
  std::string crashing_iperf3() const {
    return script("crashes", "case \"$*\" in *-c\\ *) kill -SEGV $$;; esac\nexec iperf3 \"$@\"\n");
  }
  // An iperf3 whose server accepts the second stream first.
  std::string swapped_iperf3() const {
    return script("swaps", std::string("case \"$*\" in *-s*) exec ") + ROLECALL_PROGRAM +
                               " exec --order 2,1 -- iperf3 \"$@\";; esac\nexec iperf3 \"$@\"\n");
  }
};

TEST_F(CampaignTest, CountsByVerdictAndSaysHowATestIsRunAlone) {
  const int status = run_campaign({"--legacy", "legacy", "--seed", "7"});
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 0) << out() << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("completed"), HasSubstr("mispaired"),
                           HasSubstr("--tests 1 --seed 6 + i")));
}

TEST_F(CampaignTest, AMispairedTestKeepsItsEvidenceAndSaysHowItIsRunAgain) {
  const int status = run_campaign({"--legacy", "swaps", "--peer", "swaps=" + swapped_iperf3()});
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 0) << out() << err();
  EXPECT_THAT(out(), AllOf(HasSubstr(", test 1: deadlock: sender/sender on connection 1"),
                           HasSubstr("again: ")));
  const std::string place = "/campaign-swaps/1";
  const std::string evidence = out().substr(out().find(temporary().string()));
  const fs::path folder = evidence.substr(0, evidence.find(place) + place.size());
  EXPECT_TRUE(fs::exists(folder / "link.pcapng")) << folder;
  EXPECT_FALSE(fs::exists(folder / "../../campaign-flagged/1")) << "that one was as expected";
}

TEST_F(CampaignTest, AFlaggedPairThatIsMispairedIsNotAsExpected) {
  const int status = run_campaign({"--legacy", "legacy", "--peer", "flagged=" + swapped_iperf3()});
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 1) << out() << err();
  EXPECT_THAT(out(), HasSubstr("deadlock, expected completed;"));
}

TEST_F(CampaignTest, AFlaggedPairThatCrashesIsNotAsExpected) {
  const int status = run_campaign({"--legacy", "legacy", "--peer", "flagged=" + crashing_iperf3()});
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 1) << out() << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("crashed, expected completed;"), HasSubstr("again: ")));
}

// Loss may end a test in a clear error, but not all of them.
TEST_F(CampaignTest, AFlaggedPairThatCompletesNoTestShowsNothing) {
  const std::string roleperf = fs::path(ROLECALL_PROGRAM).replace_filename("roleperf");
  const auto refusing = script("refuses",
                               "case \"$*\" in\n*-s*) set -- \"$@\" --role-flag require;;\n"
                               "*-c\\ *) set -- \"$@\" --role-flag off;;\nesac\nexec " +
                                   roleperf + " \"$@\"\n");
  const int status = run({"campaign", "--tests", "1", "--loss", "0.001", "--legacy", "legacy",
                          "--peer", "flagged=" + refusing.string()});
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 1) << out() << err();
  EXPECT_THAT(out(), HasSubstr("refused, expected completed or refused"));
}

TEST_F(CampaignTest, NothingIsExpectedOfALegacyPairAndTheJsonSaysSo) {
  const int status =
      run_campaign({"--json", "--legacy", "crashes", "--peer", "crashes=" + crashing_iperf3()});
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 0) << out() << err();
  const auto runs = nlohmann::json::parse(out());
  EXPECT_EQ(runs[0]["verdict"], "crashed");
  EXPECT_EQ(runs[0]["expected"], "anything");
  EXPECT_EQ(runs[1]["expected"], "completed") << "there is no loss";
}

TEST_F(CampaignTest, TheTwoPairsAreNotTheSame) {
  EXPECT_EQ(run_campaign({"--legacy", "flagged"}), 2);
  EXPECT_THAT(err(), HasSubstr("name a peer without the flag"));
}

TEST_F(CampaignTest, WithoutTheLinkItSaysWhatIsMissing) {
  const int status = run_among_own_mounts(kRunWithoutTun, {"campaign", "--tests", "1"});
  if (status == kNoMount) GTEST_SKIP() << err();
  EXPECT_EQ(status, 2);
  EXPECT_THAT(err(), AllOf(HasSubstr("needs the link lever"), HasSubstr("/dev/net/tun")));
}

}  // namespace
}  // namespace rolecall::cli
