// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/stranger.h"

#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

#include "harness/link/link.h"

namespace rolecall::link {
namespace {

constexpr std::size_t kCookieSize = 37;  // the last byte is NUL: servers compare C strings
constexpr std::size_t kMaxAnswer = 16;   // bytes kept; ACCESS_DENIED is one

Result<Address> address(const char* host, std::uint16_t port) {
  TRY(auto all, resolve(host, port, AF_UNSPEC));
  return all.front();
}

Result<Fd> bound_socket(const char* host) {
  TRY(const auto from, address(host, 0));
  TRY(auto socket, tcp_socket(from.family()));
  TRY(bind_to(socket, from));
  return socket;
}

}  // namespace

Stranger::Stranger(const Event& after, Fd ipv4, Fd ipv6, std::uint16_t server_port)
    : ipv4_(std::move(ipv4)), ipv6_(std::move(ipv6)), server_port_(server_port) {
  log_.after = after;
}

Result<Stranger> Stranger::create(const Event& after, const NetworkNamespace& inside,
                                  std::uint16_t server_port, bool has_ipv6) {
  TRY(auto ipv4, run_in(inside, [] { return bound_socket(kStrangerAddress); }));
  Fd ipv6;
  if (has_ipv6) {
    TRY(ipv6, run_in(inside, [] { return bound_socket(kStrangerAddressIpv6); }));
  }
  return Stranger(after, std::move(ipv4), std::move(ipv6), server_port);
}

void Stranger::connect(bool over_ipv6) {
  if (log_.came) return;
  log_.came = true;
  socket_ = std::move(over_ipv6 ? ipv6_ : ipv4_);
  const auto to = address(over_ipv6 ? kServerAddressIpv6 : kServerAddress, server_port_);
  if (to.has_error()) return end(&to.error());
  to_ = to.value();
  if (const auto begun = start_connect(socket_, to_); begun.has_error()) end(&begun.error());
}

pollfd Stranger::wanted() const {
  if (!socket_.is_open()) return {-1, 0, 0};
  return {socket_.get(), static_cast<short>(sent_ ? POLLIN : POLLOUT), 0};
}

void Stranger::on_ready(short found) {
  if (found == 0 || !socket_.is_open()) return;
  if (sent_) return read_answer();
  send_cookie();
}

void Stranger::send_cookie() {
  if (const auto made = finish_connect(socket_, to_); made.has_error()) return end(&made.error());
  std::array<std::byte, kCookieSize> cookie{};
  cookie.fill(std::byte{'s'});
  cookie.back() = std::byte{0};
  const auto sent = write_some(socket_, cookie);
  if (sent.has_error()) return end(&sent.error());
  sent_ = true;
}

void Stranger::read_answer() {
  std::array<std::byte, kMaxAnswer> buffer{};
  const auto read = read_some(socket_, buffer);
  if (read.has_error()) return end(&read.error());
  const ByteView got = ByteView(buffer).first(read.value().bytes);
  for (const std::byte b : got)
    if (log_.answer.size() < kMaxAnswer) log_.answer.push_back(b);
  if (read.value().closed) end(nullptr);
}

void Stranger::end(const Error* why) {
  if (why != nullptr) log_.failure = *why;
  log_.closed = true;
  socket_.reset();
}

}  // namespace rolecall::link
