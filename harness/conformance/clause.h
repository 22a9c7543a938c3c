// SPDX-License-Identifier: BSD-3-Clause
// The clauses of SPEC.md as data: what a case is tied to, and what a report of conformance cites.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace rolecall::conformance {

enum class Level { Must, Should, Quirk };
const char* name(Level level);  // "MUST", "SHOULD", "QUIRK"

struct Clause {
  std::string id;    // "cookie-is-37-bytes"; never changes
  std::string area;  // the section that it stands in: "cookie"
  int line = 0;      // of its title
  Level level = Level::Must;
  bool binds_client = false;
  bool binds_server = false;
  std::string releases;  // of iperf3, those that keep it: ">= 3.17; broken in 3.9, 3.12"
  std::string text;      // what is required, lines joined
  std::string known_from;
  std::string
      for_a_user;  // what goes wrong for one where it is not kept; of those that a release breaks
  std::string not_checked;  // why no case checks it; empty where one does
};

// The clauses of a document in the form that SPEC.md describes, in its order. Malformed, with the
// line, for a clause whose head, text or source is missing, and for an id that stands there twice.
Result<std::vector<Clause>> parse_clauses(std::string_view document);

}  // namespace rolecall::conformance
