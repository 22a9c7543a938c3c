// SPDX-License-Identifier: BSD-3-Clause
// From what the user asked for to what the session needs.
#pragma once

#include "harness/base/result.h"
#include "harness/perf/options.h"
#include "harness/session/client_session.h"
#include "harness/session/server_session.h"

namespace rolecall::perf {

wire::Parameters test_parameters(const Options& options);

// With fresh random bytes for the cookie. Errors: System, when the kernel has none.
Result<session::ClientConfig> client_config(const Options& options);
session::ServerConfig server_config(const Options& options);

// AF_UNSPEC, AF_INET or AF_INET6.
int address_family(const Options& options);

}  // namespace rolecall::perf
