// SPDX-License-Identifier: BSD-3-Clause
// The roleperf client against servers that send what they must not, at every step, that vanish and
// come back; and the signals that reach it at every step. It ends, says why, and what it prints
// stays one document.
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/base/bytes.h"
#include "harness/base/files.h"
#include "harness/net/netns.h"
#include "harness/net/socket.h"
#include "harness/perf/client_run.h"
#include "harness/perf/patience.h"
#include "harness/perf/program.h"
#include "harness/perf/scripted_server.h"

namespace rolecall::perf {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Ne;
using wire::State;

// Where the client is when it waits for the server's next word.
enum class Wait { ParamExchange, CreateStreams, TestStart, TestRunning, ExchangeResults, Results };
constexpr std::array kWaits = {Wait::ParamExchange, Wait::CreateStreams,   Wait::TestStart,
                               Wait::TestRunning,   Wait::ExchangeResults, Wait::Results};

std::string wait_name(const testing::TestParamInfo<Wait>& info) {
  constexpr std::array kNames = {"ParamExchange", "CreateStreams",   "TestStart",
                                 "TestRunning",   "ExchangeResults", "Results"};
  return kNames[static_cast<std::size_t>(info.param)];
}

// Lasts until the client is where it should be, and not longer.
const char* options_for(Wait wait) {
  return wait >= Wait::ExchangeResults ? "-n 64K -J" : "-t 60 -J";
}

// The server's side of one test, up to there: whether the client did as it should.
class Lead {
 public:
  explicit Lead(ScriptedServer& server) : server_(server) {}

  bool to(Wait wait) {
    if (wait == Wait::ParamExchange) {
      server_.control = server_.accept();
      return server_.control && server_.control->receive(37).size() == 37;
    }
    if (server_.take_parameters().empty()) return false;
    return wait == Wait::CreateStreams || streams(wait);
  }
  RawConnection& control() const { return *server_.control; }

 private:
  bool streams(Wait wait) {
    server_.send({State::CreateStreams});
    stream_ = server_.accept();
    if (!stream_ || stream_->receive(37).size() != 37) return false;
    if (wait == Wait::TestStart) return true;
    server_.send({State::TestStart, State::TestRunning});
    if (stream_->receive(1000).size() != 1000) return false;
    return wait == Wait::TestRunning || results(wait);
  }
  bool results(Wait wait) const {
    if (control().receive(1) != byte(State::TestEnd)) return false;
    if (wait == Wait::ExchangeResults) return true;
    server_.send({State::ExchangeResults});
    const std::string size = control().receive(4);
    return size.size() == 4 && !control().receive(be32(as_bytes(size))).empty();
  }

  ScriptedServer& server_;
  std::unique_ptr<RawConnection> stream_;
};

class RoleperfClientAt : public testing::TestWithParam<Wait> {
 protected:
  ScriptedServer server_;
};

// Whatever the byte may mean: nothing follows, so no test can come of it.
TEST_P(RoleperfClientAt, SurvivesEveryByte) {
  std::vector<int> not_survived;
  for (int value = 0; value < 256; ++value) {
    ScriptedServer server;  // CREATE_STREAMS lets a stream come that nobody takes
    ClientRun client(server.port(), options_for(GetParam()));
    Lead lead(server);
    const bool reached = lead.to(GetParam());
    lead.control().send(std::string(1, static_cast<char>(value)));
    lead.control().send_end();
    const bool failed = client.status() == 1;
    const auto document = ordered_json::parse(client.out(), nullptr, false);
    if (!reached || !failed || !document.contains("error")) not_survived.push_back(value);
  }
  EXPECT_THAT(not_survived, IsEmpty());
}

TEST_P(RoleperfClientAt, SurvivesAMegabyteOfEachKindOfNoise) {
  for (const char noise : {'\0', '\2', '\x7f', '\xff', '{'}) {
    ClientRun client(server_.port(), options_for(GetParam()));
    Lead lead(server_);
    ASSERT_TRUE(lead.to(GetParam()));
    lead.control().send(std::string(1 << 20, noise));
    lead.control().send_end();
    EXPECT_EQ(client.status(), 1) << client.out();
  }
}

TEST_P(RoleperfClientAt, EndsWithAServerThatIsReset) {
  ClientRun client(server_.port(), options_for(GetParam()));
  Lead lead(server_);
  ASSERT_TRUE(lead.to(GetParam()));
  lead.control().reset();
  EXPECT_EQ(client.status(), 1);
  EXPECT_FALSE(ordered_json::parse(client.out(), nullptr, false)["error"].empty()) << client.out();
}

INSTANTIATE_TEST_SUITE_P(Waiting, RoleperfClientAt, testing::ValuesIn(kWaits), wait_name);

// --- documents that are none, and such as no test can have

const std::vector<std::string> kNoFrames = {length(0),          length(0xffffffff),
                                            length(0x7fffffff), frame("{"),
                                            frame("streams"),   frame(std::string(2000, '[')),
                                            frame("\xff\xfe{}")};

class RoleperfClientRefuses : public testing::TestWithParam<std::size_t> {
 protected:
  // Sent after `before`; the client ends at once, whatever else may come.
  void expect_refused(Wait wait, const std::string& before) {
    ClientRun client(server_.port(), options_for(wait));
    Lead lead(server_);
    ASSERT_TRUE(lead.to(wait));
    lead.control().send(before + kNoFrames[GetParam()]);
    EXPECT_EQ(client.status(), 1) << client.out();
  }

