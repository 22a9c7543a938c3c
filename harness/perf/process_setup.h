// SPDX-License-Identifier: BSD-3-Clause
// What -D and -I do to the process before a server or client runs.
#pragma once

#include <string>
#include <utility>

#include "harness/base/result.h"

namespace rolecall::perf {

// Goes into the background as iperf3 does since 3.17: the working directory stays. Returns in the
// child; the parent has left with status 0. Before any thread is started.
Result<void> become_daemon();

// Holds a process id file for as long as it lives.
class PidFile {
 public:
  PidFile() = default;  // of nothing
  PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PidFile& operator=(PidFile&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  ~PidFile();

  // Config when the file names a process that lives; System when it cannot be written. Whatever
  // else it holds is overwritten.
  static Result<PidFile> write(const std::string& path);

 private:
  std::string path_;
};

}  // namespace rolecall::perf
