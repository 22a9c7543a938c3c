// SPDX-License-Identifier: BSD-3-Clause
// For tests only: one test between two real iperf3 on the loopback, and what both printed.
#pragma once

#include <string>
#include <vector>

namespace rolecall::perf {

struct Iperf3Output {
  std::string client;
  std::string server;
};

// The one on PATH.
inline constexpr const char* kIperf3 = "iperf3";

bool iperf3_is_installed();

// The program of a release: "installed" is the one on PATH, Debian 12's 3.12; ci/peers.sh has
// fetched others. Empty where it is not here.
std::string iperf3_of(const std::string& release);

// Runs a server (-s -1) and a client on 127.0.0.1 with these further words and waits for both. Each
// is ended after kPatience (patience.h) at the latest; what is missing then is missing in the
// output.
Iperf3Output run_iperf3(const std::string& client_words, const std::string& server_words);

// For shape_differences(): keys of ours that this release does not have, newer ones and our own.
std::vector<std::string> keys_beyond_iperf3(const std::string& release);
// Keys that only this release has: 3.9 writes the sums of a bidir interval under one key.
std::vector<std::string> keys_of_iperf3_alone(const std::string& release);

}  // namespace rolecall::perf
