// SPDX-License-Identifier: BSD-3-Clause
// What strangers and bad documents make roleperf allocate: every operator new of this program is
// counted, so that the bounds are held by numbers and no machine's state can change them.
#include <malloc.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/base/deadline.h"
#include "harness/net/reactor.h"
#include "harness/perf/farewells.h"
#include "harness/perf/lobby.h"
#include "harness/session/client_session.h"
#include "harness/session/server_session.h"
#include "harness/wire/json_fields.h"
#include "harness/wire/params.h"
#include "harness/wire/results.h"

namespace rolecall::perf {
namespace {

std::atomic<std::size_t> live_bytes{0};
std::atomic<std::size_t> peak_bytes{0};

void* counted(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  const std::size_t live = live_bytes += ::malloc_usable_size(memory);
  if (live > peak_bytes) peak_bytes = live;
  return memory;
}

void uncounted(void* memory) {
  if (memory != nullptr) live_bytes -= ::malloc_usable_size(memory);
  std::free(memory);
}

// From its making on.
class Growth {
 public:
  Growth() : before_(live_bytes) { peak_bytes = before_; }
  std::size_t now() const { return live_bytes - before_; }
  std::size_t at_most() const { return peak_bytes - before_; }

 private:
  std::size_t before_;
};

}  // namespace
}  // namespace rolecall::perf

