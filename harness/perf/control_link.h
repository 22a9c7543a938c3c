// SPDX-License-Identifier: BSD-3-Clause
// The control connection at either end: hands over what comes, writes what a session says, however
// slowly the peer reads.
#pragma once

#include <functional>

#include "harness/base/bytes.h"
#include "harness/base/fd.h"
#include "harness/base/time.h"
#include "harness/net/reactor.h"

namespace rolecall::perf {

class ControlLink {
 public:
  using OnBytes = std::function<void(ByteView)>;
  using OnClosed = std::function<void()>;

  // `reactor` must outlive it. Calls back from the reactor, and out of read_now(). A callback may
  // send(), read_now() and finish(); it may not end this object.
  ControlLink(Reactor& reactor, Fd socket, OnBytes on_bytes, OnClosed on_closed);
  ~ControlLink();
  ControlLink(const ControlLink&) = delete;
  ControlLink& operator=(const ControlLink&) = delete;

  Result<void> open();
  void send(ByteView bytes);
  // What came is read and handed over now rather than at the next turn of the loop: calls back
  // before it returns, also where a callback is running already.
  void read_now() { on_ready(0); }
  // Writes what is still unwritten, until `until` at the latest, and says that nothing follows.
  // Calls back no more, but turns the reactor meanwhile, which may call whatever else it watches.
  void finish(TimePoint until);

  const Fd& socket() const { return socket_; }
  // Calls back no more. REQUIRES: not out of a callback.
  Fd take_socket();

 private:
  void on_ready(std::uint32_t events);
  void write_more();
  void watch();
  void close();

  Reactor& reactor_;
  Fd socket_;
  OnBytes on_bytes_;
  OnClosed on_closed_;
  Bytes unwritten_;
  bool waits_to_write_ = false;
  bool closed_ = false;
  bool ended_ = false;  // finish() was called
};

}  // namespace rolecall::perf
