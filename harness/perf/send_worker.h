// SPDX-License-Identifier: BSD-3-Clause
// Sends the payload of some streams.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/perf/data_path.h"
#include "harness/perf/load.h"
#include "harness/perf/stream.h"
#include "harness/perf/worker.h"

namespace rolecall::perf {

class SendWorker final : public Worker {
 public:
  // All references must outlive it.
  static Result<std::unique_ptr<Worker>> create(std::vector<Stream*> streams, const Load& load,
                                                Budget& budget, DataPathNews& news);

 private:
  struct Outgoing {
    Stream* stream;
    std::uint64_t owed = 0;  // bytes claimed and not yet sent
    TimePoint due{};         // paced: not before
    bool watched = false;    // the kernel's buffer is full, or the stream is not paced
    bool done = false;
  };

  SendWorker(WorkerParts parts, std::vector<Stream*> streams, const Load& load, Budget& budget,
             DataPathNews& news);

  void begin(TimePoint start) override;
  std::optional<TimePoint> before_wait() override;

  bool paced() const { return load_.bits_per_second != 0; }
  std::size_t blocks_a_call() const;
  void send_turn(Outgoing& out);  // one sendmsg()
  void after_send(Outgoing& out, std::size_t asked, std::size_t sent);
  void watch(Outgoing& out);
  void unwatch(Outgoing& out);
  void finish(Outgoing& out);

  Load load_;
  Budget& budget_;
  DataPathNews& news_;
  Bytes block_;                // the same random bytes, over and over, as iperf3 does
  std::vector<iovec> blocks_;  // all of them `block_`
  std::vector<Outgoing> out_;
  TimePoint start_{};
};

}  // namespace rolecall::perf
