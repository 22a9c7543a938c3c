// SPDX-License-Identifier: BSD-3-Clause
// rolecall fuzz as its users meet it, against roleperf and against roleperf with a planted fault.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

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
    words.insert(words.end(), {"--timeout", "60"});  // with sanitizers, on a machine that is busy
    words.emplace_back("--");
    words.insert(words.end(), program.begin(), program.end());
    return run(words);
  }
  // A server whose fault is `mutant`, of harness/conformance/mutants.
  static Words faulty(const std::string& mutant) {
    return {"env", "ROLEPERF_MUTANT=" + mutant, MUTANTS, "-s", "-p", "{port}"};
  }
  static Words sound() { return {ROLEPERF, "-s", "-p", "{port}"}; }
  // What the line behind the first "again: " exits with in a shell.
  int run_line_again() {
    constexpr std::string_view kAgain = "again: ";
    const std::string text = out();
    const auto at = text.find(kAgain) + kAgain.size();
    auto shell = Child::start({"/bin/sh",
                               {"-c", text.substr(at, text.find('\n', at) - at)},
                               {"TMPDIR=" + temporary().string(), mark()},
                               file("out"),
                               file("err")});
    return shell.value().wait(limit_).value().code;
  }
  // The same file about another program.
  fs::path about(const Words& program, const fs::path& scenario) {
    auto other = nlohmann::json::parse(read_file(scenario).value());
    other["server"] = {{"command", program}};
    return write("about-another.json", other.dump());
  }
  Words until_found() const {
    return {"server", "--conversations", "5000",      "--seconds", "3600", "--findings",
            "1",      "--keep",          file("kept")};
  }
};

TEST_F(FuzzTest, FindsAServerThatDiesAndHasItAgain) {
  ASSERT_EQ(fuzz(until_found(), faulty("dies-of-test-end-before-the-streams")), 1) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("findings: 1"), HasSubstr("end: exit status 1"),
                           HasSubstr("send 0 \"{cookie}\"")));
  const fs::path kept = file("kept") / "end-1.json";
  EXPECT_THAT(out(), HasSubstr(" run " + kept.string() + "\n"));
  EXPECT_EQ(run_line_again(), 0) << out();
  EXPECT_THAT(out(), AllOf(HasSubstr("1 of 1 completed"), HasSubstr("1 of 1 refused")));
  EXPECT_EQ(run({"run", about(sound(), kept)}), 1);
  EXPECT_THAT(out(), HasSubstr("completed, expected refused"));
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

TEST_F(FuzzTest, SaysWhatIsWrongWithACommand) {
  EXPECT_EQ(fuzz({"server"}, {ROLEPERF, "-s"}), 2);
  EXPECT_THAT(err(), AllOf(HasSubstr("{port}"), Not(HasSubstr("Segmentation"))));
}

}  // namespace
}  // namespace rolecall::cli
