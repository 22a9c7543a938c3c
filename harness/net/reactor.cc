// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/reactor.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"

namespace rolecall {
namespace {

// The descriptor in the low half, its generation in the high one.
std::uint64_t token(int fd, std::uint64_t generation) {
  return generation << 32 | static_cast<std::uint32_t>(fd);
}

}  // namespace

Result<Reactor> Reactor::create() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) return system_error("epoll_create1()");
  return Reactor(std::move(epoll));
}

Result<void> Reactor::watch(const Fd& fd, std::uint32_t events, Handler handler) {
  const bool known = watched_.contains(fd.get());
  generation_ = (generation_ + 1) & 0xffffffff;
  epoll_event event{};
  event.events = events;
  event.data.u64 = token(fd.get(), generation_);
  const int op = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (::epoll_ctl(epoll_.get(), op, fd.get(), &event) != 0) {
    return system_error(fmt::format("epoll_ctl({})", fd.get()));
  }
  watched_[fd.get()] = {generation_, std::move(handler)};
  return ok();
}

void Reactor::unwatch(const Fd& fd) {
  if (watched_.erase(fd.get()) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
}

Result<void> Reactor::run_once(std::optional<TimePoint> until) {
  std::array<epoll_event, 64> events{};
  timespec timeout{};
  if (until) {
    const std::int64_t left = std::max<std::int64_t>((*until - now()).ns, 0);
    timeout = {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
  }
  const int n = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                               until ? &timeout : nullptr, nullptr);
  if (n < 0 && errno != EINTR) return system_error("epoll_pwait2()");
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto it = watched_.find(static_cast<int>(event.data.u64 & 0xffffffff));
    // An earlier handler of this round may have closed it, and its number may be another's by now.
    if (it == watched_.end() || it->second.generation != event.data.u64 >> 32) continue;
    const Handler handler = it->second.handler;  // it may replace or remove itself
    handler(event.events);
  }
  return ok();
}

}  // namespace rolecall
