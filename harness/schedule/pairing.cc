// SPDX-License-Identifier: BSD-3-Clause
#include "harness/schedule/pairing.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/check.h"

namespace rolecall {
namespace {

constexpr int kMaxPermuted = 8;
constexpr int kMaxChosen = 8;

}  // namespace

const char* name(Mode mode) {
  switch (mode) {
    case Mode::Forward:
      return "forward";
    case Mode::Reverse:
      return "reverse";
    case Mode::Bidir:
      return "bidir";
  }
  return "?";
}

std::string print(const Pairing& pairing) {
  return fmt::format("connection {} {}/{}", pairing.number,
                     pairing.client_sends ? "sender" : "receiver",
                     pairing.server_sends ? "sender" : "receiver");
}

std::vector<Pairing> pairings(const AcceptOrder& order, Mode mode, int streams) {
  CHECK(static_cast<int>(order.size()) == connection_count(mode, streams));
  std::vector<Pairing> result(order.size());
  for (int position = 1; position <= static_cast<int>(order.size()); ++position) {
    const int number = order[static_cast<std::size_t>(position - 1)];
    Pairing& p = result.at(static_cast<std::size_t>(number - 1));
    p.number = number;
    p.client_sends = mode == Mode::Bidir ? number <= streams : mode == Mode::Forward;
    p.server_sends = mode == Mode::Bidir ? position > streams : mode == Mode::Reverse;
  }
  return result;
}

std::vector<int> mispaired(const AcceptOrder& order, Mode mode, int streams) {
  std::vector<int> numbers;
  for (const Pairing& p : pairings(order, mode, streams))
    if (p.is_mispaired()) numbers.push_back(p.number);
  return numbers;
}

std::vector<int> misidentified(const AcceptOrder& order) {
  std::vector<int> numbers;
  for (std::size_t i = 0; i < order.size(); ++i)
    if (order[i] != static_cast<int>(i) + 1) numbers.push_back(order[i]);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<std::vector<AcceptOrder>> all_orders(int connections) {
  if (connections < 1 || connections > kMaxPermuted) {
    return Error{Errc::Limit, fmt::format("all orders of {} connections: 1 to {} can be enumerated",
                                          connections, kMaxPermuted)};
  }
  std::vector<AcceptOrder> orders;
  AcceptOrder order = natural_order(connections);
  do orders.push_back(order);
  while (std::next_permutation(order.begin(), order.end()));
  return orders;
}

Result<std::vector<AcceptOrder>> role_distinct_orders(int streams) {
  if (streams < 1 || streams > kMaxChosen) {
    return Error{Errc::Limit,
                 fmt::format("role-distinct orders for -P {}: 1 to {} can be enumerated", streams,
                             kMaxChosen)};
  }
  std::vector<AcceptOrder> orders;
  std::vector<int> group(static_cast<std::size_t>(2 * streams),
                         1);  // 0: accepted in the first half
  std::fill_n(group.begin(), streams, 0);
  do {
    AcceptOrder order = natural_order(2 * streams);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return group[static_cast<std::size_t>(a - 1)] < group[static_cast<std::size_t>(b - 1)];
    });
    orders.push_back(std::move(order));
  } while (std::next_permutation(group.begin(), group.end()));
  return orders;
}

}  // namespace rolecall
