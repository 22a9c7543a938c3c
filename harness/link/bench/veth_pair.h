// SPDX-License-Identifier: BSD-3-Clause
// The link's yardstick: two namespaces joined by a veth pair, with the link's addresses.
#pragma once

#include "harness/base/result.h"
#include "harness/net/netns.h"

namespace rolecall::link {

// Joins them, MTU 1500. Without `offload` every packet is at most that large, as it is on the link;
// with it the kernel passes 64 KiB at once. Runs ip(8).
Result<void> join_by_veth(const NetworkNamespace& client, const NetworkNamespace& server,
                          bool offload);

}  // namespace rolecall::link
