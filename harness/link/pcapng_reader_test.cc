// SPDX-License-Identifier: BSD-3-Clause
// The reader, on files that the writer has written, and on what somebody has made of them.
#include <filesystem>

#include <gmock/gmock.h>

#include "harness/base/files.h"
#include "harness/link/pcapng.h"

namespace rolecall::link {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::size_t kFirstPacketAt = 140;  // behind the section's head and two interfaces

class PcapngReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto writer = PcapngWriter::create(path(), 128).value();
    writer.add(CaptureInterface::Client, true, TimePoint{}, Bytes(61, std::byte{0x45}), "");
    writer.add(CaptureInterface::Server, false, TimePoint{}, Bytes(200, std::byte{0x60}), "held");
    writer.flush();
    file_ = read_file(path()).value();
  }
  std::filesystem::path path() const { return folder_.path() / "a.pcapng"; }

  std::string complaint(const std::string& file) {
    EXPECT_TRUE(write_file(path(), file).has_value());
    const auto read = read_capture(path());
    return read.has_error() ? read.error().message() : "none";
  }
  // The file with another byte at `at`.
  std::string changed(std::size_t at, int byte) const {
    std::string file = file_;
    file.at(at) = static_cast<char>(byte);
    return file;
  }

  TemporaryFolder folder_ = TemporaryFolder::make().value();
  std::string file_;
};

TEST_F(PcapngReaderTest, GivesThePacketsWithTheirInterfaceAndDirection) {
  const auto packets = read_capture(path()).value();
  ASSERT_THAT(packets, SizeIs(2));
  EXPECT_EQ(packets[0].interface, CaptureInterface::Client);
  EXPECT_TRUE(packets[0].inbound);
  EXPECT_TRUE(packets[0].is_whole);
  EXPECT_EQ(packets[0].bytes, Bytes(61, std::byte{0x45}));
  EXPECT_EQ(packets[1].interface, CaptureInterface::Server);
  EXPECT_FALSE(packets[1].inbound);
}

TEST_F(PcapngReaderTest, SaysOfAPacketThatItWasCut) {
  const auto packets = read_capture(path()).value();
  EXPECT_FALSE(packets.at(1).is_whole);
  EXPECT_EQ(packets.at(1).bytes, Bytes(128, std::byte{0x60}));
}

TEST_F(PcapngReaderTest, PassesOverBlocksOfOtherKinds) {
  EXPECT_TRUE(write_file(path(), changed(kFirstPacketAt, 5)).has_value());  // interface statistics
  EXPECT_THAT(read_capture(path()).value(), SizeIs(1));
}

TEST_F(PcapngReaderTest, NamesThePlaceWhereTheFileIsCutShort) {
  EXPECT_THAT(
      complaint(file_.substr(0, kFirstPacketAt + 40)),
      AllOf(HasSubstr(path().string()), HasSubstr("byte 140: the file ends within a block")));
  EXPECT_THAT(complaint(file_.substr(0, kFirstPacketAt + 3)), HasSubstr("byte 140: the file ends"));
}

TEST_F(PcapngReaderTest, RefusesWhatIsNoCapture) {
  EXPECT_THAT(complaint("{ \"claim\": \"a text\" }"), HasSubstr("byte 0: no capture begins here"));
  EXPECT_THAT(complaint(""), HasSubstr("no capture begins here"));
}

TEST_F(PcapngReaderTest, RefusesTheOtherByteOrder) {
  std::string file = file_;
  std::swap(file[8], file[11]);
  std::swap(file[9], file[10]);
  EXPECT_THAT(complaint(file), HasSubstr("not of this machine's byte order"));
}

TEST_F(PcapngReaderTest, RefusesBlocksThatContradictThemselves) {
  EXPECT_THAT(complaint(changed(kFirstPacketAt + 4, 3)), HasSubstr("no block is 3 bytes long"));
  EXPECT_THAT(complaint(changed(kFirstPacketAt + 4, 64)), HasSubstr("the two lengths"));
  EXPECT_THAT(complaint(changed(kFirstPacketAt + 8, 2)), HasSubstr("no interface 2"));
  EXPECT_THAT(complaint(changed(kFirstPacketAt + 20, 200)), HasSubstr("longer than its block"));
  EXPECT_THAT(complaint(changed(kFirstPacketAt + 28 + 64, 9)), HasSubstr("which way it went"));
  EXPECT_THAT(complaint(changed(kFirstPacketAt + 28 + 66, 99)), HasSubstr("an option is longer"));
}

TEST_F(PcapngReaderTest, NamesAFileThatIsNotThere) {
  EXPECT_THAT(read_capture("/nowhere/at.all").error().message(), HasSubstr("/nowhere/at.all"));
}

}  // namespace
}  // namespace rolecall::link
