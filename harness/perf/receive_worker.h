// SPDX-License-Identifier: BSD-3-Clause
// Receives, counts and forgets the payload of some streams.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <optional>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/base/deadline.h"
#include "harness/perf/data_path.h"
#include "harness/perf/load.h"
#include "harness/perf/scratch.h"
#include "harness/perf/stream.h"
#include "harness/perf/worker.h"

namespace rolecall::perf {

class ReceiveWorker final : public Worker {
 public:
  // All references must outlive it.
  static Result<std::unique_ptr<Worker>> create(const std::vector<Stream*>& streams,
                                                const Load& load, Budget& budget,
                                                DataPathNews& news);

 private:
  ReceiveWorker(WorkerParts parts, const std::vector<Stream*>& streams, const Load& load,
                Budget& budget, DataPathNews& news);

  // A stream, and how fast it comes: a fast one is read in large portions (SO_RCVLOWAT), which
  // halves what its wake-ups cost; a slow one at once, so that intervals show when its bytes came.
  struct Incoming {
    Stream* stream = nullptr;
    int portion = 1;  // SO_RCVLOWAT, bytes
    TimePoint window_start{};
    std::uint64_t window_bytes = 0;
  };

  void begin(TimePoint start) override;
  std::optional<TimePoint> before_wait() override;
  void turn() override;
  bool block_if_alone(Incoming& in);
  void receive_turn(Incoming& in);  // as long as there is plenty, within bounds
  bool receive_once(Incoming& in);  // one recv(); whether there may be more at once
  // What has come on a stream that is open, or that this end sends on: whether it is to be
  // received.
  bool claim(Incoming& in);
  bool write_to_file(Incoming& in, ByteView bytes);  // false when that failed
  void judge_pace(Incoming& in, TimePoint now);
  int portion_for(const Stream& stream) const;
  void read_in_portions_of(Incoming& in, int bytes);

  bool skips_copy_;
  Budget& budget_;
  DataPathNews& news_;
  std::vector<Incoming> in_;
  std::size_t call_bytes_;  // what one call receives at most
  Scratch scratch_;
  std::vector<iovec> parts_;            // of a call, all of them in scratch_
  std::optional<Deadline> file_limit_;  // of all its streams, once it has been told to stop
};

// Reads and counts what the kernel holds for `stream` at this moment, and no more. For a stream
// whose worker has ended. Errors: those of write_whole(), which waits until `file_limit`.
Result<void> receive_what_is_there(Stream& stream, Deadline file_limit);

}  // namespace rolecall::perf
