// SPDX-License-Identifier: BSD-3-Clause
// How a client opens the streams of its test: which ones, where to, in what order.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "harness/base/result.h"
#include "harness/net/reactor.h"
#include "harness/net/socket.h"
#include "harness/perf/options.h"
#include "harness/perf/stream_connector.h"
#include "harness/session/client_session.h"

namespace rolecall::perf {

struct StreamOpening {
  const Options& options;
  const session::ClientSession& session;  // at OpenStreams or later
  const wire::Parameters& parameters;
  const Fd& control;
  Address peer;
  std::optional<Address> from;
};

// Not started yet; calls `done` once. `reactor` and what `opening` refers to must outlive it.
std::unique_ptr<Connector> make_connector(Reactor& reactor, const StreamOpening& opening,
                                          std::function<void(Result<void>)> done);

}  // namespace rolecall::perf
