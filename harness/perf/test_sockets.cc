// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/test_sockets.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include <fmt/format.h>

#include "harness/net/socket.h"
#include "harness/perf/socket_options.h"
#include "harness/wire/server_error.h"

namespace rolecall::perf {
namespace {

Result<void> set_buffer(const Fd& socket, int option, const char* name, int bytes) {
  TRY(set_option(socket, SOL_SOCKET, option, bytes, name));
  TRY(const int granted, get_option(socket, SOL_SOCKET, option, name));
  if (granted < bytes) {
    return Error{Errc::Config, fmt::format("-w {}: the kernel grants {} bytes for {}; raise "
                                           "net.core.rmem_max and wmem_max or ask for less",
                                           bytes, granted, name)};
  }
  return ok();
}

Result<void> apply_no_delay(const Fd& socket, const wire::Parameters& p) {
  if (!p.no_delay || p.protocol == wire::Protocol::Udp) return ok();
  if (p.protocol == wire::Protocol::Sctp) return set_sctp_no_delay(socket);
  return set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
}

Result<void> apply_segment_size(const Fd& socket, const wire::Parameters& p) {
  const int mss = static_cast<int>(p.mss_bytes);
  if (mss == 0 || p.protocol == wire::Protocol::Udp) return ok();
  if (p.protocol == wire::Protocol::Sctp) return set_sctp_segment_size(socket, mss);
  return set_option(socket, IPPROTO_TCP, TCP_MAXSEG, mss, "TCP_MAXSEG");
}

// Config when the kernel grants less than was asked for.
Result<void> apply_buffers(const Fd& socket, const wire::Parameters& p) {
  if (p.window_bytes == 0) return ok();
  TRY(set_buffer(socket, SO_SNDBUF, "SO_SNDBUF", static_cast<int>(p.window_bytes)));
  return set_buffer(socket, SO_RCVBUF, "SO_RCVBUF", static_cast<int>(p.window_bytes));
}

Result<void> apply_user_timeout(const Fd& socket, int ms) {
  if (ms == 0) return ok();
  return set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, ms, "TCP_USER_TIMEOUT");
}

// -S, --fq-rate, --dont-fragment.
Result<void> apply_packet_options(const Fd& stream, const wire::Parameters& p) {
  if (p.tos != 0) {
    TRY(set_type_of_service(stream, static_cast<int>(p.tos)));
  }
  if (p.fq_bits_per_second != 0) {
    TRY(set_pacing_rate(stream, static_cast<std::uint64_t>(p.fq_bits_per_second) / 8));
  }
  if (!p.dont_fragment || p.protocol != wire::Protocol::Udp) return ok();
  return set_option(stream, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO, "IP_MTU_DISCOVER");
}

}  // namespace

Transport transport_of(const wire::Parameters& p) {
  if (p.protocol == wire::Protocol::Sctp) return Transport::Sctp;
  return p.mptcp && p.protocol == wire::Protocol::Tcp ? Transport::Mptcp : Transport::Tcp;
}

Result<std::vector<Address>> resolve_all(const std::vector<std::string>& hosts, std::uint16_t port,
                                         int family) {
  std::vector<Address> all;
  for (const std::string& host : hosts) {
    TRY(const auto found, resolve(host, port, family == AF_INET6 ? AF_UNSPEC : family));
    all.push_back(found.front());
  }
  return all;
}

std::optional<session::LocalFailure> apply_test_options(const Fd& socket,
                                                        const wire::Parameters& p) {
  if (auto set = apply_no_delay(socket, p); !set) {
    return session::LocalFailure{std::move(set).error(), wire::kErrorNoDelay};
  }
  if (auto set = apply_segment_size(socket, p); !set) {
    return session::LocalFailure{std::move(set).error(), wire::kErrorSetMss};
  }
  if (auto set = apply_buffers(socket, p); !set) {
    const bool too_small = set.error().code == Errc::Config;
    return session::LocalFailure{std::move(set).error(),
                                 too_small ? wire::kErrorSmallBuffer : wire::kErrorSetBuffer};
  }
  return std::nullopt;
}

