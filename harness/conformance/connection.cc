// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/connection.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "harness/base/bytes.h"
#include "harness/net/socket.h"
#include "harness/wire/control_decoder.h"

namespace rolecall::conformance {
namespace {

constexpr std::size_t kMostDocument = std::size_t{4} << 20;

// Waits for `events`, false at the limit.
bool await(const Fd& socket, short events, const Deadline& deadline) {
  pollfd entry{socket.get(), events, 0};
  for (;;) {
    const int ready = ::poll(&entry, 1, deadline.poll_ms());
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

std::string found(std::string_view got) {
  return got.empty() ? std::string() : fmt::format(", after {}", visible(got));
}

}  // namespace

std::string byte(wire::State state) {
  return std::string(1, static_cast<char>(wire::encode_state(state)));
}

std::string document(std::string_view json) {
  return std::string(as_text(wire::encode_frame(json)));
}

std::string length(std::uint32_t bytes) {
  Bytes encoded;
  append_be32(encoded, bytes);
  return std::string(as_text(encoded));
}

Checked<void> Connection::send(std::string_view bytes) {
  line_->add(name_, Way::Sent, bytes);
  const Deadline deadline = Deadline::after(limit_);
  while (!bytes.empty()) {
    auto sent = write_some(socket_, as_bytes(bytes));
    if (sent.has_error()) {
      return failure(fmt::format("{} takes what is sent", name_), sent.error().message());
    }
    bytes.remove_prefix(sent.value());
    if (!bytes.empty() && !await(socket_, POLLOUT, deadline)) {
      return failure(fmt::format("{} takes what is sent", name_),
                     fmt::format("nobody read for {} s; {} bytes were not taken",
                                 limit_.in_seconds(), bytes.size()));
    }
  }
  return ok();
}

Checked<void> Connection::await_acknowledged() {
  const Deadline deadline = Deadline::after(limit_);
  int unacknowledged = 0;
  while (::ioctl(socket_.get(), SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0) {
    if (deadline.expired() || has_ended()) {
      return failure("what was sent is acknowledged",
                     fmt::format("{} bytes are not", unacknowledged));
    }
    ::poll(nullptr, 0, 1);
  }
  return ok();
}

Checked<void> Connection::send_bytewise(std::string_view bytes) {
  (void)set_option(socket_, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    TRY(send(bytes.substr(i, 1)));
    TRY(await_acknowledged());
  }
  return ok();
}

Checked<std::string> Connection::receive_some() {
  if (!await(socket_, POLLIN, Deadline::after(limit_))) {
    return failure(fmt::format("something on {}", name_),
                   fmt::format("nothing within {} s", limit_.in_seconds()));
  }
  std::array<std::byte, 65536> buffer;
  auto read = read_some(socket_, buffer);
  if (read.has_error() || read.value().closed) return std::string();
  const std::string got(as_text(ByteView(buffer).first(read.value().bytes)));
  line_->add(name_, Way::Received, got);
  return got;
}

Checked<std::string> Connection::receive(std::size_t count, std::string_view what) {
  const Deadline deadline = Deadline::after(limit_);
  std::string got;
  const auto missing = [&](std::string_view found_instead) {
    if (!got.empty()) line_->add(name_, Way::Received, got);
    line_->note(name_, found_instead);
    return failure(fmt::format("{} on {}", what, name_),
                   fmt::format("{}{}", found_instead, found(got)));
  };
  while (got.size() < count) {
    if (!await(socket_, POLLIN, deadline)) {
      return missing(fmt::format("nothing within {} s", limit_.in_seconds()));
    }
    std::array<std::byte, 65536> buffer;
    auto read =
        read_some(socket_, std::span(buffer).first(std::min(buffer.size(), count - got.size())));
    if (read.has_error()) return missing(read.error().message());
    if (read.value().closed) return missing("the connection was closed");
    got += as_text(ByteView(buffer).first(read.value().bytes));
  }
  if (!got.empty()) line_->add(name_, Way::Received, got);
  return got;
}

Checked<void> Connection::expect(std::string_view bytes, std::string_view what) {
  TRY(const std::string got, receive(bytes.size(), what));
  return require(got == bytes, fmt::format("{} ({}) on {}", what, visible(bytes), name_),
                 visible(got));
}

Checked<void> Connection::expect(wire::State state) {
  const std::string what = fmt::format("{} ({})", wire::name(state), static_cast<int>(state));
  TRY(const std::string got, receive(1, what));
  return require(got == byte(state), fmt::format("{} on {}", what, name_),
                 wire::describe_state(static_cast<std::byte>(got[0])));
}

std::optional<bool> Connection::next_is(wire::State state, Duration limit) const {
  if (!await(socket_, POLLIN, Deadline::after(limit))) return std::nullopt;
  char next = 0;
  return ::recv(socket_.get(), &next, 1, MSG_PEEK | MSG_DONTWAIT) == 1 &&
         std::string_view(&next, 1) == byte(state);
}

Checked<std::string> Connection::expect_document(std::string_view what) {
  TRY(const std::string head, receive(4, fmt::format("the length of {}", what)));
  const std::uint32_t bytes = be32(as_bytes(head));
  TRY(require(bytes > 0 && bytes <= kMostDocument, fmt::format("{} of some length", what),
              fmt::format("an announced length of {} bytes", bytes)));
  return receive(bytes, what);
}

Checked<void> Connection::expect_silence(std::string_view why, Duration span) {
  if (is_silent(span)) {
    line_->note(name_, "silent");
    return ok();
  }
  TRY(const std::string got, receive_some());
  return failure(fmt::format("nothing on {}, {}", name_, why),
                 got.empty() ? "the connection was closed" : visible(got));
}

Checked<std::string> Connection::expect_end(std::string_view why) {
  std::string all;
  const Deadline deadline = Deadline::after(limit_);
  while (!deadline.expired() && all.size() <= kMostDocument && await(socket_, POLLIN, deadline)) {
    std::array<std::byte, 65536> buffer;
    auto read = read_some(socket_, buffer);
    const bool ended = read.has_error() || read.value().closed;
    if (ended) {
      line_->note(name_, read.has_error() ? "reset" : "closed by the peer");
      socket_.reset();  // some programs wait for that
      return all;
    }
    const std::string_view got = as_text(ByteView(buffer).first(read.value().bytes));
    line_->add(name_, Way::Received, got);
    all += got;
  }
  line_->note(name_, "still open");
  return failure(
      fmt::format("the end of {}, {}", name_, why),
      all.size() > kMostDocument
          ? fmt::format("a flood of more than {} bytes", kMostDocument)
          : fmt::format("it is still open after {} s{}", limit_.in_seconds(), found(all)));
}

bool Connection::has_ended() const {
  pollfd entry{socket_.get(), POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0;
}

void Connection::end_sending() {
  line_->note(name_, "we end sending (FIN)");
  ::shutdown(socket_.get(), SHUT_WR);
}

void Connection::reset() {
  line_->note(name_, "we reset it (RST)");
  const linger now{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  socket_.reset();
}

void Connection::close() {
  line_->note(name_, "we close it");
  socket_.reset();
}

}  // namespace rolecall::conformance
