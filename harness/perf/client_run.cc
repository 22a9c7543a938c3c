// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/client_run.h"

#include <signal.h>
#include <sys/eventfd.h>

#include <variant>
#include <vector>

#include <fmt/format.h>

#include "harness/perf/client.h"
#include "harness/perf/program.h"

namespace rolecall::perf {
namespace {

Options parsed(std::uint16_t port, std::string_view more) {
  Program::Words line = words(fmt::format("roleperf -c 127.0.0.1 -p {} {}", port, more));
  std::vector<char*> argv;
  for (std::string& word : line) argv.push_back(word.data());
  argv.push_back(nullptr);
  return std::get<Options>(parse_options(static_cast<int>(line.size()), argv.data()));
}

}  // namespace

ClientRun::ClientRun(std::uint16_t port, std::string_view more)
    : options_(parsed(port, more)),
      report_(make_report(options_, sink_)),
      no_signals_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { status_ = run_client(options_, *report_, no_signals_); }) {}

ClientRun::~ClientRun() {
  status();
}

int ClientRun::status() {
  if (thread_.joinable()) thread_.join();
  return status_;
}

}  // namespace rolecall::perf