void* operator new(std::size_t size) {
  return rolecall::perf::counted(size);
}
void operator delete(void* memory) noexcept {
  rolecall::perf::uncounted(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  rolecall::perf::uncounted(memory);
}

namespace rolecall::perf {
namespace {

using session::ClientSession;
using session::ServerSession;
using wire::State;

constexpr std::size_t kCrowd = 1000;
constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = kKiB * kKiB;

// --- strangers

struct Pair {
  Fd ours;
  Fd theirs;
};

Pair socket_pair() {
  int ends[2];
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

std::vector<Pair> stranger_pairs() {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < kCrowd; ++i) pairs.push_back(socket_pair());
  return pairs;
}

TEST(AllocationTest, AGuestOfTheLobbyTakesHalfAKibibyte) {
  Reactor reactor = Reactor::create().value();
  Lobby lobby(reactor, 2 * kCrowd);
  auto pairs = stranger_pairs();
  for (Pair& pair : pairs) (void)::send(pair.theirs.get(), "half a cookie", 13, 0);
  const Growth growth;
  for (Pair& pair : pairs) lobby.enter(std::move(pair.ours));
  EXPECT_LE(growth.at_most() / kCrowd, kKiB / 2);
}

TEST(AllocationTest, WhoIsDeniedTakesHalfAKibibyte) {
  Reactor reactor = Reactor::create().value();
  Farewells farewells(reactor, 2 * kCrowd);
  auto pairs = stranger_pairs();
  const Growth growth;
  for (Pair& pair : pairs) farewells.deny(std::move(pair.ours));
  EXPECT_LE(growth.at_most() / kCrowd, kKiB / 2);
}

TEST(AllocationTest, ACrowdAtTheDoorIsNoMoreThanTheLobbyHolds) {
  constexpr std::size_t kPlaces = 50;
  Reactor reactor = Reactor::create().value();
  Lobby lobby(reactor, kPlaces);
  auto pairs = stranger_pairs();
  const Growth growth;
  for (Pair& pair : pairs) lobby.enter(std::move(pair.ours));
  EXPECT_LE(growth.at_most(), (kPlaces + 1) * kKiB / 2);
}

// --- what a session holds of bytes that came

void drain(ServerSession& session) {
  while (session.next_output()) {
  }
}

ServerSession server_with_parameters(const std::string& json) {
  ServerSession session({}, TimePoint{});
  session.on_bytes(Bytes(wire::kCookieSize, std::byte{'x'}), TimePoint{});
  session.on_bytes(wire::encode_frame(json), TimePoint{});
  drain(session);
  return session;
}

TEST(AllocationTest, AThousandStreamsWithoutTheirCookieAreHeldAsAFew) {
  ServerSession session = server_with_parameters("{}");
  ASSERT_TRUE(session.wants_connections());
  const Growth growth;
  for (session::ConnectionId id = 1; id <= kCrowd; ++id) {
    session.on_connection(id, TimePoint{});
    session.on_connection_bytes(id, Bytes(36, std::byte{'y'}), TimePoint{});
    drain(session);
  }
  EXPECT_LE(growth.at_most(), 32 * kKiB);
}

class AnnouncedLength : public testing::TestWithParam<std::uint32_t> {
 protected:
  Bytes announced() const {
    Bytes bytes;
    append_be32(bytes, GetParam());
    append(bytes, Bytes(1000, std::byte{' '}));
    return bytes;
  }
};

TEST_P(AnnouncedLength, OfParametersIsNotAllocated) {
  ServerSession session({}, TimePoint{});
  session.on_bytes(Bytes(wire::kCookieSize, std::byte{'x'}), TimePoint{});
  const Growth growth;
  session.on_bytes(announced(), TimePoint{});
  EXPECT_LE(growth.at_most(), 8 * kKiB);
}

TEST_P(AnnouncedLength, OfTheServersResultsIsNotAllocated) {
  ClientSession session({}, TimePoint{});
  for (const State state :
       {State::ParamExchange, State::CreateStreams, State::TestStart, State::TestRunning}) {
    session.on_bytes(Bytes{wire::encode_state(state)}, TimePoint{});
  }
  session.on_local(session::TestOver{}, TimePoint{});
  session.on_bytes(Bytes{wire::encode_state(State::ExchangeResults)}, TimePoint{});
  session.on_local(session::ResultsReady{}, TimePoint{});
  const Growth growth;
  session.on_bytes(announced(), TimePoint{});
  EXPECT_LE(growth.at_most(), 8 * kKiB);
}

INSTANTIATE_TEST_SUITE_P(Of, AnnouncedLength,
                         testing::Values(0U, 1U << 20, 64U << 20, 0x7fffffffU, 0xffffffffU));

// --- what a document of JSON becomes

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string text;
  while (text.size() + piece.size() <= bytes) text += piece;
  return text;
}

std::string members(std::size_t bytes) {
  std::string text = "{";
  for (std::size_t i = 0; text.size() + 20 < bytes; ++i) text += "\"" + std::to_string(i) + "\":0,";
  return text + "\"end\":0}";
}

std::vector<std::string> worst_documents(std::size_t bytes) {
  return {repeated("[", bytes),
          "[" + repeated("[],", bytes - 4) + "0]",
          "[" + repeated("{},", bytes - 4) + "0]",
          "[" + repeated("0,", bytes - 4) + "0]",
          "[" + repeated("\"\",", bytes - 4) + "0]",
          members(bytes),
          "{\"title\":\"" + repeated("\\u00e4", bytes - 20) + "\"}"};
}

TEST(AllocationTest, ParametersOfTheCapBecomeAMebibyteAtMost) {
  for (const std::string& document : worst_documents(wire::kParametersCap)) {
    ASSERT_LE(document.size(), wire::kParametersCap);
    const Growth growth;
    (void)wire::decode_parameters(document);
    EXPECT_LE(growth.at_most(), kMiB) << document.substr(0, 20);
  }
}

TEST(AllocationTest, ResultsBecomeAtMostSixtyFourTimesTheirLength) {
  for (const std::string& document : worst_documents(wire::client_results_cap(1))) {
    const Growth growth;
    (void)wire::decode_results(document);
    EXPECT_LE(growth.at_most(), 64 * document.size()) << document.substr(0, 20);
  }
}

// Each key is compared with all before it.
TEST(AllocationTest, AnObjectOfManyMembersIsRefused) {
  const auto parsed = wire::parse_json(members(kMiB));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Errc::Limit);
}

}  // namespace
}  // namespace rolecall::perf
