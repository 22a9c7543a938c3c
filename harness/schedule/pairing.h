// SPDX-License-Identifier: BSD-3-Clause
// What an accept order does to a legacy pair: who is paired with whom, and whose figures swap.
// iperf_server_api.c create_streams, all tags: the first P accepted connections of a bidir test
// become the server's receivers, the next P its senders; stream ids follow accept order.
#pragma once

#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/schedule/schedule.h"

namespace rolecall {

// Who sends: the client, the server (-R), or both (--bidir).
enum class Mode { Forward, Reverse, Bidir };

const char* name(Mode mode);  // "forward", "reverse", "bidir"

// Stream connections of a test with -P `streams`.
constexpr int connection_count(Mode mode, int streams) {
  return mode == Mode::Bidir ? 2 * streams : streams;
}

// The roles that a connection has at its two ends: true is sender.
struct Pairing {
  int number = 0;  // in client order, from 1
  bool client_sends = false;
  bool server_sends = false;

  bool is_mispaired() const { return client_sends == server_sends; }
  bool operator==(const Pairing&) const = default;
};

std::string print(const Pairing& pairing);  // "connection 1 sender/sender"

// Element n-1 is the pairing of connection n under `order` with a legacy server.
// REQUIRES: `order` is a permutation of the connection_count(mode, streams) connections.
std::vector<Pairing> pairings(const AcceptOrder& order, Mode mode, int streams);

// Numbers of the mispaired connections, rising. REQUIRES: as above.
std::vector<int> mispaired(const AcceptOrder& order, Mode mode, int streams);

// Numbers of the connections whose place in `order` is not their own: a legacy pair reports their
// figures for another stream.
std::vector<int> misidentified(const AcceptOrder& order);

// Every permutation of 1..connections, in lexical order. Limit above 8 connections (40,320 orders).
Result<std::vector<AcceptOrder>> all_orders(int connections);

// One order for each way in which accept order can give the roles of a bidir test: all C(2P,P)
// choices of the first P, each half rising. Limit above P = 8 (12,870 orders).
Result<std::vector<AcceptOrder>> role_distinct_orders(int streams);

}  // namespace rolecall
