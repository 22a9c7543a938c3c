// SPDX-License-Identifier: BSD-3-Clause
// A client and a server session joined in memory: both ends agree on the role and index of every
// stream, or both have ended within 10 s of virtual time. Input: fuzz/pair_input.h. With
// ROLECALL_FUZZ_LEGACY both ends know no flag, and an accept order that breaks the rule exists.
#include <algorithm>
#include <cstring>
#include <string>

#include "fuzz/pair_input.h"
#include "fuzz/target.h"
#include "harness/base/check.h"

using namespace rolecall;
using namespace rolecall::session;
using fuzz::PairInput;

#ifdef ROLECALL_FUZZ_LEGACY
static constexpr bool kLegacy = true;
#else
static constexpr bool kLegacy = false;
#endif

static constexpr Duration kLimit = seconds(10);

static ClientConfig client_of(const PairInput& input) {
  ClientConfig config;
  config.mode = kLegacy ? FlagMode::Off : input.client.mode;
  config.level = input.client.level;
  config.reply_limit = kLimit;
  config.parameters.direction = input.direction;
  config.parameters.parallel = input.parallel;
  config.parameters.time_s = 1;
  return config;
}

static ServerConfig server_of(const PairInput& input) {
  ServerConfig config;
  config.mode = kLegacy ? FlagMode::Off : input.server.mode;
  config.level = input.server.level;
  if (config.mode == FlagMode::Off) config.bind_roles = BindRoles::Accept;
  config.document_limit = config.streams_limit = kLimit;
  config.grace = seconds(9);
  return config;
}

static InMemoryPair run(const PairInput& input, std::size_t piece) {
  InMemoryPair pair(client_of(input), server_of(input));
  pair.deliver_in_pieces(piece);
  pair.accept_order(input.accepted);
  if (input.cut.happens) pair.cut_after(input.cut.bytes, input.cut.how);
  pair.cut_header(input.header_cut.number, input.header_cut.bytes, input.header_cut.how);
  pair.run();
  while (!(pair.client().finished() && pair.server().finished()) && pair.pass_time()) pair.run();
  return pair;
}

// Without a flag a server that binds by accept order guesses, which is what the flag is for.
static bool must_agree(InMemoryPair& pair, const PairInput& input) {
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
  const PairInput input = fuzz::read_pair_input(as_text(fuzz::bytes(data, size)));
  CHECK(print(fuzz::read_pair_input(print(input))) == print(input));
  InMemoryPair pair = run(input, input.piece);
  CHECK(pair.client().finished() && pair.server().finished());
  CHECK(pair.now() - TimePoint{0} <= kLimit);
  if (pair.both_completed() && must_agree(pair, input)) {
    CHECK(agree_on_roles(pair));
    CHECK(agree_on_indices(pair));
  }
  InMemoryPair slow = run(input, 1);
  CHECK(slow.both_completed() == pair.both_completed());
  CHECK(slow.identified_rightly() == pair.identified_rightly());
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  PairInput input = fuzz::read_pair_input(as_text(fuzz::bytes(data, size)));
  mutate(input, seed);
  const std::string text = print(input);
  const std::size_t kept = std::min(text.size(), max_size);
  std::memcpy(data, text.data(), kept);
  return kept;
}
