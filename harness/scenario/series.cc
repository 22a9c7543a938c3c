// SPDX-License-Identifier: BSD-3-Clause
// Many runs, side by side: a shared list of jobs, one thread a job slot.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/net/stop_token.h"
#include "harness/scenario/conversation_run.h"
#include "harness/scenario/proxy.h"
#include "harness/scenario/runner.h"

namespace rolecall::scenario {
namespace {

struct Job {
  std::size_t result;  // index of the ScenarioResult
  std::optional<Lever> lever;
  int index = 1;
  bool is_control = false;
};

// What the threads share. Every member behind `mutex`, but `next`.
struct Shared {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::vector<std::optional<RunResult>> done;
  std::size_t finished = 0;
  std::map<std::size_t, Error> left_out;  // by result: what keeps its runs from being made here
  std::optional<Error> failure;           // ends the series
};

bool is_wanted(const Job& job, Shared& shared) {
  const std::lock_guard lock(shared.mutex);
  return !shared.failure && !shared.left_out.contains(job.result);
}

void note_failure(const Job& job, Error error, const SeriesOptions& options, Shared& shared) {
  if (options.leaves_out && error.code == Errc::Config && !is_interruption(error)) {
    shared.left_out.emplace(job.result, std::move(error));
  } else if (!shared.failure) {
    shared.failure = std::move(error);
  }
}

void work(const std::vector<Job>& jobs, const std::vector<ScenarioResult>& results,
          const PeerSet& peers, const SeriesOptions& options, Shared& shared) {
  for (std::size_t i = shared.next++; i < jobs.size(); i = shared.next++) {
    const Job& job = jobs[i];
    if (!is_wanted(job, shared)) continue;
    auto run = run_once(results[job.result].scenario, peers, job.lever, job.index, job.is_control,
                        options.run);
    const std::lock_guard lock(shared.mutex);
    if (!run) {
      note_failure(job, std::move(run).error(), options, shared);
      continue;
    }
    ++shared.finished;
    if (options.on_run) options.on_run(run.value(), shared.finished, jobs.size());
    shared.done[i] = std::move(run.value());
  }
}

std::string count_verdicts(const std::vector<RunResult>& runs) {
  std::map<VerdictKind, std::size_t> counts;
  for (const RunResult& run : runs) ++counts[run.verdict.kind];
  std::string text;
  for (const auto& [kind, count] : counts)
    text += fmt::format("{}{} of {} {}", text.empty() ? "" : ", ", count, runs.size(), name(kind));
  return text;
}

void conclude(ScenarioResult& result) {
  if (!result.left_out.empty()) return;
  const auto is_expected = [](const RunResult& run) { return run.as_expected; };
  const bool has_control = result.scenario.control.repeat > 0;
  result.as_expected = result.controls.empty() != has_control && !result.runs.empty() &&
                       std::all_of(result.controls.begin(), result.controls.end(), is_expected) &&
                       std::all_of(result.runs.begin(), result.runs.end(), is_expected);
  result.summary = count_verdicts(result.runs);
  if (has_control) result.summary += "; control " + count_verdicts(result.controls);
}

// What a series is made of.
struct Plan {
  std::vector<ScenarioResult> results;
  std::vector<Job> jobs;

  // Evidence folders are per scenario, so the runs of a second lever go on counting.
  void add(const Scenario& scenario, const std::vector<std::optional<Lever>>& series,
           std::optional<int> repeat) {
    const bool has_control = scenario.control.repeat > 0;
    int run = 0;
    int control = 0;
    for (const std::optional<Lever>& lever : series) {
      results.push_back({.scenario = scenario, .lever = lever});
      const std::size_t result = results.size() - 1;
      const int controls = has_control ? repeat.value_or(scenario.control.repeat) : 0;
      for (int i = 0; i < controls; ++i) jobs.push_back({result, lever, ++control, true});
      for (int i = 0; i < repeat.value_or(scenario.repeat); ++i)
        jobs.push_back({result, lever, ++run, false});
    }
  }

