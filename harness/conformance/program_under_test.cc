// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/program_under_test.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/conformance/pauses.h"
#include "harness/net/process_stat.h"
#include "harness/net/sock_diag.h"
#include "harness/net/waiting_process.h"

namespace rolecall::conformance {
namespace {

constexpr std::string_view kHost = "{host}";
constexpr std::string_view kPort = "{port}";
constexpr std::string_view kOptions = "{options}";
constexpr Duration kLongestStart = seconds(60);  // of a server, however short its steps are

std::string replaced(std::string word, std::string_view placeholder, const std::string& value) {
  for (auto at = word.find(placeholder); at != std::string::npos;
       at = word.find(placeholder, at + value.size())) {
    word.replace(at, placeholder.size(), value);
  }
  return word;
}

std::string content(const std::filesystem::path& path) {
  auto text = read_file(path);
  return text ? std::move(text).value() : std::string();
}

Checked<bool> somebody_listens(SockDiag& diag, std::uint16_t port) {
  TRY(const auto listeners, checked(diag.listeners(port)));
  return !listeners.empty();
}

// It may not listen yet: iperf3 -D leaves before that.
Error in_the_background(std::uint16_t port) {
  return {Errc::Config,
          fmt::format("the server under test for port {} has left with exit status 0, as one does "
                      "that goes into the background, where the suite cannot end it: leave out "
                      "what makes it do so (-D), and end it",
                      port)};
}

}  // namespace

bool Command::takes_options() const {
  return std::find(words.begin(), words.end(), kOptions) != words.end();
}

Result<void> Command::check(bool is_client) const {
  const auto has = [&](std::string_view placeholder) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return word.find(placeholder) != std::string::npos;
    });
  };
  if (words.empty()) return Error{Errc::Config, "no command: give one behind --"};
  for (const std::string& word : words) {
    if (word == kOptions || word.find(kOptions) == std::string::npos) continue;
    return Error{Errc::Config,
                 fmt::format("{0} stands for several words or none, so it has to be a word by "
                             "itself, not a part of '{1}'; a shell takes it as in "
                             "`sh -c 'iperf3 \"$@\"' sh -s -p {{port}} {0}`",
                             kOptions, word)};
  }
  if (!has(kPort)) {
    return Error{Errc::Config, fmt::format("the command has no {}: say where its port goes, as in "
                                           "`iperf3 -s -p {{port}} {{options}}`",
                                           kPort)};
  }
  if (is_client && !(has(kHost) && takes_options())) {
    return Error{Errc::Config, fmt::format("a client's command needs {} and {}, as in "
                                           "`iperf3 -c {{host}} -p {{port}} {{options}}`",
                                           kHost, kOptions)};
  }
  return ok();
}

std::vector<std::string> Command::filled(const std::string& host, std::uint16_t port,
                                         const std::string& options) const {
  std::vector<std::string> all;
  for (const std::string& word : words) {
    if (word == kOptions) {
      std::istringstream text(options);
      for (std::string option; text >> option;) all.push_back(option);
    } else {
      all.push_back(replaced(replaced(word, kHost, host), kPort, std::to_string(port)));
    }
  }
  return all;
}

Result<std::filesystem::path> ProgramUnderTest::find(const std::string& word) {
  if (word.find('/') == std::string::npos) {
    if (const auto found = find_program(word.c_str())) return *found;
    return Error{Errc::Config, fmt::format("{} is in no folder of PATH", word)};
  }
  if (::access(word.c_str(), X_OK) == 0) return std::filesystem::path(word);
  return system_error(fmt::format("start {}", word));
}

Checked<ProgramUnderTest> ProgramUnderTest::start(const std::vector<std::string>& words,
                                                  const std::vector<std::string>& environment,
                                                  const std::filesystem::path& folder,
                                                  TimeLine& line) {
  auto program = find(words[0]);
  if (program.has_error()) return environment_failure(program.error());
  auto child = Child::start({.program = program.value(),
                             .args = {words.begin() + 1, words.end()},
                             .environment = environment,
                             .output = folder / "stdout",
                             .errors = folder / "stderr"});
  if (child.has_error()) return environment_failure(child.error());
  line.note("program", fmt::format("started: {}", fmt::join(words, " ")));
  line.set_program(child.value().pid());
  return ProgramUnderTest(std::move(child).value(), folder, line);
}

Checked<ExitStatus> ProgramUnderTest::wait(Duration limit) {
  auto status = child_.wait(Deadline::after(limit));
  if (status.has_error()) {
    line_->note("program", "still runs");
    return failure("the program ends", fmt::format("it still runs after {} s", limit.in_seconds()));
  }
  line_->note("program", "ended: " + status.value().text());
  return status.value();
}

std::optional<ExitStatus> ProgramUnderTest::status() {
  const auto stat = process_stat(fmt::format("/proc/{}", child_.pid()));
  if (!stat || !stat.value().is_exiting()) return child_.status();
  auto status = child_.wait(Deadline::after(seconds(10)));
  return status ? std::optional(status.value()) : std::nullopt;
}

void ProgramUnderTest::interrupt(int signal) {
  line_->note("program", fmt::format("we send it signal {}", signal));
  if (!signal_where_it_waits(pid(), signal, Deadline::after(seconds(1))))
    child_.send_signal(signal);
  sent_signal_ = signal;
}

void ProgramUnderTest::stop() {
  child_.end(Deadline::after(seconds(20)));
}

Checked<void> ProgramUnderTest::await_listener(std::uint16_t port) {
  TRY(auto diag, checked(SockDiag::open()));
  const Pauses pauses;
  const Duration limit = std::max(line_->step_limit(), kLongestStart);
  for (const Deadline deadline = Deadline::after(limit);;) {
    TRY(const bool listens, somebody_listens(diag, port));
    if (listens) return ok();
    const auto ended = status();
    if (ended && ended->is_success()) return environment_failure(in_the_background(port));
    if (ended || deadline.expired()) {
      return environment_failure(
          {Errc::Config,
           fmt::format("the server under test did not begin to listen on port {}: {}; it wrote: {}",
                       port,
                       ended ? ended->text() : fmt::format("nothing for {} s", limit.in_seconds()),
                       visible(output() + errors(), 300))});
    }
    pauses.wait();
  }
}

Checked<void> ProgramUnderTest::check_foreground(std::uint16_t port) {
  const auto ended = status();
  if (!ended || ended->by_signal) return ok();
  TRY(auto diag, checked(SockDiag::open()));
  TRY(const bool listens, somebody_listens(diag, port));
  if (!listens) return ok();
  return environment_failure(in_the_background(port));
}

std::string ProgramUnderTest::output() const {
  return content(folder_ / "stdout");
}

std::string ProgramUnderTest::errors() const {
  return content(folder_ / "stderr");
}

}  // namespace rolecall::conformance
