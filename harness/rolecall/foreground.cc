// SPDX-License-Identifier: BSD-3-Clause
#include "harness/rolecall/foreground.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "harness/base/fd.h"

namespace rolecall::cli {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

// Ours, with the names of `added` replaced.
std::vector<std::string> merged(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view ours(*entry);
    const std::string_view name = ours.substr(0, ours.find('='));
    bool replaced = false;
    for (const std::string& other : added) {
      replaced = replaced || other.substr(0, other.find('=')) == name;
    }
    if (!replaced) all.emplace_back(ours);
  }
  return all;
}

// After fork(): only what is async-signal-safe. Gives errno through `failure`, and never returns.
[[noreturn]] void become(const char* program, char* const* args, char* const* environment,
                         const sigset_t& mask, pid_t parent, int failure) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() == parent) {
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    ::execve(program, args, environment);
  }
  const int error = errno;
  (void)!::write(failure, &error, sizeof error);
  ::_exit(127);
}

int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// The signals of `watched` are blocked: they come here one by one.
int wait_for(pid_t child, const sigset_t& watched) {
  for (;;) {
    siginfo_t signal{};
    const int number = ::sigwaitinfo(&watched, &signal);
    if (number < 0) continue;  // EINTR, by a signal that is not ours to pass on
    if (number != SIGCHLD && signal.si_code <= 0) ::kill(child, number);  // from a program
    int status = 0;
    if (number == SIGCHLD && ::waitpid(child, &status, WNOHANG) == child &&
        (WIFEXITED(status) || WIFSIGNALED(status))) {
      return exit_status(status);
    }
  }
}

}  // namespace

Result<std::string> find_program(const std::string& word) {
  if (word.find('/') != word.npos) return word;
  const char* path = ::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string_view folder = end == 0 ? "." : rest.substr(0, end);
    const std::string file = fmt::format("{}/{}", folder, word);
    std::error_code ignored;
    if (::access(file.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(file, ignored)) {
      return file;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return Error{Errc::Config, fmt::format("no program \"{}\" on PATH", word)};
}

Result<int> run_in_foreground(const std::string& program, const std::vector<std::string>& args,
                              const std::vector<std::string>& environment) {
  const std::vector<std::string> variables = merged(environment);
  const std::vector<char*> arg_list = pointers(args);
  const std::vector<char*> variable_list = pointers(variables);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe2");
  const Fd failure_in(ends[0]);
  Fd failure_out(ends[1]);
  sigset_t watched;
  sigset_t before;
  ::sigemptyset(&watched);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaddset(&watched, number);
  ::sigprocmask(SIG_BLOCK, &watched, &before);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return system_error("fork");
  if (child == 0) {
    become(program.c_str(), arg_list.data(), variable_list.data(), before, parent,
           failure_out.get());
  }
  failure_out.reset();
  int error = 0;
  const bool started = ::read(failure_in.get(), &error, sizeof error) != sizeof error;
  const int status = wait_for(child, watched);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (!started) return Error{Errc::Config, fmt::format("starting {}", program), error};
  return status;
}

}  // namespace rolecall::cli
