// SPDX-License-Identifier: BSD-3-Clause
// What a stream connection runs on: TCP, or a protocol of Linux that looks the same to a program
// (connect, accept, send, receive) and that a kernel may lack. Any thread.
#pragma once

#include "harness/base/fd.h"
#include "harness/base/result.h"

namespace rolecall {

enum class Transport { Tcp, Mptcp };

// A socket that is not yet bound or connected. Where this kernel does not have the protocol, the
// Error says what to do about it.
Result<Fd> stream_socket(int family, Transport transport);

// Whether stream_socket() would find the protocol.
Result<void> check_transport(Transport transport);

// The protocol of a socket, listening or not.
Result<Transport> transport_of(const Fd& socket);

// A listening socket at the address of `listener`, a TCP one, to take its place: at no moment does
// nobody listen there. What is queued at `listener` is to be accepted before it is closed.
Result<Fd> listen_beside(const Fd& listener, Transport transport);

// Whether a connection of an MPTCP socket is one: a peer may have answered with plain TCP.
bool is_multipath(const Fd& connection);

// What was written, and is not acknowledged yet. Not for SYN_SENT, where it is 0.
Result<int> unacknowledged_bytes(const Fd& connection);

}  // namespace rolecall
