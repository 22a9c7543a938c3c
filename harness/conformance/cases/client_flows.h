// SPDX-License-Identifier: BSD-3-Clause
// The streams of a UDP test with a client under test, which cases on both directions share.
#pragma once

#include <string>
#include <vector>

#include "harness/conformance/client_script.h"

namespace rolecall::conformance {

// Up to the client's connect datagrams.
Checked<void> reach_flows(ClientScript& client);
// Takes the connect datagram of the next flow, which it gives, and sends `reply`.
Checked<std::string> open_flow(ClientScript& client, std::vector<Connection>& flows,
                               const std::string& reply = "6789");
// A running test with `count` flows.
Checked<void> run_flows(ClientScript& client, std::vector<Connection>& flows, std::size_t count,
                        const std::string& reply = "6789");

}  // namespace rolecall::conformance
