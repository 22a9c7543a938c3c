// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/process_stat.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "harness/base/files.h"

namespace rolecall {
namespace {

Duration from_ticks(double ticks) {
  return from_seconds(ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

}  // namespace

// "pid (name) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime":
// the name may hold anything, a bracket too.
Result<ProcessStat> process_stat(const std::filesystem::path& folder) {
  TRY(const std::string text, read_file(folder / "stat"));
  const auto name_end = text.rfind(')');
  std::istringstream fields(name_end == std::string::npos ? "" : text.substr(name_end + 1));
  ProcessStat stat;
  std::string skipped;
  double user = 0;
  double system = 0;
  fields >> stat.state;
  for (int i = 0; i < 5; ++i) fields >> skipped;
  fields >> stat.flags;
  for (int i = 0; i < 4; ++i) fields >> skipped;
  fields >> user >> system;
  if (!fields) return Error{Errc::Malformed, "reading " + (folder / "stat").string() + ": " + text};
  stat.user = from_ticks(user);
  stat.system = from_ticks(system);
  return stat;
}

std::vector<ProcessStat> threads_of(pid_t pid) {
  std::vector<ProcessStat> threads;
  std::error_code gone;
  std::filesystem::directory_iterator folder(fmt::format("/proc/{}/task", pid), gone);
  for (; !gone && folder != std::filesystem::directory_iterator(); folder.increment(gone))
    if (auto stat = process_stat(folder->path())) threads.push_back(stat.value());
  return threads;
}

bool is_at_rest(pid_t pid) {
  return std::ranges::none_of(threads_of(pid),
                              [](const auto& t) { return t.state == 'R' || t.state == 'D'; });
}

}  // namespace rolecall
