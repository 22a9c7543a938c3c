// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/datagrams.h"

#include <fmt/format.h>

#include "harness/base/bytes.h"
#include "harness/base/deadline.h"
#include "harness/conformance/time_line.h"

namespace rolecall::conformance {

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

}  // namespace rolecall::conformance
