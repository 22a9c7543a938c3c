// SPDX-License-Identifier: BSD-3-Clause
// What ends our children's process groups when we are killed and cannot. The kernel kills a child
// then (PR_SET_PDEATHSIG), but not what a child that is a script has started in its turn.
#pragma once

#include <sys/types.h>

#include "harness/base/fd.h"

namespace rolecall {

// A process of its own, outside our session, that waits for the end of ours and then sends SIGKILL
// to each group that is still watched. It ends with us in any case. Any thread; watch() and
// forget() allocate nothing, take no lock and may be called between vfork and exec.
class ProcessGuard {
 public:
  // The one of this process, started on the first call: before any descriptor or namespace is open
  // that is not to outlive us for the moment that it takes. A child made by fork() shares it.
  static const ProcessGuard& instance();

  ProcessGuard(const ProcessGuard&) = delete;
  ProcessGuard& operator=(const ProcessGuard&) = delete;
  ~ProcessGuard();

  void watch(pid_t group) const { tell(group); }
  // Before the group's leader is reaped: after that its id may be somebody else's.
  void forget(pid_t group) const { tell(-group); }

 private:
  ProcessGuard();
  void tell(pid_t message) const;

  pid_t owner_;  // us; who is forked off us neither tells it to end nor waits for it
  pid_t pid_ = -1;
  Fd link_;
};

}  // namespace rolecall
