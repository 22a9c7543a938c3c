// SPDX-License-Identifier: BSD-3-Clause
// Receives the datagrams of some UDP streams and keeps their accounts.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <memory>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/perf/data_path.h"
#include "harness/perf/load.h"
#include "harness/perf/stream.h"
#include "harness/perf/worker.h"
#include "harness/session/datagram_account.h"

namespace rolecall::perf {

class DatagramWorker final : public Worker {
 public:
  // All references must outlive it.
  static Result<std::unique_ptr<Worker>> create(const std::vector<Stream*>& streams,
                                                const Load& load, Budget& budget,
                                                DataPathNews& news);

 private:
  struct Incoming {
    Stream* stream = nullptr;
    session::DatagramAccount account;
  };

  DatagramWorker(WorkerParts parts, const std::vector<Stream*>& streams, const Load& load,
                 Budget& budget, DataPathNews& news);

  void begin(TimePoint start) override;
  void end() override;                     // takes what the kernel holds by then
  std::size_t receive_turn(Incoming& in);  // one recvmmsg(); how many bytes came
  void take(Incoming& in, ByteView datagram, TimePoint arrived);
  static void publish(const Incoming& in);

  wire::Counter counter_;
  std::size_t block_bytes_;
  Budget& budget_;
  DataPathNews& news_;
  std::vector<Incoming> in_;
  Bytes scratch_;  // a place for each datagram of a call
  std::vector<iovec> places_;
  std::vector<mmsghdr> messages_;
};

}  // namespace rolecall::perf
