// SPDX-License-Identifier: BSD-3-Clause
// What can go wrong in a run on the link, as its users meet it: a clear message, an exit status
// that tells it from success, evidence kept, nothing left behind.
#include <signal.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "harness/net/namespace_holders.h"
#include "harness/rolecall/cli_fixture.h"

namespace rolecall::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CliFaultsTest : public CliTest {
 protected:
  // Bidir on the link under `schedule`; stated to deadlock. `hold_ms`: of its holds.
  fs::path scenario_with(const std::string& schedule, const std::string& client = R"("legacy")",
                         const std::string& options = R"("-n", "1M")", int hold_ms = 1000) {
    return write("fault.json", fmt::format(R"({{ "schema": 1, "claim": "a fault", "why": [],
  "server": {{ "peer": "legacy" }},
  "client": {{ "peer": {}, "args": ["--bidir", {}] }},
  "schedule": "{}", "levers": ["link"], "link": {{ "hold_ms": {} }},
  "expect": {{ "below": "deadlock" }}, "control": {{}} }})",
                                           client, options, schedule, hold_ms));
  }

  // Runs it once, with its evidence in kept().
  int run_once(const fs::path& scenario) {
    return run({"run", scenario, "--repeat", "1", "--keep", kept()});
  }
  fs::path kept() const { return file("kept"); }
  std::string evidence(const std::string& name) const {
    const auto text = read_file(kept() / "fault" / "1" / name);
    return text ? text.value() : text.error().message();
  }
  bool is_without_link() const { return err().find("without the link lever") != std::string::npos; }

  // The network namespaces, other than ours, of the programs that run with our mark, by name.
  std::map<std::string, HeldNamespace> marked_namespaces() const {
    std::map<std::string, HeldNamespace> all;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const auto variables = read_file(entry.path() / "environ");
      if (!variables || variables.value().find(mark()) == std::string::npos) continue;
      HeldNamespace found(entry.path() / "ns/net");
      if (found.is_open()) all.emplace(found.name(), std::move(found));
    }
    all.erase(fs::read_symlink("/proc/self/ns/net"));
    return all;
  }
};

TEST_F(CliFaultsTest, AnEventThatNeverComesIsNamedAfterTheLimit) {
  const int status =
      run_once(scenario_with("hold ack 2 until cookie 2 acknowledged"));  // which goes behind it
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 1) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("1 of 1 inconclusive"),
                           HasSubstr("cookie 2 acknowledged never came; the limit of 1.000 s")));
  EXPECT_THAT(evidence("link.txt"), HasSubstr("cookie 2 acknowledged never came"));
}

TEST_F(CliFaultsTest, AConnectionThatTheTestDoesNotOpenIsRefusedBeforeAnyRun) {
  EXPECT_EQ(run_once(scenario_with("hold ack 1 until cookie 3 acknowledged")), 2);
  EXPECT_THAT(err(), AllOf(HasSubstr("fault.json:4"),
                           HasSubstr("names a connection that does not come: the test opens 2")));
  EXPECT_EQ(out(), "");
}

TEST_F(CliFaultsTest, AConnectionThatTheClientNeverMakesInTimeIsNoDeadlock) {
  const int status =
      run_once(scenario_with("hold ack 1 until cookie 2 acknowledged", R"("flagged")",
                             R"("-n", "1M", "--stream-connect", "ordered")"));
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 1) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("order realised: not realisable"),
                           HasSubstr("cookie 2 acknowledged never came; the limit of 1.000 s")));
  EXPECT_THAT(evidence("link.txt"), HasSubstr("cookie 2 acknowledged never came"));
}

TEST_F(CliFaultsTest, AStrangerWhoComesTooLateIsNamedAfterTheLimit) {
  const int status = run_once(scenario_with(
      "stranger after cookie 2 acknowledged; hold ack 2 until stranger acknowledged"));
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 1) << err();
  EXPECT_THAT(out(), HasSubstr("stranger acknowledged never came; the limit of 1.000 s"));
}

TEST_F(CliFaultsTest, AStrangerWhoseEventNeverComesIsSaid) {
  const int status = run_once(scenario_with("stranger after cookie 2 sent", R"("legacy")",
                                            R"("-n", "1M", "-C", "no-such")"));
  if (is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 1) << err();
  EXPECT_THAT(out(), HasSubstr("cookie 2 sent never came, so nobody connected"));
}

