// SPDX-License-Identifier: BSD-3-Clause
// Sends the payload of some streams.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "harness/perf/block_writer.h"
#include "harness/perf/data_path.h"
#include "harness/perf/load.h"
#include "harness/perf/pace.h"
#include "harness/perf/stream.h"
#include "harness/perf/worker.h"

namespace rolecall::perf {

class SendWorker final : public Worker {
 public:
  // All references must outlive it.
  static Result<std::unique_ptr<Worker>> create(const std::vector<Stream*>& streams,
                                                const Load& load, Budget& budget,
                                                DataPathNews& news);

 private:
  struct Outgoing {
    Stream* stream = nullptr;
    std::size_t cut = 0;   // bytes that the block begun last still lacks
    TimePoint due{};       // when to look again: not before blocks are due, or can be claimed
    bool watched = false;  // waits for room in the kernel's buffer, not for `due`
    bool starved = false;  // waits for its file, which is a pipe or the like
    bool done = false;

    std::uint64_t begun() const { return stream->bytes.load(std::memory_order_relaxed) + cut; }
  };

  SendWorker(WorkerParts parts, std::unique_ptr<BlockWriter> writer,
             const std::vector<Stream*>& streams, const Load& load, Budget& budget,
             DataPathNews& news);

  void begin(TimePoint start) override;
  std::optional<TimePoint> before_wait() override;
  void turn() override;

  TimePoint due(const Outgoing& out) const;  // of a paced stream's next block
  std::size_t blocks_due(const Outgoing& out) const;
  void send_turn(Outgoing& out);  // as long as the kernel takes all that is due, within bounds
  bool send_once(Outgoing& out);  // one system call; whether the next may follow at once
  bool after_send(Outgoing& out, std::uint64_t claimed, std::size_t sent);
  void fail(Outgoing& out, std::uint64_t claimed, int error);
  void wait_until(Outgoing& out, TimePoint due);
  void watch(Outgoing& out);
  void finish(Outgoing& out);
  bool await_source(Outgoing& out);  // false where the file is always ready
  void on_source(Outgoing& out, std::uint64_t claimed, BlockWriter::Source source);

  Load load_;
  std::optional<Pace> pace_;
  Budget& budget_;
  DataPathNews& news_;
  std::unique_ptr<BlockWriter> writer_;
  std::vector<Outgoing> out_;
  TimePoint start_{};
};

}  // namespace rolecall::perf