  void leave_out(const Scenario& scenario, std::optional<Lever> lever, std::string why) {
    results.push_back({.scenario = scenario, .lever = lever, .left_out = std::move(why)});
  }
};

// Gives each scenario the runs that were made of it. REQUIRES: the threads have ended.
void collect(Shared& shared, Plan& plan) {
  for (const auto& [index, why] : shared.left_out) plan.results[index].left_out = why.message();
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    const Job& job = plan.jobs[i];
    ScenarioResult& result = plan.results[job.result];
    if (shared.done[i] && result.left_out.empty())
      (job.is_control ? result.controls : result.runs).push_back(std::move(*shared.done[i]));
  }
}

// What was run before the series was interrupted: each scenario with the runs that were made, if
// its control was.
std::vector<ScenarioResult> made_so_far(Plan plan) {
  std::erase_if(plan.results, [](const ScenarioResult& r) {
    return r.runs.empty() || (r.scenario.control.repeat > 0 && r.controls.empty());
  });
  for (ScenarioResult& result : plan.results) conclude(result);
  return std::move(plan.results);
}

// The peer of the two that is not here, or the proxy between them.
std::optional<Error> missing_program(const Scenario& scenario, const PeerSet& peers) {
  if (scenario.has_conversation()) {
    const auto side = side_under_test(scenario);
    const bool is_server = side == conformance::Side::Server;
    auto command = command_of(is_server ? scenario.server : scenario.client, side, peers);
    return command ? std::nullopt : std::optional(command.error());
  }
  for (const PeerSpec* spec : {&scenario.server, &scenario.client})
    if (auto peer = peers.get(spec->peer); !peer) return peer.error();
  if (!scenario.link.has_proxy) return std::nullopt;
  if (auto proxy = check_proxy(); proxy.has_error()) return proxy.error();
  return std::nullopt;
}

Error without_levers(const Scenario& scenario, const Levers& levers) {
  std::string why;
  for (const auto& [lever, reason] : levers.missing)
    why += fmt::format("; {}: {}", name(lever), reason);
  return {Errc::Config, fmt::format("scenario {}: no lever here can impose \"{}\"{}", scenario.name,
                                    print(scenario.schedule), why)};
}

Result<void> plan_scenario(const Scenario& scenario, const PeerSet& peers,
                           const SeriesOptions& options, Plan& plan) {
  if (auto missing = missing_program(scenario, peers)) {
    if (!options.leaves_out) return *missing;
    plan.leave_out(scenario, std::nullopt, missing->message());
    return ok();
  }
  const Levers levers = levers_of(scenario, options.run);
  if (levers.here.empty() && !levers.missing.empty() && !options.leaves_out)
    return without_levers(scenario, levers);
  std::vector<std::optional<Lever>> series(levers.here.begin(), levers.here.end());
  if (series.empty() && levers.missing.empty()) series.emplace_back();
  plan.add(scenario, series, options.repeat);
  for (const auto& [lever, reason] : levers.missing) plan.leave_out(scenario, lever, reason);
  return ok();
}

// Config, with the first reason, when all of them are left out.
Result<void> check_any_is_run(const std::vector<ScenarioResult>& results) {
  const auto is_left_out = [](const ScenarioResult& r) { return !r.left_out.empty(); };
  if (results.empty() || !std::all_of(results.begin(), results.end(), is_left_out)) return ok();
  const ScenarioResult& first = results.front();
  return Error{Errc::Config, fmt::format("scenario {}: {}", first.scenario.name, first.left_out)};
}

}  // namespace

Result<std::vector<ScenarioResult>> run_scenarios(const std::vector<Scenario>& scenarios,
                                                  const PeerSet& peers,
                                                  const SeriesOptions& options) {
  Plan plan;
  for (const Scenario& scenario : scenarios) {
    TRY(plan_scenario(scenario, peers, options, plan));
  }
  auto& [results, jobs] = plan;
  // What an earlier series left there would stand beside this one's.
  for (const ScenarioResult& result : results) {
    TRY(make_empty_folder(options.run.out / result.scenario.name));
  }
  Shared shared;
  shared.done.resize(jobs.size());
  {
    std::vector<std::jthread> threads;
    const auto slots = std::clamp<std::size_t>(static_cast<std::size_t>(std::max(options.jobs, 1)),
                                               1, std::max<std::size_t>(jobs.size(), 1));
    for (std::size_t i = 0; i < slots; ++i)
      threads.emplace_back([&] { work(plan.jobs, plan.results, peers, options, shared); });
  }
  collect(shared, plan);
  if (shared.failure) {
    if (is_interruption(*shared.failure) && options.on_interruption)
      options.on_interruption(made_so_far(std::move(plan)));
    return *shared.failure;
  }
  TRY(check_any_is_run(results));
  for (ScenarioResult& result : results) conclude(result);
  return std::move(plan.results);
}

}  // namespace rolecall::scenario
