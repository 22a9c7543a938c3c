// SPDX-License-Identifier: BSD-3-Clause
// What the server says of a test whose client did not tell which stream is which.
#include <utility>

#include <fmt/format.h>

#include "harness/perf/hosting.h"

namespace rolecall::perf {

void Hosting::warn_of_assumed_roles(const session::BindStreams& bind) {
  const bool assumed = bind.roles == session::RolesBy::Assumed;
  if (!assumed || std::exchange(roles_warned_, true) || around_.options.json) return;
  around_.report.warning(
      fmt::format("the client sent on fewer than its {} streams; which end sends on the others is "
                  "assumed by accept order",
                  session_.parameters().parallel));
}

void Hosting::warn_of_assumed_identity() {
  const wire::Parameters& p = session_.parameters();
  const bool by_accept_order = identity_ == session::IdentityBy::AcceptOrder;
  const bool in_part = identity_ == session::IdentityBy::PartlyResults;
  const bool late = around_.options.bind_roles == session::BindRoles::Late;
  if (!late || session_.flag() != session::Flag::None || !(by_accept_order || in_part)) return;
  // Of a single stream the roles are assumed, and that is said; JSON has it in "bound_by".
  if (p.parallel == 1 || around_.options.json) return;
  around_.report.warning(fmt::format(
      "which stream is which is assumed by accept order{}: the client does not say, and {}",
      in_part ? " in one direction" : "",
      p.omit_s != 0 ? "with -O its results cannot tell"
                    : "its results fit more than one assignment, or none"));
}

}  // namespace rolecall::perf
