// SPDX-License-Identifier: BSD-3-Clause
// The table of fixes, on real programs: a cell is what is declared of it, or the run says so.
#include <string>

#include <gmock/gmock.h>

#include "harness/rolecall/cli_fixture.h"

namespace rolecall::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class FixesCommandTest : public CliTest {
 protected:
  int ask(const std::string& cell, const std::string& peer = "") {
    std::vector<std::string> args = {"fixes", "--only", cell};
    if (!peer.empty()) args.insert(args.end(), {"--peer", peer});
    return run(args);
  }
  // iperf3, out of the shim's reach.
  std::string unarmed_iperf3() const {
    return script("unarmed", "unset LD_PRELOAD\nexec iperf3 \"$@\"\n");
  }
};

TEST_F(FixesCommandTest, WithoutAFixRolesAreWrongAndThatIsAsDeclared) {
  EXPECT_EQ(ask("none.roles-above"), 0) << out() << err();
  EXPECT_THAT(out(), HasSubstr("no: deadlock"));
}

TEST_F(FixesCommandTest, TheRoleFlagTellsIdentityAboveTheQueue) {
  EXPECT_EQ(ask("role-flag-level-2.identity-above"), 0) << out() << err();
  EXPECT_THAT(out(), HasSubstr("yes"));
}

TEST_F(FixesCommandTest, APeerThatLacksTheFixIsNotAsDeclared) {
  EXPECT_EQ(ask("role-flag-level-2.identity-above", "flagged=/usr/bin/iperf3"), 1);
  EXPECT_THAT(out(),
              AllOf(HasSubstr("misattributed, declared: completed"),
                    HasSubstr("role-flag-level-2.identity-above run 1"), HasSubstr("again: ")));
  EXPECT_THAT(err(), HasSubstr("evidence is in "));
}

TEST_F(FixesCommandTest, APeerThatIsRightWhereItIsDeclaredWrongIsNotAsDeclared) {
  EXPECT_EQ(ask("none.roles-above", std::string("legacy=") + ROLEPERF), 1);
  EXPECT_THAT(out(), HasSubstr("completed, declared: deadlock"));
}

TEST_F(FixesCommandTest, AnOrderThatWasNotImposedDecidesNothing) {
  EXPECT_EQ(ask("none.roles-above", "legacy=" + unarmed_iperf3()), 1);
  EXPECT_THAT(out(), HasSubstr("? (order not imposed)"));
}

TEST_F(FixesCommandTest, ARowWhosePeerIsNotHereIsNamed) {
  EXPECT_EQ(ask("the-fix-of-3.22.roles-above", "iperf3-3.22=/no/such"), 2);
  EXPECT_THAT(err(), AllOf(HasSubstr("the-fix-of-3.22.roles-above"), HasSubstr("/no/such")));
}

TEST_F(FixesCommandTest, WithoutTheLinkItsCellsAreLeftOutByName) {
  const int status = run_among_own_mounts(kRunWithoutTun, {"fixes", "--only", "none.roles"});
  if (status == kNoMount) GTEST_SKIP() << err();
  EXPECT_EQ(status, 2) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("no: deadlock"), HasSubstr("left out, none.roles by link: "),
                           HasSubstr("/dev/net/tun")));
}

}  // namespace
}  // namespace rolecall::cli
