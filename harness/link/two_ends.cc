// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/two_ends.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/base/deadline.h"
#include "harness/net/socket.h"

namespace rolecall::link {
namespace {

constexpr std::uint16_t kPort = 5201;
constexpr Duration kHoldLimit = seconds(60);
constexpr int kPatienceMs = 120'000;  // only a link that hangs meets it

// The value; ends the test program with the reason where there is none.
template <class T>
T must(Result<T> result) {
  if (result.has_error()) fmt::print(stderr, "{}\n", result.error().message());
  CHECK(result.has_value());
  if constexpr (!std::is_void_v<T>) return std::move(result.value());
}

void wait_for(const Fd& fd, short events) {
  pollfd ready{fd.get(), events, 0};
  CHECK(::poll(&ready, 1, kPatienceMs) == 1);
}

Address address(const std::string& host, std::uint16_t port) {
  return must(resolve(host, port, AF_UNSPEC)).front();
}

}  // namespace

std::uint16_t port_of(const Fd& socket) {
  return must(local_address(socket)).port();
}

std::string why_no_link() {
  auto possible = gain_namespace_rights();
  if (possible.has_value()) possible = probe_link();
  return possible.has_value() ? "" : possible.error().message();
}

LinkOptions with_rules(std::vector<Rule> rules) {
  LinkOptions options;
  options.rules = std::move(rules);
  options.hold_limit = kHoldLimit;
  return options;
}

TwoEnds::TwoEnds(const LinkOptions& options, const char* server)
    : link_(must(Link::start(options))), listener_(must(run_in(link_.server_namespace(), [&] {
        return listen_tcp(server, kPort, AF_UNSPEC, "");
      }))) {
  connect();
  accept(1);
}

Fd TwoEnds::begin_connect(const std::string& from) {
  const Address to = must(local_address(listener_));
  Fd socket = must(run_in(link_.client_namespace(), [&] { return tcp_socket(to.family()); }));
  if (!from.empty()) must(bind_to(socket, address(from, 0)));
  must(start_connect(socket, to));
  return socket;
}

void TwoEnds::finish_connect(Fd socket) {
  wait_for(socket, POLLOUT);
  must(rolecall::finish_connect(socket, must(local_address(listener_))));
  const std::string cookie(kCookieSize, static_cast<char>('a' + clients_.size() % 26));
  CHECK(must(write_some(socket, as_bytes(cookie))) == kCookieSize);
  clients_.push_back(std::move(socket));
}

std::uint16_t TwoEnds::connect(const std::string& from) {
  finish_connect(begin_connect(from));
  return port_of(clients_.back());
}

std::vector<std::uint16_t> TwoEnds::accept(int count) {
  std::vector<std::uint16_t> ports;
  while (static_cast<int>(ports.size()) < count) {
    wait_for(listener_, POLLIN);
    auto next = must(accept_next(listener_));
    if (!next) continue;
    ports.push_back(next->peer.port());
    accepted_.push_back(std::move(next->socket));
  }
  return ports;
}

std::string TwoEnds::read(std::size_t i, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t got = 0; got < bytes;) {
    wait_for(accepted_.at(i), POLLIN);
    const auto into = std::as_writable_bytes(std::span(text)).subspan(got);
    const ReadOutcome outcome = must(read_some(accepted_[i], into));
    CHECK(!outcome.closed);
    got += outcome.bytes;
  }
  return text;
}

void TwoEnds::dismiss(std::size_t i, std::byte answer) {
  read(i, kCookieSize);
  CHECK(must(write_some(accepted_.at(i), ByteView(&answer, 1))) == 1);
  CHECK(::shutdown(accepted_[i].get(), SHUT_WR) == 0);
  wait_for(accepted_[i], POLLIN);
  CHECK(must(read_some(accepted_[i], std::span(&answer, 1))).closed);
}

void TwoEnds::transfer(std::size_t client, std::size_t bytes) {
  const Fd& from = clients_.at(client);
  const std::uint16_t port = port_of(from);
  std::size_t to = 0;
  while (must(peer_address(accepted_.at(to))).port() != port) ++to;
  const std::vector<std::byte> block(std::size_t{64} * 1024);
  std::array<std::byte, 64 * 1024> sink{};
  for (std::size_t sent = 0, received = 0; received < bytes;) {
    if (sent < bytes) {
      sent += must(write_some(from, ByteView(block).first(std::min(block.size(), bytes - sent))));
    } else {
      wait_for(accepted_[to], POLLIN);
    }
    const ReadOutcome outcome = must(read_some(accepted_[to], sink));
    CHECK(!outcome.closed);
    received += outcome.bytes;
  }
}

}  // namespace rolecall::link
