// SPDX-License-Identifier: BSD-3-Clause
#include "shim/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>

#include "shim/next.h"
#include "shim/numbering.h"
#include "shim/parking.h"
#include "shim/plan_view.h"
#include "shim/raw.h"
#include "shim/readiness.h"
#include "shim/recorder.h"
#include "shim/tcp_state.h"

namespace rolecall::shim {
namespace {

constexpr int kNothing = -1;  // no connection to hand out now
constexpr std::uint32_t kMaxWatched = 63;
constinit std::atomic<long> owner_pid{0};
constinit std::atomic<std::uint64_t> deferred_listener{0};  // SO_COOKIE of the last one

std::uint64_t limit_ns() {
  return std::uint64_t{plan_view().hold_ms} * 1'000'000;
}

// A stream listener on the plan's port: what else a program accepts on is none of our business.
bool is_test_listener(int fd) {
  Peer at{};
  at.length = sizeof at.address;
  if (raw(__NR_getsockname, fd, as_word(&at.address), as_word(&at.length)) != 0) return false;
  const int protocol = int_option(fd, SOL_SOCKET, SO_PROTOCOL);
  return at.port() == plan_view().port && (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

// Whoever forked while connections were held (daemon() among them, which calls no fork() that we
// see) has copies of the parent's descriptors.
void check_owner() {
  const long self = raw(__NR_getpid);
  const long owner = owner_pid.exchange(self);
  if (owner != 0 && owner != self) disown_after_fork();
}

// The kernel resets what waits in a listener that is closed; so do we with what we took out of it.
void drop_orphans(Stage stage) {
  for (std::uint64_t after = 0;;) {
    Parked* const slot = claim_oldest(stage, after);
    if (slot == nullptr) return;
    after = slot->arrival;
    if (socket_cookie(slot->listener) == slot->listener_cookie) {
      put_back(*slot, stage);
      continue;
    }
    if (stage == Stage::Due) forget_own_connection();
    close_with_reset(slot->fd);
    record({.kind = Kind::Dropped, .port = slot->peer.port(), .number = slot->number});
    if (stage != Stage::Undecided) the_round.given_up.store(true);
    put_back(*slot, Stage::Free);
  }
}

// The order ends when its next connection does not come: the rest goes out as it arrived.
void give_up_after_limit() {
  std::uint64_t since = 0;
  if (!any_in(Stage::Held, &since) || now_ns() - since < limit_ns()) return;
  if (any_in(Stage::Due) || any_in(Stage::DueUnsaid)) return;  // the program was away, not the peer
  const std::uint32_t missing = number_in_turn();
  if (the_round.given_up.exchange(true)) return;
  record({.kind = Kind::HoldLimitReached, .number = missing});
}

// The held connection whose turn it is, claimed.
Parked* claim_in_turn() {
  if (any_in(Stage::Due)) return nullptr;
  if (Parked* const unsaid = claim_oldest(Stage::DueUnsaid)) return unsaid;
  if (the_round.given_up.load() || swapped_streams() == 0) return claim_oldest(Stage::Held);
  const std::uint32_t number = number_in_turn();
  return number == kNoNumber ? nullptr : claim_held(number);
}

// The waiting bytes that make an undecided connection readable: 37 of them, else poll() would
// return at once for a peer that has sent only a part of the cookie.
void set_low_water(const Parked& slot, int bytes) {
  if (plan_view().numbering != Numbering::ByArrival) return;
  raw(__NR_setsockopt, slot.fd, SOL_SOCKET, SO_RCVLOWAT, as_word(&bytes), sizeof bytes);
}

// Finds out what the undecided connections are. Returns one that is to go out at once, claimed;
// streams become Held.
Parked* settle_undecided() {
  for (std::uint64_t after = 0;;) {
    Parked* const slot = claim_oldest(Stage::Undecided, after);
    if (slot == nullptr) return nullptr;
    after = slot->arrival;
    Identity identity = identify(*slot);
    if (identity == Identity::Unknown && now_ns() - slot->since_ns >= limit_ns()) {
      record({.kind = Kind::StillUndecided, .port = slot->peer.port()});
      identity = Identity::Stranger;
    }
    if (identity == Identity::Unknown) {
      put_back(*slot, Stage::Undecided);
      continue;
    }
    set_low_water(*slot, 1);
    if (identity != Identity::Stream) return slot;
    slot->since_ns = now_ns();
    const std::uint32_t in_turn = number_in_turn();
    if (in_turn != kNoNumber && in_turn != slot->number) {
      record({.kind = Kind::Held, .port = slot->peer.port(), .number = slot->number});
    }
    put_back(*slot, Stage::Held);
  }
}

// Gives the program the address and the flags that its own call would have got.
int deliver(const Parked& slot, const AcceptCall& call) {
  if (call.address != nullptr) {
    const socklen_t room = *call.length;
    memcpy(call.address, &slot.peer.address, room < slot.peer.length ? room : slot.peer.length);
    *call.length = slot.peer.length;
  }
  raw(__NR_fcntl, slot.fd, F_SETFD, (call.flags & SOCK_CLOEXEC) != 0 ? FD_CLOEXEC : 0);
  raw(__NR_fcntl, slot.fd, F_SETFL, (call.flags & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0);
  return slot.fd;
}

// Nothing that could go out may stay behind unsaid when the program gets its connection.
void announce_next() {
  if (Parked* const next = claim_in_turn()) announce(*next);
}

// Hands out a control connection or a stranger, claimed: it takes no place in the order.
int hand_out_beside(Parked& slot, const AcceptCall& call) {
  const int fd = deliver(slot, call);
  record({.kind = slot.number == 0 ? Kind::HandedOut : Kind::StrangerPassed,
          .port = slot.peer.port(),
          .number = slot.number});
  put_back(slot, Stage::Free);
  announce_next();
  return fd;
}

// Hands out the stream whose turn it is, claimed, and announces the next where it is here already.
int hand_out_stream(Parked& slot, const AcceptCall& call) {
  const int fd = deliver(slot, call);
  record({.kind = Kind::HandedOut,
          .port = slot.peer.port(),
          .number = slot.number,
          .position = the_round.handed_out.load() + 1});
  put_back(slot, Stage::Free);
  the_round.handed_out.fetch_add(1);
  announce_next();
  return fd;
}

// What can be handed out without asking the kernel for more; kNothing if nothing can.
int hand_out_ready(const AcceptCall& call) {
  if (Parked* const beside = settle_undecided()) return hand_out_beside(*beside, call);
  give_up_after_limit();
  if (Parked* const next = claim_in_turn()) return hand_out_stream(*next, call);
  return kNothing;
}

// Takes in what the kernel's accept() returned. Returns what is to be handed out, or kNothing.
int take_in(int fd, const Peer& peer, const AcceptCall& call) {
  const SignalFence fence;
  record({.kind = Kind::AcceptedByKernel, .port = peer.port()});
  if (eat_own_connection(fd, peer)) {
    Parked* const due = claim_oldest(Stage::Due);
    return due != nullptr ? hand_out_stream(*due, call) : kNothing;
  }
  Parked* const slot = park(fd, call.listener, peer);
  if (slot == nullptr) {
    record({.kind = Kind::StrangerPassed, .port = peer.port()});
    Parked unparked{};
    unparked.fd = fd;
    unparked.peer = peer;
    return deliver(unparked, call);
  }
  set_low_water(*slot, kCookieSize);
  put_back(*slot, Stage::Undecided);
  return hand_out_ready(call);
}

int enter(const AcceptCall& call) {
  const SignalFence fence;
  check_owner();
  for (const Stage stage : {Stage::Undecided, Stage::Held, Stage::Due, Stage::DueUnsaid}) {
    drop_orphans(stage);
  }
  return hand_out_ready(call);
}

// Milliseconds until the hold limit of what waits in `stage`, rounded up; 0 if nothing does.
int remaining_ms(Stage stage) {
  std::uint64_t since = 0;
  if (!any_in(stage, &since)) return 0;
  const std::uint64_t waited = now_ns() - since;
  if (waited >= limit_ns()) return 0;
  return static_cast<int>((limit_ns() - waited) / 1'000'000 + 1);
}

// Waits until an undecided connection can be told, at most for what is left of its limit. Nothing
// more is taken from the kernel's queue meanwhile: what we took out and did not hand out would have
// nothing to wake the program for it. A cookie makes its connection readable. The client's return
// from connect() shows in a word of the board, and a word cannot be given to poll(): it is looked
// at each millisecond. What decides is the word, that is, the event; no time that passes does.
// Returns false with errno from poll().
bool wait_for_identity() {
  pollfd watched[kMaxWatched];
  int fds[kMaxWatched];
  const bool by_cookie = plan_view().numbering == Numbering::ByArrival;
  const std::uint32_t count = by_cookie ? list_undecided(fds, kMaxWatched) : 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    watched[i] = {.fd = fds[i], .events = POLLIN | POLLRDHUP, .revents = 0};
  }
  const Next::poll_type next = Next::poll();
  const int timeout_ms = by_cookie ? remaining_ms(Stage::Undecided) : 1;
  return next == nullptr || next(watched, count, timeout_ms) >= 0;
}

enum class Wake { Listener, Limit, Failed };

// Waits for a further connection, at most for what is left of the limit of those held.
Wake wait_for_connection(int listener) {
  pollfd watched = {.fd = listener, .events = POLLIN, .revents = 0};
  const Next::poll_type next = Next::poll();
  if (next == nullptr) return Wake::Listener;
  const int ready = next(&watched, 1, remaining_ms(Stage::Held));
  if (ready < 0) return Wake::Failed;
  return ready > 0 ? Wake::Listener : Wake::Limit;
}

bool is_blocking(int fd) {
  return (raw(__NR_fcntl, fd, F_GETFL) & O_NONBLOCK) == 0;
}

int kernel_accept(const AcceptCall& call, Peer* peer) {
  peer->length = sizeof peer->address;
  auto* const address = reinterpret_cast<sockaddr*>(&peer->address);
  return accept_as_is({.listener = call.listener,
                       .address = address,
                       .length = &peer->length,
                       .flags = call.flags,
                       .is_accept4 = call.is_accept4});
}

}  // namespace

int accept_as_is(const AcceptCall& call) {
  if (call.is_accept4) {
    Next::accept4_type const next = Next::accept4();
    if (next != nullptr) return next(call.listener, call.address, call.length, call.flags);
  } else {
    Next::accept_type const next = Next::accept();
    if (next != nullptr) return next(call.listener, call.address, call.length);
  }
  errno = ENOSYS;
  return -1;
}

int accept_in_order(const AcceptCall& call) {
  if (!is_test_listener(call.listener) || (call.address != nullptr && call.length == nullptr)) {
    return accept_as_is(call);
  }
  defer_accepts(call.listener);  // one that the program inherited was never seen in listen()
  const int errno_at_entry = errno;
  for (;;) {
    int fd = enter(call);
    if (fd == kNothing && any_in(Stage::Undecided)) {
      // Also on a non-blocking listener: after EAGAIN nothing would wake the program for it.
      if (!wait_for_identity()) return -1;
      continue;
    }
    if (fd == kNothing) {
      const bool has_limit = any_in(Stage::Held) && !any_in(Stage::Due);
      if (has_limit && is_blocking(call.listener)) {
        const Wake wake = wait_for_connection(call.listener);
        if (wake == Wake::Failed) return -1;
        if (wake == Wake::Limit) continue;
      }
      Peer peer{};
      const int accepted = kernel_accept(call, &peer);
      if (accepted < 0) return -1;
      fd = take_in(accepted, peer, call);
    }
    if (fd == kNothing) continue;
    errno = errno_at_entry;
    return fd;
  }
}

void defer_accepts(int fd) {
  if (plan_view().lever != Lever::Defer) return;
  const SignalFence fence;
  const std::uint64_t id = socket_cookie(fd);
  if (id == deferred_listener.load() || !is_test_listener(fd)) return;
  deferred_listener.store(id);
  // The kernel rounds it up to a number of its retries; past them a connection that has sent
  // nothing is queued after all.
  const int seconds = static_cast<int>(plan_view().hold_ms / 1000 + 1);
  const long rc =
      raw(__NR_setsockopt, fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, as_word(&seconds), sizeof seconds);
  record({.kind = Kind::ListenerDeferred, .error = static_cast<int>(-rc)});
}

void disown_after_fork() {
  close_all_copies();
  forget_own_connection();
}

}  // namespace rolecall::shim
