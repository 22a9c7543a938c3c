// SPDX-License-Identifier: BSD-3-Clause
// A real TCP-terminating proxy between client and server: haproxy of Debian, which accepts the
// client's connections and makes one of its own to the server for each. So what the client learns
// of acknowledgements is the proxy's, and no client can order what the server accepts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "harness/base/result.h"
#include "harness/net/netns.h"
#include "harness/net/process.h"

namespace rolecall::scenario {

struct ProxyOptions {
  std::string address;  // where it listens, and that of the server behind it
  std::uint16_t port = 0;
  std::string server_address;
  std::uint16_t server_port = 0;
  const NetworkNamespace& place;  // where it runs
  std::filesystem::path folder;   // exists; configuration and log are kept there
};

// Config, saying what to do, when haproxy is not here or may not be run.
Result<void> check_proxy();

// One thread. The destructor ends it.
class Proxy {
 public:
  // It listens when this returns. Config when haproxy is not installed; System, with its own words,
  // when it does not come up.
  static Result<Proxy> start(const ProxyOptions& options);

  // The client's port of the connection that the proxy carries on from its own `port`; 0 while it
  // has not said so: it logs both ports once its connection to the server stands.
  std::uint16_t client_port(std::uint16_t port);

 private:
  Proxy(Child child, std::filesystem::path log) : child_(std::move(child)), log_(std::move(log)) {}
  Result<void> await_listening(const ProxyOptions& options);
  void read_log();

  Child child_;
  std::filesystem::path log_;
  std::streamoff read_ = 0;  // so many bytes of the log are in the map
  std::map<std::uint16_t, std::uint16_t> client_ports_;
};

}  // namespace rolecall::scenario
