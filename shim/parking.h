// SPDX-License-Identifier: BSD-3-Clause
// The connections that the kernel's accept() gave us and the program has not got yet: a fixed table
// of slots that any thread may claim, put back or empty. Whoever claimed a slot owns it alone.
// Callers hold a SignalFence: a slot claimed is never left behind by longjmp.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <cstdint>

#include "shim/abi.h"

namespace rolecall::shim {

enum class Stage : std::uint32_t {
  Free,
  Claimed,    // one thread works on it
  Undecided,  // neither number nor cookie is known yet
  Held,       // a stream that is not next
  Due,        // next; a connection of our own in its listener's queue says so
  DueUnsaid,  // next; no connection of our own could be queued: goes out with the next accept()
};

// The peer's address as accept() reported it: a peer that has reset has none any more.
struct Peer {
  sockaddr_storage address{};
  socklen_t length = 0;
  // The port in host order; 0 for a family that has none.
  std::uint32_t port() const;
};

struct Parked {
  std::atomic<Stage> stage{};
  int fd = 0;                         // owned, close-on-exec while parked
  int listener = 0;                   // where it was accepted; not owned
  std::uint64_t listener_cookie = 0;  // SO_COOKIE, tells whether `listener` is still that socket
  std::uint64_t arrival = 0;          // order of the kernel's accept()
  std::uint64_t since_ns = 0;
  std::uint32_t number = 0;
  Peer peer;
};

// Takes a new connection in, claimed by the caller; null when the table is full.
Parked* park(int fd, int listener, const Peer& peer);
// Claims the oldest connection in `stage` that arrived after `arrival`; null if there is none.
Parked* claim_oldest(Stage stage, std::uint64_t after_arrival = 0);
// Claims the held connection with this number; null if it is not here.
Parked* claim_held(std::uint32_t number);
// Ends a claim.
void put_back(Parked& slot, Stage stage);
// Whether any connection is in `stage`; `since_ns`, if given, becomes the oldest one's.
bool any_in(Stage stage, std::uint64_t* since_ns = nullptr);
// The descriptors of undecided connections, at most `capacity`; they stay owned by their slots.
std::uint32_t list_undecided(int* fds, std::uint32_t capacity);

// Closes so that the peer sees a reset, as the kernel does with what waits in a closed listener.
void close_with_reset(int fd);
// In a forked child: closes our copies, they are the parent's to hand out.
void close_all_copies();

}  // namespace rolecall::shim
