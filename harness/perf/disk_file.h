// SPDX-License-Identifier: BSD-3-Clause
// -F: the file that a stream's payload comes from, or goes to. iperf_api.c iperf_new_stream(),
// diskfile_send() and diskfile_recv(), 3.22.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/base/bytes.h"
#include "harness/base/deadline.h"
#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/wire/role_flag.h"

namespace rolecall::perf {

struct DiskFile {
  Fd fd;  // non-blocking, which regular files do not heed
  std::string name;

  std::uint64_t size() const;  // bytes, by now
};

// To be read by a sender; to be written by a receiver, made with mode 0600 or emptied. Errors:
// Config, which says what the file was for.
Result<DiskFile> open_disk_file(const std::string& name, wire::Role role);

// Its size in bytes when it can be asked, else 0: what a client with -F sends unless told
// otherwise.
std::uint64_t disk_file_size(const std::string& name);

// Once the test is over, so long the readers of all pipes may take in all.
inline constexpr Duration kPipePatience = seconds(2);

// Writes all of it. Where the file is a pipe and full, it waits until there is room, or until the
// limit. Where that is empty it is set when `wake` becomes readable, to hold for whatever else its
// owner writes. Any thread. Errors: System, Timeout.
Result<void> write_whole(const DiskFile& file, ByteView bytes, const Fd& wake,
                         std::optional<Deadline>& limit);

}  // namespace rolecall::perf
