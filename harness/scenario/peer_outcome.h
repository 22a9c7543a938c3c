// SPDX-License-Identifier: BSD-3-Clause
// Reads what a run left: both peers' output and the kernel's limits, into facts for a verdict.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/scenario/kernel_sample.h"
#include "harness/scenario/peer_report.h"
#include "harness/scenario/verdict.h"

namespace rolecall::scenario {

// Fills in everything but the label and how the process ended.
void read_outcome(const std::filesystem::path& output, const std::filesystem::path& errors,
                  PeerOutcome& peer);

// Client ports of a client's own report, in its order.
std::vector<std::uint16_t> client_ports(const PeerReport& report);

// At most how many bytes of one direction can be on their way: a send and a receive buffer, as the
// kernel's limits allow, or as -w asks for them (the kernel doubles it). 0 when /proc does not say.
std::uint64_t kernel_holds_bytes(std::uint64_t window_bytes);

// Whether some end has begun to send or to read since `before`, or a connection has come or gone.
bool is_news(const KernelSample& before, const KernelSample& after, std::uint64_t header);

}  // namespace rolecall::scenario
