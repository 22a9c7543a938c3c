// SPDX-License-Identifier: BSD-3-Clause
// vfork() and exec(): the memory of a program with ASan takes longer to copy than to start another.
#include "harness/perf/program.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/base/deadline.h"
#include "harness/net/port_reservation.h"
#include "harness/net/process_stat.h"
#include "harness/net/sock_diag.h"
#include "harness/net/waiting_process.h"
#include "harness/perf/patience.h"

namespace rolecall::perf {
namespace {

constexpr int kCannotRun = 127;  // a shell's word for it

// In the child, on its parent's memory.
[[noreturn]] void become(char* const* argv, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execvp(argv[0], argv);
  ::_exit(kCannotRun);
}

// A socket that is bound to the port; none when somebody has it.
Fd bound_to(std::uint16_t port, int type) {
  Fd fd(::socket(AF_INET6, type | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  return ::bind(fd.get(), to, sizeof address) == 0 ? std::move(fd) : Fd();
}

// Keeps the port from whoever asks by this function, too: it is for TCP, so UDP's shows who has it.
bool take_for_client(std::uint16_t port) {
  static std::vector<Fd> kept;
  Fd mark = bound_to(port, SOCK_DGRAM);
  if (!mark.is_open() || !bound_to(port, SOCK_STREAM).is_open()) return false;
  kept.push_back(std::move(mark));
  return true;
}

}  // namespace

Program::Program(const Words& words) {
  // A file takes any amount; a pipe that nobody reads would block the program.
  file_ = Fd(::memfd_create("output", MFD_CLOEXEC));
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_ = ::vfork();
  if (pid_ == 0) become(argv.data(), file_.get());
  end_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  CHECK(file_.is_open() && pid_ >= 0 && end_.is_open());
}

Program::~Program() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Program::send_signal(int signal) const {
  ::kill(pid_, signal);
}

bool Program::send_signal_to_a_waiting_program(int signal) const {
  return signal_where_it_waits(pid_, signal, Deadline::after(kPatience));
}

std::string Program::cores() const {
  std::ifstream in(fmt::format("/proc/{}/status", pid_));
  const std::string key = "Cpus_allowed_list:\t";
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key)) return line.substr(key.size());
  }
  return "";
}

double Program::cpu_seconds() const {
  const ProcessStat stat = process_stat(fmt::format("/proc/{}", pid_)).value();
  return (stat.user + stat.system).in_seconds();
}

void Program::read_output() {
  std::array<char, 8192> buffer{};
  while (true) {
    const ssize_t n =
        ::pread(file_.get(), buffer.data(), buffer.size(), static_cast<off_t>(output_.size()));
    if (n <= 0) return;
    output_.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

bool Program::prints(std::string_view text) {
  const Deadline limit = Deadline::after(kPatience);
  while (output().find(text) == std::string::npos) {
    if (limit.expired()) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

int Program::status() {
  pollfd end{end_.get(), POLLIN, 0};
  ::poll(&end, 1, kPatienceMs);
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0) return kStillRuns;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::uint16_t free_port() {
  constexpr std::size_t kMostOfOneTest = 100;
  static std::deque<PortReservation> kept;
  if (kept.size() == kMostOfOneTest) kept.pop_front();
  kept.push_back(PortReservation::take(0).value());
  return kept.back().port();
}

std::uint16_t free_client_ports(int count) {
  constexpr int kFirst = 20'000;  // above those of free_port(), below those that sockets get
  constexpr int kEnd = 32'000;
  static int next = kFirst;
  for (int found = 0; found < count; ++next) {
    CHECK(next < kEnd);
    found = take_for_client(static_cast<std::uint16_t>(next)) ? found + 1 : 0;
  }
  return static_cast<std::uint16_t>(next - count);
}

bool await_listener(std::uint16_t port) {
  const Deadline deadline = Deadline::after(kPatience);
  auto diag = SockDiag::open().value();
  while (diag.listeners(port).value().empty()) {
    if (deadline.expired()) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

Program::Words words(std::string_view line) {
  std::istringstream in{std::string(line)};
  Program::Words found;
  for (std::string word; in >> word;) found.push_back(word);
  return found;
}

}  // namespace rolecall::perf
