// SPDX-License-Identifier: BSD-3-Clause
// Many runs, side by side: a shared list of jobs, one thread a job slot.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

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
  std::optional<Error> failure;
};

bool has_failed(Shared& shared) {
  const std::lock_guard lock(shared.mutex);
  return shared.failure.has_value();
}

void work(const std::vector<Job>& jobs, const std::vector<ScenarioResult>& results,
          const PeerSet& peers, const SeriesOptions& options, Shared& shared) {
  for (std::size_t i = shared.next++; i < jobs.size(); i = shared.next++) {
    if (has_failed(shared)) return;
    const Job& job = jobs[i];
    auto run = run_once(results[job.result].scenario, peers, job.lever, job.index, job.is_control,
                        options.run);
    const std::lock_guard lock(shared.mutex);
    if (!run) {
      if (!shared.failure) shared.failure = run.error();
      return;
    }
    if (options.on_run) options.on_run(run.value());
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
  const auto is_expected = [](const RunResult& run) { return run.as_expected; };
  result.as_expected = !result.controls.empty() && !result.runs.empty() &&
                       std::all_of(result.controls.begin(), result.controls.end(), is_expected) &&
                       std::all_of(result.runs.begin(), result.runs.end(), is_expected);
  result.summary =
      fmt::format("{}; control {}", count_verdicts(result.runs), count_verdicts(result.controls));
}

// Evidence folders are per scenario, so the runs of a second lever go on counting.
void add_jobs(const Scenario& scenario, const std::vector<Lever>& levers, std::optional<int> repeat,
              std::vector<ScenarioResult>& results, std::vector<Job>& jobs) {
  std::vector<std::optional<Lever>> series(levers.begin(), levers.end());
  if (series.empty()) series.emplace_back();
  int run = 0;
  int control = 0;
  for (const std::optional<Lever>& lever : series) {
    results.push_back({scenario, lever, {}, {}, false, {}});
    const std::size_t result = results.size() - 1;
    for (int i = 0; i < repeat.value_or(scenario.control.repeat); ++i)
      jobs.push_back({result, lever, ++control, true});
    for (int i = 0; i < repeat.value_or(scenario.repeat); ++i)
      jobs.push_back({result, lever, ++run, false});
  }
}

}  // namespace

Result<std::vector<ScenarioResult>> run_scenarios(const std::vector<Scenario>& scenarios,
                                                  const PeerSet& peers,
                                                  const SeriesOptions& options) {
  std::vector<ScenarioResult> results;
  std::vector<Job> jobs;
  for (const Scenario& scenario : scenarios) {
    TRY(auto levers, usable_levers(scenario, options.run));
    add_jobs(scenario, levers, options.repeat, results, jobs);
  }
  Shared shared;
  shared.done.resize(jobs.size());
  {
    std::vector<std::jthread> threads;
    const auto slots = std::clamp<std::size_t>(static_cast<std::size_t>(std::max(options.jobs, 1)),
                                               1, std::max<std::size_t>(jobs.size(), 1));
    for (std::size_t i = 0; i < slots; ++i)
      threads.emplace_back([&] { work(jobs, results, peers, options, shared); });
  }
  if (shared.failure) return *shared.failure;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    ScenarioResult& result = results[jobs[i].result];
    (jobs[i].is_control ? result.controls : result.runs).push_back(std::move(*shared.done[i]));
  }
  for (ScenarioResult& result : results) conclude(result);
  return results;
}

}  // namespace rolecall::scenario
