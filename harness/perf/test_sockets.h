// SPDX-License-Identifier: BSD-3-Clause
// The socket options of a test, on a stream's socket at the client and on the listener at the
// server, where accepted connections inherit them. iperf_tcp.c iperf_tcp_connect()/_listen(), 3.22.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/net/socket.h"
#include "harness/net/transport.h"
#include "harness/perf/options.h"
#include "harness/perf/report_model.h"
#include "harness/session/event.h"
#include "harness/wire/params.h"

namespace rolecall::perf {

// What the stream connections of a test run on.
Transport transport_of(const wire::Parameters& parameters);

// The first address of each of `hosts`, of those that a socket of this family takes: one of IPv6
// takes IPv4 too.
Result<std::vector<Address>> resolve_all(const std::vector<std::string>& hosts, std::uint16_t port,
                                         int family);

// -N, -M, -w: what could not be set, with iperf3's number for it; nothing where all could.
std::optional<session::LocalFailure> apply_test_options(const Fd& socket,
                                                        const wire::Parameters& parameters);

// Takes them back from a listener: the next test finds it as it was. `before` is what
// buffer_facts() said before they were applied.
Result<void> take_test_options_back(const Fd& listener, const BufferFacts& before);

// The socket's buffers, with what -w asked for.
Result<BufferFacts> buffer_facts(const Fd& socket, const wire::Parameters& parameters);

// Of datagrams that are longer than what a buffer holds: a line for each buffer.
// iperf_udp.c iperf_udp_buffercheck(), 3.22.
std::vector<std::string> warnings_of_buffers(const BufferFacts& facts, std::int64_t block_bytes);

// -C, -S, --fq-rate, --dont-fragment, --snd-timeout: of a stream that stands.
Result<void> apply_stream_options(const Fd& stream, const wire::Parameters& parameters,
                                  int send_timeout_ms);

// Server: a UDP socket on the port of a test, beside others, bound to `device` unless empty.
Result<Fd> flow_socket(const Address& at, const std::string& device);

// --snd-timeout, TCP_NODELAY: the control connection.
Result<void> apply_control_options(const Fd& control, int send_timeout_ms);

// Without --cntl-ka: a peer that vanished without a word is found out within two minutes, and no
// test of unlimited time waits for it forever. One small packet a minute.
inline constexpr KeepAlive kKeepAlive{.idle_s = 60, .interval_s = 10, .probes = 5};

// --cntl-ka: on a connection that stands. Config when its idle time is not longer than its probes
// take with the system's values for what was not given.
Result<void> apply_keep_alive(const Fd& control, const KeepAlive& wanted);

// The segment size of a connection in bytes, 0 where the kernel does not say.
int segment_size(const Fd& connection);

}  // namespace rolecall::perf
