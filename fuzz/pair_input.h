// SPDX-License-Identifier: BSD-3-Clause
// The input of the pair targets: what both ends are set to, and what happens to their connections.
// It is stored as text, one word and its values a line; unknown lines and values are passed over,
// so that any bytes are an input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/session/in_memory_pair.h"

namespace rolecall::fuzz {

using Cut = session::InMemoryPair::Cut;

struct PairInput {
  struct EndInput {
    session::FlagMode mode = session::FlagMode::Auto;
    int level = 2;
  };
  EndInput client;
  EndInput server;
  wire::Direction direction = wire::Direction::Bidirectional;
  int parallel = 1;
  std::size_t piece = 65536;  // bytes at once
  std::vector<int> accepted;  // in client order, 0 a stranger; empty: all, in client order
  struct {
    bool happens = false;
    std::size_t bytes = 0;
    Cut how = Cut::Reset;
  } cut;
  struct {
    int number = 0;  // none
    std::size_t bytes = 0;
    Cut how = Cut::Reset;
  } header_cut;
};

PairInput read_pair_input(std::string_view text);
std::string print(const PairInput& input);
// Changes one step, drawn by `seed`.
void mutate(PairInput& input, std::uint32_t seed);

}  // namespace rolecall::fuzz
