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
  const auto space = whole.find(' ');
  const std::string_view verb = whole.substr(0, space);
  if (whole == "natural") return Schedule{};
  if (verb == "accept" && space != std::string_view::npos) {
    TRY(auto order, parse_accept_order(whole.substr(space)));
    return Schedule{std::move(order)};
  }
  return Error{Errc::Config,
               fmt::format("schedule \"{}\" is not known; write \"natural\", or an accept order "
                           "such as \"accept 2,1\"",
                           whole)};
}

std::string print(const AcceptOrder& order) {
  return fmt::format("{}", fmt::join(order, ","));
}

std::string print(const Schedule& schedule) {
  return schedule.is_natural() ? "natural" : "accept " + print(schedule.accept);
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
  if (schedule.is_natural() || static_cast<int>(schedule.accept.size()) == connections) return ok();
  return Error{Errc::Config,
               fmt::format("schedule \"{}\" orders {} connections, but the test opens {}",
                           print(schedule), schedule.accept.size(), connections)};
}

AcceptOrder natural_order(int connections) {
  AcceptOrder order(static_cast<std::size_t>(connections));
  std::iota(order.begin(), order.end(), 1);
  return order;
}

}  // namespace rolecall
