// SPDX-License-Identifier: BSD-3-Clause
// Moves the payload: worker threads of their own for sending and for receiving, each with some of
// the streams. Sending gives the kernel several blocks of -l in one call.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/base/time.h"
#include "harness/perf/load.h"
#include "harness/perf/stream.h"

namespace rolecall::perf {

class Worker;

// What the workers tell the thread that runs the test.
class DataPathNews {
 public:
  DataPathNews(Fd event, std::size_t streams) : event_(std::move(event)), left_(streams) {}

  // By a worker: wakes the owner.
  void goal_reached() { ring(); }
  void stream_failed(Error error);
  void stream_reset(Error error);     // a failure when none is left
  void source_ended();                // a sender's file (-F)
  void payload_came(Stream& stream);  // on one whose role is open, or was

  // By the owner. Readable when there is news; take() makes it unreadable again.
  const Fd& event() const { return event_; }
  void take();
  std::optional<Error> failure();
  bool has_source_ended() const { return source_ended_.load(std::memory_order_relaxed); }
  // The streams of payload_came() since the last call.
  std::vector<Stream*> take_payload();

 private:
  void ring();

  Fd event_;
  std::atomic<bool> source_ended_{false};
  std::mutex mutex_;
  std::optional<Error> failure_;
  std::size_t left_;  // streams that were not reset
  std::vector<Stream*> payload_;
};

// One thread owns it and makes all calls.
class DataPath {
 public:
  // `streams` must outlive it. Those with an open claim are received on until send_on(). Errors:
  // System, for descriptors that cannot be had.
  static Result<std::unique_ptr<DataPath>> create(const std::vector<Stream*>& streams,
                                                  const Load& load);
  ~DataPath();  // stops what still runs
  DataPath(const DataPath&) = delete;
  DataPath& operator=(const DataPath&) = delete;

  // Lets payload flow; -b counts from `now`. Errors: System, for threads that cannot be had.
  Result<void> start(TimePoint now);
  // Sends on these too, whose claim is the sender's, once started; -b counts from `now`. Errors:
  // System.
  Result<void> send_on(const std::vector<Stream*>& streams, TimePoint now);
  // The measured part begins (at once, or after -O): goals count from here.
  void begin_measuring();
  bool goal_reached() const {
    return sent_.reached() || received_.reached() || (measures_ && news_.has_source_ended());
  }

  // After it no byte is sent any more.
  void stop_sending();
  // After it no byte is received any more but what the kernel holds by now, which is counted too.
  void stop_receiving();

  DataPathNews& news() { return news_; }

 private:
  DataPath(std::vector<Stream*> streams, const Load& load, Fd event);

  std::vector<Stream*> streams_;
  Load load_;
  Budget sent_;
  Budget received_;
  DataPathNews news_;
  bool measures_ = false;
  std::vector<std::unique_ptr<Worker>> senders_;
  std::vector<std::unique_ptr<Worker>> receivers_;
};

}  // namespace rolecall::perf
