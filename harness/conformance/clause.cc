// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/clause.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace rolecall::conformance {
namespace {

// The parts of a clause behind its text, each begun by its mark.
struct Part {
  std::string_view mark;
  std::string Clause::*member;
};
constexpr std::array kParts = {Part{"*Known from*: ", &Clause::known_from},
                               Part{"*For a user*: ", &Clause::for_a_user},
                               Part{"*Not checked*: ", &Clause::not_checked}};
constexpr std::string_view kSeparator = " · ";
constexpr std::array kLevels = {Level::Must, Level::Should, Level::Quirk};

struct Line {
  int number = 0;
  std::string_view text;
};

// The lines of `document` without those of fenced blocks, which show examples.
std::vector<Line> prose(std::string_view document) {
  std::vector<Line> lines;
  bool is_fenced = false;
  for (int number = 1; !document.empty(); ++number) {
    const auto end = std::min(document.find('\n'), document.size());
    const std::string_view text = document.substr(0, end);
    document.remove_prefix(std::min(end + 1, document.size()));
    const bool is_fence = text.starts_with("```");
    if (is_fence) is_fenced = !is_fenced;
    if (!is_fence && !is_fenced) lines.push_back({number, text});
  }
  return lines;
}

std::optional<std::string_view> after(std::string_view mark, std::string_view text) {
  if (!text.starts_with(mark)) return std::nullopt;
  return text.substr(mark.size());
}

bool is_slug(std::string_view id) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !id.empty() && id.find_first_not_of(kLetters) == std::string_view::npos;
}

Error wrong(const Line& line, std::string_view what) {
  return Error{Errc::Malformed,
               fmt::format("clause, line {}: {}; found \"{}\"", line.number, what, line.text)};
}

// "MUST · client, server · all releases"
Result<void> read_head(const Line& line, Clause& clause) {
  const auto first = line.text.find(kSeparator);
  const auto second = first == line.text.npos ? first : line.text.find(kSeparator, first + 1);
  if (second == line.text.npos) return wrong(line, "write \"LEVEL · whom it binds · releases\"");
  const std::string_view level = line.text.substr(0, first);
  const auto known = std::ranges::find(kLevels, level, [](Level l) { return name(l); });
  if (known == kLevels.end()) return wrong(line, "a level is MUST, SHOULD or QUIRK");
  clause.level = *known;
  const auto whom_at = first + kSeparator.size();
  const std::string_view whom = line.text.substr(whom_at, second - whom_at);
  clause.binds_client = whom == "client" || whom == "client, server";
  clause.binds_server = whom == "server" || whom == "client, server";
  if (!clause.binds_client && !clause.binds_server) {
    return wrong(line, "it binds \"client\", \"server\" or \"client, server\"");
  }
  clause.releases = line.text.substr(second + kSeparator.size());
  if (clause.releases.empty()) return wrong(line, "the releases are missing");
  return ok();
}

void append(std::string& paragraph, std::string_view line) {
  if (!paragraph.empty()) paragraph += ' ';
  paragraph += line;
}

}  // namespace

const char* name(Level level) {
  switch (level) {
    case Level::Must:
      return "MUST";
    case Level::Should:
      return "SHOULD";
    case Level::Quirk:
      return "QUIRK";
  }
  return "?";
}

Result<std::vector<Clause>> parse_clauses(std::string_view document) {
  std::vector<Clause> clauses;
  std::string_view area;
  const std::vector<Line> lines = prose(document);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (const auto section = after("## ", lines[i].text)) area = *section;
    const auto id = after("### ", lines[i].text);
    if (!id) continue;
    const Line title = lines[i];
    if (!is_slug(*id)) return wrong(title, "an id is a slug of small letters, digits and hyphens");
    if (std::ranges::count(clauses, *id, &Clause::id) > 0) return wrong(title, "an id stands once");
    if (i + 1 == lines.size()) return wrong(title, "it ends after its id");
    Clause clause;
    clause.id = *id;
    clause.area = area;
    clause.line = title.number;
    TRY(read_head(lines[++i], clause));
    std::string Clause::*member = &Clause::text;
    for (; i + 1 < lines.size() && !lines[i + 1].text.empty(); ++i) {
      std::string_view text = lines[i + 1].text;
      for (const Part& part : kParts) {
        if (!text.starts_with(part.mark)) continue;
        text.remove_prefix(part.mark.size());
        member = part.member;
      }
      append(clause.*member, text);
    }
    if (clause.text.empty()) return wrong(title, "it does not say what is required");
    if (clause.known_from.empty()) return wrong(title, "it does not say how that is known");
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

}  // namespace rolecall::conformance
