// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/datagrams.h"

#include <poll.h>

#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/base/bytes.h"
#include "harness/base/deadline.h"
#include "harness/conformance/connection.h"
#include "harness/conformance/time_line.h"

namespace rolecall::conformance {
namespace {

// What the kernel holds for the sockets at `port` and nobody has read. A line of either table is
// slot, local address, remote address, state, bytes to send and to read.
std::size_t unread_at(std::uint16_t port) {
  std::size_t unread = 0;
  const std::string suffix = fmt::format(":{:04X}", port);
  for (const char* name : {"/proc/net/udp", "/proc/net/udp6"}) {
    std::ifstream table(name);
    for (std::string line; std::getline(table, line);) {
      std::istringstream fields(line);
      std::string slot, local, remote, state, queues;
      fields >> slot >> local >> remote >> state >> queues;
      if (local.ends_with(suffix)) unread += std::stoul("0" + queues.substr(9), nullptr, 16);
    }
  }
  return unread;
}

}  // namespace

std::string datagram(std::uint64_t number, wire::Counter counter, std::size_t length,
                     int seconds_ago) {
  Bytes bytes(length, std::byte{'d'});
  const TimePoint sent{now().ns - seconds(seconds_ago).ns + seconds(1000).ns};
  wire::encode_datagram_header({sent, number}, counter, bytes);
  return std::string(as_text(bytes));
}

Checked<void> check_datagram(const std::string& datagram, std::uint64_t number,
                             wire::Counter counter, std::size_t length) {
  TRY(require(datagram.size() == length, fmt::format("a datagram of {} bytes", length),
              fmt::format("{} bytes", datagram.size())));
  const auto header = wire::decode_datagram_header(as_bytes(datagram), counter);
  const std::uint32_t microseconds = be32(as_bytes(datagram), 4);
  return require(header && header->sequence == number && microseconds < 1000000,
                 fmt::format("seconds, microseconds and the number {}", number), visible(datagram));
}

Checked<void> await_datagrams_read(std::uint16_t port, const TimeLine& line) {
  const Deadline deadline = Deadline::after(line.step_limit());
  bool is_read = unread_at(port) == 0;
  for (; !is_read && !deadline.expired(); is_read = unread_at(port) == 0) ::poll(nullptr, 0, 1);
  await_rest(line);
  return require(is_read, "the program reads the datagrams",
                 fmt::format("it left them unread for {} s", line.step_limit().in_seconds()));
}

Checked<void> has_figures(const Json& figures, const Json& wanted) {
  for (const auto& [key, value] : wanted.items()) {
    TRY(require(figures.contains(key) && figures[key] == value,
                fmt::format("\"{}\": {}", key, value.dump()), visible(figures.dump(), 300)));
  }
  return ok();
}

}  // namespace rolecall::conformance
