// SPDX-License-Identifier: BSD-3-Clause
#include "shim/parking.h"

#include <fcntl.h>
#include <netinet/in.h>

#include "shim/raw.h"
#include "shim/recorder.h"
#include "shim/tcp_state.h"

namespace rolecall::shim {
namespace {

constexpr std::uint32_t kSlots = kMaxStreams + 64;
constinit Parked slots[kSlots];
constinit std::atomic<std::uint64_t> arrivals{0};

bool claim(Parked& slot, Stage stage) {
  return slot.stage.compare_exchange_strong(stage, Stage::Claimed);
}

}  // namespace

std::uint32_t Peer::port() const {
  // sin_port and sin6_port are the same two bytes.
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return 0;
  return __builtin_bswap16(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Parked* park(int fd, int listener, const Peer& peer) {
  for (Parked& slot : slots) {
    if (!claim(slot, Stage::Free)) continue;
    raw(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC);
    slot.fd = fd;
    slot.listener = listener;
    slot.listener_cookie = socket_cookie(listener);
    slot.arrival = arrivals.fetch_add(1) + 1;
    slot.since_ns = now_ns();
    slot.number = kNoNumber;
    slot.peer = peer;
    return &slot;
  }
  return nullptr;
}

Parked* claim_oldest(Stage stage, std::uint64_t after_arrival) {
  for (;;) {
    Parked* oldest = nullptr;
    for (Parked& slot : slots) {
      if (slot.stage.load() != stage || slot.arrival <= after_arrival) continue;
      if (oldest == nullptr || slot.arrival < oldest->arrival) oldest = &slot;
    }
    // A slot that somebody else claimed meanwhile is looked for again: each turn means that some
    // thread got on.
    if (oldest == nullptr || claim(*oldest, stage)) return oldest;
  }
}

Parked* claim_held(std::uint32_t number) {
  for (Parked& slot : slots) {
    if (slot.stage.load() != Stage::Held || slot.number != number) continue;
    if (!claim(slot, Stage::Held)) continue;
    if (slot.number == number) return &slot;
    slot.stage.store(Stage::Held);  // emptied and filled again between the look and the claim
  }
  return nullptr;
}

void put_back(Parked& slot, Stage stage) {
  slot.stage.store(stage);
}

bool any_in(Stage stage, std::uint64_t* since_ns) {
  bool any = false;
  for (Parked& slot : slots) {
    if (slot.stage.load() != stage) continue;
    if (since_ns != nullptr && (!any || slot.since_ns < *since_ns)) *since_ns = slot.since_ns;
    any = true;
  }
  return any;
}

std::uint32_t list_undecided(int* fds, std::uint32_t capacity) {
  std::uint32_t count = 0;
  for (Parked& slot : slots) {
    if (count < capacity && slot.stage.load() == Stage::Undecided) fds[count++] = slot.fd;
  }
  return count;
}

void close_with_reset(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  raw(__NR_setsockopt, fd, SOL_SOCKET, SO_LINGER, as_word(&now), sizeof now);
  raw(__NR_close, fd);
}

void close_all_copies() {
  for (Parked& slot : slots) {
    const Stage stage = slot.stage.exchange(Stage::Free);
    if (stage != Stage::Free && stage != Stage::Claimed) raw(__NR_close, slot.fd);
  }
}

}  // namespace rolecall::shim