  ScriptedServer server_;
};

TEST_P(RoleperfClientRefuses, AsResults) {
  expect_refused(Wait::Results, "");
}

TEST_P(RoleperfClientRefuses, AsServerParameters) {
  expect_refused(Wait::CreateStreams, byte(State::ServerParameters));
}

INSTANTIATE_TEST_SUITE_P(Bytes, RoleperfClientRefuses,
                         testing::Range(std::size_t{0}, kNoFrames.size()));

class RoleperfClientReads : public testing::Test {
 protected:
  // The client's document after these results, or its failure.
  ordered_json after_results(const std::string& results) {
    ClientRun client(server_.port(), options_for(Wait::Results));
    Lead lead(server_);
    EXPECT_TRUE(lead.to(Wait::Results));
    lead.control().send(frame(results) + byte(State::DisplayResults));
    status_ = client.status();
    return ordered_json::parse(client.out(), nullptr, false);
  }

  ScriptedServer server_;
  int status_ = -1;
};

TEST_F(RoleperfClientReads, ResultsOfAnyTypeInAnyPlace) {
  const auto sound = ordered_json::parse(RawTest::kResults);
  ASSERT_FALSE(after_results(sound.dump()).contains("error"));
  for (const char* wrong : {R"("1")", "null", "true", "[]", "{}", "[[1]]", R"({"id":1})"}) {
    for (const auto& [key, value] : sound.items()) {
      ordered_json results = sound;
      results[key] = ordered_json::parse(wrong);
      EXPECT_FALSE(after_results(results.dump()).is_discarded()) << results;
    }
    for (const auto& [key, value] : sound["streams"][0].items()) {
      ordered_json results = sound;
      results["streams"][0][key] = ordered_json::parse(wrong);
      EXPECT_TRUE(after_results(results.dump()).contains("error")) << results;
    }
  }
}

TEST_F(RoleperfClientReads, NumbersThatNoTestCanHave) {
  for (const char* key : {"bytes", "retransmits", "jitter", "errors", "packets"}) {
    for (const char* number : {"9223372036854775807", "-9223372036854775808",
                               "18446744073709551615", "1e308", "-1e308"}) {
      ordered_json results = ordered_json::parse(RawTest::kResults);
      results["streams"][0][key] = ordered_json::parse(number);
      EXPECT_FALSE(after_results(results.dump()).is_discarded()) << key << number;
    }
  }
}

TEST_F(RoleperfClientReads, ResultsOfAStreamThatItDoesNotHave) {
  ordered_json results = ordered_json::parse(RawTest::kResults);
  results["streams"][0]["id"] = 77;
  EXPECT_THAT(after_results(results.dump())["error"].get<std::string>(), HasSubstr("77"));
  EXPECT_EQ(status_, 1);
}

// --- a server that goes and comes back

TEST(RoleperfClientAndItsServer, EndsWhenItsServerIsStartedAnew) {
  const std::uint16_t port = free_port();
  const auto server_words = words(fmt::format("{} -s -p {}", ROLEPERF, port));
  for (const char* mode : {"", "-R", "--bidir -P 2", "-u -b 10M", "-u -R -b 10M"}) {
    std::optional<Program> server(server_words);
    ASSERT_TRUE(await_listener(port));
    Program client(words(
        fmt::format("{} -c 127.0.0.1 -p {} -t 60 -i 0.1 --json-stream {}", ROLEPERF, port, mode)));
    ASSERT_TRUE(client.prints("\"interval\"")) << client.output();
    server->send_signal(SIGKILL);
    ASSERT_EQ(server->status(), 128 + SIGKILL);
    server.emplace(server_words);
    EXPECT_EQ(client.status(), 1) << client.output();
    EXPECT_THAT(client.output(), HasSubstr(R"({"event":"end")"));
    ASSERT_TRUE(await_listener(port));
    EXPECT_TRUE(RawTest(port).complete()) << mode;
  }
}

// --- signals

class RoleperfClientSignalled : public testing::TestWithParam<std::tuple<Wait, int>> {
 protected:
  Program client(const std::string& more) const {
    return Program(words(fmt::format("{} -c 127.0.0.1 -p {} {}", ROLEPERF, server_.port(), more)));
  }
  static Wait wait() { return std::get<0>(GetParam()); }
  static int signal() { return std::get<1>(GetParam()); }

