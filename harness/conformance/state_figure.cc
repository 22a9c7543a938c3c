// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/state_figure.h"

#include <string_view>

#include <fmt/format.h>

#include "harness/session/transitions.h"

namespace rolecall::conformance {
namespace {

std::string arrow(std::string_view from, session::End sender, wire::State to) {
  return fmt::format("{:<18} --{}--> {}\n", from, name(sender), wire::name(to));
}

}  // namespace

std::string state_figure() {
  std::string figure = "```text\n";
  for (const session::Transition& row : session::kTransitions)
    figure += arrow(wire::name(row.from), row.sender, row.to);
  for (const session::Farewell& farewell : session::kFarewells)
    figure += arrow("any", farewell.sender, farewell.state);
  return figure + "```\n";
}

}  // namespace rolecall::conformance
