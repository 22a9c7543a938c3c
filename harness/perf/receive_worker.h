// SPDX-License-Identifier: BSD-3-Clause
// Receives, counts and forgets the payload of some streams.
#pragma once

#include <memory>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/perf/data_path.h"
#include "harness/perf/load.h"
#include "harness/perf/stream.h"
#include "harness/perf/worker.h"

namespace rolecall::perf {

class ReceiveWorker final : public Worker {
 public:
  // All references must outlive it.
  static Result<std::unique_ptr<Worker>> create(std::vector<Stream*> streams, const Load& load,
                                                Budget& budget, DataPathNews& news);

 private:
  ReceiveWorker(WorkerParts parts, std::vector<Stream*> streams, const Load& load, Budget& budget,
                DataPathNews& news);

  void begin(TimePoint start) override;
  void receive_turn(Stream& stream);  // one recv()

  Budget& budget_;
  DataPathNews& news_;
  std::vector<Stream*> streams_;
  Bytes scratch_;
};

// Reads and counts what the kernel holds for `stream` at this moment, and no more. For a stream
// whose worker has ended.
void receive_what_is_there(Stream& stream);

}  // namespace rolecall::perf
