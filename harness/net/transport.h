// SPDX-License-Identifier: BSD-3-Clause
// What a stream connection runs on: TCP, or a protocol of Linux that looks the same to a program
// (connect, accept, send, receive) and that a kernel may lack. Any thread.
#pragma once

#include <vector>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/net/socket.h"

namespace rolecall {

enum class Transport { Tcp, Mptcp, Sctp };

// A socket that is not yet bound or connected. Where this kernel does not have the protocol, the
// Error says what to do about it.
Result<Fd> stream_socket(int family, Transport transport);

// Whether stream_socket() would find the protocol.
Result<void> check_transport(Transport transport);

// The protocol of a socket, listening or not.
Result<Transport> transport_of(const Fd& socket);

// A listening socket at the address of `listener`, a TCP one. One of MPTCP is to take its place: at
// no moment does nobody listen there, and what is queued at `listener` is to be accepted before it
// is closed. One of SCTP stands beside it for good, at the addresses of `instead` where there are
// any.
Result<Fd> listen_beside(const Fd& listener, Transport transport,
                         const std::vector<Address>& instead = {});

// SCTP only: the socket's own addresses, several of them, of one port.
Result<void> bind_to_all(const Fd& socket, const std::vector<Address>& addresses);
// SCTP only: how many streams an association shall have for what is sent.
Result<void> set_outgoing_streams(const Fd& socket, int count);
// TCP_NODELAY and TCP_MAXSEG of SCTP.
Result<void> set_sctp_no_delay(const Fd& socket);
Result<void> set_sctp_segment_size(const Fd& socket, int bytes);

// Whether a connection of an MPTCP socket is one: a peer may have answered with plain TCP.
bool is_multipath(const Fd& connection);

// Whether the peer's kernel has all that was written. Of a connection that stands.
Result<bool> is_all_acknowledged(const Fd& connection);

}  // namespace rolecall