  ScriptedServer server_;
};

TEST_P(RoleperfClientSignalled, TellsTheServerAndPrintsWhatItHas) {
  Program client = this->client(options_for(wait()));
  Lead lead(server_);
  ASSERT_TRUE(lead.to(wait()));
  client.send_signal(signal());
  EXPECT_EQ(lead.control().receive(1), byte(State::ClientTerminate));
  EXPECT_EQ(client.status(), 0);
  const auto document = ordered_json::parse(client.output(), nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << client.output();
  EXPECT_THAT(document["error"].get<std::string>(), HasSubstr("terminated by signal"));
  EXPECT_EQ(document["end"].contains("sum_sent"), wait() >= Wait::TestRunning);
}

INSTANTIATE_TEST_SUITE_P(By, RoleperfClientSignalled,
                         testing::Combine(testing::ValuesIn(kWaits),
                                          testing::Values(SIGINT, SIGTERM, SIGHUP)),
                         [](const auto& combined) {
                           return wait_name({std::get<0>(combined.param), 0}) + "By" +
                                  std::to_string(std::get<1>(combined.param));
                         });

TEST(RoleperfClientConnecting, LeavesOnASignal) {
  const ScriptedServer server;
  server.narrow_queue();
  const RawConnection fills_the_queue(server.port());
  Program client(words(fmt::format("{} -c 127.0.0.1 -p {} -J", ROLEPERF, server.port())));
  ASSERT_TRUE(server.sees_connecting(1));
  client.send_signal(SIGINT);
  EXPECT_EQ(client.status(), 0);
  EXPECT_FALSE(ordered_json::parse(client.output(), nullptr, false).is_discarded())
      << client.output();
}

// Moves this test into namespaces of its own, where the name server is who has the socket.
Result<Fd> become_name_server(const fs::path& folder) {
  TRY(const auto inside, NetworkNamespace::create());
  TRY(enter(inside));
  TRY(write_file(folder / "resolv.conf", "nameserver 127.0.0.1\n"));
  const std::string settings = folder / "resolv.conf";
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount(settings.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0)
    return system_error("mount(/etc/resolv.conf)");
  TRY(auto socket, udp_socket(AF_INET));
  TRY(const auto at, resolve_numeric("127.0.0.1", 53, AF_INET));
  TRY(bind_to(socket, at.front()));
  return socket;
}

TEST(RoleperfClientConnecting, LeavesOnASignalWhileANameServerSaysNothing) {
  if (auto rights = gain_namespace_rights(); !rights) GTEST_SKIP() << rights.error().message();
  const auto folder = TemporaryFolder::make().value();
  const auto name_server = become_name_server(folder.path());
  ASSERT_TRUE(name_server) << name_server.error().message();
  Program client(words(fmt::format("{} -c nowhere.test -J", ROLEPERF)));
  pollfd question{name_server.value().get(), POLLIN, 0};
  ASSERT_EQ(::poll(&question, 1, kPatienceMs), 1);
  client.send_signal(SIGINT);
  EXPECT_EQ(client.status(), 0);
  EXPECT_THAT(client.output(), HasSubstr("terminated by signal"));
}

}  // namespace
}  // namespace rolecall::perf
