// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <system_error>

namespace rolecall::perf {
namespace {

// Ignored where no handler is; a handler that does nothing makes it end a call that waits.
constexpr int kInterruption = SIGURG;

void let_calls_be_interrupted() {
  struct sigaction action {};
  action.sa_handler = [](int) {};  // and no SA_RESTART
  ::sigaction(kInterruption, &action, nullptr);
}

void set_blocking(int socket, bool blocks) {
  const int flags = ::fcntl(socket, F_GETFL);
  ::fcntl(socket, F_SETFL, blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

}  // namespace

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
  let_calls_be_interrupted();
  try {
    thread_ = std::thread([this, now] { run(now); });
  } catch (const std::system_error& e) {
    return Error{Errc::System, "starting a worker thread", e.code().value()};
  }
  return ok();
}

// First no later call blocks, then the one that does is interrupted: so none is missed, whatever
// the thread does meanwhile.
void Worker::tell_to_stop() {
  stopping_.store(true);
  ::eventfd_write(wake_.get(), 1);
  if (const int socket = blocks_on_.load(); socket >= 0 && thread_.joinable()) {
    set_blocking(socket, false);
    ::pthread_kill(thread_.native_handle(), kInterruption);
  }
}

void Worker::block_on(const Fd& socket) {
  set_blocking(socket.get(), true);
  blocks_on_.store(socket.get());
}

void Worker::block_no_longer() {
  if (const int socket = blocks_on_.exchange(-1); socket >= 0) set_blocking(socket, false);
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  tell_to_stop();
  thread_.join();
}

void Worker::turn() {
  const auto until = before_wait();
  CHECK(reactor_.run_once(until).has_value());
}

void Worker::run(TimePoint start) {
  begin(start);
  while (!stopping_.load()) turn();
  block_no_longer();
  end();
}

}  // namespace rolecall::perf
