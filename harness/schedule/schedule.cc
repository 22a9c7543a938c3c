// SPDX-License-Identifier: BSD-3-Clause
#include "harness/schedule/schedule.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rolecall {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Result<int> parse_number(std::string_view word, std::string_view whole) {
  int n = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
  if (word.empty() || error != std::errc{} || end != word.data() + word.size()) {
    return Error{Errc::Config,
                 fmt::format("accept order \"{}\": \"{}\" is not a connection number; write them "
                             "like 2,1",
                             whole, word)};
  }
  return n;
}

// Reads one clause of a schedule that reads `whole`.
Result<void> add_clause(std::string_view clause, std::string_view whole, Schedule& into) {
  const std::string_view word = clause.substr(0, clause.find(' '));
  if (begins_rule(word)) {
    TRY(auto rule, parse_rule(clause));
    into.rules.push_back(rule);
    return ok();
  }
  if (word == "stranger") {
    if (into.stranger)
      return Error{Errc::Config, fmt::format("schedule \"{}\" has two strangers", whole)};
    TRY(into.stranger, parse_stranger(clause));
    return ok();
  }
  if (word != "accept" || clause == word) {
    return Error{Errc::Config,
                 fmt::format("schedule \"{}\": \"{}\" is not known; write \"natural\", an accept "
                             "order such as \"accept 2,1\", rules that begin with one of {}, or "
                             "\"stranger after cookie 1 acknowledged\"",
                             whole, clause, rule_words())};
  }
  if (!into.accept.empty()) {
    return Error{Errc::Config, fmt::format("schedule \"{}\" has two accept orders", whole)};
  }
  TRY(into.accept, parse_accept_order(clause.substr(word.size())));
  return ok();
}

bool awaits_stranger(const Rule& rule) {
  return rule.verb == Verb::Hold && rule.until.kind == EventKind::StrangerAcknowledged;
}

}  // namespace

Result<AcceptOrder> parse_accept_order(std::string_view text) {
  const std::string_view whole = trim(text);
  AcceptOrder order;
  for (std::string_view rest = whole;;) {
    const auto comma = rest.find(',');
    TRY(auto n, parse_number(trim(rest.substr(0, comma)), whole));
    order.push_back(n);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  TRY(check_permutation(order));
  return order;
}

Result<Schedule> parse_schedule(std::string_view text) {
  const std::string_view whole = trim(text);
  if (whole == "natural") return Schedule{};
  Schedule schedule;
  for (std::string_view rest = whole;;) {
    const auto semicolon = rest.find(';');
    TRY(add_clause(trim(rest.substr(0, semicolon)), whole, schedule));
    if (semicolon == std::string_view::npos) return schedule;
    rest.remove_prefix(semicolon + 1);
  }
}

std::string print(const AcceptOrder& order) {
  return fmt::format("{}", fmt::join(order, ","));
}

std::string print(const Schedule& schedule) {
  if (schedule.is_natural()) return "natural";
  std::vector<std::string> clauses;
  if (!schedule.accept.empty()) clauses.push_back("accept " + print(schedule.accept));
  if (schedule.stranger) clauses.push_back("stranger after " + print(*schedule.stranger));
  for (const Rule& rule : schedule.rules) clauses.push_back(print(rule));
  return fmt::format("{}", fmt::join(clauses, "; "));
}

Result<void> check_permutation(const AcceptOrder& order) {
  const int n = static_cast<int>(order.size());
  if (n > kMaxConnections) {
    return Error{Errc::Config, fmt::format("accept order of {} connections: a test has at most {}",
                                           n, kMaxConnections)};
  }
  std::vector<bool> seen(order.size(), false);
  for (const int number : order) {
    if (number < 1 || number > n) {
      return Error{Errc::Config,
                   fmt::format("accept order {} names connection {}, but it lists {} of them: it "
                               "must hold each of 1 to {} once",
                               print(order), number, n, n)};
    }
    if (seen[static_cast<std::size_t>(number - 1)]) {
      return Error{Errc::Config, fmt::format("accept order {} names connection {} twice: it must "
                                             "hold each of 1 to {} once",
                                             print(order), number, n)};
    }
    seen[static_cast<std::size_t>(number - 1)] = true;
  }
  return ok();
}

Result<void> check_fits(const Schedule& schedule, int connections) {
  if (!schedule.accept.empty() && static_cast<int>(schedule.accept.size()) != connections) {
    return Error{Errc::Config,
                 fmt::format("schedule \"{}\" orders {} connections, but the test opens {}",
                             print(schedule), schedule.accept.size(), connections)};
  }
  if (schedule.stranger && schedule.stranger->connection > connections) {
    return Error{
        Errc::Config,
        fmt::format("\"stranger after {}\" names a connection that does not come: the test "
                    "opens {}",
                    print(*schedule.stranger), connections)};
  }
  for (const Rule& rule : schedule.rules) {
    if (awaits_stranger(rule) && !schedule.stranger) {
      return Error{
          Errc::Config,
          fmt::format("rule \"{}\" waits for a stranger who does not come; say when, as in "
                      "\"stranger after cookie 1 acknowledged\"",
                      print(rule))};
    }
    if (names_only(rule, connections)) continue;
    return Error{Errc::Config,
                 fmt::format("rule \"{}\" names a connection that does not come: the test opens {}",
                             print(rule), connections)};
  }
  return ok();
}

std::vector<Rule> rules_for(const AcceptOrder& order) {
  std::vector<Rule> rules;
  for (std::size_t i = 1; i < order.size(); ++i) {
    rules.push_back({.verb = Verb::Hold,
                     .packet = PacketKind::Ack,
                     .connection = order[i],
                     .until = {EventKind::CookieAcknowledged, order[i - 1]}});
  }
  return rules;
}

AcceptOrder natural_order(int connections) {
  AcceptOrder order(static_cast<std::size_t>(connections));
  std::iota(order.begin(), order.end(), 1);
  return order;
}

}  // namespace rolecall
