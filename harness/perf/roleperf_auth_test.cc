// SPDX-License-Identifier: BSD-3-Clause
// Authentication between real programs, each release of iperf3 with the padding that it has.
#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/perf/auth_files.h"
#include "harness/perf/authentication.h"
#include "harness/perf/iperf3_run.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"
#include "harness/perf/raw_client.h"

namespace rolecall::perf {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kPkcs1 = " --use-pkcs1-padding";

struct AuthPair {
  std::string server;  // a release of iperf3, or "ours"
  std::string client;
  Padding padding;
  std::string server_option;
  std::string client_option;
};

void PrintTo(const AuthPair& pair, std::ostream* os) {
  *os << pair.client << " with " << pair.server << pair.server_option << pair.client_option;
}

// For a server that is to admit: 10 s is what it allows between token and answer without it. 3.9
// has no such option.
std::string patient(const std::string& server) {
  return server == "3.9" ? "" : " --time-skew-threshold 600";
}

class AuthBetween : public testing::TestWithParam<AuthPair> {
 protected:
  void SetUp() override {
    if (program_of(GetParam().server).empty() || program_of(GetParam().client).empty()) {
      GTEST_SKIP() << "a release of iperf3 is not here: ci/peers.sh fetches it";
    }
    ::setenv("IPERF3_PASSWORD", kPassword, 1);
  }

  // The client's exit status, and output_ what it printed.
  int try_as(const std::string& user, const std::string& key = "public.pem") {
    const std::uint16_t port = free_port();
    Program server(words(fmt::format(
        "{} -s -p {} --rsa-private-key-path {} --authorized-users-path {}{}{}",
        program_of(GetParam().server), port, files_.path("private.pem"), files_.path("users.csv"),
        GetParam().server_option, patient(GetParam().server))));
    EXPECT_TRUE(await_listener(port)) << server.output();
    Program client(words(fmt::format(
        "{} -c 127.0.0.1 -p {} -n 64K --username {} --rsa-public-key-path {}{}",
        program_of(GetParam().client), port, user, files_.path(key), GetParam().client_option)));
    const int status = client.status();
    output_ = client.output();
    server_output_ = server.output();
    return status;
  }

  const AuthFiles files_;
  std::string output_;
  std::string server_output_;
};

TEST_P(AuthBetween, TheRightPasswordIsAdmitted) {
  EXPECT_EQ(try_as(kUser), 0) << output_ << server_output_;
}

TEST_P(AuthBetween, AWrongPasswordIsRefused) {
  ::setenv("IPERF3_PASSWORD", "wrong", 1);
  EXPECT_EQ(try_as(kUser), 1) << output_;
}

TEST_P(AuthBetween, AnUnknownUserIsRefused) {
  EXPECT_EQ(try_as("luigi"), 1) << output_;
}

TEST_P(AuthBetween, ATokenForAnotherKeyIsRefused) {
  EXPECT_EQ(try_as(kUser, "other-public.pem"), 1) << output_;
}

INSTANTIATE_TEST_SUITE_P(A, AuthBetween,
                         testing::Values(AuthPair{"ours", "ours", Padding::Oaep, "", ""},
                                         AuthPair{"ours", "ours", Padding::Pkcs1, kPkcs1, kPkcs1},
                                         AuthPair{"3.9", "ours", Padding::Pkcs1, "", kPkcs1},
                                         AuthPair{"installed", "ours", Padding::Pkcs1, "", kPkcs1},
                                         AuthPair{"3.18", "ours", Padding::Oaep, "", ""},
                                         AuthPair{"3.18", "ours", Padding::Pkcs1, kPkcs1, kPkcs1},
                                         AuthPair{"3.22", "ours", Padding::Oaep, "", ""},
                                         AuthPair{"3.22", "ours", Padding::Pkcs1, kPkcs1, kPkcs1},
                                         AuthPair{"ours", "3.9", Padding::Pkcs1, kPkcs1, ""},
                                         AuthPair{"ours", "installed", Padding::Pkcs1, kPkcs1, ""},
                                         AuthPair{"ours", "3.18", Padding::Oaep, "", ""},
                                         AuthPair{"ours", "3.18", Padding::Pkcs1, kPkcs1, kPkcs1},
                                         AuthPair{"ours", "3.22", Padding::Oaep, "", ""}));

// --- one server, a client by hand

class AuthServer : public testing::TestWithParam<AuthPair> {
 protected:
  void SetUp() override {
    if (program_of(GetParam().server).empty()) GTEST_SKIP() << "ci/peers.sh fetches this release";
  }

  void serve(const std::string& more) {
    server_.emplace(
        words(fmt::format("{} -s -p {} --rsa-private-key-path {} --authorized-users-path {}{}",
                          program_of(GetParam().server), port_, files_.path("private.pem"),
                          files_.path("users.csv"), more)));
    ASSERT_TRUE(await_listener(port_));
  }

