// SPDX-License-Identifier: BSD-3-Clause
// The one notation for what order a run's stream connections are to have, used by every lever.
// iperf_api.c gives connection n of a bidir test its role by the place at which accept() returns
// it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/schedule/rule.h"

namespace rolecall {

// Stream connections of one test at most (iperf3: 128 in each direction).
inline constexpr int kMaxConnections = 256;

// An accept order: element i is the client-order number (1..n) of the connection that accept()
// returns as the (i+1)-th stream.
using AcceptOrder = std::vector<int>;

// What a run is to have: `natural` imposes nothing, `accept 2,1` an accept order, by whatever
// lever; rules say what happens to packets, and `stranger after EVENT` when somebody who has no
// part in the test connects to the server with a cookie of his own: both for the link alone. With
// both, the rules come on top of what the lever does for the order.
struct Schedule {
  AcceptOrder accept;             // empty: whatever comes
  std::optional<Event> stranger;  // the event that brings him; nothing: nobody comes
  std::vector<Rule> rules;        // in the order in which a packet meets them

  bool is_natural() const { return accept.empty() && !needs_link(); }
  // Only a lever that has the packets in its hand can do it.
  bool needs_link() const { return stranger.has_value() || !rules.empty(); }
  bool operator==(const Schedule&) const = default;
};

// Reads `natural`, or clauses joined by ";": at most one `accept N,N,...`, at most one `stranger
// after EVENT`, and rules (rule.h).
// Config when a clause begins with an unknown word, a number is none, or the order is no
// permutation of 1..n; the text says which word or number is wrong.
Result<Schedule> parse_schedule(std::string_view text);

// Reads `2,1`, as `rolecall exec --order` takes it. Errors as above.
Result<AcceptOrder> parse_accept_order(std::string_view text);

// The notation of `schedule`: parse_schedule(print(s)) == s.
std::string print(const Schedule& schedule);
std::string print(const AcceptOrder& order);

// Config unless `order` holds every number of 1..n once.
Result<void> check_permutation(const AcceptOrder& order);

// Config unless `schedule` fits a test of `connections` stream connections: the order has them all,
// nothing names another, and nothing waits for a stranger whom no clause brings.
Result<void> check_fits(const Schedule& schedule, int connections);

// The rules that make the server's kernel queue the connections in `order`: the third packet of
// each one but the first, and what follows it, is held until the cookie of the one before it in the
// order is acknowledged.
std::vector<Rule> rules_for(const AcceptOrder& order);

// 1,2,...,connections.
AcceptOrder natural_order(int connections);

}  // namespace rolecall
