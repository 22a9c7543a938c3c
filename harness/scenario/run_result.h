// SPDX-License-Identifier: BSD-3-Clause
// What one run of a scenario came to, and what a scenario's runs came to together: what reports are
// written from.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/base/result.h"
#include "harness/scenario/kernel_sample.h"
#include "harness/scenario/scenario_file.h"
#include "harness/scenario/verdict.h"

namespace rolecall::scenario {

// Whether the scripted order came about, shown by the ports at both ends.
enum class Realised {
  NotAsked,       // natural order
  Yes,            // both ends' ports show the scripted order
  No,             // they show another one, or not all of it
  NotRealisable,  // the peer's own ordering made it impossible
};
const char* name(Realised realised);

// One stream connection, in client order, for whoever explains a run.
struct ConnectionFacts {
  int number = 0;  // client order, from 1; 0 when it is not known
  std::uint16_t client_port = 0;
  int accept_position = 0;  // from 1; 0 when it is not known
  // From what each end printed; absent when it printed nothing usable of this connection.
  std::optional<bool> client_sends;
  std::optional<bool> server_sends;
  ConnectionSample bytes;  // the kernel's figures when the verdict stood
};

struct RunResult {
  std::string scenario;
  int index = 0;            // from 1, within its series
  bool is_control = false;  // no schedule, no lever
  std::string client_peer;  // "iperf3 3.12"
  std::string server_peer;
  bool has_conversation = false;  // one of the two is none: mode, streams, schedule mean nothing
  Mode mode = Mode::Forward;
  int streams = 1;
  std::string schedule;        // the notation
  std::optional<Lever> lever;  // none in natural order
  Realised realised = Realised::NotAsked;
  Verdict verdict;
  // What else was seen that explains it: a rule of the schedule that was not met, a connection too
  // many. A sentence each.
  std::vector<std::string> notes;
  Outcome expected;
  std::vector<VerdictKind> also_expected;  // no surprise either
  bool as_expected = false;  // the verdict, and a schedule that was realised, or could not be
  // From the first sample in which TEST_RUNNING was on the wire to the verdict; absent when the
  // test never ran.
  std::optional<Duration> time_to_verdict;
  std::optional<Duration> set_up;  // from the first stream's SYN to TEST_START; on the link
  std::vector<ConnectionFacts> connections;
  std::uint64_t header_bytes = kCookieBytes;  // before the payload of each (kernel_sample.h)
  std::string client_ended;  // "exit status 0", "ended by rolecall", "signal 11 (SIGSEGV)"
  std::string server_ended;
  std::filesystem::path evidence;  // the folder
  std::string replay;              // one shell line that runs the same again
};

// "completed", "completed or refused", "anything": what would be as expected.
std::string expectation(const RunResult& run);

// All runs of one scenario under one lever, with its control.
struct ScenarioResult {
  Scenario scenario;
  std::optional<Lever> lever{};  // none: the schedule is natural
  std::vector<RunResult> controls{};
  std::vector<RunResult> runs{};
  // Every control and every run as expected. A claim whose control failed is not "as expected".
  bool as_expected = false;
  std::string summary{};  // "20 of 20 deadlock; control 20 of 20 completed"
  // Why nothing was run: a lever or a peer that is not here. Empty where runs were made.
  std::string left_out{};
};

// The run as one JSON object: client, server {name, version}, mode, streams, schedule, lever,
// realised, verdict, reason, seconds, evidence, replay ...
nlohmann::json to_json(const RunResult& run);

}  // namespace rolecall::scenario
