// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/waiting_process.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>

namespace rolecall {
namespace {

// The system call that a stopped process was in, by its number; -1 for none.
long system_call_of(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/syscall", pid));
  long number = -1;
  return in >> number ? number : -1;
}

bool is_a_wait_for_descriptors(long system_call) {
  constexpr std::array kWaits = {
#ifdef SYS_epoll_wait  // not on every architecture
      SYS_epoll_wait,  SYS_poll,         SYS_select,
#endif
      SYS_epoll_pwait, SYS_epoll_pwait2, SYS_ppoll,  SYS_pselect6};
  return std::ranges::find(kWaits, system_call) != kWaits.end();
}

bool stop(pid_t pid) {
  siginfo_t now{};
  ::kill(pid, SIGSTOP);
  ::waitid(P_PID, static_cast<id_t>(pid), &now, WSTOPPED | WEXITED | WNOWAIT);
  return now.si_code == CLD_STOPPED;
}

}  // namespace

bool signal_where_it_waits(pid_t pid, int signal, const Deadline& deadline) {
  while (!deadline.expired()) {
    if (!stop(pid)) return false;
    const bool waits = is_a_wait_for_descriptors(system_call_of(pid));
    if (waits) ::kill(pid, signal);
    ::kill(pid, SIGCONT);
    if (waits) return true;
  }
  return false;
}

}  // namespace rolecall
