// SPDX-License-Identifier: BSD-3-Clause
// Every client with every server: which scenarios that makes, and what each is declared to show.
// Nothing is guessed from a run: a cell that shows anything else is a failure, a pass too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/scenario/peer.h"
#include "harness/scenario/scenario_file.h"
#include "harness/schedule/pairing.h"

namespace rolecall::scenario {

// How a peer of the matrix gives roles and orders its connections.
enum class Conduct {
  Legacy,    // iperf3: by the order of accept(), connections one after the other
  Retrofit,  // iperf3 as a client, under the preload library with the stream barrier
  Auto,      // roleperf, --role-flag=...
  Cookie,
  Off,
  Require,
  Force,
};

struct MatrixPeer {
  std::string label;  // "iperf3 3.9", "iperf3 3.9 + retrofit", "roleperf off"
  Conduct conduct = Conduct::Legacy;
  Release release;
  PeerSpec spec;
};

// Every peer that was found, in each of its conducts: the releases of iperf3 first.
std::vector<MatrixPeer> matrix_clients(const PeerSet& peers);
std::vector<MatrixPeer> matrix_servers(const PeerSet& peers);

// What a pair shows in natural order, and under the adverse one by where a lever acts. No
// expectation: the order cannot be tried there, since the pair opens no stream or has only one.
struct MatrixClaim {
  VerdictKind natural = VerdictKind::Completed;
  std::optional<Expectation> adverse;
};
MatrixClaim declared(const MatrixPeer& client, const MatrixPeer& server, Mode mode, int streams);

// The accept order that does most harm: in a bidir test every receiver stream before every sender
// stream, else the streams backwards. Empty for a single stream.
AcceptOrder adverse_order(Mode mode, int streams);

struct MatrixCell {
  std::size_t client = 0;  // index into the clients
  std::size_t server = 0;
  Mode mode = Mode::Bidir;
  int streams = 1;
  Scenario scenario;  // its control is the cell's natural order; name: the cell's own
};

// The cells of a run: by default each release with itself, and each with each conduct of roleperf
// both ways, bidir with 1 and 2 streams, forward with 2; `full`: everybody with everybody, all
// modes with 1, 2 and 4.
std::vector<MatrixCell> matrix_cells(const std::vector<MatrixPeer>& clients,
                                     const std::vector<MatrixPeer>& servers, bool full);

}  // namespace rolecall::scenario
