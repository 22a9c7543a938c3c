// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/html.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "harness/report/junit.h"
#include "harness/report/results.h"

namespace rolecall::report {
namespace {

using scenario::RunResult;
using scenario::ScenarioResult;
using scenario::VerdictKind;

using Runs = std::vector<RunResult>;

constexpr std::string_view kStyleSheet = R"(
:root { color-scheme: light dark; }
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .15rem .7rem .15rem 0; vertical-align: top; }
th { border-bottom: 1px solid gray; font-weight: 600; }
.right { text-align: right; font-variant-numeric: tabular-nums; }
.control { opacity: .7; }
.good { color: #2a8a3a; }
.bad { color: #d3302f; font-weight: 600; }
.faint { opacity: .6; }
.runs b { display: inline-block; width: .8rem; height: .8rem; margin: 0 1px; border-radius: 2px;
  background: #2a8a3a; color: white; font-size: .7rem; line-height: .8rem; text-align: center; }
.runs b.bad { background: #d3302f; }
details { margin: 0 0 .6rem; }
summary { cursor: pointer; }
pre, code { font: 13px/1.25 ui-monospace, monospace; }
pre { overflow-x: auto; }
)";

constexpr Style kPageStyle{.unicode = true};

const char* css_class(Tone tone) {
  constexpr const char* kNames[] = {"plain", "good", "bad", "faint"};
  return kNames[static_cast<std::size_t>(tone)];
}

std::string pre(std::string_view text) {
  return fmt::format("<pre>{}</pre>\n", xml_escape(text));
}

// "run 3: deadlock, 0.212 s"
std::string caption(const RunResult& run) {
  return fmt::format(
      "{}run {}: {}{}", run.is_control ? "control " : "", run.index, name(run.verdict.kind),
      run.time_to_verdict ? fmt::format(", {:.3f} s", run.time_to_verdict->in_seconds()) : "");
}

// A square a run; what was not as stated is told by more than its colour.
std::string squares(const Runs& runs) {
  std::string text;
  for (const RunResult& run : runs) {
    text += fmt::format(R"(<b class="{}" title="{}">{}</b>)", run.as_expected ? "good" : "bad",
                        xml_escape(caption(run)), run.as_expected ? " " : "!");
  }
  return text;
}

std::string row(const std::vector<Column>& columns, const Runs& runs) {
  const std::vector<Cell> cells = result_line(runs, ScenarioColumn::Shown);
  std::string text =
      fmt::format("<tr class=\"{}\">", runs.front().is_control ? "control" : "claims");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text +=
        fmt::format("<td class=\"{} {}\">{}</td>", css_class(cells[i].tone),
                    columns[i].align == Align::Right ? "right" : "left", xml_escape(cells[i].text));
  }
  return text + fmt::format("<td class=\"runs\">{}</td></tr>\n", squares(runs));
}

std::string evidence(const RunResult& run) {
  if (run.evidence.empty()) return "";
  const std::string path = xml_escape(run.evidence.string());
  return fmt::format("<br/>evidence: <a href=\"{0}\">{0}</a>", path);
}

std::string run_item(const RunResult& run) {
  std::string notes;
  for (const std::string& note : run.notes) notes += "<br/>" + xml_escape(note);
  return fmt::format(
      "<li><span class=\"{}\">{}</span>: {}{}{}<br/>client: {}; server: {}<br/>"
      "again: <code>{}</code></li>\n",
      run.as_expected ? "good" : "bad", xml_escape(caption(run)), xml_escape(run.verdict.reason),
      notes, evidence(run), xml_escape(run.client_ended), xml_escape(run.server_ended),
      xml_escape(run.replay));
}

// Behind a click, open where something was not as stated: each run, and a deadlock's picture.
std::string details(const ScenarioResult& result) {
  std::string text = fmt::format(
      "<details{}><summary>{}{}: {}</summary>\n", result.as_expected ? "" : " open=\"open\"",
      xml_escape(result.scenario.name),
      result.lever ? fmt::format(", {}", name(*result.lever)) : "", xml_escape(result.summary));
  const auto deadlock = std::ranges::find(result.runs, VerdictKind::Deadlock,
                                          [](const RunResult& r) { return r.verdict.kind; });
  if (deadlock != result.runs.end()) text += pre(explain_deadlock(*deadlock, kPageStyle));
  text += "<ul>\n";
  for (const RunResult& run : result.controls) text += run_item(run);
  for (const RunResult& run : result.runs) text += run_item(run);
  return text + "</ul></details>\n";
}

std::string overview(const std::vector<ScenarioResult>& results) {
  const std::vector<Column> columns = result_columns(ScenarioColumn::Shown);
  std::string text = "<table>\n<thead><tr>";
  for (const Column& column : columns) text += "<th>" + xml_escape(column.title) + "</th>";
  text += "<th>runs</th></tr></thead>\n<tbody>\n";
  for (const ScenarioResult& result : results) {
    if (!result.controls.empty()) text += row(columns, result.controls);
    if (!result.runs.empty()) text += row(columns, result.runs);
  }
  return text + "</tbody>\n</table>\n";
}

std::string headline(const std::vector<ScenarioResult>& results) {
  const auto good = std::ranges::count_if(results, &ScenarioResult::as_expected);
  const auto run =
      std::ranges::count_if(results, [](const ScenarioResult& r) { return r.left_out.empty(); });
  return fmt::format("<p class=\"{}\">{} of {} as stated</p>\n{}", good == run ? "good" : "bad",
                     good, run, left_out(results).empty() ? "" : pre(left_out(results)));
}

}  // namespace

std::string html_page(std::string_view title, const std::vector<ScenarioResult>& results,
                      const std::optional<Explanation>& explained) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
      "<meta charset=\"UTF-8\"/>\n<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<h1>{0}</h1>\n",
      xml_escape(title), kStyleSheet);
  text += headline(results) + overview(results);
  if (explained) {
    text += "<h2>One deadlock, explained</h2>\n" + pre(explanation_text(*explained, kPageStyle));
  }
  text += "<h2>Run by run</h2>\n";
  for (const ScenarioResult& result : results)
    if (result.left_out.empty()) text += details(result);
  return text + "</body>\n</html>\n";
}

}  // namespace rolecall::report
