// SPDX-License-Identifier: BSD-3-Clause
// Says ACCESS_DENIED, or another last word, to connections that nobody wants, such that it arrives:
// the byte, an end of ours, and then reading until the peer ends too, since a close over unread
// bytes is a reset that can overtake the byte.
#pragma once

#include <cstddef>
#include <list>
#include <optional>

#include "harness/base/fd.h"
#include "harness/base/time.h"
#include "harness/net/reactor.h"
#include "harness/wire/state.h"

namespace rolecall::perf {

class Farewells {
 public:
  // `reactor` must outlive it.
  Farewells(Reactor& reactor, std::size_t most_lingering)
      : reactor_(reactor), most_lingering_(most_lingering) {}
  ~Farewells();
  Farewells(const Farewells&) = delete;
  Farewells& operator=(const Farewells&) = delete;

  // Takes the connection over, for a second at most; what has come by then is read even if nobody
  // came to it before. When `most_lingering` do so already it is closed at once.
  void deny(Fd connection, wire::State why = wire::State::AccessDenied);
  // The same without a word: of a test that has said all. What the client still sends would else
  // make the close a reset, which can overtake the reason of the end.
  void see_off(Fd connection);
  bool is_empty() const { return lingering_.empty(); }

  std::optional<TimePoint> wake_at() const;
  void on_time(TimePoint now);

 private:
  struct Lingering {
    Fd socket;
    TimePoint until;
  };
  using Place = std::list<Lingering>::iterator;

  void read_away(Place place);
  // As much as the kernel may hold, and not for ever: a peer may send on and on.
  static void read_what_is_there(const Fd& socket);
  void end(Place place);

  Reactor& reactor_;
  const std::size_t most_lingering_;
  std::list<Lingering> lingering_;  // in order of their ends
};

}  // namespace rolecall::perf
