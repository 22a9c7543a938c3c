// SPDX-License-Identifier: BSD-3-Clause
// The ways to move bytes through a socket that roleperf could take, each as bare as it can be, to
// be compared: the one that won is in roleperf's data path (ci/bench.sh --choices prints the
// table).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace rolecall::bench {

inline constexpr std::size_t kBlock = 128 * 1024;  // what a TCP sender is asked for, as iperf3's -l

using Counter = std::atomic<std::uint64_t>;

// Sends blocks, or datagrams, of `bytes` on a connected blocking socket until it is shut down.
using Send = void (*)(int socket, std::size_t bytes);
// Receives until the socket is shut down, and counts what came.
using Receive = void (*)(int socket, std::size_t bytes, Counter& counter);

struct Way {
  std::string_view name;
  bool is_udp = false;
  Send send = nullptr;  // or
  Receive receive = nullptr;
};

std::span<const Way> tcp_ways();
std::span<const Way> udp_ways();
std::span<const Way> uring_ways();  // built only where liburing is there

}  // namespace rolecall::bench
