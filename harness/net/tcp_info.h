// SPDX-License-Identifier: BSD-3-Clause
// What the kernel knows of one TCP connection: the part of struct tcp_info that we read, typed.
// The struct grows with the kernel; what an older one does not deliver reads as 0.
#pragma once

#include <cstdint>

#include "harness/base/bytes.h"
#include "harness/base/fd.h"
#include "harness/base/result.h"

namespace rolecall {

// The numbers of net/tcp_states.h, as the kernel reports them.
enum class TcpState : std::uint8_t {
  Unknown = 0,
  Established = 1,
  SynSent = 2,
  SynRecv = 3,
  FinWait1 = 4,
  FinWait2 = 5,
  TimeWait = 6,
  Close = 7,
  CloseWait = 8,
  LastAck = 9,
  Listen = 10,
  Closing = 11,
  NewSynRecv = 12,
};

// As ss(8) prints it: "ESTAB", "LISTEN" ...
const char* name(TcpState state);

struct TcpInfo {
  TcpState state = TcpState::Unknown;
  // Bytes of ours that the peer acknowledged. On the end that called connect() it counts the SYN,
  // so a bare 37-byte cookie reads as 38 there; on the accepting end it does not.
  std::uint64_t bytes_acked = 0;
  std::uint64_t bytes_received = 0;  // in order, read by the program or not
  std::uint32_t snd_wnd = 0;         // bytes that the peer's window still announces
  std::uint32_t retransmits = 0;     // segments retransmitted since the last acknowledgement
  std::uint32_t total_retrans = 0;
  std::uint32_t last_data_sent_ms = 0;  // ms since the last segment with data left
  std::uint32_t rtt_us = 0;
  std::uint32_t min_rtt_us = 0;  // the least yet; what the path takes, the peer's own delay apart
  std::uint32_t rttvar_us = 0;
  std::uint32_t pmtu = 0;
  std::uint32_t reordering = 0;  // segments; the kernel's estimate of how far packets overtake
  std::uint32_t snd_mss = 0;
  std::uint32_t snd_cwnd = 0;  // segments
};

// From the kernel's bytes, of whatever length. Malformed when not even the state is there.
Result<TcpInfo> decode_tcp_info(ByteView bytes);

// getsockopt(TCP_INFO) on a TCP socket. Any thread.
Result<TcpInfo> read_tcp_info(const Fd& socket);

}  // namespace rolecall
