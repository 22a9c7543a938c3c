// SPDX-License-Identifier: BSD-3-Clause
// roleperf: an iperf3-compatible client and server with a role flag.
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <variant>

#include <fmt/format.h>

#include "harness/base/fd.h"
#include "harness/net/signals.h"
#include "harness/perf/affinity.h"
#include "harness/perf/client.h"
#include "harness/perf/options.h"
#include "harness/perf/process_setup.h"
#include "harness/perf/report.h"
#include "harness/perf/server.h"

namespace rolecall::perf {
namespace {

int leave(const EarlyExit& exit) {
  std::fputs(exit.out.c_str(), stdout);
  std::fputs(exit.err.c_str(), stderr);
  return exit.status;
}

Result<int> run(const Options& options, const Fd& signals) {
  Background background;
  if (options.end == End::Server && options.daemon) {
    TRY(background, Background::enter());
  }
  PidFile pid_file;
  if (!options.pid_file.empty()) {
    TRY(pid_file, PidFile::write(options.pid_file));
  }
  if (options.affinity) {
    TRY(pin_to_core(*options.affinity));
  }
  std::signal(SIGPIPE, SIG_IGN);
  TRY(const auto sink, open_report_sink(options.log_file, options.json));
  const auto report = make_report(options, *sink);
  for (const std::string& warning : options.warnings) report->warning(warning);
  const int status = options.end == End::Client
                         ? run_client(options, *report, signals)
                         : run_server(options, *report, signals, [&] { background.ready(); });
  return sink->flush() ? status : 1;  // scripts must see that something was lost
}

int guarded_main(int argc, char** argv) {
  const auto signals = open_signals({SIGINT, SIGTERM, SIGHUP});  // from the first moment on
  const auto parsed = parse_options(argc, argv);
  if (const auto* exit = std::get_if<EarlyExit>(&parsed)) return leave(*exit);
  const auto status =
      signals ? run(std::get<Options>(parsed), signals.value()) : Result<int>(signals.error());
  if (status) return status.value();
  fmt::print(stderr, "roleperf: error - {}\n", status.error().message());
  return 1;
}

}  // namespace
}  // namespace rolecall::perf

int main(int argc, char** argv) {
  rolecall::open_standard_descriptors();
  ::mallopt(M_ARENA_MAX, 1);  // workers hardly allocate: to set up a heap for each would cost more
  try {
    return rolecall::perf::guarded_main(argc, argv);
  } catch (const std::exception& e) {  // out of memory and the like: nothing of ours throws
    std::fprintf(stderr, "roleperf: error - %s\n", e.what());
    return 1;
  }
}
