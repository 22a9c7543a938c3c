// SPDX-License-Identifier: BSD-3-Clause
#include "shim/numbering.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "shim/plan_view.h"
#include "shim/raw.h"
#include "shim/tcp_state.h"

namespace rolecall::shim {

constinit Round the_round;

namespace {

constinit std::atomic<std::uint64_t> control_cookie{0};
constinit std::atomic<std::uint64_t> stranger_cookie{
    0};  // the last one refused: perhaps the next control
constinit std::atomic<std::uint32_t> streams_seen{0};

// The newest connect() from this port: a port can be used again.
std::uint32_t number_of_port(const Board& board, std::uint32_t port) {
  std::uint32_t count = board.connect_count.load();
  if (count > kMaxConnects) count = kMaxConnects;
  for (std::uint32_t number = count; number-- > 0;) {
    if (board.connects[number].load() == (kConnectPublished | port)) return number;
  }
  return kNoNumber;
}

Identity identify_by_connect(Parked& slot) {
  const Board& board = *board_view();
  const std::uint32_t port = slot.peer.port();
  slot.number = number_of_port(board, port);
  if (slot.number == kNoNumber) {
    if (board.connecting.load() != 0) return Identity::Unknown;
    // Nobody is connecting now, so whoever connected before this accept() has published by now.
    slot.number = number_of_port(board, port);
  }
  if (slot.number == kNoNumber) return Identity::Stranger;
  return slot.number == 0 ? Identity::Control : Identity::Stream;
}

// FNV-1a of the cookie as a C string; 0 while it has not all arrived.
std::uint64_t peek_cookie(int fd) {
  unsigned char cookie[kCookieSize];
  const long got = raw(__NR_recvfrom, fd, as_word(cookie), sizeof cookie, MSG_PEEK | MSG_DONTWAIT);
  if (got != kCookieSize) return 0;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (int i = 0; i < kCookieSize && cookie[i] != 0; ++i) {
    hash = (hash ^ cookie[i]) * 0x100000001b3;
  }
  return hash;
}

// Whether more bytes can still come: not after the peer's FIN or reset.
bool may_send_more(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  raw(__NR_getsockopt, fd, IPPROTO_TCP, TCP_INFO, as_word(&info), as_word(&length));
  return info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_SYN_RECV;
}

bool is_round_over() {
  if (any_in(Stage::Held) || any_in(Stage::Due)) return false;
  return the_round.given_up.load() || the_round.handed_out.load() >= swapped_streams();
}

void start_round(std::uint64_t cookie) {
  control_cookie.store(cookie);
  streams_seen.store(0);
  the_round.handed_out.store(0);
  the_round.given_up.store(false);
}

Identity identify_by_arrival(Parked& slot) {
  const std::uint64_t cookie = peek_cookie(slot.fd);
  if (cookie == 0) return may_send_more(slot.fd) ? Identity::Unknown : Identity::Stranger;
  const std::uint64_t control = control_cookie.load();
  if (cookie == control) {
    slot.number = streams_seen.fetch_add(1) + 1;
    return Identity::Stream;
  }
  if (control == 0 || is_round_over()) {
    start_round(cookie);
    slot.number = 0;
    return Identity::Control;
  }
  // A test that died before its streams came leaves its round open. Two connections with one new
  // cookie mean that the program took the first as its control connection.
  const bool seen_before = stranger_cookie.exchange(cookie) == cookie;
  if (!seen_before || any_in(Stage::Held) || any_in(Stage::Due)) return Identity::Stranger;
  start_round(cookie);
  slot.number = streams_seen.fetch_add(1) + 1;
  return Identity::Stream;
}

}  // namespace

Identity identify(Parked& slot) {
  const Plan& plan = plan_view();
  const Identity identity = plan.numbering == Numbering::ByConnect ? identify_by_connect(slot)
                                                                   : identify_by_arrival(slot);
  const bool past_order = swapped_streams() > 0 && slot.number > swapped_streams();
  return identity == Identity::Stream && past_order ? Identity::Stranger : identity;
}

std::uint32_t number_in_turn() {
  const Plan& plan = plan_view();
  const std::uint32_t position = the_round.handed_out.load();
  if (the_round.given_up.load() || position >= swapped_streams()) return kNoNumber;
  return plan.order[position];
}

}  // namespace rolecall::shim
