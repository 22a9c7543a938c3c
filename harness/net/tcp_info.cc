// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/tcp_info.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace rolecall {

const char* name(TcpState state) {
  switch (state) {
    case TcpState::Unknown:
      return "UNKNOWN";
    case TcpState::Established:
      return "ESTAB";
    case TcpState::SynSent:
      return "SYN-SENT";
    case TcpState::SynRecv:
    case TcpState::NewSynRecv:
      return "SYN-RECV";
    case TcpState::FinWait1:
      return "FIN-WAIT-1";
    case TcpState::FinWait2:
      return "FIN-WAIT-2";
    case TcpState::TimeWait:
      return "TIME-WAIT";
    case TcpState::Close:
      return "CLOSE";
    case TcpState::CloseWait:
      return "CLOSE-WAIT";
    case TcpState::LastAck:
      return "LAST-ACK";
    case TcpState::Listen:
      return "LISTEN";
    case TcpState::Closing:
      return "CLOSING";
  }
  return "?";
}

Result<TcpInfo> decode_tcp_info(ByteView bytes) {
  if (bytes.empty()) return Error{Errc::Malformed, "tcp_info of 0 bytes"};
  tcp_info raw{};
  std::memcpy(&raw, bytes.data(), std::min(bytes.size(), sizeof raw));
  TcpInfo info;
  info.state = static_cast<TcpState>(raw.tcpi_state);
  info.bytes_acked = raw.tcpi_bytes_acked;
  info.bytes_received = raw.tcpi_bytes_received;
  info.snd_wnd = raw.tcpi_snd_wnd;
  info.retransmits = raw.tcpi_retransmits;
  info.total_retrans = raw.tcpi_total_retrans;
  info.last_data_sent_ms = raw.tcpi_last_data_sent;
  info.rtt_us = raw.tcpi_rtt;
  info.min_rtt_us = raw.tcpi_min_rtt;
  info.rttvar_us = raw.tcpi_rttvar;
  info.pmtu = raw.tcpi_pmtu;
  info.reordering = raw.tcpi_reordering;
  info.snd_mss = raw.tcpi_snd_mss;
  info.snd_cwnd = raw.tcpi_snd_cwnd;
  return info;
}

Result<TcpInfo> read_tcp_info(const Fd& socket) {
  tcp_info raw{};
  socklen_t size = sizeof raw;
  if (::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &raw, &size) != 0)
    return system_error(fmt::format("getsockopt({}, TCP_INFO)", socket.get()));
  return decode_tcp_info(std::as_bytes(std::span(&raw, 1)).first(size));
}

}  // namespace rolecall
