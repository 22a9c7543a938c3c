// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/process_guard.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>

#include "harness/base/check.h"

namespace rolecall {
namespace {

// The kernel's highest process id, and one (PID_MAX_LIMIT).
constexpr std::size_t kProcessIds = std::size_t{1} << 22;

// A bit for each id, so that nothing is allocated after fork(); of its pages only those in use are
// there.
constexpr std::size_t kBits = 64;
std::array<std::uint64_t, kProcessIds / kBits> watched;

void note(pid_t message) {
  const bool is_watched = message > 0;
  const auto group = static_cast<std::size_t>(is_watched ? message : -message);
  if (group < 2 || group >= kProcessIds) return;  // kill() takes -0 and -1 for others than a group
  const std::uint64_t bit = std::uint64_t{1} << group % kBits;
  std::uint64_t& word = watched[group / kBits];
  word = is_watched ? word | bit : word & ~bit;
}

void kill_watched() {
  for (std::size_t i = 0; i < watched.size(); ++i) {
    for (std::uint64_t left = watched[i]; left != 0; left &= left - 1) {
      const std::size_t group = i * kBits + static_cast<std::size_t>(std::countr_zero(left));
      ::kill(-static_cast<pid_t>(group), SIGKILL);
    }
  }
}

// Until nobody is left at the other end.
void read_messages(int link) {
  pid_t message = 0;
  for (;;) {
    const ssize_t n = ::recv(link, &message, sizeof message, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    note(message);
  }
}

// Holds no descriptor but this one, so that nobody who reads what we print waits for this one.
void keep_only(int link) {
  if (link > 0) ::close_range(0, static_cast<unsigned>(link) - 1, 0);
  ::close_range(static_cast<unsigned>(link) + 1, ~0U, 0);
}

// After fork() from one of several threads: only what is async-signal-safe.
[[noreturn]] void guard(int link) {
  ::setsid();
  ::prctl(PR_SET_NAME, "process-guard");
  keep_only(link);
  read_messages(link);
  kill_watched();
  ::_exit(0);
}

}  // namespace

const ProcessGuard& ProcessGuard::instance() {
  static const ProcessGuard kGuard;
  return kGuard;
}

ProcessGuard::ProcessGuard() : owner_(::getpid()) {
  std::array<int, 2> ends{};
  CHECK(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const Fd to_read(ends[0]);
  link_.reset(ends[1]);
  pid_ = ::fork();
  CHECK(pid_ >= 0);
  if (pid_ == 0) guard(to_read.get());
}

ProcessGuard::~ProcessGuard() {
  if (::getpid() != owner_) return;
  link_.reset();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

// A guard that somebody has killed is no reason to stop: what it is for may never happen.
void ProcessGuard::tell(pid_t message) const {
  while (::send(link_.get(), &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR)
    continue;
}

}  // namespace rolecall
