// SPDX-License-Identifier: BSD-3-Clause
// For tests only: one test between two real iperf3 on the loopback, and what both printed.
#pragma once

#include <string>

namespace rolecall::perf {

struct Iperf3Output {
  std::string client;
  std::string server;
};

bool iperf3_is_installed();

// Runs a server (-s -1) and a client on 127.0.0.1 with these further words and waits for both. Each
// is ended after 30 seconds at the latest; what is missing then is missing in the output.
Iperf3Output run_iperf3(const std::string& client_words, const std::string& server_words);

}  // namespace rolecall::perf
