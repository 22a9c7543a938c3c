// SPDX-License-Identifier: BSD-3-Clause
// The words of the step notation, and what may stand behind each: for the reader and the mutator.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "fuzz/steps.h"

namespace rolecall::fuzz {

inline constexpr std::array<std::string_view, 5> kModes = {"auto", "cookie", "off", "require",
                                                           "force"};  // as FlagMode
inline constexpr std::array<std::string_view, 3> kDirectionNames = {"forward", "reverse", "bidir"};
inline constexpr std::array kDirections = {wire::Direction::Forward, wire::Direction::Reverse,
                                           wire::Direction::Bidirectional};

struct StepWord {
  std::string_view word;
  Step::Kind kind;
  int most_at = 0;               // 0: the step has none
  std::uint32_t most_count = 0;  // 0: the step has none
  bool has_text = false;
  bool in_pair = false;
  bool in_sessions = false;
};

inline constexpr std::uint32_t kMostMilliseconds = 20'000;

inline constexpr std::array kStepWords = {
    StepWord{"to-server", Step::Kind::ToServer, 0, 65536, false, true, false},
    StepWord{"to-client", Step::Kind::ToClient, 0, 65536, false, true, false},
    StepWord{"appear", Step::Kind::Appear, kMostStreams, 0, false, true, true},
    StepWord{"header", Step::Kind::Header, kMostStreams, 64, false, true, true},
    StepWord{"junk", Step::Kind::Junk, kMostStreams, 0, true, false, true},
    StepWord{"payload", Step::Kind::Payload, kMostStreams, 0, false, false, true},
    StepWord{"flow", Step::Kind::Flow, kMostStreams, 0, true, false, true},
    StepWord{"reset", Step::Kind::Reset, kMostStreams, 0, false, true, true},
    StepWord{"silence", Step::Kind::Silence, kMostStreams, 0, false, true, true},
    StepWord{"wait", Step::Kind::Wait, 0, kMostMilliseconds, false, true, true},
    StepWord{"stop", Step::Kind::Stop, 1, 0, false, true, true},
    StepWord{"cookie", Step::Kind::Cookie, 1, 0, false, false, true},
    StepWord{"state", Step::Kind::State, 255, 0, false, false, true},
    StepWord{"each-state", Step::Kind::EachState, 0, 0, false, false, true},
    StepWord{"length", Step::Kind::Length, 0, UINT32_MAX, false, false, true},
    StepWord{"frame", Step::Kind::Frame, 0, 0, true, false, true},
    StepWord{"bytes", Step::Kind::Bytes, 0, 0, true, false, true},
    StepWord{"flood", Step::Kind::Flood, 0, 1U << 18, false, false, true},
    StepWord{"answer", Step::Kind::Answer, 0, 0, false, false, true},
};

}  // namespace rolecall::fuzz
