// SPDX-License-Identifier: BSD-3-Clause
// --gsro at a sender: several datagrams in one message, which the kernel takes apart (UDP_SEGMENT).
// net.c Nwrite_gso(), 3.22.
#pragma once

#include <memory>

#include "harness/perf/block_writer.h"
#include "harness/perf/load.h"

namespace rolecall::perf {

// For make_block_writer(). `block`: one datagram's payload, of load.block_bytes.
std::unique_ptr<BlockWriter> make_segment_writer(const Load& load, const Bytes& block);

}  // namespace rolecall::perf
