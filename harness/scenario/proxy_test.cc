// SPDX-License-Identifier: BSD-3-Clause
// The haproxy of this machine, in a network namespace of the test's own. Skips itself, with the
// reason printed, where one of them is missing.
#include "harness/scenario/proxy.h"

#include <poll.h>

#include <optional>
#include <utility>

#include <gmock/gmock.h>

#include "harness/base/deadline.h"
#include "harness/base/files.h"
#include "harness/net/socket.h"

namespace rolecall::scenario {
namespace {

using ::testing::HasSubstr;

constexpr std::uint16_t kProxyPort = 5200;
constexpr std::uint16_t kServerPort = 5201;

class ProxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto rights = gain_namespace_rights(); rights.has_error())
      GTEST_SKIP() << rights.error().message();
    place_.emplace(NetworkNamespace::create().value());
    folder_.emplace(TemporaryFolder::make().value());
  }

  Result<Proxy> start(const char* address) {
    return Proxy::start({.address = address,
                         .port = kProxyPort,
                         .server_address = "127.0.0.1",
                         .server_port = kServerPort,
                         .place = *place_,
                         .folder = folder_->path()});
  }

  // A connection to the proxy that is under way.
  Result<Fd> connect() const {
    return run_in(*place_, []() -> Result<Fd> {
      TRY(auto to, resolve("127.0.0.1", kProxyPort, AF_INET));
      TRY(auto socket, tcp_socket(AF_INET));
      TRY(start_connect(socket, to.front()));
      return socket;
    });
  }

  std::optional<NetworkNamespace> place_;
  std::optional<TemporaryFolder> folder_;
};

TEST_F(ProxyTest, TellsWhoseConnectionTheServerSees) {
  auto proxy = start("127.0.0.1");
  if (!proxy && proxy.error().code == Errc::Config) GTEST_SKIP() << proxy.error().message();
  ASSERT_TRUE(proxy) << proxy.error().message();
  const Fd listener =
      run_in(*place_, [] { return listen_tcp("127.0.0.1", kServerPort, AF_INET, ""); }).value();
  const Fd client = connect().value();
  pollfd ready{listener.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  const std::uint16_t seen = accept_next(listener).value()->peer.port();
  std::uint16_t told = 0;
  for (const auto limit = Deadline::after(seconds(10)); told == 0 && !limit.expired();)
    told = proxy.value().client_port(seen);
  EXPECT_EQ(told, local_address(client).value().port());
  EXPECT_NE(told, seen);
}

TEST_F(ProxyTest, ThatDoesNotComeUpLeavesItsWords) {
  const auto proxy = start("192.0.2.1");  // no address of this namespace
  ASSERT_FALSE(proxy);
  if (proxy.error().code == Errc::Config) GTEST_SKIP() << proxy.error().message();
  EXPECT_THAT(proxy.error().what, HasSubstr("haproxy ended before it listened"));
  EXPECT_THAT(read_file(folder_->path() / "haproxy.err").value(), HasSubstr("192.0.2.1:5200"));
}

}  // namespace
}  // namespace rolecall::scenario
