// SPDX-License-Identifier: BSD-3-Clause
// The options as data: one row each, iperf3's words and letters, and ours.
#pragma once

#include <span>
#include <string>

#include "harness/base/result.h"
#include "harness/perf/options.h"

namespace rolecall::perf {

// What the command line has said so far, beyond the values.
struct Parsing {
  Options options;
  bool has_end = false;
  const char* server_option = nullptr;  // the first that is a server's only, by its long name
  const char* client_option = nullptr;
  bool duration_given = false;
  bool bitrate_given = false;
  bool length_given = false;
  bool receive_timeout_given = false;
  bool stream_connect_given = false;
  bool bind_roles_given = false;
};

enum class Argument { None, Required, Optional };
enum class Side { Either, ServerOnly, ClientOnly };

// Puts the argument (nullptr where there is none) into `parsing`. The Error (Config) says what is
// wrong with it, in the words that follow "parameter error - ".
using Apply = Result<void> (*)(Parsing& parsing, const char* argument);

struct OptionRow {
  const char* name;  // long form; nullptr: there is none
  char letter;       // short form; '\0': there is none
  Argument argument;
  Side side;
  Apply apply;  // nullptr: -h and -v, on which the parser acts itself
};

std::span<const OptionRow> option_rows();

}  // namespace rolecall::perf
