// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/fuzz_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/base/shell_word.h"

namespace rolecall::report {
namespace {

using conformance::Finding;
using Json = nlohmann::ordered_json;

std::string sums(const FuzzRun& run) {
  const auto& outcome = run.outcome;
  return fmt::format("{} conversations in {:.1f} s, seed {}; the {} took {} ways; findings: {}\n",
                     outcome.conversations, outcome.took.in_seconds(), run.seed, name(run.side),
                     outcome.ways, outcome.findings.size());
}

std::string what_of(const Finding& finding) {
  return fmt::format("{}: {}{}", name(finding.harm.kind), finding.harm.what,
                     finding.is_repeatable ? "" : " (not seen again with a fresh program)");
}

Json as_json(const FuzzRun& run, std::size_t index) {
  const Finding& finding = run.outcome.findings[index];
  return {{"kind", name(finding.harm.kind)},
          {"what", finding.harm.what},
          {"repeatable", finding.is_repeatable},
          {"conversation", print(finding.conversation)},
          {"time_line", finding.time_line},
          {"output", finding.output},
          {"file", run.files[index]},
          {"replay", replay_line(run, run.files[index])}};
}

}  // namespace

std::string replay_line(const FuzzRun& run, const std::string& file) {
  return fmt::format("rolecall fuzz {} --replay {} -- {}", name(run.side), shell_word(file),
                     run.subject);
}

std::string finding_file(const FuzzRun& run, const Finding& finding, const std::string& file) {
  return fmt::format("# {}\n# again: {}\n{}", what_of(finding), replay_line(run, file),
                     print(finding.conversation));
}

std::string fuzz_text(const FuzzRun& run, const Style& style) {
  std::string text = sums(run);
  for (std::size_t i = 0; i < run.outcome.findings.size(); ++i) {
    const Finding& finding = run.outcome.findings[i];
    text += fmt::format("\n{}\n{}{}\n  again: {}\n", paint(what_of(finding), Tone::Bad, style),
                        indented(print(finding.conversation), "  "),
                        indented(finding.time_line, "  "), replay_line(run, run.files[i]));
  }
  return text;
}

std::string fuzz_json(const FuzzRun& run) {
  Json findings = Json::array();
  for (std::size_t i = 0; i < run.outcome.findings.size(); ++i) findings.push_back(as_json(run, i));
  const Json all = {{"side", name(run.side)},
                    {"command", run.subject},
                    {"seed", run.seed},
                    {"conversations", run.outcome.conversations},
                    {"ways", run.outcome.ways},
                    {"seconds", run.outcome.took.in_seconds()},
                    {"findings", std::move(findings)}};
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rolecall::report
