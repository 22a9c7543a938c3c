// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/made_scenario.h"

namespace rolecall::scenario {

void read_own_arguments(Scenario& scenario) {
  scenario.shape = read_shape(scenario.client.args).value();
  scenario.server_shape = read_shape(scenario.server.args).value();
}

}  // namespace rolecall::scenario
