// SPDX-License-Identifier: BSD-3-Clause
// -F at a sender: what is in the streams' files goes out in place of blocks of payload.
#pragma once

#include <memory>

#include "harness/perf/block_writer.h"
#include "harness/perf/load.h"

namespace rolecall::perf {

// For make_block_writer(). Every stream that it writes to must have a file.
std::unique_ptr<BlockWriter> make_disk_file_writer(const Load& load);

}  // namespace rolecall::perf
