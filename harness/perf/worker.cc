// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/worker.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <system_error>

namespace rolecall::perf {

Result<WorkerParts> make_worker_parts() {
  TRY(auto reactor, Reactor::create());
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.is_open()) return system_error("eventfd()");
  TRY(reactor.watch(wake, EPOLLIN, [](std::uint32_t) {}));
  return WorkerParts{std::move(reactor), std::move(wake)};
}

Worker::~Worker() {
  stop();
}

Result<void> Worker::start(TimePoint now) {
  try {
    thread_ = std::thread([this, now] { run(now); });
  } catch (const std::system_error& e) {
    return Error{Errc::System, "starting a worker thread", e.code().value()};
  }
  return ok();
}

void Worker::tell_to_stop() {
  stopping_.store(true, std::memory_order_relaxed);
  ::eventfd_write(wake_.get(), 1);
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  tell_to_stop();
  thread_.join();
}

void Worker::run(TimePoint start) {
  begin(start);
  while (!stopping_.load(std::memory_order_relaxed)) {
    const auto until = before_wait();
    CHECK(reactor_.run_once(until).has_value());
  }
  end();
}

}  // namespace rolecall::perf
