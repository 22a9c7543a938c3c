// SPDX-License-Identifier: BSD-3-Clause
// --dont-fragment, where datagrams are longer than a packet of the device: with every iperf3 of
// this machine at the other end, in a network of the test's own.
#include <net/if.h>
#include <sys/ioctl.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/net/netns.h"
#include "harness/net/socket.h"
#include "harness/perf/iperf3_run.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"

namespace rolecall::perf {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kLongDatagrams[] = "-u -l 3000 -b 1M -t 1";
constexpr std::uint16_t kPort = 5201;

Result<void> set_mtu_of_loopback(int mtu) {
  ifreq device{};
  std::snprintf(device.ifr_name, sizeof device.ifr_name, "lo");
  device.ifr_mtu = mtu;
  TRY(const Fd any, udp_socket(AF_INET));
  if (::ioctl(any.get(), SIOCSIFMTU, &device) != 0) return system_error("SIOCSIFMTU");
  return ok();
}

class LongDatagrams : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const auto rights = gain_namespace_rights(); rights.has_error())
      GTEST_SKIP() << rights.error().message();
    if (other().empty()) GTEST_SKIP() << "no such iperf3 here: ci/peers.sh fetches it";
  }
  static std::string other() { return program_of(GetParam()); }

  // One test where a packet has 1,500 bytes: what the client wrote, and its exit status.
  struct Ended {
    std::string client;
    int status = 0;
  };
  static Ended test(const std::string& server, const std::string& client, const char* options) {
    Ended ended;
    const auto ran = run_in(NetworkNamespace::create().value(), [&]() -> Result<void> {
      TRY(set_mtu_of_loopback(1500));
      Program serving(words(fmt::format("{} -s -1 -p {}", server, kPort)));
      EXPECT_TRUE(await_listener(kPort));
      Program asking(words(
          fmt::format("{} -c 127.0.0.1 -p {} {} {}", client, kPort, kLongDatagrams, options)));
      ended.status = asking.status();
      EXPECT_NE(serving.status(), Program::kStillRuns);
      ended.client = asking.output();
      return ok();
    });
    EXPECT_TRUE(ran.has_value());
    return ended;
  }
};

TEST_P(LongDatagrams, ArriveInFragments) {
  EXPECT_EQ(test(other(), ROLEPERF, "").status, 0);
  EXPECT_EQ(test(ROLEPERF, other(), "-R").status, 0);
}

TEST_P(LongDatagrams, AreNotSentWhereTheClientForbidsFragments) {
  const Ended ended = test(other(), ROLEPERF, "--dont-fragment");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.client, AllOf(HasSubstr("error - unable to write to stream socket: "),
                                  HasSubstr("Message too long")));
}

// A server of iperf3's sends them in fragments all the same.
TEST_P(LongDatagrams, AreNotSentByTheServerEither) {
  if (GetParam() == std::string("3.9")) GTEST_SKIP() << "its client has no --dont-fragment";
  const Ended ended = test(ROLEPERF, other(), "-R --dont-fragment");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.client,
              AllOf(HasSubstr("unable to write to stream socket"), HasSubstr("Message too long")));
}

INSTANTIATE_TEST_SUITE_P(With, LongDatagrams,
                         testing::Values("ours", "installed", "3.9", "3.18", "3.22"));

}  // namespace
}  // namespace rolecall::perf
