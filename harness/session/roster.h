// SPDX-License-Identifier: BSD-3-Clause
// The server's roll call: gives each accepted stream connection its place, by the client's word
// where there is a flag, by accept order where there is none (iperf_server_api.c
// iperf_run_server(), 3.22: the first ones accepted receive, the rest send).
#pragma once

#include <optional>
#include <vector>

#include "harness/base/result.h"
#include "harness/session/event.h"

namespace rolecall::session {

class Roster {
 public:
  Roster(const wire::Parameters& parameters, Flag flag);

  // Places a connection whose header is there, the `accepted`th that was accepted. Without a flag
  // that number decides, and within each role where the flag says roles alone; not whose header
  // came first. REQUIRES: !complete(), and a tag exactly where the flag is not None. Malformed when
  // the tag does not fit the test: an index out of range or taken, more of one role than the test
  // has, an index of the other role. The sentence names the connection.
  Result<void> place(ConnectionId connection, const std::optional<wire::StreamTag>& tag,
                     int accepted);

  bool complete() const { return placed_ == static_cast<int>(places_.size()); }
  int placed() const { return placed_; }

  // All streams in client order. REQUIRES: complete().
  std::vector<BoundStream> streams() const;

 private:
  struct Place {
    ConnectionId connection;
    int accepted;
  };
  // The first free number of those where the client sends, or receives; none when all are taken.
  std::optional<int> first_free(wire::Role client_role) const;
  Result<int> number_for(const std::optional<wire::StreamTag>& tag) const;
  wire::Role client_role(int number) const;
  void sort_by_acceptance();

  int client_senders_;
  Flag flag_;
  std::vector<std::optional<Place>> places_;  // by number - 1
  int placed_ = 0;
};

}  // namespace rolecall::session
