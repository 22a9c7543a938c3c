// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/cookie.h"

#include <string>

#include <gtest/gtest.h>

namespace rolecall::wire {
namespace {

std::array<std::byte, 36> counting() {
  std::array<std::byte, 36> random{};
  for (std::size_t i = 0; i < random.size(); ++i) random[i] = static_cast<std::byte>(i * 7);
  return random;
}

Cookie plain() {
  return make_cookie(counting());
}
Cookie flagged() {
  return make_flagged_cookie(counting());
}

TEST(CookieTest, HasThirtySixBase32CharactersAndANul) {
  const std::string text = printable(plain());
  EXPECT_EQ(text.size(), 36U);
  EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos);
  EXPECT_EQ(plain().bytes[36], std::byte{0});
}

TEST(CookieTest, ComparesUpToTheFirstNul) {
  Cookie other = flagged();
  other.bytes[36] = std::byte{0xff};
  EXPECT_TRUE(same_test(flagged(), other));
  other.bytes[33] = std::byte{'!'};
  EXPECT_FALSE(same_test(flagged(), other));
}

TEST(CookieTest, ComparesAllBytesWhereThereIsNoNul) {
  Cookie a;
  a.bytes.fill(std::byte{'x'});
  Cookie b = a;
  EXPECT_TRUE(same_test(a, b));
  b.bytes[36] = std::byte{'y'};
  EXPECT_FALSE(same_test(a, b));
}

TEST(CookieTest, OneThatIsLongerIsAnotherTest) {
  Cookie shorter = plain();
  shorter.bytes[20] = std::byte{0};
  EXPECT_FALSE(same_test(plain(), shorter));
  EXPECT_FALSE(same_test(shorter, plain()));
}

TEST(FlaggedCookieTest, AnnouncesItselfOnTheControlConnection) {
  EXPECT_TRUE(announces_flag(flagged()));
  EXPECT_FALSE(announces_flag(plain()));
}

TEST(FlaggedCookieTest, AnEarlierNulIsNoAnnouncement) {
  Cookie early = flagged();
  early.bytes[10] = std::byte{0};
  EXPECT_FALSE(announces_flag(early));
}

TEST(FlaggedCookieTest, CarriesRoleAndIndexBigEndian) {
  const Cookie stream = tag_cookie(flagged(), {Role::Sender, std::uint16_t{0x0102}});
  EXPECT_EQ(stream.bytes[35], std::byte{0x81});
  EXPECT_EQ(stream.bytes[36], std::byte{0x02});
  EXPECT_TRUE(same_test(flagged(), stream));
}

class EveryTag : public testing::TestWithParam<StreamTag> {};
TEST_P(EveryTag, IsReadBackAsWritten) {
  EXPECT_EQ(read_tag(tag_cookie(flagged(), GetParam())), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Corners, EveryTag,
                         testing::Values(StreamTag{Role::Sender, 0}, StreamTag{Role::Receiver, 0},
                                         StreamTag{Role::Sender, 0x7fff},
                                         StreamTag{Role::Receiver, 0x7fff}));

}  // namespace
}  // namespace rolecall::wire
