// SPDX-License-Identifier: BSD-3-Clause
// -F: a file that is sent, or written, by real programs.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/base/files.h"
#include "harness/perf/iperf3_run.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"

namespace rolecall::perf {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using testing::HasSubstr;

// A folder with a file of a size that no block divides.
class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::ofstream out(source(), std::ios::binary);
    for (int i = 0; i < 1'000'003; ++i) out << i % 1009 << '\n';
  }

  std::string path(const char* name) const { return folder_.path() / name; }
  std::string source() const { return path("source"); }
  std::string target() const { return path("target"); }

  static std::string content(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(name, std::ios::binary).rdbuf();
    return text.str();
  }
  // Not EXPECT_EQ, which would print both.
  bool has_arrived() const { return content(source()) == content(target()); }

  Outcome send(const std::string& server, const std::string& client,
               const std::string& options = "") {
    return run(server, client,
               {fmt::format("-F {} {}", source(), options), fmt::format("-F {}", target())});
  }

 private:
  const TemporaryFolder folder_ = TemporaryFolder::make().value();
};

class FileWith : public FileTest, public testing::WithParamInterface<const char*> {
 protected:
  // What came is the file from its beginning, whole or not.
  bool has_begun_to_arrive() const {
    const std::string sent = content(source());
    const std::string came = content(target());
    const std::size_t common = std::min(sent.size(), came.size());
    return common > 0 && sent.compare(0, common, came, 0, common) == 0;
  }
};

// A server of iperf3 reads no further when it hears of the end, so that its file may lack the last.
// A client of iperf3 ends the test when it has handed over the last, which may still be under way,
// and is lost then; 3.9 sends what its buffer held before behind the end of the file.
TEST_P(FileWith, IsTakenByIperf3AndTaken) {
  const std::string iperf3 = iperf3_of(GetParam());
  if (iperf3.empty()) GTEST_SKIP() << "no such iperf3 here: ci/peers.sh fetches it";
  const Outcome to_iperf3 = send(iperf3, ROLEPERF);
  EXPECT_EQ(to_iperf3.client_status, 0) << to_iperf3.client;
  EXPECT_TRUE(has_begun_to_arrive()) << to_iperf3.server;
  const Outcome from_iperf3 = send(ROLEPERF, iperf3);
  EXPECT_EQ(from_iperf3.client_status, 0) << from_iperf3.client;
  EXPECT_TRUE(has_begun_to_arrive()) << from_iperf3.client << from_iperf3.server;
}

INSTANTIATE_TEST_SUITE_P(Releases, FileWith, testing::Values("installed", "3.9", "3.18", "3.22"));

TEST_F(FileTest, ArrivesWhole) {
  EXPECT_EQ(send(ROLEPERF, ROLEPERF).client_status, 0);
  EXPECT_TRUE(has_arrived());
}

TEST_F(FileTest, BothEndsSayHowMuchOfItCame) {
  const Outcome done = send(ROLEPERF, ROLEPERF);
  EXPECT_THAT(done.client, HasSubstr("        Sent 3.72 MByte / 3.72 MByte (100%) of " + source()));
  EXPECT_THAT(done.server, HasSubstr("        Sent 3.72 MByte / 3.72 MByte (100%) of " + target()));
}

TEST_F(FileTest, StandsInTheDocumentBetweenItsEnds) {
  const Outcome done = send(ROLEPERF, ROLEPERF, "-J");
  const ordered_json stream = parse(done.client)["end"]["streams"][0];
  const auto size = fs::file_size(source());
  EXPECT_EQ(stream["diskfile"], (ordered_json{{"sent", size},
                                              {"received", size},
                                              {"size", size},
                                              {"percent_sent", 100},
                                              {"percent_received", 100},
                                              {"filename", source()}}));
  std::string keys;
  for (const auto& [key, value] : stream.items()) keys += key + " ";
  EXPECT_EQ(keys, "sender diskfile receiver ");
}

