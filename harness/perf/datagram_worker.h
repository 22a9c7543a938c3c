// SPDX-License-Identifier: BSD-3-Clause
// Receives the datagrams of some UDP streams and keeps their accounts.
#pragma once

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <memory>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/perf/data_path.h"
#include "harness/perf/load.h"
#include "harness/perf/scratch.h"
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
  void turn() override;
  void end() override;                               // takes what the kernel holds by then
  void receive_turn(Incoming& in);                   // until several calls in a row were in vain
  std::size_t receive_once(Incoming& in, int wait);  // one call; how many bytes came
  int receive_messages(const Fd& socket, int flags);
  std::size_t take_message(Incoming& in, std::size_t index, TimePoint arrived);
  // How many bytes of it count.
  std::size_t take(Incoming& in, ByteView head, std::size_t bytes, TimePoint arrived) const;
  void publish(const Incoming& in, std::size_t bytes);

  wire::Counter counter_;
  bool gathers_;             // --gsro: the kernel may merge datagrams of one size
  std::size_t place_bytes_;  // what is read of a message; with --skip-rx-copy the rest is counted
  int flags_;
  Budget& budget_;
  DataPathNews& news_;
  std::vector<Incoming> in_;
  // UDP_GRO: the size of the datagrams in a message.
  struct Control {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> bytes;
  };

  Scratch scratch_;  // a place for each message of a call
  std::vector<iovec> places_;
  std::vector<Control> controls_;
  std::vector<mmsghdr> messages_;
};

}  // namespace rolecall::perf
