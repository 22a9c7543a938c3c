// SPDX-License-Identifier: BSD-3-Clause
// Where connections wait that have not yet said their cookie, so that one that stays silent keeps
// nobody else out (a stock iperf3 server blocks on it, esnet/iperf #788).
#pragma once

#include <cstddef>
#include <list>
#include <optional>

#include "harness/base/bytes.h"
#include "harness/base/fd.h"
#include "harness/base/time.h"
#include "harness/net/reactor.h"

namespace rolecall::perf {

class Lobby {
 public:
  struct Guest {
    Fd socket;
    Bytes said;  // the beginning of its cookie, at most 37 bytes
    TimePoint until;
  };

  // `reactor` must outlive it. For one more than `most_guests` the oldest that has not said its
  // cookie has to go, or who has left meanwhile.
  Lobby(Reactor& reactor, std::size_t most_guests) : reactor_(reactor), most_guests_(most_guests) {}
  ~Lobby();
  Lobby(const Lobby&) = delete;
  Lobby& operator=(const Lobby&) = delete;

  // What it has said already is heard at once: a crowd behind it must not push it out unheard.
  // Gives it back where nobody has to go.
  std::optional<Fd> enter(Fd connection);
  bool is_empty() const { return guests_.empty(); }
  // The first guest that has said all of its cookie.
  std::optional<Guest> take();

  std::optional<TimePoint> wake_at() const;
  // Shows out who was silent for too long. Who has said its cookie stays: the test that it waits
  // for has limits of its own.
  void on_time(TimePoint now);

 private:
  using Place = std::list<Guest>::iterator;
  bool make_room();
  void show_out_the_gone();
  void listen_to(Place place);
  void show_out(Place place);

  Reactor& reactor_;
  const std::size_t most_guests_;
  std::list<Guest> guests_;  // in order of arrival, so of their limits too
};

}  // namespace rolecall::perf
