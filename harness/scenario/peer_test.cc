// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/peer.h"

#include <signal.h>
#include <sys/stat.h>

#include <string>

#include <gmock/gmock.h>

#include "harness/base/files.h"
#include "harness/net/port_reservation.h"
#include "harness/net/process.h"
#include "harness/scenario/peer_report.h"

namespace rolecall::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class PeerTest : public ::testing::Test {
 protected:
  // A program that is a shell script.
  std::filesystem::path script(const std::string& body) {
    auto path = folder_.path() / "program";
    EXPECT_TRUE(write_file(path, "#!/bin/sh\n" + body + "\n").has_value());
    EXPECT_EQ(::chmod(path.c_str(), 0700), 0);
    return path;
  }
  std::string refusal(const std::filesystem::path& path) {
    const auto peer = examine_peer("legacy", path);
    return peer ? "no error" : peer.error().message();
  }
  // A release as ci/peers.sh leaves it.
  void fetch(const std::string& name, const std::string& version) {
    const auto bin = folder_.path() / "build-peers" / name / "bin";
    std::filesystem::create_directories(folder_.path() / "build" / "bin");
    std::filesystem::create_directories(bin);
    std::filesystem::copy(script("echo '" + version + "'"), bin / "iperf3");
  }
  Child start(const std::string& body) {
    return Child::start({script(body), {}, {}, folder_.path() / "out", folder_.path() / "err"})
        .value();
  }
  TemporaryFolder folder_ = TemporaryFolder::make().value();
};

TEST_F(PeerTest, TheReleaseIsReadFromTheProgram) {
  const Peer peer = examine_peer("old", script("echo 'iperf 3.9 (cJSON 1.7.13)'")).value();
  EXPECT_EQ(peer.label(), "iperf3 3.9");
  EXPECT_LT(peer.release, (Release{3, 12, 0}));
  EXPECT_FALSE(peer.is_flagged);
}

TEST_F(PeerTest, ADevelopmentReleaseComparesAsItsNumber) {
  EXPECT_EQ(parse_version("iperf 3.21+\nLinux").value().release, (Release{3, 21, 0}));
}

TEST_F(PeerTest, ARoleperfIsFlagged) {
  EXPECT_TRUE(parse_version("roleperf 0.1.0 (speaks iperf3)\n").value().is_flagged);
}

TEST_F(PeerTest, Iperf2IsRefused) {
  EXPECT_THAT(refusal(script("echo 'iperf version 2.1.8 (12 Aug 2022) pthreads'")),
              HasSubstr("neither an iperf3"));
}

TEST_F(PeerTest, AnotherProgramIsRefused) {
  EXPECT_THAT(refusal("/bin/true"), HasSubstr("neither an iperf3"));
}

TEST_F(PeerTest, AFileThatIsNotExecutableIsRefused) {
  EXPECT_THAT(refusal("/etc/passwd"), HasSubstr("is not an executable file"));
}

TEST_F(PeerTest, AMissingFileIsRefused) {
  EXPECT_THAT(refusal(folder_.path() / "none"), HasSubstr("No such file"));
}

TEST_F(PeerTest, AMalformedNameIsRefused) {
  EXPECT_THAT(find_peers({{"legacy"}, {}}).error().what, HasSubstr("write NAME=PATH"));
}

TEST_F(PeerTest, AMissingPeerSaysWhy) {
  const PeerSet set = find_peers({{"legacy=/nonexistent"}, folder_.path()}).value();
  EXPECT_THAT(set.get("legacy").error().what, HasSubstr("/nonexistent cannot be found"));
  EXPECT_THAT(set.get("else").error().what, HasSubstr("--peer else=PATH"));
}

TEST_F(PeerTest, FetchedReleasesAreFoundBesideTheBuildFolderTheOldestFirst) {
  fetch("iperf3-3.18", "iperf 3.18 (cJSON 1.7.15)");
  fetch("iperf3-3.9", "iperf 3.9 (cJSON 1.7.13)");
  std::filesystem::create_directories(folder_.path() / "build-peers" / "broken");
  std::vector<std::string> names;
  const PeerSet set = find_peers({{}, folder_.path() / "build" / "bin"}).value();
  for (const Peer& peer : set.found)
    if (peer.name != kLegacyPeer) names.push_back(peer.name);
  EXPECT_THAT(names, ElementsAre("iperf3-3.9", "iperf3-3.18"));
}

TEST_F(PeerTest, ANamedPeerTakesThePlaceOfAFetchedOne) {
  fetch("iperf3-3.9", "iperf 3.9 (cJSON 1.7.13)");
  const auto other = script("echo 'iperf 3.10 (cJSON 1.7.13)'");
  const PeerSet set =
      find_peers({{"iperf3-3.9=" + other.string()}, folder_.path() / "build" / "bin"}).value();
  EXPECT_EQ(set.get("iperf3-3.9").value().release_text, "3.10");
}