TEST_F(FileTest, IsReadableByItsOwnerOnly) {
  (void)send(ROLEPERF, ROLEPERF);
  EXPECT_EQ(fs::status(target()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(FileTest, EndsATestThatHadMoreTime) {
  const Outcome done = send(ROLEPERF, ROLEPERF, "-t 60");
  EXPECT_EQ(done.client_status, 0) << done.client;
  EXPECT_TRUE(has_arrived());
}

TEST_F(FileTest, ComesFromTheServerToo) {
  const Outcome done = run(ROLEPERF, ROLEPERF,
                           {fmt::format("-R -n {} -F {}", fs::file_size(source()), target()),
                            fmt::format("-F {}", source())});
  EXPECT_EQ(done.client_status, 0) << done.client;
  EXPECT_TRUE(has_arrived());
}

TEST_F(FileTest, ThatIsEmptyEndsTheTestAtOnce) {
  std::ofstream(source(), std::ios::trunc).close();
  const Outcome done = send(ROLEPERF, ROLEPERF);
  EXPECT_EQ(done.client_status, 0) << done.client;
  EXPECT_THAT(done.client, HasSubstr("Sent 0.00 Byte / 0.00 Byte (100%)"));
}

// It may yet be written to: the test takes its time and says that nothing came.
TEST_F(FileTest, APipeThatNobodyWritesToSendsNothing) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const Outcome done = run(ROLEPERF, ROLEPERF, {fmt::format("-J -t 1 -F {}", path("pipe")), "-J"});
  EXPECT_EQ(done.client_status, 0) << done.client;
  const ordered_json sent = parse(done.client)["end"]["sum_sent"];
  EXPECT_EQ(sent["bytes"], 0);
  EXPECT_GE(sent["seconds"].get<double>(), 1.0);
}

TEST_F(FileTest, APipeIsSentAsItIsWritten) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  Program writer({"sh", "-c", fmt::format("cat {} > {}", source(), path("pipe"))});
  const Outcome done =
      run(ROLEPERF, ROLEPERF, {fmt::format("-t 60 -F {}", path("pipe")), "-F " + target()});
  EXPECT_EQ(done.client_status, 0) << done.client;
  EXPECT_TRUE(has_arrived());
}

TEST_F(FileTest, ThatCannotBeWrittenToEndsTheTest) {
  const Outcome done = run(ROLEPERF, ROLEPERF, {"-n 1M", "-F /dev/full"});
  EXPECT_EQ(done.client_status, 1);
  EXPECT_THAT(done.server, HasSubstr("writing what was received to /dev/full (-F): No space left"));
}

TEST_F(FileTest, ThatIsNotThereIsSaidAtBothEnds) {
  const Outcome client = run(ROLEPERF, ROLEPERF, {"-t 1 -F /nosuch/file", ""});
  EXPECT_EQ(client.client_status, 1);
  EXPECT_THAT(client.client,
              HasSubstr("unable to open -F file: /nosuch/file, to send what is in it: No such"));
  const Outcome server = run(ROLEPERF, ROLEPERF, {"-t 1", "-F /nosuch/file"});
  EXPECT_EQ(server.client_status, 1);
  EXPECT_THAT(server.client, HasSubstr("(error 14)"));
}

// A bidir test of iperf3 empties the file that it is to send.
TEST_F(FileTest, OfAServerFitsToATcpTestOfOneStream) {
  const std::string file = "-F " + source();
  const std::string before = content(source());
  EXPECT_THAT(run(ROLEPERF, ROLEPERF, {"-t 1 -u", file}).client, HasSubstr("(error 34)"));
  EXPECT_THAT(run(ROLEPERF, ROLEPERF, {"-t 1 --bidir", file}).client, HasSubstr("(error 14)"));
  EXPECT_THAT(run(ROLEPERF, ROLEPERF, {"-t 1 -P 2", file}).client, HasSubstr("(error 14)"));
  EXPECT_TRUE(content(source()) == before);
}

}  // namespace
}  // namespace rolecall::perf
