// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/conformance_report.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/report/junit.h"

namespace rolecall::report {
namespace {

using conformance::CaseResult;
using conformance::Clause;
using conformance::Judged;
using conformance::Level;
using conformance::Outcome;

using Json = nlohmann::ordered_json;

constexpr std::string_view kCasePlace = "{case}";

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Tone tone_of(const Judged& judged) {
  if (!judged.as_expected) return Tone::Bad;
  return judged.result.outcome == Outcome::Passed ? Tone::Good : Tone::Faint;
}

// "passed", "known failure", "unexpected pass" ...
std::string word_of(const Judged& judged) {
  const Outcome outcome = judged.result.outcome;
  if (judged.known_because.empty() || !was_run(outcome)) return name(outcome);
  return outcome == Outcome::Passed ? "unexpected pass" : "known";
}

std::string why_not_run(const Judged& judged) {
  return was_run(judged.result.outcome) ? "" : ": " + judged.result.actual;
}

std::string tree(const ConformanceRun& run, const Style& style) {
  std::string text;
  std::string area;
  for (const Judged& judged : run.cases) {
    const Clause& clause = first_clause(*judged.result.a_case);
    if (clause.area != area) {
      area = clause.area;
      text += area + "\n";
    }
    text += fmt::format("  {}  {:<6}  {}{}\n",
                        paint(fmt::format("{:<15}", word_of(judged)), tone_of(judged), style),
                        name(clause.level), judged.result.a_case->name, why_not_run(judged));
  }
  return text;
}

std::string clause_list(const conformance::Case& a_case) {
  return fmt::format("{}", fmt::join(a_case.clauses, ", "));
}

// Its beginning, without what a terminal would obey.
std::string shown(const std::string& output) {
  std::string text = output.substr(0, 2000);
  std::ranges::replace_if(
      text, [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }, '?');
  return text;
}

// What is not as it should be.
bool is_worth_telling(const Judged& judged) {
  const Outcome outcome = judged.result.outcome;
  return !judged.as_expected || (outcome != Outcome::Passed && was_run(outcome));
}

std::string contrast(const Judged& judged) {
  const CaseResult& result = judged.result;
  std::string text;
  if (judged.recorded) text = fmt::format("recorded as {}; ", *judged.recorded);
  if (result.outcome != Outcome::Passed) {
    return text + fmt::format("expected {}; found {}", result.expected, result.actual);
  }
  if (judged.known_because.empty()) return text + "found that it passes";
  return "expected a failure, as the baseline has it; found that it passes";
}

std::string detail(const ConformanceRun& run, const Judged& judged) {
  const CaseResult& result = judged.result;
  std::string text = fmt::format("  clause    {}\n", clause_list(*result.a_case));
  if (result.outcome != Outcome::Passed) {
    text += fmt::format("  expected  {}\n  found     {}\n", result.expected, result.actual);
  }
  if (!judged.known_because.empty()) text += fmt::format("  known     {}\n", judged.known_because);
  if (judged.recorded) text += fmt::format("  recorded  {}\n", *judged.recorded);
  if (!result.time_line.empty()) text += "  bytes\n" + indented(result.time_line, "    ");
  if (!result.output.empty()) {
    text += "  what the program wrote\n" + indented(shown(result.output), "    ");
  }
  std::string again = run.again;
  again.replace(again.find(kCasePlace), kCasePlace.size(), "--case " + result.a_case->name);
  return text + fmt::format("  again     {}\n", again);
}

std::string details(const ConformanceRun& run, const Style& style) {
  std::string text;
  for (const Judged& judged : run.cases) {
    if (!is_worth_telling(judged)) continue;
    text += fmt::format("\n{}: {}\n", judged.result.a_case->id(),
                        paint(word_of(judged), tone_of(judged), style));
    text += detail(run, judged);
  }
  return text;
}

std::map<std::string, int> counts(const ConformanceRun& run) {
  std::map<std::string, int> count;
  for (const Judged& judged : run.cases) ++count[word_of(judged)];
  return count;
}

JunitCase junit_case(const ConformanceRun& run, const Judged& judged) {
  const CaseResult& result = judged.result;
  JunitCase one;
  one.group = fmt::format("{}.{}", name(run.side), first_clause(*result.a_case).area);
  one.name = result.a_case->name;
  one.took = result.took;
  if (!judged.as_expected) {
    one.result = result.outcome == Outcome::Broken ? JunitResult::Error : JunitResult::Failed;
    one.reason = contrast(judged);
    one.detail = detail(run, judged);
  } else if (result.outcome != Outcome::Passed) {
    const std::string& why = judged.known_because.empty() ? result.actual : judged.known_because;
    one.result = JunitResult::Skipped;
    one.reason = fmt::format("{}: {}", word_of(judged), why);
  }
  return one;
}

Json json_case(const Judged& judged) {
  const CaseResult& result = judged.result;
  Json one = {{"id", result.a_case->id()},
              {"clauses", result.a_case->clauses},
              {"level", name(first_clause(*result.a_case).level)},
              {"outcome", name(result.outcome)},
              {"as_expected", judged.as_expected},
              {"seconds", result.took.in_seconds()}};
  if (!judged.known_because.empty()) one["known_because"] = judged.known_because;
  if (judged.recorded) one["recorded"] = *judged.recorded;
  if (result.outcome == Outcome::Passed) return one;
  if (!was_run(result.outcome)) {
    one["reason"] = result.actual;
    return one;
  }
  one["expected"] = result.expected;
  one["found"] = result.actual;
  one["time_line"] = result.time_line;
  one["output"] = result.output;
  return one;
}

const char* sarif_level(const Judged& judged) {
  if (!judged.as_expected) return "error";
  return judged.result.outcome == Outcome::Warning ? "warning" : "note";
}

Json sarif_result(const Judged& judged) {
  const conformance::Case& a_case = *judged.result.a_case;
  const Json place = {{"artifactLocation", {{"uri", "harness/conformance/SPEC.md"}}},
                      {"region", {{"startLine", first_clause(a_case).line}}}};
  const Json names = Json::array({{{"name", a_case.id()}, {"kind", "member"}}});
  Json one = {
      {"ruleId", a_case.clauses.front()},
      {"level", sarif_level(judged)},
      {"message", {{"text", fmt::format("{}: {}", a_case.id(), contrast(judged))}}},
      {"locations", Json::array({{{"physicalLocation", place}, {"logicalLocations", names}}})}};
  if (!judged.known_because.empty() && judged.as_expected) {
    one["suppressions"] =
        Json::array({{{"kind", "external"}, {"justification", judged.known_because}}});
  }
  return one;
}

}  // namespace

std::string conformance_text(const ConformanceRun& run, const Style& style) {
  std::string sums;
  for (const auto& [word, count] : counts(run)) {
    sums += fmt::format("{}{} {}", sums.empty() ? "" : ", ", count, word);
  }
  return fmt::format("{} under test: {}\n\n{}{}\n{} case{}: {}; {:.1f} s\n", name(run.side),
                     run.subject, tree(run, style), details(run, style), run.cases.size(),
                     run.cases.size() == 1 ? "" : "s", sums, run.took.in_seconds());
}

std::string conformance_json(const ConformanceRun& run) {
  Json cases = Json::array();
  for (const Judged& judged : run.cases) cases.push_back(json_case(judged));
  return dump({{"side", name(run.side)},
               {"subject", run.subject},
               {"seconds", run.took.in_seconds()},
               {"counts", counts(run)},
               {"cases", std::move(cases)}});
}

std::string conformance_junit(const ConformanceRun& run) {
  std::vector<JunitCase> cases;
  for (const Judged& judged : run.cases) cases.push_back(junit_case(run, judged));
  return junit(fmt::format("rolecall conform {}", name(run.side)), cases);
}

std::string conformance_sarif(const ConformanceRun& run) {
  Json rules = Json::array();
  for (const Clause& clause : conformance::specification()) {
    rules.push_back({{"id", clause.id},
                     {"shortDescription", {{"text", clause.text}}},
                     {"properties", {{"level", name(clause.level)}, {"area", clause.area}}}});
  }
  Json results = Json::array();
  for (const Judged& judged : run.cases) {
    if (is_worth_telling(judged)) results.push_back(sarif_result(judged));
  }
  return dump(
      {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
       {"version", "2.1.0"},
       {"runs", Json::array({{{"tool", {{"driver", {{"name", "rolecall"}, {"rules", rules}}}}},
                              {"results", results}}})}});
}

}  // namespace rolecall::report
