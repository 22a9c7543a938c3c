// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/fuzz_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/base/shell_word.h"
#include "harness/scenario/conversation_run.h"

namespace rolecall::report {
namespace {

using conformance::Finding;
using conformance::Harm;
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

const char* verb_of(Harm::Kind kind) {
  switch (kind) {
    case Harm::Kind::Crash:
      return "crashes";
    case Harm::Kind::End:
      return "ends";
    case Harm::Kind::Hang:
      break;
  }
  return "hangs";
}

std::string replay_line(const FuzzRun& run, std::size_t index) {
  return fmt::format("{} {}", run.replay_command, shell_word(run.files[index]));
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
          {"replay", replay_line(run, index)}};
}

}  // namespace

scenario::Scenario finding_scenario(const FuzzRun& run, const Finding& finding) {
  scenario::Scenario s;
  const bool is_server = run.side == conformance::Side::Server;
  s.claim = fmt::format("such a {} {} the {}: {}", is_server ? "client" : "server",
                        verb_of(finding.harm.kind), name(run.side), finding.harm.what);
  s.why = {fmt::format("Found by rolecall fuzz {} with --seed {}, and made small.", name(run.side),
                       run.seed)};
  if (!finding.is_repeatable)
    s.why = {fmt::format("All that was said to the {} before; not seen again with a fresh one.",
                         name(run.side))};
  (is_server ? s.server : s.client) = run.program;
  (is_server ? s.client : s.server).conversation = finding.conversation;
  s.expect.of_conversation = scenario::verdict_of(finding.harm.kind);
  return s;
}

std::string fuzz_text(const FuzzRun& run, const Style& style) {
  std::string text = sums(run);
  for (std::size_t i = 0; i < run.outcome.findings.size(); ++i) {
    const Finding& finding = run.outcome.findings[i];
    text += fmt::format("\n{}\n{}{}\n  again: {}\n", paint(what_of(finding), Tone::Bad, style),
                        indented(print(finding.conversation), "  "),
                        indented(finding.time_line, "  "), replay_line(run, i));
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
