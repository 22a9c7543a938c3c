// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/coverage.h"

#include <algorithm>

namespace rolecall::conformance {

std::vector<Duty> duties() {
  std::vector<Duty> all;
  for (const Clause& clause : specification()) {
    for (const Side side : {Side::Server, Side::Client}) {
      if (side == Side::Server ? !clause.binds_server : !clause.binds_client) continue;
      const bool is_checked = std::ranges::any_of(all_cases(), [&](const Case& a_case) {
        return a_case.side == side && std::ranges::count(a_case.clauses, clause.id) > 0;
      });
      all.push_back({&clause, side, is_checked});
    }
  }
  return all;
}

}  // namespace rolecall::conformance
