// SPDX-License-Identifier: BSD-3-Clause
// What a peer's own arguments say of the test, read as its getopt_long(3) reads them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/schedule/pairing.h"

namespace rolecall::scenario {

struct TestShape {
  Mode mode = Mode::Forward;
  int streams = 1;             // -P
  bool has_size_goal = false;  // -n or -k: the test may end by itself though nothing arrives
  bool omits_start = false;    // -O: each end begins to count at a moment of its own
  std::uint64_t block_bytes = 128 * 1024;  // -l
  std::uint64_t window_bytes = 0;          // -w; 0: the kernel's own sizes
  std::string role_flag = "auto";          // --role-flag, which only a roleperf has
  int role_flag_level = 2;                 // --role-flag-level, the same
};

// Reads -P2, -P 2, --parallel=2, unambiguous beginnings of long words and bundles. Config for what
// the runner sets itself (-s, -c, -p, -J ...), for what has no verdict (-u, --sctp, -m), and for a
// number that is none. Words that neither iperf3 nor roleperf knows are the peer's to refuse.
Result<TestShape> read_shape(const std::vector<std::string>& args);

}  // namespace rolecall::scenario
