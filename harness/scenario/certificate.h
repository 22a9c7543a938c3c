// SPDX-License-Identifier: BSD-3-Clause
// The proof of a deadlock, a function of what the kernel says of both ends. It rests on the
// protocol alone: data goes in one direction on a stream connection, so two ends that send are both
// senders.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/scenario/kernel_sample.h"

namespace rolecall::scenario {

// Connections by their client ports.
struct Certificate {
  std::vector<std::uint16_t> both_send;     // (a) payload from both ends, and (c) none of it read
  std::vector<std::uint16_t> both_receive;  // (b) none either way, as many as in both_send
  std::vector<std::uint16_t> flowing;       // one direction each

  bool is_on_every_connection() const { return flowing.empty(); }
};

// The certificate that `sample` is of a test with `connections` stream connections, if it is one.
// None is not the contrary: look at a later sample. Nothing is proved while a connection is missing
// or closing. `header` is what the client sends before the payload (kernel_sample.h).
std::optional<Certificate> certify(const KernelSample& sample, int connections,
                                   std::uint64_t header);

// Whether no sender of `certificate` can go on, at either end: data waits behind closed windows and
// the kernel takes no more from the programs. Only then can a test with a byte or block goal not
// end by itself through what fits into socket buffers.
bool is_wedged(const Certificate& certificate, const KernelSample& sample);

}  // namespace rolecall::scenario
