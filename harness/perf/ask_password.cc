// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/ask_password.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "harness/net/signals.h"

namespace rolecall::perf {
namespace {

class NoEcho {
 public:
  explicit NoEcho(const termios& shown) : shown_(shown) {
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown_);
    std::fputs("\n", stderr);
  }

 private:
  termios shown_;
};

}  // namespace

Result<Secret> ask_password() {
  termios shown{};
  if (::tcgetattr(STDIN_FILENO, &shown) != 0) {
    return Error{Errc::Config,
                 "there is no terminal to ask for the password: put it into IPERF3_PASSWORD"};
  }
  TRY(const auto signals, open_signals({SIGINT, SIGTERM, SIGHUP}));
  const NoEcho no_echo(shown);
  std::fputs("Password: ", stderr);
  std::array<pollfd, 2> waits{{{STDIN_FILENO, POLLIN, 0}, {signals.get(), POLLIN, 0}}};
  if (::poll(waits.data(), waits.size(), -1) < 0) return system_error("poll()");
  if (waits[1].revents != 0) return Error{Errc::Config, "no password was given"};
  std::array<char, 1024> line{};
  const ssize_t n = ::read(STDIN_FILENO, line.data(), line.size());
  if (n < 0) return system_error("read() of the password");
  const std::string_view said(line.data(), static_cast<std::size_t>(n));
  Secret password(said.substr(0, said.find('\n')));
  OPENSSL_cleanse(line.data(), line.size());
  return password;
}

}  // namespace rolecall::perf
