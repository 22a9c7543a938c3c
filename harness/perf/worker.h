// SPDX-License-Identifier: BSD-3-Clause
// A thread with an event loop of its own that ends when it is told to. One that has a single socket
// may block in calls on it instead: a socket that an event loop watches costs a callback for every
// packet, on the sender's side too.
#pragma once

#include <atomic>
#include <thread>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/net/reactor.h"

namespace rolecall::perf {

class Worker {
 public:
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  virtual ~Worker();

  // By the owner. System when no thread can be had.
  Result<void> start(TimePoint now);
  void tell_to_stop();
  void stop();  // returns when the thread has ended

 protected:
  Worker(Reactor reactor, Fd wake) : reactor_(std::move(reactor)), wake_(std::move(wake)) {}

  // By the worker's thread: once at the start, then before each wait; gives the time to wake at.
  virtual void begin(TimePoint start) = 0;
  virtual std::optional<TimePoint> before_wait() { return std::nullopt; }

  virtual void turn();   // from then on, over and over: by default waits for an event
  virtual void end() {}  // once, when it has been told to stop

  // Calls on `socket`, of which no other thread may read or write, block from now on; when it is
  // told to stop, the one that waits is interrupted (EINTR) and those that follow do not block.
  void block_on(const Fd& socket);
  bool blocks() const { return blocks_on_.load(std::memory_order_relaxed) >= 0; }
  void block_no_longer();  // by the worker's thread

  Reactor& reactor() { return reactor_; }
  const Fd& wake() const { return wake_; }  // readable once it has been told to stop

 private:
  void run(TimePoint start);

  Reactor reactor_;
  Fd wake_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> blocks_on_{-1};
  std::thread thread_;
};

// What every worker needs: its event loop and the descriptor that wakes it.
struct WorkerParts {
  Reactor reactor;
  Fd wake;
};
Result<WorkerParts> make_worker_parts();

}  // namespace rolecall::perf