  bool admits_token_of(std::int64_t time_s) {
    auto key = PublicKey::read(files_.path("public.pem"));
    const Credentials mario(kUser, Secret(std::string_view(kPassword)), std::move(key).value(),
                            GetParam().padding);
    RawTest test(port_);
    test.parameters.insert(test.parameters.size() - 1,
                           fmt::format(R"(,"authtoken":"{}")", mario.token(time_s).value()));
    return test.reach(Phase::CreateStreams);
  }

  const AuthFiles files_;
  const std::uint16_t port_ = free_port();
  std::optional<Program> server_;
};

TEST_P(AuthServer, AdmitsATokenOfNow) {
  serve(patient(GetParam().server));
  EXPECT_TRUE(admits_token_of(wall_clock_s()));
}

TEST_P(AuthServer, RefusesAnOldTimeStamp) {
  serve("");
  EXPECT_FALSE(admits_token_of(wall_clock_s() - 60));
}

INSTANTIATE_TEST_SUITE_P(A, AuthServer,
                         testing::Values(AuthPair{"ours", "", Padding::Oaep, "", ""},
                                         AuthPair{"3.9", "", Padding::Pkcs1, "", ""},
                                         AuthPair{"3.22", "", Padding::Oaep, "", ""}));

class RoleperfAuth : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(await_listener(port_)); }

  const AuthFiles files_;
  const std::uint16_t port_ = free_port();
  Program server_{words(fmt::format(
      "{} -s -p {} -d -V --rsa-private-key-path {} --authorized-users-path {}{}", ROLEPERF, port_,
      files_.path("private.pem"), files_.path("users.csv"), patient("ours")))};
  const std::string client_ =
      fmt::format("{} -c 127.0.0.1 -p {} -n 64K -d -V --username {} --rsa-public-key-path {}",
                  ROLEPERF, port_, kUser, files_.path("public.pem"));
};

TEST_F(RoleperfAuth, EveryRefusalHasTheSameAnswer) {
  const auto answer = [&](const std::string& token) {
    RawTest test(port_);
    test.parameters.insert(test.parameters.size() - 1, token);
    EXPECT_TRUE(test.reach(Phase::ParamExchange));
    test.control.send(frame(test.parameters));
    return test.control.receive(100);
  };
  const std::string none = answer("");
  EXPECT_EQ(none, std::string("\xfe\0\0\0\x8e\0\0\0\0", 9));
  EXPECT_EQ(answer(R"(,"authtoken":"=")"), none);
  EXPECT_EQ(answer(R"(,"authtoken":5)"), none);
  EXPECT_EQ(answer(fmt::format(R"(,"authtoken":"{}")", std::string(344, 'A'))), none);
}

TEST_F(RoleperfAuth, NoPasswordIsPrintedByEitherEnd) {
  for (const char* form : {"", " -J", " --json-stream"}) {
    ::setenv("IPERF3_PASSWORD", kPassword, 1);
    Program right(words(client_ + form));
    EXPECT_EQ(right.status(), 0) << right.output();
    ::setenv("IPERF3_PASSWORD", "wr0ng-one", 1);
    Program wrong(words(client_ + form));
    EXPECT_EQ(wrong.status(), 1);
    for (const std::string& text : {right.output(), wrong.output(), server_.output()}) {
      EXPECT_THAT(text, Not(HasSubstr(kPassword)));
      EXPECT_THAT(text, Not(HasSubstr("wr0ng-one")));
      EXPECT_THAT(text, Not(HasSubstr("authtoken")));
    }
  }
}

TEST_F(RoleperfAuth, WithoutAPasswordOrATerminalItSaysWhatToDo) {
  ::unsetenv("IPERF3_PASSWORD");
  Program client(words("setsid " + client_));
  EXPECT_EQ(client.status(), 1);
  EXPECT_THAT(client.output(), HasSubstr("IPERF3_PASSWORD"));
}

// All that comes from the terminal until its program has ended.
std::string read_terminal(int terminal, const char* until) {
  std::string seen;
  std::array<char, 256> buffer{};
  while (*until == '\0' || seen.find(until) == std::string::npos) {
    const ssize_t n = ::read(terminal, buffer.data(), buffer.size());
    if (n <= 0) break;
    seen.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return seen;
}

TEST_F(RoleperfAuth, ThePasswordIsAskedForAndNotShown) {
  ::unsetenv("IPERF3_PASSWORD");
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    ::execl("/bin/sh", "sh", "-c", client_.c_str(), nullptr);
    ::_exit(127);
  }
  EXPECT_THAT(read_terminal(terminal, "Password: "), HasSubstr("Password: "));
  const std::string typed = std::string(kPassword) + "\n";
  EXPECT_EQ(::write(terminal, typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
  const std::string shown = read_terminal(terminal, "");
  int status = -1;
  ::waitpid(pid, &status, 0);
  ::close(terminal);
  EXPECT_EQ(status, 0) << shown;
  EXPECT_THAT(shown, Not(HasSubstr(kPassword)));
}

}  // namespace
}  // namespace rolecall::perf
