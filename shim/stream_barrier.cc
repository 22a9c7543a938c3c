// SPDX-License-Identifier: BSD-3-Clause
#include "shim/stream_barrier.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include <atomic>
#include <cstdint>

#include "shim/next.h"
#include "shim/raw.h"
#include "shim/tcp_state.h"

namespace rolecall::order {
namespace {

using shim::as_word;
using shim::CookieState;
using shim::kCookieSize;
using shim::raw;
using shim::SignalFence;

// An acknowledgement wakes nobody, so its evidence is looked for this often.
constexpr long kLookNs = 200'000;

// Whoever claimed an entry owns it alone, for some steps that no signal can cut in two.
enum class Stage : std::uint32_t { Free, Claimed, Used };

// An address and port; no flow label, which iperf3 sets on its streams only.
struct Server {
  sa_family_t family = AF_UNSPEC;
  std::uint16_t port = 0;
  std::uint32_t scope = 0;
  unsigned char address[16] = {};
};

// A connection that has not written its first kCookieSize bytes yet.
struct Opening {
  std::atomic<Stage> stage{};
  std::atomic<int> fd{};
  std::atomic<std::uint64_t> age{};
  std::uint64_t id = 0;  // SO_COOKIE
  Server server;
  char bytes[kCookieSize] = {};
  std::size_t have = 0;
};

// One test: the connections to one server that open with the same cookie. The first is its control
// connection.
struct Test {
  std::atomic<Stage> stage{};
  std::atomic<std::uint64_t> age{};
  Server server;
  char cookie[kCookieSize] = {};
  int last_fd = 0;  // the newest stream connection, not owned
  std::uint64_t last_id = 0;
};

// A full table forgets its oldest entry: a program with more than these under way is no iperf3.
constinit Opening openings[64];
constinit Test tests[16];
constinit std::atomic<bool> any_opening{false};
constinit std::atomic<std::uint64_t> ages{0};

template <class Entry>
bool claim(Entry& entry, Stage stage) {
  return entry.stage.compare_exchange_strong(stage, Stage::Claimed);
}

// Claims an entry in use; waits out another thread's claim, but not for ever: the child of a fork
// has copies of claims that nobody ends.
template <class Entry>
bool claim_used(Entry& entry) {
  constexpr int kTries = 1000;
  for (int i = 0; i < kTries; ++i) {
    if (claim(entry, Stage::Used)) return true;
    if (entry.stage.load() == Stage::Free) return false;
    raw(__NR_sched_yield);
  }
  return false;
}

// A free entry, else the oldest one; claimed. Null where others work on every entry.
template <class Entry, std::size_t Size>
Entry* claim_room(Entry (&table)[Size]) {
  for (Entry& entry : table) {
    if (claim(entry, Stage::Free)) return &entry;
  }
  Entry* oldest = &table[0];
  for (Entry& entry : table) {
    if (entry.age.load() < oldest->age.load()) oldest = &entry;
  }
  return claim(*oldest, Stage::Used) ? oldest : nullptr;
}

template <class Entry>
void put_back(Entry& entry, Stage stage) {
  entry.stage.store(stage);
}

Server server_at(const sockaddr* address, socklen_t length) {
  Server server{};
  server.family = address->sa_family;
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address);
    server.port = v6->sin6_port;
    server.scope = v6->sin6_scope_id;
    memcpy(server.address, &v6->sin6_addr, sizeof v6->sin6_addr);
  } else {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address);
    server.port = v4->sin_port;
    memcpy(server.address, &v4->sin_addr, sizeof v4->sin_addr);
  }
  return server;
}

bool is_same(const Server& a, const Server& b) {
  return a.family == b.family && a.port == b.port && a.scope == b.scope &&
         memcmp(a.address, b.address, sizeof a.address) == 0;
}

bool is_cookie(const char (&bytes)[kCookieSize]) {
  for (int i = 0; i < kCookieSize - 1; ++i) {
    const bool is_letter = bytes[i] >= 'a' && bytes[i] <= 'z';
    const bool is_digit = bytes[i] >= '2' && bytes[i] <= '7';
    if (!is_letter && !is_digit) return false;
  }
  return bytes[kCookieSize - 1] == '\0';
}

// The test of this connection's cookie, claimed, if its control connection was seen.
Test* claim_test(const Opening& opening) {
  for (Test& test : tests) {
    if (!claim_used(test)) continue;
    const bool is_it = is_same(test.server, opening.server) &&
                       memcmp(test.cookie, opening.bytes, kCookieSize) == 0;
    if (is_it) return &test;
    put_back(test, Stage::Used);
  }
  return nullptr;
}

