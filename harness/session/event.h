// SPDX-License-Identifier: BSD-3-Clause
// What goes into a session and what comes out of it. A session does no I/O and reads no clock: its
// owner feeds it bytes, local events and the time, and carries out its outputs in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/base/error.h"
#include "harness/session/flag.h"
#include "harness/wire/params.h"
#include "harness/wire/results.h"
#include "harness/wire/role_flag.h"

namespace rolecall::session {

// The owner's name for one accepted stream connection.
using ConnectionId = std::uint32_t;

// Why a test ended early. `number` is iperf3's (wire::ErrorNumber), 0 where it has none.
struct Failure {
  Error error;
  int number = 0;
  bool by_peer = false;      // the peer said so (SERVER_ERROR, ACCESS_DENIED, a terminate)
  bool by_operator = false;  // Interrupted{} came from this end's owner
};

// --- local events ---

struct StreamsOpen {};  // client: all stream connections stand, headers written
struct TestOver {};     // client: the goal is reached
struct ResultsReady {   // both: the answer to ProvideResults
  wire::Results results;
};
struct Interrupted {  // both: a signal; tells the peer and ends
  std::string reason;
};
struct LocalFailure {  // both: something of the owner's went wrong
  Error error;
  int number = 0;
};
using LocalEvent = std::variant<StreamsOpen, TestOver, ResultsReady, Interrupted, LocalFailure>;

// --- outputs ---

struct SendControl {  // write to the control connection
  Bytes bytes;
};
struct ParametersAgreed {};  // server: parameters() and flag() hold; before CREATE_STREAMS is sent
struct OpenStreams {};   // client: open all stream connections, each begins with stream_header()
struct DenyConnection {  // server: send ACCESS_DENIED on that connection and close it
  ConnectionId connection = 0;
};
struct BoundStream {
  ConnectionId connection = 0;
  int number = 0;  // in client order, from 1: known with level 2 and cookie, else by accept order
  int id = 0;      // the protocol's, for the results
  wire::Role role = wire::Role::Receiver;  // of this end
};
struct BindStreams {  // server: every connection has its place; in order of number
  std::vector<BoundStream> streams;
};
struct StartTest {};       // client: TEST_START came
struct RunTest {};         // both: payload may flow
struct StopTest {};        // server: TEST_END came; freeze the figures
struct ProvideResults {};  // both: answer with ResultsReady
struct PeerResults {
  wire::Results results;
};
struct Finished {  // the last output
  std::optional<Failure> failure;
};
using Output = std::variant<SendControl, ParametersAgreed, OpenStreams, DenyConnection, BindStreams,
                            StartTest, RunTest, StopTest, ProvideResults, PeerResults, Finished>;

}  // namespace rolecall::session
