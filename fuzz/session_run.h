// SPDX-License-Identifier: BSD-3-Clause
// One session against a peer that is a list of steps (fuzz/steps.h). An Owner has the session and
// does what its outputs ask for; run() below is the same for a client's and a server's.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "fuzz/steps.h"
#include "fuzz/trace.h"
#include "harness/base/check.h"
#include "harness/base/time.h"
#include "harness/session/event.h"
#include "harness/wire/control_decoder.h"
#include "harness/wire/cookie.h"

namespace rolecall::fuzz {

inline constexpr std::size_t kOneRead = 32768;   // what comes at once
inline constexpr Duration kLimit = seconds(10);  // of every wait that the configuration has

// A document of the cap, with its length.
constexpr std::size_t whole_frame(std::size_t cap) {
  return sizeof(std::uint32_t) + cap;
}

// (state, control byte) that came to a session that awaited one in that state, over all inputs of
// this process.
using Visited = std::set<std::pair<wire::State, std::byte>>;

// What must not depend on how the bytes are cut.
struct Ending {
  Bytes said;
  bool has_failed = false;
  int error = 0;
  bool operator==(const Ending&) const = default;
};

// What a session's peer sends on the control connection in one step; empty: it sends nothing.
inline Bytes control_bytes(const Step& step, const wire::Cookie& plain,
                           const wire::Cookie& flagged) {
  Bytes bytes;
  if (step.kind == Step::Kind::Cookie) {
    append(bytes, step.at == 0 ? plain.bytes : flagged.bytes);
  } else if (step.kind == Step::Kind::State) {
    bytes.push_back(static_cast<std::byte>(step.at));
  } else if (step.kind == Step::Kind::Length) {
    append_be32(bytes, step.count);
  } else if (step.kind == Step::Kind::Frame) {
    bytes = wire::encode_frame(step.text);
  } else if (step.kind == Step::Kind::Bytes) {
    append(bytes, as_bytes(step.text));
  } else if (step.kind == Step::Kind::Flood) {
    bytes.resize(step.count, std::byte{'{'});
  }
  return bytes;
}

// The steps that are the same for both sessions; false for those that are the owner's.
template <class Owner>
bool take_common(Owner& owner, const Step& step) {
  using Kind = Step::Kind;
  if (step.kind == Kind::Wait) {
    owner.pass_time(milliseconds(step.count));
  } else if (step.kind == Kind::Stop) {
    if (step.at == 0) owner.tell(session::Interrupted{"stopped"});
    if (step.at == 1) owner.tell(session::LocalFailure{Error{Errc::System, "write(2)"}, 0});
  } else if (step.kind == Kind::Answer) {
    owner.answer();
  } else if (step.kind == Kind::Reset && step.at == 0) {
    owner.close();
  } else {
    return false;
  }
  return true;
}

// A session that hears nothing more ends within its limits. A running test has its own: hours.
template <class Owner>
void end(Owner& owner) {
  const TimePoint last_step = owner.now();
  owner.set_lazy(false);
  if (owner.runs_without_limit()) owner.close();
  while (!owner.finished()) {
    const auto next = owner.wake_at();
    CHECK(next.has_value());
    CHECK(*next - last_step <= kLimit);
    owner.pass_time(*next - owner.now());
  }
}

// Each byte by itself, on a copy: each ends within the limits too.
template <class Owner>
void try_each_state(const Owner& owner) {
  for (int byte = 0; byte < 256; ++byte) {
    Owner copy = owner;
    copy.hear(Bytes{static_cast<std::byte>(byte)}, 1);
    end(copy);
  }
}

template <class Owner>
Ending run(const Input& input, std::size_t piece) {
  Owner owner(input);
  Bytes due;  // what consecutive steps send comes at once
  const auto flush = [&] {
    owner.hear(due, piece);
    due.clear();
  };
  for (const Step& step : input.steps) {
    append(due, owner.control_bytes_of(step));
    if (step.kind >= Step::Kind::Cookie && step.kind <= Step::Kind::Flood &&
        step.kind != Step::Kind::EachState)
      continue;
    flush();
    if (step.kind == Step::Kind::EachState) {
      try_each_state(owner);
    } else if (!take_common(owner, step)) {
      owner.take(step);
    }
  }
  flush();
  end(owner);
  return owner.ending();
}

// The target of a session.
template <class Owner>
void check_session(ByteView data) {
  const Input input = read_input(as_text(data));
  CHECK(read_input(print(input)) == input);
  CHECK(run<Owner>(input, kOneRead) == run<Owner>(input, 1));
}

}  // namespace rolecall::fuzz