TEST_F(PeerTest, AReleaseThatWasNotFetchedSaysHowToGetIt) {
  EXPECT_THAT(PeerSet{}.get("iperf3-3.22").error().what, HasSubstr("run ci/peers.sh"));
}

TEST_F(PeerTest, AnElfFileWithoutInterpreterIsStatic) {
  std::string elf(64, '\0');  // an ELF64 header with no program headers
  elf.replace(0, 5, "\177ELF\2");
  const auto path = folder_.path() / "static";
  ASSERT_TRUE(write_file(path, elf).has_value());
  EXPECT_FALSE(has_interpreter(path).value());
  EXPECT_TRUE(has_interpreter("/bin/sh").value());
}

TEST_F(PeerTest, AChildsExitStatusIsTold) {
  EXPECT_EQ(start("exit 3").wait(Deadline::after(seconds(10))).value().text(), "exit status 3");
}

TEST_F(PeerTest, AChildThatIgnoresSigtermIsKilled) {
  Child child = start("trap '' TERM; echo ready; while :; do sleep 100; done");
  const Deadline limit = Deadline::after(seconds(10));
  while (read_file(folder_.path() / "out").value().empty()) ASSERT_FALSE(limit.expired());
  EXPECT_EQ(child.end(Deadline::after(milliseconds(50))).text(), "signal 9 (Killed)");
}

TEST_F(PeerTest, AChildDiesWithItsOwner) {
  pid_t pid = 0;
  {
    const Child child = start("exec sleep 100");
    pid = child.pid();
  }
  EXPECT_EQ(::kill(pid, 0), -1) << "it is still there";
}

TEST(OwnLoopbackTest, EachPortHasAnIpv4AddressOfItsOwn) {
  EXPECT_EQ(own_loopback("127.0.0.1", 0x1234), "127.18.52.1");
  EXPECT_NE(own_loopback("127.0.0.1", 0x1234), own_loopback("127.0.0.1", 0x1334));
  EXPECT_EQ(own_loopback("::1", 0x1234), "::1");
}

TEST_F(PeerTest, AReservedPortIsNotGivenTwice) {
  const auto first = PortReservation::take(0).value();
  const auto second = PortReservation::take(0).value();
  EXPECT_NE(first.port(), second.port());
}

constexpr char kDocument[] = R"({"start": {"connected": [
  {"socket": 5, "local_port": 40001, "remote_port": 5201},
  {"socket": 7, "local_port": 40002, "remote_port": 5201}]},
 "intervals": [],
 "end": {"streams": [
  {"sender": {"socket": 7, "bytes": 70, "sender": false}, "receiver": {"socket": 7, "bytes": 60, "sender": false}},
  {"sender": {"socket": 5, "bytes": 5e9, "sender": true}, "receiver": {"socket": 5, "bytes": 40, "sender": true}}]}})";

TEST(PeerReportTest, FiguresGoToTheStreamOfTheirSocket) {
  const PeerReport report = parse_report(kDocument).value();
  ASSERT_THAT(report.streams, SizeIs(2));
  EXPECT_EQ(report.streams[0].local_port, 40001);
  EXPECT_EQ(report.streams[0].sender_bytes, 5'000'000'000U);
  EXPECT_EQ(report.streams[0].sends, true);
  EXPECT_EQ(report.streams[1].receiver_bytes, 60U);
}

TEST(PeerReportTest, TheDocumentWithFiguresWinsAndTheErrorIsKept) {
  const std::string interrupted =
      R"({"start": {"connected": []}, "end": {}, "error": "interrupt - } \" {"})";
  const PeerReport report = parse_report(kDocument + interrupted).value();
  EXPECT_THAT(report.streams, SizeIs(2));
  EXPECT_EQ(report.error, "interrupt - } \" {");
}

TEST(PeerReportTest, GarbageIsQuoted) {
  EXPECT_THAT(parse_report("Hello\x01{\n").error().what, HasSubstr("begin \"Hello?{\""));
}

TEST(PeerReportTest, ATruncatedDocumentIsNoReport) {
  EXPECT_TRUE(parse_report(std::string(kDocument).substr(0, 300)).has_error());
}

TEST(PeerReportTest, WrongTypesAreLeftOut) {
  const PeerReport report =
      parse_report(R"({"start": {"connected": [{"local_port": "x"}, 3]}, "end": {"streams": 7}})")
          .value();
  EXPECT_THAT(report.streams, SizeIs(0));
}

}  // namespace
}  // namespace rolecall::scenario
