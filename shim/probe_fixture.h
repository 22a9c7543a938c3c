// SPDX-License-Identifier: BSD-3-Clause
// For the tests of the preload libraries only: the probe's server and client, each under the
// library, as verbs; and accept orders.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shim/test_rig.h"

namespace rolecall::shim {

// A probe server and a probe client, each under the library; verbs of the tests.
class Shim : public ::testing::Test {
 protected:
  Rig rig;
  std::string probe = PROBE;  // or the same with a sanitizer
  int listener_family = AF_INET6;

  // Starts the server; it ends after `connections`.
  std::unique_ptr<Program> serve(std::size_t connections, const Words& options) {
    const int listener = rig.listen_on(listener_family);
    return std::make_unique<Program>(
        Words{probe, "server", std::to_string(listener), std::to_string(connections)} + options,
        rig.armed(Side::Server, probe), listener);
  }
  std::unique_ptr<Program> connect(std::size_t streams, const Words& options) {
    Words variables;
    if (rig.numbering == Numbering::ByConnect) variables = rig.armed(Side::Client, probe);
    return std::make_unique<Program>(
        Words{probe, "client", std::to_string(rig.port), std::to_string(streams)} + options,
        variables);
  }
  // Starts the server, and returns once its listener takes no connection without data.
  std::unique_ptr<Program> serve_deferred(std::size_t connections, const Words& options) {
    auto server = serve(connections, options);
    EXPECT_TRUE(rig.wait_for(Kind::ListenerDeferred));
    return server;
  }
  // A connection that never says anything.
  bool connect_silently(int fd) const {
    const sockaddr_in at{.sin_family = AF_INET,
                         .sin_port = htons(static_cast<std::uint16_t>(rig.port)),
                         .sin_addr = {htonl(INADDR_LOOPBACK)},
                         .sin_zero = {}};
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  }
  // Runs both to the end under `order`; what the server printed.
  std::string run(const std::vector<int>& order, const Words& server_options = {},
                  const Words& client_options = {}, std::size_t strangers = 0) {
    rig.order = order;
    const std::size_t connections = 1 + order.size() + strangers;
    const auto server = rig.lever == Lever::Defer ? serve_deferred(connections, server_options)
                                                  : serve(connections, server_options);
    const auto client = connect(order.size(), client_options);
    std::string printed = server->output();
    EXPECT_EQ(client->output(), "done\n");
    return printed;
  }
};

// What the probe's server prints when it accepted the streams in `order`.
inline std::string as_text(const std::vector<int>& order) {
  std::string text = "0";
  for (const int number : order) text += static_cast<char>('0' + number);
  return text + "\n";
}

// Every permutation of 1..n, for n up to `streams`.
inline std::vector<std::vector<int>> all_orders_up_to(int streams) {
  std::vector<std::vector<int>> all;
  for (int n = 1; n <= streams; ++n) {
    std::vector<int> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 1);
    do {
      all.push_back(order);
    } while (std::next_permutation(order.begin(), order.end()));
  }
  return all;
}

inline std::string name_of(const ::testing::TestParamInfo<std::vector<int>>& info) {
  return as_text(info.param).substr(1, info.param.size());
}

}  // namespace rolecall::shim
