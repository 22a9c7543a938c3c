// SPDX-License-Identifier: BSD-3-Clause
// What the cases check of SPEC.md: a clause that binds both ends has to be checked at both.
#pragma once

#include <vector>

#include "harness/conformance/case.h"

namespace rolecall::conformance {

struct Duty {  // of one end, to keep a clause
  const Clause* clause = nullptr;
  Side side = Side::Server;
  bool is_checked = false;  // by a case with that end under test
};
// Those of every clause, in the document's order.
std::vector<Duty> duties();

}  // namespace rolecall::conformance
