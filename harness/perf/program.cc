// SPDX-License-Identifier: BSD-3-Clause
// fork() and exec(): the tests that run programs have one thread each.
#include "harness/perf/program.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/base/deadline.h"

namespace rolecall::perf {
namespace {

constexpr Duration kLimit = seconds(20);
constexpr int kCannotRun = 127;  // a shell's word for it

[[noreturn]] void become(const Program::Words& words, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  ::_exit(kCannotRun);
}

bool is_listening(std::uint16_t port) {
  const std::string mark = fmt::format(":{:04X} ", port);
  for (const char* table : {"/proc/net/tcp6", "/proc/net/tcp"}) {
    std::ifstream in(table);
    for (std::string line; std::getline(in, line);) {
      if (line.find(mark) != std::string::npos && line.find(" 0A ") != std::string::npos) {
        return true;
      }
    }
  }
  return false;
}

bool is_free(std::uint16_t port) {
  const Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Program::Program(const Words& words) {
  std::array<int, 2> ends{};
  CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
  pipe_ = Fd(ends[0]);
  const Fd output(ends[1]);
  pid_ = ::fork();
  CHECK(pid_ >= 0);
  if (pid_ == 0) become(words, output.get());
}

Program::~Program() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Program::send_signal(int signal) const { ::kill(pid_, signal); }

bool Program::read_more() {
  const Deadline deadline = Deadline::after(kLimit);
  pollfd ready{pipe_.get(), POLLIN, 0};
  if (::poll(&ready, 1, deadline.poll_ms()) <= 0) return false;
  std::array<char, 8192> buffer{};
  const ssize_t n = ::read(pipe_.get(), buffer.data(), buffer.size());
  if (n <= 0) return false;
  output_.append(buffer.data(), static_cast<std::size_t>(n));
  return true;
}

bool Program::prints(std::string_view text) {
  while (output_.find(text) == std::string::npos) {
    if (!read_more()) return false;
  }
  return true;
}

int Program::status() {
  while (read_more()) {
  }
  const Deadline deadline = Deadline::after(kLimit);
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (deadline.expired()) return -1;
    ::poll(nullptr, 0, 1);
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::uint16_t free_port() {
  static int next = 10000 + ::getpid() * 31 % 20000;
  while (true) {
    const auto port = static_cast<std::uint16_t>(10000 + next++ % 22000);
    if (is_free(port)) return port;
  }
}

bool await_listener(std::uint16_t port) {
  const Deadline deadline = Deadline::after(kLimit);
  while (!is_listening(port)) {
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
