// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/cases/client_flows.h"

#include <fmt/format.h>

namespace rolecall::conformance {

using wire::State;

Checked<void> reach_flows(ClientScript& client) {
  TRY(client.reach(Phase::Parameters));
  TRY(client.listen_for_flows());
  return client.reach(Phase::Streams);
}

Checked<std::string> open_flow(ClientScript& client, std::vector<Connection>& flows,
                               const std::string& reply) {
  TRY(auto flow, client.accept_flow(fmt::format("flow {}", flows.size() + 1)));
  flows.push_back(std::move(flow));
  TRY(auto connect, flows.back().receive_some());
  TRY(flows.back().send(reply));
  return connect;
}

Checked<void> run_flows(ClientScript& client, std::vector<Connection>& flows, std::size_t count,
                        const std::string& reply) {
  TRY(reach_flows(client));
  while (flows.size() < count) {
    TRY(open_flow(client, flows, reply));
  }
  TRY(client.control().send(byte(State::TestStart) + byte(State::TestRunning)));
  client.is_running();
  return ok();
}

}  // namespace rolecall::conformance
