// SPDX-License-Identifier: BSD-3-Clause
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "harness/base/check.h"
#include "harness/perf/bench/ways.h"

namespace rolecall::bench {
namespace {

constexpr std::size_t kMessagesACall = 64;
constexpr std::size_t kLargestDatagram = 65507;
constexpr std::size_t kMostSegments = 64;  // UDP_MAX_SEGMENTS of Linux up to 6.8

// Nobody may listen yet, or any more: that is told once a datagram, and no end.
bool goes_on(ssize_t sent) {
  return sent > 0 || errno == ECONNREFUSED;
}

void send_datagram(int socket, std::size_t bytes) {
  const std::vector<char> block(bytes, 'x');
  while (goes_on(::send(socket, block.data(), block.size(), MSG_NOSIGNAL))) {
  }
}

// The same place for all: what is sent is not read back.
std::vector<mmsghdr> messages_to(iovec* part) {
  std::vector<mmsghdr> messages(kMessagesACall);
  for (mmsghdr& m : messages) {
    m.msg_hdr.msg_iov = part;
    m.msg_hdr.msg_iovlen = 1;
  }
  return messages;
}

void send_messages(int socket, std::size_t bytes) {
  std::vector<char> block(bytes, 'x');
  iovec part{block.data(), block.size()};
  auto messages = messages_to(&part);
  while (goes_on(::sendmmsg(socket, messages.data(), kMessagesACall, MSG_NOSIGNAL))) {
  }
}

void send_segments(int socket, std::size_t bytes) {
  const int segment = static_cast<int>(bytes);
  CHECK(::setsockopt(socket, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0);
  send_datagram(socket, bytes * std::min(kMostSegments, kLargestDatagram / bytes));
}

void receive_datagram(int socket, std::size_t bytes, Counter& counter) {
  std::vector<char> block(bytes);
  for (ssize_t n = 0; (n = ::recv(socket, block.data(), block.size(), 0)) > 0;) {
    counter.fetch_add(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  }
}

void receive_messages(int socket, std::size_t bytes, Counter& counter) {
  std::vector<char> block(bytes);
  iovec part{block.data(), block.size()};
  auto messages = messages_to(&part);
  for (;;) {
    const int n = ::recvmmsg(socket, messages.data(), kMessagesACall, MSG_WAITFORONE, nullptr);
    if (n <= 0 || messages[0].msg_len == 0) return;
    std::uint64_t came = 0;
    for (int i = 0; i < n; ++i) came += messages[static_cast<std::size_t>(i)].msg_len;
    counter.fetch_add(came, std::memory_order_relaxed);
  }
}

void receive_gathered(int socket, std::size_t, Counter& counter) {
  const int on = 1;
  CHECK(::setsockopt(socket, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0);
  receive_datagram(socket, kLargestDatagram, counter);
}

constexpr Way kWays[] = {
    {.name = "send", .is_udp = true, .send = send_datagram},
    {.name = "sendmmsg", .is_udp = true, .send = send_messages},
    {.name = "gso", .is_udp = true, .send = send_segments},
    {.name = "recv", .is_udp = true, .receive = receive_datagram},
    {.name = "recvmmsg", .is_udp = true, .receive = receive_messages},
    {.name = "gro", .is_udp = true, .receive = receive_gathered},
};

}  // namespace

std::span<const Way> udp_ways() {
  return kWays;
}

}  // namespace rolecall::bench
