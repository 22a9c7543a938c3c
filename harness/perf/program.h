// SPDX-License-Identifier: BSD-3-Clause
// For tests only: a real program with its output, which ends with its object at the latest, and the
// loopback ports for servers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/fd.h"

namespace rolecall::perf {

// One thread. Every wait has the limit kPatience (patience.h).
class Program {
 public:
  using Words = std::vector<std::string>;

  // `words` begin with the program: a path, or a name to look for on PATH.
  explicit Program(const Words& words);
  ~Program();  // kills and reaps what still runs
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  // "0-1" as the kernel lists them, while it runs.
  std::string cores() const;
  double cpu_seconds() const;  // that it has used, while it runs
  void send_signal(int signal) const;
  // Where it can take it (waiting_process.h). False when it has ended, or does not wait so within
  // the limit.
  bool send_signal_to_a_waiting_program(int signal) const;

  // Waits until the output holds `text`; false when it does not at the limit.
  bool prints(std::string_view text);
  // Waits for its end: the exit status, 128 and more for a signal, kStillRuns at the limit.
  static constexpr int kStillRuns = -1;
  int status();
  // What it wrote by now to stdout and stderr, as one text.
  const std::string& output() {
    read_output();
    return output_;
  }

 private:
  void read_output();

  pid_t pid_ = -1;
  Fd end_;  // a pidfd
  Fd file_;
  std::string output_;
};

// For a server: outside the range from which clients get theirs, and kept for it, so that nobody
// else gets or answers on it (port_reservation.h).
std::uint16_t free_port();
// For clients, which bind theirs without SO_REUSEADDR, so that a TCP socket cannot keep it for
// them: the first of `count` in a row that are free, and that no other test gets.
std::uint16_t free_client_ports(int count);
// Waits until somebody listens on the port, IPv4 or IPv6; false when nobody does.
bool await_listener(std::uint16_t port);

// "-t 1 -R" as words.
Program::Words words(std::string_view line);

}  // namespace rolecall::perf
