// SPDX-License-Identifier: BSD-3-Clause
// For tests only: one test between two real programs, each roleperf or iperf3, and what their
// documents say of it.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace rolecall::perf {

// Which program is at which end: its path, or a name for program_of().
struct Ends {
  std::string server;
  std::string client;
};

void PrintTo(const Ends& ends, std::ostream* os);

// "ours" is roleperf, anything else as iperf3_of() says.
std::string program_of(const std::string& name);

struct Outcome {
  int client_status = -1;
  int server_status = -1;
  std::string client;  // what they printed
  std::string server;
};

struct Words {
  std::string client;
  std::string server;
};

// Runs "server_program -s -1" and "client_program -c host" with these further words on a free port,
// and waits for both.
Outcome run(const std::string& server_program, const std::string& client_program, const Words& both,
            const std::string& host = "127.0.0.1");

// Fails the test, with what they printed, unless both ended with 0.
void expect_success(const Outcome& run);

// What they printed with -J; a discarded value when it is none.
nlohmann::ordered_json parse(const std::string& text);

// What is wrong with the figures of the two ends' documents, streams paired by ports, one line
// each. The server prints before it has the client's results, so each stream's own side of it
// counts.
std::vector<std::string> wrong_figures(const nlohmann::ordered_json& client,
                                       const nlohmann::ordered_json& server);

}  // namespace rolecall::perf
