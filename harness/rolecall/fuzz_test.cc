// SPDX-License-Identifier: BSD-3-Clause
// rolecall fuzz as its users meet it, against roleperf and against roleperf with a planted fault.
#include <gmock/gmock.h>

#include "harness/rolecall/cli_fixture.h"

namespace rolecall::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FuzzTest : public CliTest {
 protected:
  using Words = std::vector<std::string>;

  int fuzz(Words options, const Words& program) {
    Words words = {"fuzz"};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    words.insert(words.end(), program.begin(), program.end());
    return run(words);
  }
  // A server whose fault is `mutant`, of harness/conformance/mutants.
  static Words faulty(const std::string& mutant) {
    return {"env", "ROLEPERF_MUTANT=" + mutant, MUTANTS, "-s", "-p", "{port}"};
  }
  static Words sound() { return {ROLEPERF, "-s", "-p", "{port}"}; }
  // The line that a finding gives for having it again, in a shell.
  int run_line_again(const fs::path& finding) {
    constexpr std::string_view kAgain = "# again: rolecall";
    const std::string text = read_file(finding).value();
    const auto at = text.find(kAgain) + kAgain.size();
    const std::string line = text.substr(at, text.find('\n', at) - at);
    auto shell = Child::start(
        {"/bin/sh", {"-c", ROLECALL_PROGRAM + line}, {mark()}, file("out"), file("err")});
    const auto status = shell.value().wait(kNever);
    return status.value().code;
  }
  Words until_found() const {
    return {"server", "--conversations", "5000",      "--seconds", "40", "--findings",
            "1",      "--keep",          file("kept")};
  }
};

TEST_F(FuzzTest, FindsAServerThatDiesAndHasItAgain) {
  const Words dying = faulty("dies-of-test-end-before-the-streams");
  ASSERT_EQ(fuzz(until_found(), dying), 1) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("findings: 1"), HasSubstr("end: exit status 1"),
                           HasSubstr("send 0 \"{cookie}\""), HasSubstr("again: rolecall fuzz")));
  const std::string kept = file("kept") / "end-1.txt";
  EXPECT_THAT(read_file(kept).value(), HasSubstr("# again: rolecall fuzz server --replay " + kept));
  EXPECT_EQ(run_line_again(kept), 1);
  EXPECT_EQ(fuzz({"server", "--replay", kept}, sound()), 0) << out();
}

TEST_F(FuzzTest, TellsAServerThatServesNobodyAnyMore) {
  const fs::path vanishes = write("vanishes.txt", R"(open 0
send 0 "{cookie}"
await 0 "\x09"
send 0 "\x00\x00\x00\x19{\x22parallel\x22:1,\x22len\x22:1000}"
await 0 "\x0a"
close 0
)");
  const Words stuck = faulty("waits-for-clients-that-vanished-in-CreateStreams");
  EXPECT_EQ(fuzz({"server", "--replay", vanishes}, stuck), 1) << err();
  EXPECT_THAT(out(), HasSubstr("hang: the server lets go of the connections"));
  EXPECT_EQ(fuzz({"server", "--replay", vanishes}, sound()), 0) << out();
}

TEST_F(FuzzTest, FindsNothingInASoundServer) {
  EXPECT_EQ(fuzz({"server", "--conversations", "40"}, sound()), 0) << out();
  EXPECT_THAT(out(), AllOf(HasSubstr("40 conversations"), HasSubstr("findings: 0")));
}

TEST_F(FuzzTest, FindsNothingInASoundClient) {
  const Words client = {ROLEPERF, "-c", "{host}", "-p", "{port}", "{options}"};
  EXPECT_EQ(fuzz({"client", "--conversations", "15", "--json"}, client), 0) << out();
  EXPECT_THAT(out(), HasSubstr("\"conversations\": 15"));
}

TEST_F(FuzzTest, DoesNotBeginWithAServerThatAPlainTestEnds) {
  Words once = sound();
  once.emplace_back("-1");
  EXPECT_EQ(fuzz({"server"}, once), 2);
  EXPECT_THAT(err(), HasSubstr("a test in which everything is right does no harm: end"));
}

TEST_F(FuzzTest, SaysWhatIsWrongWithAFileOrACommand) {
  EXPECT_EQ(fuzz({"server", "--replay", file("none.txt")}, sound()), 2);
  EXPECT_THAT(err(), HasSubstr("none.txt"));
  EXPECT_EQ(fuzz({"server", "--replay", write("odd.txt", "open 0\nshout 0\n")}, sound()), 2);
  EXPECT_THAT(err(), HasSubstr("line 2 is no step: shout 0"));
  EXPECT_EQ(fuzz({"server", "--replay", write("empty.txt", "")}, sound()), 2);
  EXPECT_THAT(err(), HasSubstr("opens no connection"));
  EXPECT_NE(fuzz({"server", "--replay", file("empty.txt"), "--seed", "1"}, sound()), 0);
  EXPECT_THAT(err(), HasSubstr("--seed"));
  EXPECT_EQ(fuzz({"server"}, {ROLEPERF, "-s"}), 2);
  EXPECT_THAT(err(), AllOf(HasSubstr("{port}"), Not(HasSubstr("Segmentation"))));
}

}  // namespace
}  // namespace rolecall::cli
