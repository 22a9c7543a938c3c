// SPDX-License-Identifier: BSD-3-Clause
// A client and a server session joined in memory: both ends agree on the role and index of every
// stream, or both have ended within 10 s of virtual time after the last step. Input: fuzz/steps.h.
// With ROLECALL_FUZZ_LEGACY both ends know no flag, and an accept order that breaks the rule
// exists.
#include <algorithm>

#include "fuzz/steps.h"
#include "fuzz/target.h"
#include "harness/base/check.h"
#include "harness/session/in_memory_pair.h"

using namespace rolecall;
using namespace rolecall::session;
using fuzz::Input;
using fuzz::Step;

#ifdef ROLECALL_FUZZ_LEGACY
static constexpr bool kLegacy = true;
#else
static constexpr bool kLegacy = false;
#endif

static constexpr Duration kLimit = seconds(10);

static ClientConfig client_of(const Input& input) {
  ClientConfig config;
  config.mode = kLegacy ? FlagMode::Off : input.client.mode;
  config.level = input.client.level;
  config.reply_limit = config.results_limit = kLimit;
  config.parameters.direction = input.direction;
  config.parameters.parallel = input.parallel;
  config.parameters.time_s = 1;
  return config;
}

static ServerConfig server_of(const Input& input) {
  ServerConfig config;
  config.mode = kLegacy ? FlagMode::Off : input.server.mode;
  config.level = input.server.level;
  if (config.mode == FlagMode::Off) config.bind_roles = BindRoles::Accept;
  config.document_limit = config.streams_limit = kLimit;
  config.grace = seconds(9);
  return config;
}

static void take(InMemoryPair& pair, const Step& step) {
  using Kind = Step::Kind;
  if (step.kind == Kind::ToServer) return pair.deliver(InMemoryPair::Way::ToServer, step.count);
  if (step.kind == Kind::ToClient) return pair.deliver(InMemoryPair::Way::ToClient, step.count);
  if (step.kind == Kind::Appear) return pair.appear(step.at);
  if (step.kind == Kind::Header) return pair.deliver_header(step.at, step.count);
  if (step.kind == Kind::Reset) return pair.cut(step.at, InMemoryPair::Cut::Reset);
  if (step.kind == Kind::Silence) return pair.cut(step.at, InMemoryPair::Cut::Silence);
  if (step.kind == Kind::Wait) return pair.pass_time(milliseconds(step.count));
  if (step.kind == Kind::Stop) return step.at == 0 ? pair.stop_client() : pair.stop_server();
}

// What is still under way after the last step arrives, in client order.
static InMemoryPair run(const Input& input, bool byte_by_byte) {
  InMemoryPair pair(client_of(input), server_of(input));
  if (byte_by_byte) pair.deliver_byte_by_byte();
  for (const Step& step : input.steps) take(pair, step);
  const TimePoint last_step = pair.now();
  pair.run();
  while (!(pair.client().finished() && pair.server().finished()) && pair.pass_time()) pair.run();
  CHECK(pair.client().finished() && pair.server().finished());
  CHECK(pair.now() - last_step <= kLimit);
  return pair;
}

// Without a flag a server that binds by accept order guesses, which is what the flag is for.
static bool must_agree(InMemoryPair& pair, const Input& input) {
  return kLegacy || pair.server().flag() != Flag::None || input.server.mode != FlagMode::Off;
}

static bool agree_on_roles(const InMemoryPair& pair) {
  return pair.paired_rightly() == static_cast<int>(pair.bound().size());
}

static bool agree_on_indices(InMemoryPair& pair) {
  return std::ranges::all_of(pair.bound(), [&](const BoundStream& stream) {
    const bool must_know = fixes_identity(pair.server().flag());
    const bool is_right = stream.number == static_cast<int>(stream.connection);
    return stream.is_identified ? is_right : !must_know;
  });
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Input input = fuzz::read_input(as_text(fuzz::bytes(data, size)));
  CHECK(fuzz::read_input(print(input)) == input);
  InMemoryPair pair = run(input, false);
  const bool is_over_well = !pair.client_failure() || !pair.server_failure();
  if (is_over_well && must_agree(pair, input)) {
    CHECK(static_cast<int>(pair.bound().size()) == input.streams());
    CHECK(agree_on_roles(pair));
    CHECK(agree_on_indices(pair));
  }
  InMemoryPair slow = run(input, true);
  CHECK(slow.both_completed() == pair.both_completed());
  CHECK(slow.paired_rightly() == pair.paired_rightly());
  CHECK(slow.identified_rightly() == pair.identified_rightly());
  return 0;
}
