// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/control_link.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"

namespace rolecall::perf {

ControlLink::ControlLink(Reactor& reactor, Fd socket, OnBytes on_bytes, OnClosed on_closed)
    : reactor_(reactor),
      socket_(std::move(socket)),
      on_bytes_(std::move(on_bytes)),
      on_closed_(std::move(on_closed)) {}

ControlLink::~ControlLink() {
  reactor_.unwatch(socket_);
}

Fd ControlLink::take_socket() {
  reactor_.unwatch(socket_);
  return std::move(socket_);
}

Result<void> ControlLink::open() {
  return reactor_.watch(socket_, EPOLLIN, [this](std::uint32_t events) { on_ready(events); });
}

void ControlLink::watch() {
  const std::uint32_t events = waits_to_write_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
  (void)reactor_.watch(socket_, events, [this](std::uint32_t e) { on_ready(e); });
}

void ControlLink::send(ByteView bytes) {
  if (closed_) return;
  append(unwritten_, bytes);
  write_more();
}

void ControlLink::write_more() {
  while (!closed_ && !unwritten_.empty()) {
    const auto written = write_some(socket_, unwritten_);
    if (!written) unwritten_.clear();  // the reading side learns of it and says so
    if (!written || written.value() == 0) break;
    unwritten_.erase(unwritten_.begin(),
                     unwritten_.begin() + static_cast<std::ptrdiff_t>(written.value()));
  }
  const bool waits = !unwritten_.empty();
  if (!closed_ && waits != std::exchange(waits_to_write_, waits)) watch();
}

void ControlLink::close() {
  if (std::exchange(closed_, true)) return;
  reactor_.unwatch(socket_);
  if (!ended_) on_closed_();
}

void ControlLink::on_ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) write_more();
  std::array<std::byte, 8 * 1024> buffer{};
  if (closed_) return;
  const auto outcome = read_some(socket_, buffer);
  if (!outcome || outcome.value().closed) return close();
  if (outcome.value().bytes > 0 && !ended_) {
    on_bytes_(ByteView(buffer).first(outcome.value().bytes));
  }
}

void ControlLink::finish(TimePoint until) {
  ended_ = true;  // what follows is noise; the callbacks stay whole, one of them may be running
  while (!closed_ && !unwritten_.empty() && now() < until) {
    if (!reactor_.run_once(until)) break;
  }
  ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace rolecall::perf
