// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/case.h"

#include <fnmatch.h>

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/conformance/cases/areas.h"
#include "harness/conformance/spec_text.h"

namespace rolecall::conformance {
namespace {

template <class List, class Value>
bool has(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool fits(const Case& a_case, const std::string& pattern) {
  return ::fnmatch(pattern.c_str(), a_case.name.c_str(), 0) == 0 ||
         ::fnmatch(pattern.c_str(), a_case.id().c_str(), 0) == 0;
}

template <class Fits>
Result<void> check_words(const std::vector<std::string>& words, Side side, const char* kind,
                         Fits&& fits_word) {
  for (const std::string& word : words) {
    const bool used = std::any_of(all_cases().begin(), all_cases().end(), [&](const Case& a_case) {
      return a_case.side == side && fits_word(a_case, word);
    });
    if (!used) {
      return Error{
          Errc::Config,
          fmt::format("no case for a {} has the {} '{}'; `rolecall conform {} --list` shows "
                      "them all",
                      name(side), kind, word, name(side))};
    }
  }
  return ok();
}

bool has_clause(const Case& a_case, const std::string& id) {
  return has(a_case.clauses, id);
}

bool has_tag(const Case& a_case, const std::string& tag) {
  return a_case.has_tag(tag);
}

template <class Fits>
bool any_fits(const std::vector<std::string>& words, const Case& a_case, Fits&& fits_word) {
  return words.empty() || std::any_of(words.begin(), words.end(), [&](const std::string& word) {
           return fits_word(a_case, word);
         });
}

}  // namespace

const char* name(Side side) {
  return side == Side::Server ? "server" : "client";
}

bool Case::has_tag(std::string_view tag) const {
  return has(tags, tag);
}

std::vector<Case> of(std::vector<ServerCase> cases) {
  std::vector<Case> all;
  for (ServerCase& one : cases) {
    all.push_back({one.name,
                   std::move(one.clauses),
                   std::move(one.tags),
                   one.options,
                   Side::Server,
                   std::move(one.body),
                   {}});
  }
  return all;
}

std::vector<Case> of(std::vector<ClientCase> cases) {
  std::vector<Case> all;
  for (ClientCase& one : cases) {
    all.push_back({one.name,
                   std::move(one.clauses),
                   std::move(one.tags),
                   one.options,
                   Side::Client,
                   {},
                   std::move(one.body)});
  }
  return all;
}

const std::vector<Case>& all_cases() {
  static const std::vector<Case> cases = [] {
    std::vector<Case> all;
    for (const auto area : kAreas) {
      for (Case& a_case : area()) all.push_back(std::move(a_case));
    }
    return all;
  }();
  return cases;
}

const std::vector<Clause>& specification() {
  static const std::vector<Clause> clauses = parse_clauses(spec_text()).value();
  return clauses;
}

const Clause& first_clause(const Case& a_case) {
  const auto& clauses = specification();
  const auto found = std::find_if(clauses.begin(), clauses.end(), [&](const Clause& clause) {
    return clause.id == a_case.clauses.front();
  });
  CHECK(found != clauses.end());
  return *found;
}

Result<std::vector<const Case*>> select(Side side, const Selection& selection) {
  TRY(check_words(selection.ids, side, "id", fits));
  TRY(check_words(selection.clauses, side, "clause", has_clause));
  TRY(check_words(selection.tags, side, "tag", has_tag));
  std::vector<const Case*> chosen;
  for (const Case& a_case : all_cases()) {
    const bool wanted =
        a_case.side == side && any_fits(selection.ids, a_case, fits) &&
        any_fits(selection.clauses, a_case, has_clause) &&
        any_fits(selection.tags, a_case, has_tag) &&
        (selection.levels.empty() || has(selection.levels, first_clause(a_case).level));
    if (wanted) chosen.push_back(&a_case);
  }
  return chosen;
}

}  // namespace rolecall::conformance
