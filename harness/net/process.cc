// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#define BOOST_PROCESS_V2_SEPARATE_COMPILATION
#include <boost/asio/io_context.hpp>
#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/posix/vfork_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/src.hpp>
#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/net/process_guard.h"

namespace rolecall {
namespace {

namespace process = boost::process::v2;

// What Boost.Process is to do between vfork and exec. It closes every descriptor above stderr
// itself. vfork, since the launchers allocate in the child: after a fork from one of several
// threads the allocator's lock may stand as another thread held it, for ever (seen under ASan).
struct Setup {
  pid_t parent;
  const char* const* environment;
  int in, out, err;
  int place;  // a network namespace, or -1
  const ProcessGuard& guard;

  template <class Launcher>
  process::error_code on_setup(Launcher& launcher, const process::filesystem::path&,
                               const char* const*&) const {
    launcher.env = environment;
    return {};
  }

  // Runs in the child, on its parent's memory.
  template <class Launcher>
  process::error_code on_exec_setup(Launcher&, const process::filesystem::path&,
                                    const char* const*&) const {
    sigset_t none;
    ::sigemptyset(&none);
    const bool set = ::setpgid(0, 0) == 0 && ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
                     ::dup2(in, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 &&
                     ::dup2(err, STDERR_FILENO) >= 0 &&
                     ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0 &&
                     (place < 0 || ::setns(place, CLONE_NEWNET) == 0);
    if (!set) return process::detail::get_last_error();
    guard.watch(::getpid());
    if (::getppid() != parent) ::_exit(127);  // it died before PR_SET_PDEATHSIG took hold
    return {};
  }

  // The launcher would end the child by exit(), which runs its parent's destructors. Any arguments:
  // Boost 1.81 looks for this with five and calls it with four.
  template <class... Args>
  void on_exec_error(Args&&...) const {
    ::_exit(127);
  }
};

Result<Fd> open_for_child(const std::filesystem::path& path, int flags) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!fd.is_open()) return system_error(fmt::format("open({})", path.string()));
  return fd;
}

// Ours, with `extra` in place of what it redefines. The pointers live as long as `extra` does.
std::vector<const char*> environment_with(const std::vector<std::string>& extra) {
  std::vector<const char*> all;
  const auto is_redefined = [&](std::string_view entry) {
    for (const std::string& e : extra)
      if (entry.substr(0, entry.find('=') + 1) == std::string_view(e).substr(0, e.find('=') + 1))
        return true;
    return false;
  };
  for (char** entry = ::environ; *entry != nullptr; ++entry)
    if (!is_redefined(*entry)) all.push_back(*entry);
  for (const std::string& entry : extra) all.push_back(entry.c_str());
  all.push_back(nullptr);
  return all;
}

// Waits for the end of a child that ends by itself, and ends what is left of its group, while the
// zombie still keeps the group's id from being given again.
ExitStatus reap(pid_t pid) {
  const auto id = static_cast<id_t>(pid);
  siginfo_t info{};
  while (::waitid(P_PID, id, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
  ::kill(-pid, SIGKILL);
  ProcessGuard::instance().forget(pid);
  while (::waitid(P_PID, id, &info, WEXITED) != 0 && errno == EINTR) continue;
  return {info.si_code != CLD_EXITED, info.si_status};
}

}  // namespace

std::string ExitStatus::text() const {
  if (!by_signal) return fmt::format("exit status {}", code);
  return fmt::format("signal {} ({})", code, ::strsignal(code));
}

Result<Child> Child::start(const ChildOptions& options) {
  TRY(auto in, open_for_child("/dev/null", O_RDONLY));
  TRY(auto out, open_for_child(options.output, O_WRONLY | O_CREAT | O_TRUNC));
  TRY(auto err, open_for_child(options.errors, O_WRONLY | O_CREAT | O_TRUNC));
  const std::vector<const char*> environment = environment_with(options.environment);

  const int place = options.place != nullptr ? options.place->fd().get() : -1;
  boost::asio::io_context context(1);
  process::error_code failure;
  process::posix::vfork_launcher launcher;
  auto started = launcher(context.get_executor(), failure,
                          process::filesystem::path(options.program.string()), options.args,
                          Setup{::getpid(), environment.data(), in.get(), out.get(), err.get(),
                                place, ProcessGuard::instance()});
  if (failure) {
    if (launcher.pid > 0) reap(launcher.pid);
    return Error{Errc::System, fmt::format("start {}", options.program.string()), failure.value()};
  }
  const pid_t pid = started.id();
  started.detach();
  Child child(pid, Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  if (!child.pidfd_.is_open()) return system_error(fmt::format("pidfd_open({})", pid));
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      status_(std::exchange(other.status_, std::nullopt)) {}

Child::~Child() {
  if (pid_ < 0 || status_) return;
  send_signal(SIGKILL);
  reap(pid_);
}

std::optional<ExitStatus> Child::status() {
  if (status_) return status_;
  siginfo_t info{};
  const auto id = static_cast<id_t>(pid_);
  if (::waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
    return std::nullopt;
  status_ = reap(pid_);
  return status_;
}

Result<ExitStatus> Child::wait(const Deadline& deadline) {
  for (;;) {
    if (auto ended = status()) return *ended;
    if (deadline.expired())
      return Error{Errc::Timeout, fmt::format("process {} has not ended within its limit", pid_)};
    pollfd p{pidfd_.get(), POLLIN, 0};
    if (::poll(&p, 1, deadline.poll_ms()) < 0 && errno != EINTR) return system_error("poll(pidfd)");
  }
}

void Child::send_signal(int signal) {
  if (pid_ <= 0 || status_) return;
  // It may not have made its group yet, where vfork() does not wait for it (ThreadSanitizer).
  if (::kill(-pid_, signal) != 0) ::kill(pid_, signal);
}

ExitStatus Child::end(const Deadline& deadline) {
  send_signal(SIGTERM);
  send_signal(SIGCONT);  // a stopped process takes no SIGTERM
  if (auto ended = wait(deadline)) return ended.value();
  send_signal(SIGKILL);
  auto ended = wait(Deadline::after(seconds(3600)));  // the kernel ends it; no peer has a say
  CHECK(ended.has_value());
  return ended.value();
}

std::optional<std::filesystem::path> find_program(const char* name) {
  const auto found = process::environment::find_executable(name);
  if (found.empty()) return std::nullopt;
  return std::filesystem::path(found.string());
}

}  // namespace rolecall
