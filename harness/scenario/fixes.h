// SPDX-License-Identifier: BSD-3-Clause
// The known fixes of the race: for each the pair that has it, what it is declared to settle, and
// the questions that are asked of it, each a scenario. Nothing is guessed from a run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/base/time.h"
#include "harness/scenario/scenario_file.h"
#include "harness/schedule/pairing.h"

namespace rolecall::scenario {

// What the client waits for before it connects: where it does, no order comes about below the
// accept queue.
enum class Barrier { None, BetweenRoles, BeforeEach };

// By what a server tells which stream is which. The figures of a test may leave one answer or
// several for the streams on which the server sends: there nothing is declared.
enum class Identity { AcceptOrder, Figures, Told };

struct Fix {
  const char* name;
  const char* on_the_wire;
  const char* lines;  // that a patch to iperf3 would need: an estimate, by what it took here
  PeerSpec client;
  PeerSpec server;
  Barrier barrier = Barrier::None;
  // Whether the server has another source than the order of accept().
  bool tells_roles = false;
  Identity identity = Identity::AcceptOrder;
  // In which many streams stand; none: nothing is claimed.
  std::optional<int> most_round_trips{};
  // Where its client goes this way only on a long path: one way. There is none above the queue.
  Duration path{};
};

// The peer whose client has the released fix.
inline constexpr char kReleasedFix[] = "iperf3-3.22";

// `preloaded` is the client under the retrofit.
std::vector<Fix> known_fixes(const std::string& preloaded);

enum class Subject { LegacyServer, LegacyClient, Roles, Identity, SetUp };

struct Question {
  const char* name;
  const char* column;  // of the table; several questions may share one
  const char* part;    // which of them it is
  Subject subject;
  Mode mode;
  int streams;
  std::optional<Lever> lever;
  Duration delay{};  // of the link, one way
};

// One cell of a fix, or a part of one.
struct FixCell {
  std::size_t fix = 0;  // index into the fixes
  Question question;
  Scenario scenario;  // its name says fix and question, its expectation is what is declared
};

// Every question of every fix.
std::vector<FixCell> fix_cells(const std::vector<Fix>& fixes);

// The round trip of the set-up questions.
inline constexpr Duration kSetUpRoundTrip = milliseconds(50);

// Whether a set-up in `took` keeps to what `fix` claims. `bare` is what the same took without any
// delay: so much of it is this machine's.
bool keeps_its_bound(const Fix& fix, Duration took, Duration bare);

}  // namespace rolecall::scenario
