// SPDX-License-Identifier: BSD-3-Clause
// Users files, keys and tokens, without a peer.
#include "harness/perf/authentication.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/perf/auth_files.h"
#include "harness/perf/authorized_users.h"

namespace rolecall::perf {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNow = 1'700'000'000;

class AuthenticationTest : public testing::TestWithParam<Padding> {
 protected:
  std::string token(const char* user, const char* password, std::int64_t now_s = kNow) const {
    auto key = PublicKey::read(files_.path("public.pem"));
    return Credentials(user, Secret(std::string_view(password)), std::move(key).value(), GetParam())
        .token(now_s)
        .value();
  }

  bool admits(const std::optional<std::string>& said, int skew_s = 10) const {
    const auto server = Authorization::make(files_.path("private.pem"), files_.path("users.csv"),
                                            skew_s, GetParam());
    return server.value()->admits(said, kNow).value();
  }

  const AuthFiles files_;
};

INSTANTIATE_TEST_SUITE_P(With, AuthenticationTest, testing::Values(Padding::Oaep, Padding::Pkcs1),
                         [](const auto& of) { return of.index == 0 ? "Oaep" : "Pkcs1"; });

TEST_P(AuthenticationTest, TheRightPasswordIsAdmitted) {
  EXPECT_TRUE(admits(token(kUser, kPassword)));
}

TEST_P(AuthenticationTest, NothingElseIsAdmitted) {
  EXPECT_FALSE(admits(token(kUser, "rossi")));
  EXPECT_FALSE(admits(token("luigi", kPassword)));
  EXPECT_FALSE(admits(token("nobody", "nothing")));
  EXPECT_FALSE(admits(std::nullopt));
  EXPECT_FALSE(admits(""));
  EXPECT_FALSE(admits("="));
  EXPECT_FALSE(admits(std::string(8000, 'A')));
}

TEST_P(AuthenticationTest, TheTimeMayDifferByTheThresholdAndNotMore) {
  EXPECT_TRUE(admits(token(kUser, kPassword, kNow - 10)));
  EXPECT_TRUE(admits(token(kUser, kPassword, kNow + 10)));
  EXPECT_FALSE(admits(token(kUser, kPassword, kNow - 11)));
  EXPECT_FALSE(admits(token(kUser, kPassword, kNow + 11)));
  EXPECT_TRUE(admits(token(kUser, kPassword, kNow - 60), 60));
  EXPECT_FALSE(admits(token(kUser, kPassword, std::numeric_limits<std::int64_t>::min())));
}

TEST_P(AuthenticationTest, UsersAreReadAnewForEachTest) {
  const auto server =
      Authorization::make(files_.path("private.pem"), files_.path("users.csv"), 10, GetParam());
  files_.write("users.csv", "# nobody any more\n");
  EXPECT_FALSE(server.value()->admits(token(kUser, kPassword), kNow).value());
  files_.write("users.csv", "mario");
  EXPECT_FALSE(server.value()->admits(token(kUser, kPassword), kNow));
}

TEST_P(AuthenticationTest, WordsThatDoNotFitIntoTheKeyAreRefused) {
  const std::string name(220, 'x');
  auto key = PublicKey::read(files_.path("public.pem"));
  const auto made =
      Credentials(name, Secret(std::string_view("p")), std::move(key).value(), GetParam())
          .token(kNow);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("too long for the public key"));
}

// --- the users file

std::string users_error(const std::string& text) {
  const auto users = parse_authorized_users(text, "users");
  return users ? "" : users.error().message();
}

TEST(AuthorizedUsersTest, ALineThatIsNoUserIsAnErrorWithItsNumber) {
  const std::string hash(64, 'a');
  EXPECT_EQ(users_error("# c\n\nmario," + hash + " \r\nluigi," + hash), "");
  EXPECT_THAT(users_error("a," + hash + "\nmario\n"), HasSubstr("users:2: "));
  EXPECT_THAT(users_error("," + hash), HasSubstr("users:1: "));
  EXPECT_THAT(users_error("mario," + hash + "a"), HasSubstr("users:1: "));
  EXPECT_THAT(users_error("mario,g" + hash.substr(1)), HasSubstr("users:1: "));
}

TEST(AuthorizedUsersTest, TheFirstLineOfANameCounts) {
  const std::string right =
      "7f3a"
      "000000000000000000000000000000000000000000000000000000000000";
  // sha256 of "{a}b"
  const std::string of_b = "176da8610aaae7105a41646e5bee14d105989fd8309870cca93140a2d6bef302";
  const auto first = parse_authorized_users("a," + of_b + "\na," + right, "users");
  const auto second = parse_authorized_users("a," + right + "\na," + of_b, "users");
  EXPECT_TRUE(is_authorized(first.value(), "a", "b"));
  EXPECT_FALSE(is_authorized(second.value(), "a", "b"));
}

// --- keys

class KeyFileTest : public testing::Test {
 protected:
  static std::string error_of(const Result<PrivateKey>& read) {
    return read ? "" : read.error().message();
  }
  const AuthFiles files_;
};

TEST_F(KeyFileTest, ThatCannotBeReadIsNamed) {
  EXPECT_THAT(error_of(PrivateKey::read(files_.path("none"))), HasSubstr("No such file"));
}

TEST_F(KeyFileTest, WithoutAPrivateKeyIsRefused) {
  EXPECT_THAT(error_of(PrivateKey::read(files_.path("public.pem"))), HasSubstr("no private key"));
}

TEST_F(KeyFileTest, ThatIsEncryptedIsRefused) {
  files_.write_key("locked-", 2048, "sesame");
  EXPECT_THAT(error_of(PrivateKey::read(files_.path("locked-private.pem"))),
              HasSubstr("is encrypted"));
}

TEST_F(KeyFileTest, ThatIsTooShortIsRefused) {
  files_.write_key("short-", 768);
  EXPECT_THAT(error_of(PrivateKey::read(files_.path("short-private.pem"))),
              HasSubstr("768 bits, fewer than 1024"));
}

TEST_F(KeyFileTest, OfAnotherKindIsRefused) {
  const auto pem = files_.write("ed25519.pem",
                                "-----BEGIN PRIVATE KEY-----\n"
                                "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                                "-----END PRIVATE KEY-----\n");  // RFC 8410
  EXPECT_THAT(error_of(PrivateKey::read(pem)), HasSubstr("is not an RSA key"));
}

}  // namespace
}  // namespace rolecall::perf