TEST_F(CliFaultsTest, SigkillLeavesNeitherProcessNorNamespaceAndTheNextRunIsClean) {
  const fs::path scenario = scenario_with("accept 2,1", R"("legacy")", R"("-t", "1")", 20'000);
  Child rolecall = start({"run", scenario, "--repeat", "1000"});
  std::map<std::string, HeldNamespace> namespaces;
  while (namespaces.size() < 2 && !rolecall.status()) {
    ASSERT_FALSE(limit_.expired()) << err();
    namespaces = marked_namespaces();
  }
  if (is_without_link()) GTEST_SKIP() << err();
  ::kill(rolecall.pid(), SIGKILL);
  ASSERT_TRUE(rolecall.wait(limit_).has_value());
  while (!marked_programs().empty()) ASSERT_FALSE(limit_.expired()) << "a peer lives on";
  for (const auto& [name, one] : namespaces) {  // who ends gives up its mark first, this after it
    while (one.other_holders() > 0) ASSERT_FALSE(limit_.expired()) << name << " is held";
  }
  EXPECT_EQ(run_once(scenario), 0) << out() << err();
}

TEST_F(CliFaultsTest, SigkillLeavesNoProgramThatAScriptHasStarted) {
  const fs::path peer = script("peer", "/usr/bin/iperf3 \"$@\"\nexit $?\n");
  const fs::path scenario =
      write("script.json", R"({ "schema": 1, "claim": "it completes", "why": [],
  "server": { "peer": "legacy" }, "client": { "peer": "legacy", "args": ["-t", "120"] },
  "schedule": "natural", "expect": { "above": "completed" }, "control": { "repeat": 0 },
  "limit_ms": 50000 })");
  Child rolecall = start({"run", scenario, "--peer", "legacy=" + peer.string()});
  const auto both_run = [&] {
    const auto all = marked_programs();
    return std::count(all.begin(), all.end(), "iperf3") == 2;
  };
  while (!both_run() && !rolecall.status()) ASSERT_FALSE(limit_.expired()) << err();
  ASSERT_FALSE(rolecall.status()) << err();
  ::kill(rolecall.pid(), SIGKILL);
  ASSERT_TRUE(rolecall.wait(limit_).has_value());
  while (!marked_programs().empty()) ASSERT_FALSE(limit_.expired()) << "a peer lives on";
}

constexpr char kRunWithoutHaproxy[] =
    "mount -t tmpfs none /usr/sbin || exit 77; exec \"$0\" run \"$@\"";

TEST_F(CliFaultsTest, WhatNeedsAProxyThatIsMissingIsLeftOutAndTheRestIsRun) {
  const fs::path proxied = fs::path(SCENARIOS) / "through-a-proxy-the-role-flag-completes.json";
  const int status =
      run_among_own_mounts(kRunWithoutHaproxy, {proxied, natural_scenario(), "--repeat", "1"});
  if (status == kNoMount) GTEST_SKIP() << err();
  EXPECT_EQ(status, 2) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("1 of 1 completed"),
                           HasSubstr("left out, through-a-proxy-the-role-flag-completes: "),
                           HasSubstr("apt-get install haproxy")));
}

TEST_F(CliFaultsTest, AReportOfWhatCouldNotBeRunIsNotLeftEmpty) {
  EXPECT_EQ(run({"run", scenario_with("accept 2,1", R"("iperf3-0.0")"), "--junit", file("x.xml")}),
            2);
  EXPECT_FALSE(fs::exists(file("x.xml")));
}

// The first run's evidence fits, the second one's does not.
constexpr const char* kRunOnATinyDisk =
    "mount -t tmpfs -o size=160k none \"$1\" || exit 77; shift; exec \"$0\" run \"$@\"";

TEST_F(CliFaultsTest, ARunWhoseEvidenceDoesNotFitIsInconclusiveAndTheOthersAreKept) {
  fs::create_directory(kept());
  const int status = run_among_own_mounts(
      kRunOnATinyDisk, {kept(), "--keep", kept(), natural_scenario(), "--repeat", "8"});
  if (status == kNoMount) GTEST_SKIP() << err();
  EXPECT_EQ(status, 1) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("of 8 completed"), HasSubstr("of 8 inconclusive"),
                           HasSubstr("No space left on device")));
}

// A disk of 512 KiB for the evidence.
constexpr const char* kRunOnASmallDisk = R"(
mount -t tmpfs -o size=512k none "$1" || exit 77
shift
"$0" run "$@"
status=$?
cat "$2"/fault/1/link.txt
exit $status
)";

TEST_F(CliFaultsTest, WhatNeedsALeverThatIsMissingIsLeftOutAndTheRestIsRun) {
  const int status =
      run_among_own_mounts(kRunWithoutTun, {"run", scenario_with("drop ack 1"), natural_scenario(),
                                            "--repeat", "1", "--junit", file("runs.xml")});
  if (status == kNoMount) GTEST_SKIP() << err();
  EXPECT_EQ(status, 2) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("1 of 1 completed"), HasSubstr("left out, fault by link: "),
                           HasSubstr("/dev/net/tun")));
  EXPECT_THAT(read_file(file("runs.xml")).value(),
              AllOf(HasSubstr("skipped=\"1\""), HasSubstr("<skipped message=")));
}

TEST_F(CliFaultsTest, AScenarioWhosePeerIsNotHereIsLeftOutAndTheRestIsRun) {
  const fs::path absent = scenario_with("accept 2,1", R"("iperf3-0.0")");
  EXPECT_EQ(run({"run", absent, natural_scenario(), "--repeat", "1"}), 2) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("1 of 1 completed"), HasSubstr("left out, fault: "),
                           HasSubstr("iperf3-0.0")));
}

TEST_F(CliFaultsTest, AFullDiskEndsTheCaptureAloneAndIsSaid) {
  const fs::path scenario = scenario_with("drop ack 1", R"("legacy")", R"("-t", "3")");
  fs::create_directory(kept());
  const int status =
      run_among_own_mounts(kRunOnASmallDisk, {kept(), "--keep", kept(), scenario, "--repeat", "1"});
  if (status == kNoMount || is_without_link()) GTEST_SKIP() << err();
  EXPECT_EQ(status, 1) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("link.pcapng: write of"), HasSubstr("No space left on device"),
                           HasSubstr("make room or name another file"),
                           HasSubstr("client: exit status 0; server: exit status 0"),
                           HasSubstr("drop ack 1 once: done")));
}

}  // namespace
}  // namespace rolecall::cli
