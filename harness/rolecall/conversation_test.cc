// SPDX-License-Identifier: BSD-3-Clause
// rolecall run with a scenario one of whose ends is a conversation, against programs that run.
#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/rolecall/cli_fixture.h"

namespace rolecall::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;

class ConversationTest : public CliTest {
 protected:
  using Words = std::vector<std::string>;

  // A client that vanishes while the server waits for its stream; `program` is the server.
  fs::path vanishing_client(const Words& program, const std::string& verdict) {
    const json steps = {"open 0",
                        R"(send 0 "{cookie}")",
                        R"(await 0 "\x09")",
                        R"(send 0 "\x00\x00\x00\x19{\x22parallel\x22:1,\x22len\x22:1000}")",
                        R"(await 0 "\x0a")",
                        "close 0"};
    return scenario({{"command", program}}, {{"conversation", steps}}, verdict);
  }
  fs::path scenario(const json& server, const json& client, const std::string& verdict) {
    const json all = {{"schema", 1},
                      {"claim", "a claim"},
                      {"why", json::array()},
                      {"server", server},
                      {"client", client},
                      {"expect", {{"verdict", verdict}}},
                      {"control", json::object()}};
    return write("said.json", all.dump());
  }
  // A server whose fault is `mutant`, of harness/conformance/mutants.
  static Words faulty(const std::string& mutant) {
    return {"env", "ROLEPERF_MUTANT=" + mutant, MUTANTS, "-s", "-p", "{port}"};
  }
  static Words sound() { return {ROLEPERF, "-s", "-p", "{port}"}; }
  std::vector<std::string> verdicts() const {
    std::vector<std::string> all;
    for (const json& one : json::parse(out())) all.push_back(one["verdict"]);
    return all;
  }
};

TEST_F(ConversationTest, AServerThatKeepsAGoneClientsTestIsStuck) {
  const Words keeps = faulty("waits-for-clients-that-vanished-in-CreateStreams");
  EXPECT_EQ(run({"run", vanishing_client(keeps, "stuck")}), 0) << out() << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("1 of 1 completed"), HasSubstr("1 of 1 stuck")));
}

TEST_F(ConversationTest, AServerThatServesOnCompletes) {
  EXPECT_EQ(run({"run", "--json", "--keep", file("kept"), vanishing_client(sound(), "completed")}),
            0)
      << out() << err();
  EXPECT_THAT(verdicts(), AllOf(SizeIs(2), Each(std::string("completed"))));
  const fs::path evidence = file("kept") / "said" / "1";
  EXPECT_THAT(read_file(evidence / "conversation.txt").value(), HasSubstr("parallel"));
  EXPECT_EQ(run({"run", evidence / "said.json"}), 0) << out();
}

// Its control is a plain test, which ends it, too.
TEST_F(ConversationTest, AClaimAboutAServerThatServesOnceHasNoControl) {
  Words once = sound();
  once.emplace_back("-1");
  EXPECT_EQ(run({"run", vanishing_client(once, "refused")}), 1);
  EXPECT_THAT(out(), HasSubstr("control run 1: refused, expected completed"));
}

TEST_F(ConversationTest, AProgramThatIsNotHereIsLeftOut) {
  EXPECT_EQ(run({"run", vanishing_client({"./none", "{port}"}, "completed")}), 2);
  EXPECT_THAT(err(), HasSubstr("./none is no program"));
}

// Scenarios about iperf3 3.9, found by rolecall fuzz, with another program in its place.
class HarmlessTo : public ConversationTest, public testing::WithParamInterface<const char*> {
 protected:
  static fs::path program() {
    if (GetParam() == std::string("roleperf")) return ROLEPERF;
    return fs::path(ROLECALL_PROGRAM).parent_path() / "../../build-peers" / GetParam() /
           "bin/iperf3";
  }
};
INSTANTIATE_TEST_SUITE_P(Programs, HarmlessTo,
                         testing::Values("roleperf", "iperf3-3.18", "iperf3-3.22"),
                         [](const auto& program) {
                           std::string name = program.param;
                           std::ranges::replace_if(
                               name, [](char c) { return c == '-' || c == '.'; }, '_');
                           return name;
                         });

TEST_P(HarmlessTo, IsWhatHarmsAnOldServer) {
  if (!fs::exists(program())) GTEST_SKIP() << GetParam() << " is not here: run ci/peers.sh";
  Words words = {"run", "--json", "--peer", "iperf3-3.9=" + program().string()};
  for (const char* name : {"a-list-as-len-hangs-iperf3-3.9", "a-list-as-title-crashes-iperf3-3.9",
                           "results-before-the-streams-crash-iperf3-3.9"})
    words.push_back(fmt::format("{}/{}.json", SCENARIOS, name));
  EXPECT_EQ(run(words), 1) << err();  // not as stated
  EXPECT_THAT(verdicts(), AllOf(SizeIs(6), Each(std::string("completed")))) << out();
}

}  // namespace
}  // namespace rolecall::cli