Result<void> take_test_options_back(const Fd& listener, const BufferFacts& before) {
  TRY(set_option(listener, IPPROTO_TCP, TCP_NODELAY, 0, "TCP_NODELAY"));
  TRY(set_option(listener, IPPROTO_TCP, TCP_MAXSEG, 0, "TCP_MAXSEG"));
  // The kernel doubles what is set; SO_BUF_LOCK 0 (Linux 5.14) gives tuning back to it.
  TRY(set_option(listener, SOL_SOCKET, SO_SNDBUF, before.send_bytes / 2, "SO_SNDBUF"));
  TRY(set_option(listener, SOL_SOCKET, SO_RCVBUF, before.receive_bytes / 2, "SO_RCVBUF"));
  return set_option(listener, SOL_SOCKET, SO_BUF_LOCK, 0, "SO_BUF_LOCK");
}

Result<BufferFacts> buffer_facts(const Fd& socket, const wire::Parameters& p) {
  BufferFacts facts;
  facts.requested_bytes = static_cast<int>(p.window_bytes);
  TRY(facts.send_bytes, get_option(socket, SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF"));
  TRY(facts.receive_bytes, get_option(socket, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF"));
  return facts;
}

std::vector<std::string> warnings_of_buffers(const BufferFacts& facts, std::int64_t block_bytes) {
  std::vector<std::string> warnings;
  const auto look = [&](const char* name, int bytes) {
    if (block_bytes <= bytes) return;
    warnings.push_back(
        fmt::format("Block size {} > {} socket buffer size {}", block_bytes, name, bytes));
  };
  look("sending", facts.send_bytes);
  look("receiving", facts.receive_bytes);
  return warnings;
}

Result<void> apply_stream_options(const Fd& stream, const wire::Parameters& p,
                                  int send_timeout_ms) {
  TRY(apply_packet_options(stream, p));
  if (p.protocol != wire::Protocol::Tcp) return ok();  // what follows is TCP's
  if (p.congestion) {
    const auto set = set_congestion(stream, *p.congestion);
    if (!set) return wire::with_sentence(wire::kErrorCongestion, set.error());
  }
  return apply_user_timeout(stream, send_timeout_ms);
}

Result<Fd> flow_socket(const Address& at, const std::string& device) {
  TRY(auto socket, udp_socket(at.family()));
  TRY(set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  if (!device.empty()) {
    TRY(bind_to_device(socket, device));
  }
  TRY(bind_to(socket, at));
  return socket;
}

Result<void> apply_control_options(const Fd& control, int send_timeout_ms) {
  TRY(set_option(control, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY"));
  return apply_user_timeout(control, send_timeout_ms);
}

Result<void> apply_keep_alive(const Fd& control, const KeepAlive& wanted) {
  struct Part {
    int KeepAlive::*member;
    int option;
    const char* name;
  };
  constexpr Part kParts[] = {{&KeepAlive::idle_s, TCP_KEEPIDLE, "TCP_KEEPIDLE"},
                             {&KeepAlive::interval_s, TCP_KEEPINTVL, "TCP_KEEPINTVL"},
                             {&KeepAlive::probes, TCP_KEEPCNT, "TCP_KEEPCNT"}};
  TRY(set_option(control, SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE"));
  KeepAlive used = wanted;
  for (const Part& part : kParts) {
    if (wanted.*part.member != 0) {
      TRY(set_option(control, IPPROTO_TCP, part.option, wanted.*part.member, part.name));
    } else {
      TRY(used.*part.member, get_option(control, IPPROTO_TCP, part.option, part.name));
    }
  }
  return wanted.idle_s == 0 ? ok() : check_keep_alive(used);
}

int segment_size(const Fd& connection) {
  const auto size = get_option(connection, IPPROTO_TCP, TCP_MAXSEG, "TCP_MAXSEG");
  return size ? size.value() : 0;
}

}  // namespace rolecall::perf
