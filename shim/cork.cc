// SPDX-License-Identifier: BSD-3-Clause
#include "shim/cork.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <time.h>

#include <atomic>

#include "shim/plan_view.h"
#include "shim/raw.h"
#include "shim/recorder.h"
#include "shim/tcp_state.h"
#include "shim/waits.h"

namespace rolecall::shim {
namespace {

// What the program asked for while its cookie was held, for an option that is on or off.
enum class Wish : std::uint32_t { None, Off, On };
// An acknowledgement wakes nobody, so its evidence is looked for this often.
constexpr long kLookNs = 200'000;

// The stream of one number. `id` is stored last: 0 means that it is not here yet.
struct Stream {
  std::atomic<std::uint64_t> id;  // SO_COOKIE
  std::atomic<int> fd;            // not owned
  std::atomic<std::uint32_t> port;
  std::atomic<bool> is_uncorked;
  std::atomic<bool> is_acknowledged;
  std::atomic<Wish> nodelay;
  std::atomic<Wish> corked;
  Waits waits;  // of the thread that corked it, at that time
};

constinit Stream streams[kMaxStreams + 1];
constinit std::atomic<std::uint32_t> the_place{0};  // in the order: how many are acknowledged
constinit std::atomic<bool> given_up{false};

std::uint32_t number_at(std::uint32_t place) {
  return plan_view().order[place];
}

bool is_here(const Stream& stream) {
  const std::uint64_t id = stream.id.load();
  return id != 0 && socket_cookie(stream.fd.load()) == id;
}

// What the kernel says; a socket that the program has closed counts as Dead.
CookieState state_of(const Stream& stream) {
  return is_here(stream) ? cookie_state(stream.fd.load()) : CookieState::Dead;
}

void set_tcp_option(int fd, int name, int value) {
  raw(__NR_setsockopt, fd, IPPROTO_TCP, name, as_word(&value), sizeof value);
}

// Harmless to do twice: two threads may find the same turn.
void uncork(Stream& stream) {
  const SignalFence fence;
  if (!is_here(stream)) return;
  const int fd = stream.fd.load();
  stream.is_uncorked.store(true);
  const Wish nodelay = stream.nodelay.exchange(Wish::None);
  if (nodelay != Wish::None) set_tcp_option(fd, TCP_NODELAY, nodelay == Wish::On ? 1 : 0);
  set_tcp_option(fd, TCP_CORK, stream.corked.exchange(Wish::None) == Wish::On ? 1 : 0);
}

// Ends the order; what is corked goes out as it was written.
void give_up(const Happening& why) {
  if (given_up.exchange(true)) return;
  record(why);
  for (std::uint32_t number = 1; number <= deferred_streams(); ++number) uncork(streams[number]);
}

bool has_left(CookieState state) {
  return state == CookieState::Sent || state == CookieState::Acknowledged ||
         state == CookieState::Dead;
}

// Looks at every stream behind `place`. Whether all that are here still wait for their turn. One
// that was let go has had it: another thread has gone on to the next place meanwhile.
bool later_ones_wait(std::uint32_t place) {
  for (std::uint32_t later = place + 1; later < deferred_streams(); ++later) {
    const std::uint32_t number = number_at(later);
    const Stream& stream = streams[number];
    if (stream.id.load() == 0 || !has_left(state_of(stream)) || stream.is_uncorked.load()) continue;
    const Waits waits = waits_since(stream.waits);
    give_up({.kind = Kind::CorkExpired,
             .port = stream.port.load(),
             .number = number,
             .awaited = number_at(place),
             .starved_ns = waits.starved_ns,
             .sleeps = waits.sleeps});
    return false;
  }
  return true;
}

void say_uncorked(Stream& stream, std::uint32_t place) {
  if (stream.is_uncorked.exchange(true)) return;
  record({.kind = Kind::Uncorked,
          .port = stream.port.load(),
          .number = number_at(place),
          .position = place + 1});
}

// Looks until the cookie is acknowledged, at most for the hold limit. Not a cancellation point: the
// program's write has happened, and has to return.
bool wait_until_acknowledged(const Stream& stream) {
  const std::uint64_t until = now_ns() + std::uint64_t{plan_view().hold_ms} * 1'000'000;
  for (;;) {
    const CookieState state = state_of(stream);
    if (state == CookieState::Acknowledged) return true;
    if (state == CookieState::Dead || given_up.load() || now_ns() >= until) return false;
    const timespec look{.tv_sec = 0, .tv_nsec = kLookNs};
    raw(__NR_ppoll, 0, 0, as_word(&look));
  }
}

// Lets the stream at `place` go, if its cookie is written. Whether the next one may go now.
bool let_go(std::uint32_t place) {
  const std::uint32_t number = number_at(place);
  Stream& stream = streams[number];
  if (stream.id.load() == 0) return false;
  const CookieState state = state_of(stream);
  if (state == CookieState::Unwritten) return false;
  if (state == CookieState::Queued && stream.corked.load() == Wish::On)
    return false;  // it waits too
  if (!later_ones_wait(place)) return false;
  say_uncorked(stream, place);
  uncork(stream);
  if (!wait_until_acknowledged(stream)) {
    give_up({.kind = Kind::HoldLimitReached, .number = number});
    return false;
  }
  // Of one that left meanwhile nobody can say which of the two the server's kernel queued first.
  if (!later_ones_wait(place)) return false;
  if (the_place.compare_exchange_strong(place, place + 1)) {
    record({.kind = Kind::CookieAcknowledged,
            .port = stream.port.load(),
            .number = number,
            .position = place + 1});
  }
  return true;
}

Stream* find_held(int fd) {
  const std::uint64_t id = socket_cookie(fd);
  if (id == 0) return nullptr;
  for (std::uint32_t number = 1; number <= deferred_streams(); ++number) {
    Stream& stream = streams[number];
    if (stream.id.load() == id) return stream.is_uncorked.load() ? nullptr : &stream;
  }
  return nullptr;
}

}  // namespace

bool is_corking() {
  return phase() == Phase::Client && !given_up.load(std::memory_order_relaxed) &&
         the_place.load(std::memory_order_relaxed) < deferred_streams();
}

void cork(int fd, std::uint32_t port, std::uint32_t number) {
  if (!is_corking() || number < 1 || number > deferred_streams()) return;
  const int on = 1;
  const long rc = raw(__NR_setsockopt, fd, IPPROTO_TCP, TCP_CORK, as_word(&on), sizeof on);
  record({.kind = Kind::Corked, .port = port, .number = number, .error = static_cast<int>(-rc)});
  Stream& stream = streams[number];
  stream.fd.store(fd);
  stream.port.store(port);
  stream.waits = waits_so_far();
  stream.id.store(socket_cookie(fd));
  if (given_up.load()) uncork(stream);  // by another thread, which did not see this one
}

void notice_expired_corks() {
  if (is_corking()) later_ones_wait(the_place.load());
}

void advance_corks() {
  while (is_corking()) {
    if (!let_go(the_place.load())) break;
  }
  // Whose turn has not come may have been let go by the kernel.
  notice_expired_corks();
}

bool keep_back_option(int fd, int level, int name, const void* value, socklen_t length) {
  if (level != IPPROTO_TCP || (name != TCP_NODELAY && name != TCP_CORK)) return false;
  if (value == nullptr || length < sizeof(int) || !is_corking()) return false;
  const SignalFence fence;
  Stream* const stream = find_held(fd);
  if (stream == nullptr) return false;
  int wanted = 0;
  memcpy(&wanted, value, sizeof wanted);
  (name == TCP_NODELAY ? stream->nodelay : stream->corked)
      .store(wanted != 0 ? Wish::On : Wish::Off);
  if (stream->is_uncorked.load()) uncork(*stream);  // its turn came meanwhile
  return true;
}

}  // namespace rolecall::shim
