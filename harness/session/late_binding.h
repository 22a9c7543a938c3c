// SPDX-License-Identifier: BSD-3-Clause
// Roles in a bidir test whose client does not tell them: given when data arrives, not when accept()
// returns. The client sends on P connections, so these are the ones that carry payload.
#pragma once

#include <optional>
#include <vector>

#include "harness/base/result.h"
#include "harness/base/time.h"
#include "harness/session/event.h"

namespace rolecall::session {

class LateBinding {
 public:
  // `accepted`: all connections in accept order. `some_may_stay_silent`: with a byte or block goal
  // a legacy client may reach it on fewer than P (iperf3 -n 64K -P 8: one or two).
  LateBinding(const std::vector<ConnectionId>& accepted, bool some_may_stay_silent);

  // Payload came on `connection`, again or for the first time. `rtt`: of the path to the client.
  // Malformed when the client cannot mean to send there: P others carry payload already, or this
  // end has been given the sender's role by assume_the_rest().
  Result<void> on_payload(ConnectionId connection, Duration rtt, TimePoint now);

  // Whether every role is given.
  bool is_settled() const { return assumed_ || senders_known_ == client_senders(); }
  // When to assume the rest, where that is not left to the end of the test.
  std::optional<TimePoint> assume_at() const;
  // Gives the roles that are still open as a legacy server would: by accept order.
  void assume_the_rest();
  bool is_assumed() const { return assumed_; }

  // The client's senders are numbers 1 to P, its receivers P+1 to 2P, each in accept order.
  // REQUIRES: is_settled().
  std::vector<BoundStream> streams() const;

 private:
  struct Place {
    ConnectionId connection = 0;
    bool client_sends = false;
  };
  int client_senders() const { return static_cast<int>(places_.size() / 2); }

  std::vector<Place> places_;  // in accept order
  bool some_may_stay_silent_;
  int senders_known_ = 0;
  bool assumed_ = false;
  std::optional<TimePoint> assume_at_;
};

}  // namespace rolecall::session
