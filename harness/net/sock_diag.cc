// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace rolecall {
namespace {

// From ESTABLISHED (1) to NEW_SYN_RECV (12). Not the bound sockets that neither listen nor connect
// (13, Linux 6.8): for them the kernel walks one more table of the whole machine.
constexpr std::uint32_t kAllStates = (1U << 13) - 2;
constexpr int kMonitorBuffer = 1 << 20;

constexpr std::uint8_t extension(int attribute) {
  return static_cast<std::uint8_t>(1U << (attribute - 1));
}

using Filter = std::array<inet_diag_bc_op, 5>;

// "source port = p or destination port = p" as inet_diag bytecode. S_EQ and D_EQ are two operations
// long, with the port in the second one's `no`. A jump to the very end accepts, one past it
// rejects.
Filter port_filter(std::uint16_t port) {
  constexpr std::uint8_t kOp = sizeof(inet_diag_bc_op);
  return {{
      {INET_DIAG_BC_S_EQ, 2 * kOp, 3 * kOp},  // equal: to the jump, else to D_EQ
      {0, 0, port},
      {INET_DIAG_BC_JMP, kOp, 3 * kOp},       // to the end
      {INET_DIAG_BC_D_EQ, 2 * kOp, 3 * kOp},  // equal: to the end, else past it
      {0, 0, port},
  }};
}

struct DumpRequest {
  nlmsghdr header{};
  inet_diag_req body{};
  nlattr attribute{};
  Filter filter{};
};

// The older of the two requests: only it can ask for both families at once (its family is not
// looked at), and each walk through the kernel's table costs the same however little it finds.
DumpRequest make_request(std::uint32_t sequence, std::uint16_t port, std::uint32_t states) {
  DumpRequest request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = TCPDIAG_GETSOCK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = sequence;
  request.body.idiag_ext = extension(INET_DIAG_INFO) | extension(INET_DIAG_SKMEMINFO);
  request.body.idiag_states = states;
  request.attribute.nla_len = NLA_HDRLEN + sizeof request.filter;
  request.attribute.nla_type = INET_DIAG_REQ_BYTECODE;
  request.filter = port_filter(port);
  return request;
}

// The socket's send buffer, as INET_DIAG_SKMEMINFO gives it: tcp_poll() calls it writable while at
// least a third of the limit is free.
bool is_full(std::span<const std::uint32_t> memory) {
  const std::uint64_t queued = memory[SK_MEMINFO_WMEM_QUEUED];
  const std::uint64_t limit = memory[SK_MEMINFO_SNDBUF];
  return limit < queued || limit - queued < queued / 2;
}

void read_attribute(int type, ByteView payload, TcpSocket& socket) {
  if (type == INET_DIAG_INFO) {
    if (auto info = decode_tcp_info(payload)) socket.info = info.value();
  } else if (type == INET_DIAG_SKMEMINFO) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    std::memcpy(memory.data(), payload.data(), std::min(payload.size(), sizeof memory));
    socket.send_buffer_full = is_full(memory);
  }
}

// One inet_diag_msg with its attributes; nothing when it is cut short.
std::optional<TcpSocket> decode_socket(ByteView message) {
  inet_diag_msg msg{};
  if (message.size() < sizeof msg) return std::nullopt;
  std::memcpy(&msg, message.data(), sizeof msg);
  TcpSocket socket;
  socket.local_port = ntohs(msg.id.idiag_sport);
  socket.remote_port = ntohs(msg.id.idiag_dport);
  socket.state = static_cast<TcpState>(msg.idiag_state);
  socket.timer = static_cast<TcpTimer>(msg.idiag_timer);
  socket.rqueue = msg.idiag_rqueue;
  socket.wqueue = msg.idiag_wqueue;
  socket.uid = msg.idiag_uid;
  socket.inode = msg.idiag_inode;
  for (ByteView rest = message.subspan(NLMSG_ALIGN(sizeof msg)); rest.size() >= sizeof(nlattr);) {
    nlattr attribute{};
    std::memcpy(&attribute, rest.data(), sizeof attribute);
    if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > rest.size()) break;
    read_attribute(attribute.nla_type & NLA_TYPE_MASK,
                   rest.subspan(NLA_HDRLEN, attribute.nla_len - NLA_HDRLEN), socket);
    rest = rest.subspan(std::min<std::size_t>(NLA_ALIGN(attribute.nla_len), rest.size()));
  }
  return socket;
}

