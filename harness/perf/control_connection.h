// SPDX-License-Identifier: BSD-3-Clause
// The client's way to its server: the control connection, and what goes its way later.
// iperf_client_api.c iperf_connect(), 3.22.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/base/time.h"
#include "harness/net/reactor.h"
#include "harness/net/socket.h"
#include "harness/perf/options.h"

namespace rolecall::perf {

struct ControlConnection {
  Fd socket;
  Address peer;
  std::optional<Address> from;  // -B, for the streams too
};

// Of the addresses that are left to try, the first may take its equal share of the time.
constexpr TimePoint share_of_time(TimePoint now, TimePoint until, std::size_t addresses) {
  return now + nanoseconds((until - now).ns / static_cast<std::int64_t>(addresses));
}

// To the first of the host's addresses that takes it, as `options` ask; --connect-timeout is for
// the look-up and all of them, and one that says nothing leaves time for the next. Turns `reactor`
// meanwhile; none, when a handler of it has set `given_up`. Errors: Config, System, Timeout; the
// text is iperf3's "unable to connect to server" with host, port and reason.
Result<std::optional<ControlConnection>> connect_control(const Options& options, Reactor& reactor,
                                                         const bool& given_up);

}  // namespace rolecall::perf
