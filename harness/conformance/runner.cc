// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/runner.h"

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <thread>

#include <fmt/format.h>

#include "harness/base/sanitizer_report.h"
#include "harness/conformance/auth_keys.h"
#include "harness/conformance/pauses.h"
#include "harness/net/port_reservation.h"

namespace rolecall::conformance {
namespace {

constexpr const char* kServerHost = "127.0.0.1";

Outcome outcome_of(const Failure& failure, const Case& a_case) {
  if (failure.blame == Blame::Environment) return Outcome::Broken;
  switch (first_clause(a_case).level) {
    case Level::Must:
      return Outcome::Failed;
    case Level::Should:
      return Outcome::Warning;
    case Level::Quirk:
      break;
  }
  return Outcome::Noted;
}

void judge(CaseResult& result, const Checked<void>& verdict) {
  if (verdict.has_value()) return;
  result.outcome = outcome_of(verdict.error(), *result.a_case);
  result.expected = verdict.error().expected;
  result.actual = verdict.error().actual;
}

// A program that dies or that a sanitizer complains of, of its leaks at the end too, has crashed,
// whatever the case was about and found.
void end_and_judge(CaseResult& result, ProgramUnderTest& program) {
  const auto status = program.status();
  program.stop();
  result.output = program.output() + program.errors();
  const bool crashed = status && status->by_signal && !program.was_sent(status->code);
  const bool complained = has_sanitizer_report(result.output);
  if (!crashed && !complained) return;
  result.outcome = Outcome::Crashed;
  result.expected = "the program stays alive and sound";
  result.actual = crashed ? "crashed: " + status->text() : "a sanitizer's report";
}

constexpr std::string_view kKeys = "{keys}";

// With the folder of keys, which is made for the first case that needs it.
Checked<std::string> options_of(const Case& a_case) {
  std::string options = a_case.options;
  for (auto at = options.find(kKeys); at != options.npos; at = options.find(kKeys, at)) {
    if (!AuthKeys::made()) return environment_failure(AuthKeys::made().error());
    options.replace(at, kKeys.size(), AuthKeys::get().folder());
  }
  return options;
}

void run_at_own_server(CaseResult& result, const RunOptions& options,
                       const std::filesystem::path& folder, TimeLine& line) {
  auto reserved = PortReservation::take(0);
  if (reserved.has_error()) return judge(result, environment_failure(reserved.error()));
  const std::uint16_t port = reserved.value().port();
  const auto more = options_of(*result.a_case);
  if (more.has_error()) return judge(result, more.error());
  auto started = ProgramUnderTest::start(options.command.filled(kServerHost, port, more.value()),
                                         {}, folder, line);
  if (started.has_error()) return judge(result, started.error());
  ProgramUnderTest& program = started.value();
  const auto address = resolve(kServerHost, port, AF_INET);
  auto verdict = program.await_listener(port);
  if (verdict.has_value()) {
    ServerScript script(address.value().front(), &program, line);
    verdict = result.a_case->at_server(script);
    if (auto there = program.check_foreground(port); there.has_error()) verdict = std::move(there);
  }
  judge(result, verdict);
  end_and_judge(result, program);
}

void run_at_client(CaseResult& result, const RunOptions& options,
                   const std::filesystem::path& folder, TimeLine& line) {
  auto opened = ClientScript::open(options.command, folder, line);
  if (opened.has_error()) return judge(result, opened.error());
  ClientScript& script = opened.value();
  const auto more = options_of(*result.a_case);
  if (more.has_error()) return judge(result, more.error());
  auto verdict = script.start(more.value(), {std::string("IPERF3_PASSWORD=") + kPassword});
  if (verdict.has_error()) return judge(result, verdict);
  verdict = result.a_case->at_client(script);
  judge(result, verdict);
  end_and_judge(result, script.program());
}

// As long as the protocol lets a server wait for what does not come, and as much again.
constexpr Duration kPatience = seconds(20);

Checked<void> await_served(ServerScript& server) {
  const Pauses pauses;
  for (const Deadline deadline = Deadline::after(kPatience);; pauses.wait()) {
    auto served = server.expect_served();
    if (served || deadline.expired() || !server.connect("control")) return served;
  }
}

// The server goes on to the next case: a case that leaves it in a state in which it serves nobody
// would make all that follow fail, for no reason of theirs.
void run_at_running_server(CaseResult& result, const Address& server, TimeLine& line) {
  ServerScript script(server, nullptr, line);
  judge(result, result.a_case->at_server(script));
  const auto served = await_served(script);
  if (served) return;
  result.has_lost_the_server = true;
  result.outcome = Outcome::Failed;
  result.expected = "the server serves a plain test after the case";
  result.actual = served.error().actual + "; no further case is asked of it";
}

CaseResult not_asked(const Case& a_case, const std::string& lost_by) {
  CaseResult result;
  result.a_case = &a_case;
  result.outcome = Outcome::Skipped;
  result.actual = fmt::format("the server has served nobody since {}: start it again", lost_by);
  return result;
}

}  // namespace

Result<void> check_subject(const RunOptions& options) {
  if (!options.server) {
    TRY(ProgramUnderTest::find(options.command.words.front()));
    return ok();
  }
  TimeLine line;
  const auto connection = ServerScript(*options.server, nullptr, line).connect("control");
  if (connection.has_value()) return ok();
  return Error{Errc::Config, "no server: " + connection.error().actual};
}

Hindrance hindrance(const Case& a_case, const RunOptions& options) {
  for (const std::string& tag : a_case.tags) {
    if (std::find(options.without.begin(), options.without.end(), tag) != options.without.end()) {
      return {Outcome::Unsupported, fmt::format("declared by --without {}", tag)};
    }
  }
  if (options.server && a_case.has_tag("process")) {
    return {Outcome::Skipped, "needs the program to be started by the suite"};
  }
  if (a_case.side == Side::Client || a_case.options.empty()) return {};
  if (options.server) {
    return {Outcome::Skipped, fmt::format("needs a server started with {}", a_case.options)};
  }
  if (options.command.takes_options()) return {};
  return {Outcome::Skipped,
          fmt::format("needs {}, and the command has no {{options}}", a_case.options)};
}

bool was_run(Outcome outcome) {
  return outcome != Outcome::Unsupported && outcome != Outcome::Skipped;
}

const char* name(Outcome outcome) {
  switch (outcome) {
    case Outcome::Passed:
      return "passed";
    case Outcome::Failed:
      return "failed";
    case Outcome::Crashed:
      return "crashed";
    case Outcome::Warning:
      return "warning";
    case Outcome::Noted:
      return "noted";
    case Outcome::Unsupported:
      return "unsupported";
    case Outcome::Skipped:
      return "skipped";
    case Outcome::Broken:
      break;
  }
  return "broken";
}

CaseResult run_case(const Case& a_case, const RunOptions& options) {
  CaseResult result;
  result.a_case = &a_case;
  Hindrance stopped_by = hindrance(a_case, options);
  if (!was_run(stopped_by.outcome)) {
    result.outcome = stopped_by.outcome;
    result.actual = std::move(stopped_by.reason);
    return result;
  }
  const auto folder = options.folder / name(a_case.side) / a_case.name;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  TimeLine line(options.step_limit);
  const TimePoint begin = now();
  if (a_case.side == Side::Client) {
    run_at_client(result, options, folder, line);
  } else if (options.server) {
    run_at_running_server(result, *options.server, line);
  } else {
    run_at_own_server(result, options, folder, line);
  }
  result.took = now() - begin;
  result.time_line = line.text();
  return result;
}

std::vector<CaseResult> run_cases(const std::vector<const Case*>& cases, const RunOptions& options,
                                  const std::function<void(const CaseResult&)>& done) {
  std::vector<std::size_t> order(cases.size());  // slow ones first: nothing is to wait for them
  std::iota(order.begin(), order.end(), 0U);
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return cases[i]->has_tag("slow"); });
  std::vector<CaseResult> results(cases.size());
  std::atomic<std::size_t> next = 0;
  std::mutex telling;
  std::string lost_by;  // with a server that runs already, so by the only worker there is
  const auto work = [&] {
    for (std::size_t n = next++; n < cases.size(); n = next++) {
      if (options.stop != nullptr && options.stop->is_raised()) return;
      const std::size_t i = order[n];
      results[i] = lost_by.empty() ? run_case(*cases[i], options) : not_asked(*cases[i], lost_by);
      if (results[i].has_lost_the_server) lost_by = cases[i]->id();
      const std::lock_guard lock(telling);
      done(results[i]);
    }
  };
  std::vector<std::jthread> workers;
  const int jobs = options.server ? 1 : options.jobs;  // a server runs one test at a time
  for (int i = 0; i < jobs; ++i) workers.emplace_back(work);
  workers.clear();
  std::erase_if(results, [](const CaseResult& result) { return result.a_case == nullptr; });
  return results;
}

}  // namespace rolecall::conformance