// Takes the netlink messages of one datagram apart and gives each to `on_message(header, payload)`,
// which says whether to go on.
template <class OnMessage>
void for_each_message(ByteView datagram, OnMessage on_message) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > datagram.size()) return;
    const ByteView payload = datagram.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
    if (!on_message(header, payload)) return;
    datagram =
        datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
  }
}

// The errno that an NLMSG_ERROR or NLMSG_DONE carries, 0 for none.
int carried_errno(ByteView payload) {
  int code = 0;
  if (payload.size() >= sizeof code) std::memcpy(&code, payload.data(), sizeof code);
  return code < 0 ? -code : 0;
}

ssize_t receive(int fd, std::span<std::byte> into, int flags) {
  ssize_t n = 0;
  do n = ::recv(fd, into.data(), into.size(), flags);
  while (n < 0 && errno == EINTR);
  return n;
}

Result<Fd> open_netlink(int type_flags) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | type_flags, NETLINK_SOCK_DIAG));
  if (fd.is_open()) return fd;
  const bool is_unknown = errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT;
  return system_error(fmt::format("socket(AF_NETLINK, NETLINK_SOCK_DIAG){}",
                                  is_unknown ? "; the kernel needs CONFIG_INET_DIAG" : ""));
}

}  // namespace

Result<SockDiag> SockDiag::open() {
  TRY(auto fd, open_netlink(0));
  return SockDiag(std::move(fd));
}

Result<std::vector<TcpSocket>> SockDiag::dump(std::uint16_t port) {
  return ask(port, kAllStates);
}

Result<std::vector<TcpSocket>> SockDiag::listeners(std::uint16_t port) {
  return ask(port, 1U << static_cast<unsigned>(TcpState::Listen));
}

Result<std::vector<TcpSocket>> SockDiag::ask(std::uint16_t port, std::uint32_t states) {
  const DumpRequest request = make_request(++sequence_, port, states);
  if (::send(fd_.get(), &request, sizeof request, 0) < 0)
    return system_error("send(TCPDIAG_GETSOCK)");
  std::vector<TcpSocket> sockets;
  for (bool done = false; !done;) {
    const ssize_t n = receive(fd_.get(), buffer_, 0);
    if (n < 0) return system_error("recv(TCPDIAG_GETSOCK)");
    int failed = 0;
    for_each_message(ByteView(buffer_).first(static_cast<std::size_t>(n)),
                     [&](const nlmsghdr& header, ByteView payload) {
                       if (header.nlmsg_seq != sequence_) return true;
                       if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
                         done = true;
                         failed = carried_errno(payload);
                       } else if (auto socket = decode_socket(payload)) {
                         sockets.push_back(*socket);
                       }
                       return !done;
                     });
    if (failed != 0) {
      return Error{Errc::System,
                   fmt::format("TCPDIAG_GETSOCK dump of TCP port {}; the kernel needs "
                               "CONFIG_INET_TCP_DIAG",
                               port),
                   failed};
    }
  }
  return sockets;
}

Result<DestroyMonitor> DestroyMonitor::open() {
  TRY(auto fd, open_netlink(SOCK_NONBLOCK));
  // An unbound netlink socket has the kernel's own address, 0, and is left out of every multicast.
  const sockaddr_nl any{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0)
    return system_error("bind(NETLINK_SOCK_DIAG)");
  // The default buffer holds some hundred deaths; a larger one is a wish, not a need.
  // Root may have more than the system's highest.
  for (const int name : {SO_RCVBUF, SO_RCVBUFFORCE})
    ::setsockopt(fd.get(), SOL_SOCKET, name, &kMonitorBuffer, sizeof kMonitorBuffer);
  for (const int group : {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY}) {
    if (::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
      return system_error(fmt::format("setsockopt(NETLINK_ADD_MEMBERSHIP, {})", group));
  }
  return DestroyMonitor(std::move(fd));
}

Result<std::vector<TcpSocket>> DestroyMonitor::take(std::uint16_t port) {
  std::vector<TcpSocket> dead;
  for (;;) {
    const ssize_t n = receive(fd_.get(), buffer_, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return dead;
    if (n < 0 && errno == ENOBUFS) continue;  // told once; what is queued can still be read
    if (n < 0) return system_error("recv(TCP_DESTROY)");
    for_each_message(ByteView(buffer_).first(static_cast<std::size_t>(n)),
                     [&](const nlmsghdr&, ByteView payload) {
                       const auto socket = decode_socket(payload);
                       if (socket && (socket->local_port == port || socket->remote_port == port))
                         dead.push_back(*socket);
                       return true;
                     });
  }
}

}  // namespace rolecall
