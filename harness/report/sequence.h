// SPDX-License-Identifier: BSD-3-Clause
// The race of one run as a picture: connections leave the client in one order and come out of the
// server's accept() in another. iperf3's server takes its roles from the second order (3.7 … 3.22).
#pragma once

#include <string>
#include <vector>

#include "harness/report/table.h"
#include "harness/schedule/pairing.h"

namespace rolecall::report {

// A line for each connect(), then one for each accept(), drawn so that two lines cross where two
// connections changed places. REQUIRES: `order` is a permutation of 1..n, and element i of
// `pairings` is connection i + 1.
std::string sequence_diagram(const AcceptOrder& order, const std::vector<Pairing>& pairings,
                             const Style& style);

}  // namespace rolecall::report
