// SPDX-License-Identifier: BSD-3-Clause
// How blocks of payload reach the kernel: several in one call, as one piece of a TCP stream or as
// datagrams. The payload is the same block, over and over, as in iperf3: random bytes or
// digits.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <memory>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/base/result.h"
#include "harness/perf/load.h"
#include "harness/perf/stream.h"

namespace rolecall::perf {

class BlockWriter {
 public:
  // Where the payload comes from a file (-F): nothing was there to be sent, for now or for good.
  enum class Source { Flows, Empty, Ended };

  // What one call did. Nothing sent and no error: the kernel takes nothing for now.
  struct Outcome {
    std::size_t bytes = 0;
    int error = 0;  // errno of what ends the stream
    Source source = Source::Flows;
  };

  virtual ~BlockWriter() = default;
  // Offers the last `cut` bytes of a block that was begun, then whole blocks of `claimed` bytes in
  // all: at most as many as most_blocks(). Counts nothing but datagrams.
  virtual Outcome write(Stream& stream, std::size_t cut, std::size_t claimed) = 0;
  // How many blocks one call may offer.
  virtual std::size_t most_blocks() const = 0;
};

// Whether sending a datagram failed for a reason that passes: a full queue of the socket or the
// device, or an ICMP message about an earlier datagram: the peer may be closing its sockets. What
// it is doing, the control connection tells.
bool is_passing_datagram_error(int error);

// Owned by one worker and used by its thread only. Errors: System, for a descriptor that cannot be
// had.
Result<std::unique_ptr<BlockWriter>> make_block_writer(const Load& load);

}  // namespace rolecall::perf
