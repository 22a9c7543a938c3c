// SPDX-License-Identifier: BSD-3-Clause
// What -D and -I do to the process before a server or client runs.
#pragma once

#include <string>
#include <utility>

#include "harness/base/fd.h"
#include "harness/base/result.h"

namespace rolecall::perf {

// The background of -D: a session of its own in the same working directory (iperf3 since 3.17).
// iperf3 says that all is well before it has tried to listen; here the program that was started
// stays until the server serves, or leaves with its error message and status.
class Background {
 public:
  Background() = default;  // none: the program stays in the foreground
  // Returns in the child, which still has the terminal's stderr. Before any thread is started.
  static Result<Background> enter();
  // It serves: lets go of stderr, and the program that was started leaves with status 0.
  void ready();

 private:
  explicit Background(Fd starter) : starter_(std::move(starter)) {}

  Fd starter_;  // whoever waits reads this, or that nobody is there any more
};

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
