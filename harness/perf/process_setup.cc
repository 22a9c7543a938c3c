// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/process_setup.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include <fmt/format.h>

namespace rolecall::perf {
namespace {

bool is_alive(pid_t pid) {
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

}  // namespace

Result<void> become_daemon() {
  constexpr int kKeepDirectory = 1;
  constexpr int kCloseStandardStreams = 0;
  if (::daemon(kKeepDirectory, kCloseStandardStreams) != 0) return system_error("daemon()");
  return ok();
}

Result<PidFile> PidFile::write(const std::string& path) {
  pid_t other = 0;
  if (std::ifstream(path) >> other && is_alive(other)) {
    return Error{Errc::Config, fmt::format("another instance is running as process {} ({}); end it "
                                           "or use another -I file",
                                           other, path)};
  }
  std::ofstream file(path, std::ios::trunc);
  file << ::getpid() << std::flush;
  if (!file) return system_error(fmt::format("unable to write PID file {}", path));
  PidFile held;
  held.path_ = path;
  return held;
}

PidFile::~PidFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace rolecall::perf
