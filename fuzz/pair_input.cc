// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz/pair_input.h"

#include <algorithm>
#include <array>
#include <random>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace rolecall::fuzz {
namespace {

constexpr std::array kModes = {"auto", "cookie", "off", "require", "force"};  // as FlagMode
constexpr std::array kDirections = {"forward", "reverse", "bidir"};
constexpr std::array kCuts = {"reset", "silence"};  // as Cut
constexpr std::array kWays = {wire::Direction::Forward, wire::Direction::Reverse,
                              wire::Direction::Bidirectional};
constexpr int kMostParallel = 4;
constexpr int kMostAccepted = 16;
constexpr int kMostBytes = 65536;

template <class Names>
std::size_t index_of(const Names& names, const std::string& word, std::size_t fallback) {
  const auto at = std::ranges::find(names, std::string_view(word));
  return at == names.end() ? fallback : static_cast<std::size_t>(at - names.begin());
}

std::size_t index_of(wire::Direction direction) {
  return static_cast<std::size_t>(std::ranges::find(kWays, direction) - kWays.begin());
}

int number(std::istream& in, int least, int most) {
  int value = least;
  in >> value;
  return in.fail() ? least : std::clamp(value, least, most);
}

std::string word(std::istream& in) {
  std::string text;
  in >> text;
  return text;
}

PairInput::EndInput read_end(std::istream& in) {
  const auto mode = static_cast<session::FlagMode>(index_of(kModes, word(in), 0));
  return {mode, number(in, 1, 2)};
}

void read_line(PairInput& input, const std::string& line) {
  std::istringstream in(line);
  const std::string what = word(in);
  if (what == "client") {
    input.client = read_end(in);
  } else if (what == "server") {
    input.server = read_end(in);
  } else if (what == "streams") {
    input.direction = kWays.at(index_of(kDirections, word(in), 2));
    input.parallel = number(in, 1, kMostParallel);
  } else if (what == "piece") {
    input.piece = static_cast<std::size_t>(number(in, 1, kMostBytes));
  } else if (what == "accept") {
    input.accepted.clear();
    for (int n = 0; input.accepted.size() < kMostAccepted && in >> n;) input.accepted.push_back(n);
  } else if (what == "cut") {
    const auto how = static_cast<Cut>(index_of(kCuts, word(in), 0));
    input.cut = {true, static_cast<std::size_t>(number(in, 0, kMostBytes)), how};
  } else if (what == "cut-header") {
    const auto how = static_cast<Cut>(index_of(kCuts, word(in), 0));
    const int of = number(in, 0, 2 * kMostParallel);
    input.header_cut = {of, static_cast<std::size_t>(number(in, 0, kMostBytes)), how};
  }
}

// A connection arrives once, and is one of the test's.
void tidy(PairInput& input) {
  const int streams =
      input.direction == wire::Direction::Bidirectional ? 2 * input.parallel : input.parallel;
  std::vector<int> kept;
  for (const int n : input.accepted) {
    if (n == 0 || (n > 0 && n <= streams && std::ranges::count(kept, n) == 0)) kept.push_back(n);
  }
  input.accepted = std::move(kept);
}

void mutate_order(PairInput& input, std::mt19937& random) {
  auto& order = input.accepted;
  const auto at = [&](std::size_t room) {
    return order.begin() + static_cast<std::ptrdiff_t>(random() % room);
  };
  const auto kind = random() % 4;
  if (order.empty()) {
    for (int n = 1; n <= 2 * input.parallel; ++n) order.push_back(n);
  } else if (kind == 0 && order.size() < kMostAccepted) {
    order.insert(at(order.size() + 1), static_cast<int>(random() % (2 * kMostParallel + 1)));
  } else if (kind == 1) {
    order.erase(at(order.size()));
  } else {
    std::iter_swap(at(order.size()), at(order.size()));
  }
}

PairInput::EndInput draw_end(std::mt19937& random) {
  const auto mode = static_cast<session::FlagMode>(random() % kModes.size());
  return {mode, static_cast<int>(random() % 2) + 1};
}

}  // namespace

PairInput read_pair_input(std::string_view text) {
  PairInput input;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) read_line(input, line);
  tidy(input);
  return input;
}

std::string print(const PairInput& input) {
  const auto end = [](const PairInput::EndInput& e) {
    return fmt::format("{} {}", kModes.at(static_cast<std::size_t>(e.mode)), e.level);
  };
  std::string text = fmt::format(
      "client {}\nserver {}\nstreams {} {}\npiece {}\n", end(input.client), end(input.server),
      kDirections.at(index_of(input.direction)), input.parallel, input.piece);
  if (!input.accepted.empty()) {
    text += "accept";
    for (const int n : input.accepted) text += fmt::format(" {}", n);
    text += "\n";
  }
  const auto how = [](Cut cut) { return kCuts.at(static_cast<std::size_t>(cut)); };
  if (input.cut.happens) text += fmt::format("cut {} {}\n", how(input.cut.how), input.cut.bytes);
  if (const auto& cut = input.header_cut; cut.number > 0) {
    text += fmt::format("cut-header {} {} {}\n", how(cut.how), cut.number, cut.bytes);
  }
  return text;
}

void mutate(PairInput& input, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto how = static_cast<Cut>(random() % kCuts.size());
  switch (random() % 9) {
    case 0:
      input.client = draw_end(random);
      break;
    case 1:
      input.server = draw_end(random);
      break;
    case 2:
      input.direction = kWays.at(random() % kWays.size());
      break;
    case 3:
      input.parallel = static_cast<int>(random() % kMostParallel) + 1;
      break;
    case 4:
      input.piece = random() % 4 == 0 ? kMostBytes : random() % 64 + 1;
      break;
    case 5:
      input.cut = {random() % 4 != 0, random() % 2048, how};
      break;
    case 6:
      input.header_cut = {static_cast<int>(random() % (2 * kMostParallel + 1)), random() % 48, how};
      break;
    default:
      mutate_order(input, random);
  }
  tidy(input);
}

}  // namespace rolecall::fuzz
