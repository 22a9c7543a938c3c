// SPDX-License-Identifier: BSD-3-Clause
// One child program: its own process group, output to files, gone when its owner is gone.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/deadline.h"
#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/net/netns.h"

namespace rolecall {

// How a process ended.
struct ExitStatus {
  bool by_signal = false;
  int code = 0;  // the exit status, or the signal's number

  bool is_success() const { return !by_signal && code == 0; }
  std::string text() const;  // "exit status 0", "signal 11 (Segmentation fault)"
};

struct ChildOptions {
  std::filesystem::path program;
  std::vector<std::string> args;            // without argv[0]
  std::vector<std::string> environment;     // NAME=VALUE, on top of our own
  std::filesystem::path output;             // stdout goes here; made, and emptied
  std::filesystem::path errors;             // stderr goes here; made, and emptied
  const NetworkNamespace* place = nullptr;  // where it runs; null: in our own namespace
};

// Use it from the thread that started it: the kernel kills the child when that thread ends
// (PR_SET_PDEATHSIG); what it has started in its group ends with our process (ProcessGuard). The
// destructor kills the whole group and reaps.
class Child {
 public:
  static Result<Child> start(const ChildOptions& options);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  const Fd& pidfd() const { return pidfd_; }  // readable once the child has ended

  // The status once the child has ended, nothing before. Reaps it, and kills what is left of its
  // group.
  std::optional<ExitStatus> status();
  // Waits for the end. Timeout when the deadline comes first; the child then still runs.
  Result<ExitStatus> wait(const Deadline& deadline);
  // To the whole group; nothing once it has ended.
  void send_signal(int signal);
  // SIGTERM, then SIGKILL for what is left at the deadline. Reaps.
  ExitStatus end(const Deadline& deadline);

 private:
  Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_ = -1;  // also the group's id; -1 once moved from
  Fd pidfd_;
  std::optional<ExitStatus> status_;
};

// The program called `name` in the folders of PATH, if one of them has it.
std::optional<std::filesystem::path> find_program(const char* name);

}  // namespace rolecall
