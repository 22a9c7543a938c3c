// SPDX-License-Identifier: BSD-3-Clause
// The program that a case is about: started afresh for it, and gone with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/conformance/failure.h"
#include "harness/conformance/time_line.h"
#include "harness/net/process.h"

namespace rolecall::conformance {

// A command line whose words may hold {host} and {port}; {options}, a word by itself, stands for
// what a case needs besides: options as iperf3 has them.
struct Command {
  std::vector<std::string> words;

  bool takes_options() const;
  // Config when the program needs a placeholder that is not there.
  Result<void> check(bool is_client) const;
  std::vector<std::string> filled(const std::string& host, std::uint16_t port,
                                  const std::string& options) const;
};

// Use it from the thread that started it; its end kills the program.
class ProgramUnderTest {
 public:
  // Where the first word of a command is: a path, or a name in a folder of PATH. Config, or System
  // for what cannot be executed.
  static Result<std::filesystem::path> find(const std::string& word);
  // Output goes to files in `folder`, which exists. `line` outlives the object, and is told of it.
  static Checked<ProgramUnderTest> start(const std::vector<std::string>& words,
                                         const std::vector<std::string>& environment,
                                         const std::filesystem::path& folder, TimeLine& line);

  pid_t pid() const { return child_.pid(); }
  // Its end, waited for.
  Checked<ExitStatus> wait(Duration limit);
  // Readable once it has ended.
  const Fd& end() const { return child_.pidfd(); }
  // Whether it has ended by now. One that is on its way out, and has closed its connections on it,
  // is waited for.
  std::optional<ExitStatus> status();
  // Where it can take it (waiting_process.h), if it comes there within a second: a shell in front
  // of the program does not.
  void interrupt(int signal);
  // Whether that was done with `signal`: who dies of it has not crashed.
  bool was_sent(int signal) const { return sent_signal_ == signal; }
  void stop();  // SIGTERM, SIGKILL after 20 s; both are our doing

  // Until it, or whoever has the port, listens there; fails as the environment's fault.
  Checked<void> await_listener(std::uint16_t port);

  // Fails as the environment's fault for a server that has put itself into the background, where
  // its end does not reach it: it has ended, and somebody listens all the same.
  Checked<void> check_foreground(std::uint16_t port);

  std::string output() const;  // stdout so far
  std::string errors() const;  // stderr so far

 private:
  ProgramUnderTest(Child child, std::filesystem::path folder, TimeLine& line)
      : child_(std::move(child)), folder_(std::move(folder)), line_(&line) {}

  Child child_;
  std::filesystem::path folder_;
  TimeLine* line_;
  int sent_signal_ = 0;  // the last one
};

}  // namespace rolecall::conformance