// The first bytes of a connection are known. They make it a stream of a test or open a new test.
void settle(const Opening& opening) {
  if (!is_cookie(opening.bytes)) return;
  if (Test* const test = claim_test(opening)) {
    test->last_fd = opening.fd.load();
    test->last_id = opening.id;
    return put_back(*test, Stage::Used);
  }
  Test* const test = claim_room(tests);
  if (test == nullptr) return;
  test->age.store(ages.fetch_add(1));
  test->server = opening.server;
  memcpy(test->cookie, opening.bytes, kCookieSize);
  test->last_fd = -1;
  put_back(*test, Stage::Used);
}

void take_bytes(Opening& opening, const iovec* parts, std::size_t count, std::size_t written) {
  for (std::size_t i = 0; i < count && written > 0 && opening.have < kCookieSize; ++i) {
    std::size_t size = parts[i].iov_len < written ? parts[i].iov_len : written;
    written -= size;
    if (size > kCookieSize - opening.have) size = kCookieSize - opening.have;
    memcpy(opening.bytes + opening.have, parts[i].iov_base, size);
    opening.have += size;
  }
}

void forget(Opening& opening) {
  put_back(opening, Stage::Free);
  bool any = false;
  for (const Opening& other : openings) any |= other.stage.load() != Stage::Free;
  if (!any) any_opening.store(false);
}

// The newest stream of `test`, if it is one at this server.
bool find_last_stream(Test& test, const Server& server, int* fd, std::uint64_t* id) {
  const SignalFence fence;
  if (!claim_used(test)) return false;
  const bool found = test.last_fd >= 0 && is_same(test.server, server);
  *fd = test.last_fd;
  *id = test.last_id;
  put_back(test, Stage::Used);
  return found;
}

bool is_settled(int fd, std::uint64_t id) {
  if (shim::socket_cookie(fd) != id) return true;
  const CookieState state = shim::cookie_state(fd);
  return state == CookieState::Acknowledged || state == CookieState::Dead;
}

long now_ms() {
  timespec now{};
  raw(__NR_clock_gettime, CLOCK_MONOTONIC, as_word(&now));
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// The program's own signal handlers run meanwhile, and a cancelled thread ends here.
bool wait_until_settled(int fd, std::uint64_t id, long until_ms) {
  while (!is_settled(fd, id)) {
    if (now_ms() >= until_ms) return false;
    const shim::Next::ppoll_type next = shim::Next::ppoll();
    const timespec look{.tv_sec = 0, .tv_nsec = kLookNs};
    if (next != nullptr) next(nullptr, 0, &look, nullptr);
  }
  return true;
}

}  // namespace

void note_connect(int fd, const sockaddr* address, socklen_t length) {
  const SignalFence fence;
  Opening* const opening = claim_room(openings);
  if (opening == nullptr) return;
  opening->fd.store(fd);
  opening->id = shim::socket_cookie(fd);
  opening->age.store(ages.fetch_add(1));
  opening->server = server_at(address, length);
  opening->have = 0;
  put_back(*opening, Stage::Used);
  any_opening.store(true);
}

void note_write(int fd, const iovec* parts, std::size_t count, std::size_t written) {
  if (!any_opening.load(std::memory_order_relaxed)) return;
  for (Opening& opening : openings) {
    if (opening.fd.load() != fd || opening.stage.load() != Stage::Used) continue;
    const SignalFence fence;
    if (!claim_used(opening)) continue;
    if (opening.fd.load() != fd || shim::socket_cookie(fd) != opening.id) {
      forget(opening);
      continue;
    }
    take_bytes(opening, parts, count, written);
    if (opening.have < kCookieSize) {
      put_back(opening, Stage::Used);
      continue;
    }
    settle(opening);
    forget(opening);
  }
}

bool wait_for_last_stream(const sockaddr* address, socklen_t length, long limit_ms) {
  const Server server = server_at(address, length);
  const int errno_at_entry = errno;
  const long until = now_ms() + limit_ms;
  bool settled = true;
  for (Test& test : tests) {
    int fd = -1;
    std::uint64_t id = 0;
    if (find_last_stream(test, server, &fd, &id)) settled = wait_until_settled(fd, id, until);
    if (!settled) break;
  }
  errno = errno_at_entry;
  return settled;
}

}  // namespace rolecall::order
