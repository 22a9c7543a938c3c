// SPDX-License-Identifier: BSD-3-Clause
// One side of a test as a list of steps, and its text: what a fuzzer changes, and what a scenario
// may have in place of a program.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace rolecall::conformance {

enum class Verb {
  Open,    // connects; where the program under test is the client, takes its next connection
  Send,    // `bytes`, with {cookie} for the 37 of this test's cookie
  Await,   // reads until `bytes` have come, the connection ends, or nothing comes any more
  Take,    // the same until `count` bytes have come
  Finish,  // FIN; the peer may go on sending
  Reset,   // RST
  Close,
};
const char* name(Verb verb);  // "open" and so on

struct Step {
  Verb verb = Verb::Open;
  int connection = 0;      // 0: the control connection, then the streams in client order
  std::string bytes = {};  // of Send and Await
  std::size_t count = 0;   // of Take
  bool operator==(const Step&) const = default;
};
using Conversation = std::vector<Step>;

// Whether there is a step that makes a connection: without one nothing is said.
bool opens_any(const Conversation& conversation);

inline constexpr std::string_view kCookieWord = "{cookie}";

// send 0 "{cookie}", await 0 "\x09", take 1 37, reset 1. Never fails.
std::string print(const Step& step);
std::string print(const Conversation& conversation);  // a step a line
// The same back. Config, with the text that is no step.
Result<Step> parse_step(std::string_view text);

}  // namespace rolecall::conformance
