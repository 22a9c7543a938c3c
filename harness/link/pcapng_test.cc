// SPDX-License-Identifier: BSD-3-Clause
// tshark is the judge of what the writer writes.
#include "harness/link/pcapng.h"

#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "harness/base/files.h"
#include "harness/link/link.h"
#include "harness/link/two_ends.h"
#include "harness/schedule/schedule.h"

namespace rolecall::link {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class PcapngTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (run("command -v tshark").empty()) GTEST_SKIP() << "tshark is missing: apt install tshark";
  }

  static std::string run(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> out(
        ::popen((command + " 2>/dev/null").c_str(), "re"), ::pclose);
    std::string text;
    char chunk[4096];
    for (std::size_t n = 0; (n = std::fread(chunk, 1, sizeof chunk, out.get())) > 0;)
      text.append(chunk, n);
    return text;
  }

  // One line a packet: interface|original length|comment.
  std::vector<std::string> packets(const std::string& filter = "frame") const {
    const std::string text = run(fmt::format(
        "tshark -n -r '{}' -Y '{}' -T fields -E separator='|' -e frame.interface_name -e frame.len "
        "-e frame.comment",
        path_.string(), filter));
    std::vector<std::string> lines;
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
         at = end + 1)
      lines.push_back(text.substr(at, end - at));
    return lines;
  }

  const TemporaryFolder folder_ = TemporaryFolder::make().value();
  const std::filesystem::path path_ = folder_.path() / "link.pcapng";
};

TEST_F(PcapngTest, ThePacketsAreReadWithInterfaceAndComment) {
  {
    auto writer = PcapngWriter::create(path_, 256).value();
    const Bytes packet(1500, std::byte{0x45});
    writer.add(CaptureInterface::Client, true, TimePoint{}, packet, "held by: a rule");
    writer.add(CaptureInterface::Server, false, TimePoint{}, packet, "");
  }
  EXPECT_THAT(packets(), ElementsAre("client|1500|held by: a rule", "server|1500|"));
}

TEST_F(PcapngTest, OnlyTheFirstBytesOfAPacketAreKept) {
  {
    auto writer = PcapngWriter::create(path_, 1).value();
    writer.add(CaptureInterface::Client, true, TimePoint{}, Bytes(9000, std::byte{0x45}), "");
  }
  EXPECT_EQ(run(fmt::format("tshark -r '{}' -T fields -e frame.cap_len", path_.string())), "128\n");
}

TEST_F(PcapngTest, AFullDiskEndsTheCaptureWithAnError) {
  auto writer = PcapngWriter::create("/dev/full", 256).value();
  writer.add(CaptureInterface::Client, true, TimePoint{}, Bytes(40, std::byte{0x45}), "flush");
  ASSERT_TRUE(writer.error().has_value());
  EXPECT_THAT(writer.error()->message(),
              AllOf(HasSubstr("/dev/full"), HasSubstr("ends after 0 packets"),
                    HasSubstr("No space left on device")));
}

TEST_F(PcapngTest, ACaptureThatEndedEarlyCanStillBeRead) {
  auto writer = PcapngWriter::create(path_, 256).value();
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{500, before.rlim_max};
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  for (int i = 0; i < 4; ++i)
    writer.add(CaptureInterface::Client, true, TimePoint{}, Bytes(100, std::byte{0x45}), "one");
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_TRUE(writer.error().has_value());
  EXPECT_THAT(packets(), SizeIs(2));
  // A file that ends within a block makes tshark say so and fail.
  EXPECT_EQ(run(fmt::format("tshark -r '{}' > /dev/null && echo whole", path_.string())),
            "whole\n");
}

TEST_F(PcapngTest, AFileThatCannotBeMadeIsAnError) {
  EXPECT_THAT(PcapngWriter::create("/nowhere/at.all", 256).error().message(),
              HasSubstr("capture: open(/nowhere/at.all)"));
}

// A comment on each held and released packet, in the order in which it happened, at both ends.
TEST_F(PcapngTest, ALinkShowsWhatItHeldAndReleased) {
  if (const std::string why = why_no_link(); !why.empty()) GTEST_SKIP() << why;
  LinkOptions options = with_rules(rules_for({2, 1}));
  options.capture = path_;
  TwoEnds ends(options);
  ends.connect();
  ends.connect();
  ends.accept(2);
  const LinkLog log = ends.stop();
  EXPECT_FALSE(log.capture_error.has_value());
  const auto commented =
      packets(R"(frame.comment contains "held by" || frame.comment contains "rel")");
  ASSERT_THAT(commented, SizeIs(log.actions.size()));
  EXPECT_THAT(commented.front(),
              ::testing::MatchesRegex("client.*held by: hold ack 1 until cookie 2 acknowledged"));
  EXPECT_THAT(commented.back(), ::testing::MatchesRegex("server.*released by: hold ack 1 .*came"));
}

TEST_F(PcapngTest, ALinkGoesOnWhenTheDiskIsFull) {
  if (const std::string why = why_no_link(); !why.empty()) GTEST_SKIP() << why;
  LinkOptions options = with_rules(rules_for({2, 1}));
  options.capture = "/dev/full";
  TwoEnds ends(options);
  ends.connect();
  ends.connect();
  ends.accept(2);
  EXPECT_TRUE(ends.stop().capture_error.has_value());
}

}  // namespace
}  // namespace rolecall::link
