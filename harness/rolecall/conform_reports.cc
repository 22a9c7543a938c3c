// SPDX-License-Identifier: BSD-3-Clause
#include "harness/rolecall/conform_reports.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/base/shell_word.h"
#include "harness/rolecall/command.h"

namespace rolecall::cli {
namespace {

using conformance::CaseResult;
using conformance::Judged;
using conformance::Outcome;
using conformance::Profile;

std::string command_line(const ConformCommand& command) {
  if (!command.connect.empty()) return command.connect;
  std::vector<std::string> words;
  for (const std::string& word : command.words) words.push_back(shell_word(word));
  return fmt::format("{}", fmt::join(words, " "));
}

std::string again(const ConformCommand& command) {
  std::string head = fmt::format("rolecall conform {} {{case}} ", name(command.side));
  if (command.step_limit_s) head += fmt::format("--timeout {} ", *command.step_limit_s);
  return head + (command.connect.empty() ? "-- " : "--connect ") + command_line(command);
}

int exit_status_of(const std::vector<Judged>& cases) {
  int status = kExitAsExpected;
  for (const Judged& judged : cases) {
    if (judged.result.outcome == Outcome::Broken) return kExitEnvironment;
    if (!judged.as_expected) status = kExitUnexpected;
  }
  return status;
}

bool has_all(const conformance::Selection& wanted) {
  return wanted.ids.empty() && wanted.clauses.empty() && wanted.tags.empty() &&
         wanted.levels.empty();
}

// What is not as recorded, a line each, and each failure of these whole.
std::string comparison(const ConformCommand& command, const Profile& recorded,
                       const std::vector<std::string>& differences, report::ConformanceRun run) {
  std::string text = fmt::format("{} case{}, {} not as recorded of {} in {}\n", run.cases.size(),
                                 run.cases.size() == 1 ? "" : "s", differences.size(),
                                 recorded.subject, command.profile);
  for (const std::string& line : differences) text += line + "\n";
  std::erase_if(run.cases, [](const Judged& judged) {
    return judged.as_expected || judged.result.outcome == Outcome::Passed;
  });
  if (!run.cases.empty()) text += "\n" + conformance_text(run, stdout_style());
  return text;
}

Result<void> check_names(const ConformCommand& command) {
  const std::vector<std::string> paths = {command.junit, command.sarif, command.record};
  for (auto path = paths.begin(); path != paths.end(); ++path)
    if (!path->empty() && std::find(path + 1, paths.end(), *path) != paths.end())
      return Error{Errc::Config, fmt::format("{} is named for two reports: the later one would "
                                             "take the place of the other",
                                             *path)};
  return ok();
}

// The profile that --record names, as far as it is there.
Result<Profile> recorded_so_far(const ConformCommand& command) {
  Profile profile{command_line(command), {}};
  if (command.record.empty() || !std::filesystem::exists(command.record)) return profile;
  TRY(const auto text, read_file(command.record));
  return conformance::parse_profile(text);
}

}  // namespace

ConformReports::ConformReports(const ConformCommand& command, Profile recorded, ReportFile junit,
                               ReportFile sarif, ReportFile record)
    : command_(&command),
      recorded_(std::move(recorded)),
      junit_(std::move(junit)),
      sarif_(std::move(sarif)),
      record_(std::move(record)) {}

Result<ConformReports> ConformReports::open(const ConformCommand& command) {
  TRY(check_names(command));
  TRY(auto recorded, recorded_so_far(command));
  TRY(auto junit, ReportFile::open(command.junit));
  TRY(auto sarif, ReportFile::open(command.sarif));
  TRY(auto record, ReportFile::open(command.record));
  return ConformReports(command, std::move(recorded), std::move(junit), std::move(sarif),
                        std::move(record));
}

Result<void> ConformReports::print(const report::ConformanceRun& run,
                                   const std::string& compared) const {
  if (command_->json) {
    fmt::print(stderr, "{}", compared);
    return write_stdout(conformance_json(run));
  }
  return write_stdout(compared.empty() ? conformance_text(run, stdout_style()) : compared);
}

Result<int> ConformReports::write(std::vector<CaseResult> results, Duration took,
                                  const conformance::Expectations& expectations, bool is_complete) {
  const std::string outcomes = print_profile(recorded_, results);
  std::vector<std::string> changed;
  if (expectations.recorded)
    changed =
        differences(*expectations.recorded, results, is_complete && has_all(command_->selection));
  const report::ConformanceRun run{command_->side, command_line(*command_),
                                   judge(std::move(results), expectations), took, again(*command_)};
  TRY(print(run, expectations.recorded ? comparison(*command_, *expectations.recorded, changed, run)
                                       : ""));
  TRY(junit_.write(conformance_junit(run)));
  TRY(sarif_.write(conformance_sarif(run)));
  if (is_complete) {
    TRY(record_.write(outcomes));
  }
  const int status = exit_status_of(run.cases);
  return status == kExitAsExpected && !changed.empty() ? kExitUnexpected : status;
}

}  // namespace rolecall::cli
