// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/process_setup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <initializer_list>

#include <fmt/format.h>

namespace rolecall::perf {
namespace {

bool is_alive(pid_t pid) {
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

// The program that was started, until the one in the background serves or has ended. A signal ends
// it as usual.
[[noreturn]] void await(pid_t child, const Fd& news) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  char byte = 0;
  ssize_t n = 0;
  while ((n = ::read(news.get(), &byte, 1)) < 0 && errno == EINTR) continue;
  if (n == 1) ::_exit(0);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

void discard(std::initializer_list<int> descriptors) {
  const Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int descriptor : descriptors) ::dup2(nowhere.get(), descriptor);
}

}  // namespace

Result<Background> Background::enter() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("pipe of -D");
  const Fd news(ends[0]);
  Fd starter(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return system_error("fork() of -D");
  if (child > 0) {
    starter.reset();
    await(child, news);
  }
  ::setsid();
  discard({STDIN_FILENO, STDOUT_FILENO});
  return Background(std::move(starter));
}

void Background::ready() {
  if (!starter_.is_open()) return;
  discard({STDERR_FILENO});
  const char byte = 0;
  while (::write(starter_.get(), &byte, 1) < 0 && errno == EINTR) continue;
  starter_.reset();
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

// A link or a device was there before, and is not ours to remove.
PidFile::~PidFile() {
  struct stat facts {};
  if (path_.empty() || ::lstat(path_.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return;
  ::unlink(path_.c_str());
}

}  // namespace rolecall::perf
