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

// A peer has nothing to say on the control connection while it is this end's turn: more than this
// is an attack.
inline constexpr std::size_t kMostUnread = 64 * 1024;

// The owner's name for one accepted stream connection.
using ConnectionId = std::uint32_t;

// Why a test ended early. `number` is iperf3's (wire::ErrorNumber), 0 where it has none.
struct Failure {
  Error error;
  int number = 0;
  bool by_peer = false;          // the peer said so (SERVER_ERROR, ACCESS_DENIED, a terminate)
  bool is_server_error = false;  // by SERVER_ERROR
  bool by_operator = false;      // Interrupted{} came from this end's owner
};

// --- local events ---

struct StreamsOpen {};  // client: all stream connections stand, headers written
struct TestOver {};     // client: the goal is reached
struct ResultsReady {   // both: the answer to ProvideResults
  wire::Results results;
};
struct ConnectionTotal {
  ConnectionId connection = 0;
  std::uint64_t bytes = 0;  // payload that this end sent or received, without the omitted part
  std::int64_t retransmits = -1;  // where it sent
};
struct TestStopped {  // server: the answer to StopTest
  std::vector<ConnectionTotal> totals;
};
struct StreamsDrained {                 // server: after DrainStreams, whenever something was read
  std::vector<ConnectionTotal> totals;  // as in TestStopped, and what has come since
  bool is_over = false;                 // no more can come
};
struct Interrupted {  // both: a signal; tells the peer and ends
  std::string reason;
};
struct LocalFailure {  // both: something of the owner's went wrong
  Error error;
  int number = 0;
};
using LocalEvent = std::variant<StreamsOpen, TestOver, ResultsReady, TestStopped, StreamsDrained,
                                Interrupted, LocalFailure>;

// --- outputs ---

struct SendControl {  // write to the control connection
  Bytes bytes;
};
struct ParametersAgreed {};  // server: parameters() and flag() hold; before CREATE_STREAMS is sent
struct ParametersSent {};    // client: the server has asked for the parameters, and has them
struct OpenStreams {};   // client: open all stream connections, each begins with stream_header()
struct DenyConnection {  // server: send ACCESS_DENIED on that connection and close it
  ConnectionId connection = 0;
};
// What the roles of a test's streams rest on.
enum class RolesBy : std::uint8_t {
  Direction,    // all streams go the same way
  Flag,         // the client's word
  AcceptOrder,  // as a legacy server gives them: a guess
  Open,         // not given yet: payload will tell
  Payload,      // the client sends where its payload came
  Exchange,     // UDP: streams open one after the other, in client order
  Assumed,      // fewer than P carried payload: the rest is a guess by accept order
};
// What it rests on which stream is which.
enum class IdentityBy : std::uint8_t {
  Flag,         // the client's word
  Exchange,     // UDP: streams open one after the other, in client order
  AcceptOrder,  // a guess
  Single,       // there is one stream of each role, and the roles are known
  Results,      // the client's results fit one assignment only, or all that they fit look the same
  PartlyResults,  // so in one direction, accept order in the other
};
// "payload", "accept order", "results in part" ...
const char* name(RolesBy by);
const char* name(IdentityBy by);

struct BoundStream {
  ConnectionId connection = 0;
  int number = 0;                    // in client order, from 1
  bool is_identified = false;        // else the number is a guess within the stream's role
  int id = 0;                        // the protocol's, for the results
  std::optional<wire::Role> role{};  // of this end; none while the roles are open
  // After the test, of streams that this end receives and nobody can tell apart: to be reported as
  // what it received, the same for each.
  std::optional<std::uint64_t> bytes{};
};
// Server: the places of all connections, in order of number. Comes once before RunTest, and again
// whenever more is known: when open roles are given, and when the client's results tell identity.
struct BindStreams {
  std::vector<BoundStream> streams;
  RolesBy roles = RolesBy::Direction;
  IdentityBy identity = IdentityBy::AcceptOrder;
};
struct StartTest {};  // client: TEST_START came
struct RunTest {};    // both: payload may flow
struct StopTest {};   // server: TEST_END came; freeze the figures, answer with TestStopped
// Server: not all that the client has sent has come on the streams that this end receives. Read on,
// for no report, and say what has come with StreamsDrained. PeerResults takes it back.
struct DrainStreams {};
struct ProvideResults {};  // both: answer with ResultsReady
struct PeerResults {
  wire::Results results;
};
struct Finished {  // the last output
  std::optional<Failure> failure;
};
using Output = std::variant<SendControl, ParametersAgreed, ParametersSent, OpenStreams,
                            DenyConnection, BindStreams, StartTest, RunTest, StopTest, DrainStreams,
                            ProvideResults, PeerResults, Finished>;

}  // namespace rolecall::session
