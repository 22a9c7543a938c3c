// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/proxy.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/files.h"
#include "harness/net/sock_diag.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;

constexpr Duration kStartLimit = seconds(20);
constexpr int kPollMs = 5;

constexpr char kDebiansPlace[] = "/usr/sbin/haproxy";  // not on the PATH of everybody

// One thread, so that it goes on in the order in which it accepts. logasap: the line comes when the
// connection to the server stands, not at its end.
std::string configuration(const ProxyOptions& o) {
  return fmt::format(
      "global\n"
      "  log stdout format raw local0\n"
      "  nbthread 1\n"
      "defaults\n"
      "  mode tcp\n"
      "  timeout connect 1h\n"
      "  timeout client 1h\n"
      "  timeout server 1h\n"
      "  log global\n"
      "  option logasap\n"
      "  log-format \"%cp %bp\"\n"
      "listen rolecall\n"
      "  bind {}:{}\n"
      "  server server {}:{}\n",
      o.address, o.port, o.server_address, o.server_port);
}

Result<fs::path> find_haproxy() {
  if (auto found = find_program("haproxy")) return *std::move(found);
  std::error_code failure;
  const bool is_file = fs::is_regular_file(kDebiansPlace, failure);
  if (is_file && ::access(kDebiansPlace, X_OK) == 0) return fs::path(kDebiansPlace);
  return Error{Errc::Config,
               "a scenario with a proxy needs haproxy, which is not here; install it (Debian: "
               "apt-get install haproxy)"};
}

}  // namespace

Result<void> check_proxy() {
  TRY(find_haproxy());
  return ok();
}

Result<Proxy> Proxy::start(const ProxyOptions& options) {
  TRY(const fs::path program, find_haproxy());
  const fs::path settings = options.folder / "haproxy.cfg";
  const fs::path log = options.folder / "haproxy.log";
  TRY(write_file(settings, configuration(options)));
  TRY(auto child, Child::start({.program = program,
                                .args = {"-db", "-f", settings.string()},
                                .environment = {},
                                .output = log,
                                .errors = options.folder / "haproxy.err",
                                .place = &options.place}));
  Proxy proxy(std::move(child), log);
  TRY(proxy.await_listening(options));
  return proxy;
}

Result<void> Proxy::await_listening(const ProxyOptions& options) {
  TRY(auto diag, run_in(options.place, &SockDiag::open));
  for (const Deadline limit = Deadline::after(kStartLimit); !limit.expired();) {
    TRY(const auto listeners, diag.listeners(options.port));
    if (!listeners.empty()) return ok();
    pollfd end{child_.pidfd().get(), POLLIN, 0};
    ::poll(&end, 1, kPollMs);
    if (const auto status = child_.status())
      return Error{Errc::System,
                   fmt::format("haproxy ended before it listened, with {}; {} has its "
                               "words",
                               status->text(), (options.folder / "haproxy.err").string())};
  }
  return Error{Errc::System,
               fmt::format("haproxy did not listen on {} port {} within {} s", options.address,
                           options.port, kStartLimit.in_ms() / 1000)};
}

std::uint16_t Proxy::client_port(std::uint16_t port) {
  if (!client_ports_.contains(port)) read_log();
  const auto it = client_ports_.find(port);
  return it == client_ports_.end() ? 0 : it->second;
}

// Whole lines only: the last one may still be on its way.
void Proxy::read_log() {
  std::ifstream log(log_);
  log.seekg(read_);
  std::string line;
  while (std::getline(log, line) && !log.eof()) {
    read_ = log.tellg();
    unsigned client = 0;
    unsigned server = 0;
    if (std::sscanf(line.c_str(), "%u %u", &client, &server) == 2)
      client_ports_[static_cast<std::uint16_t>(server)] = static_cast<std::uint16_t>(client);
  }
}

}  // namespace rolecall::scenario
