// SPDX-License-Identifier: BSD-3-Clause
// For tests only: the client's side of a test by hand, one TCP stream that sends to the server, so
// that every rule can be broken at every point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/fd.h"
#include "harness/wire/state.h"

namespace rolecall::perf {

// One connection on 127.0.0.1. Blocking, each call for kPatience (patience.h) at most.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port);  // connects to it
  explicit RawConnection(Fd socket);           // one that stands

  void send(std::string_view bytes);
  // Waits until the other end's kernel has all that was sent; whether it has.
  bool arrives() const;
  // Each byte in a segment of its own.
  void trickle(std::string_view bytes);
  // That many bytes, fewer when the connection ends before.
  std::string receive(std::size_t count);
  // Reads all that still comes; whether an end or a reset followed.
  bool ends();
  bool ends_in_order();  // the same, but not by a reset
  // Whether a reset has come, also behind an end in order. Asks once.
  bool is_reset() const;
  // TCP_MAXSEG: what the peer said that it takes, less the options of each segment.
  int segment_size() const;
  void send_end();
  void reset();  // RST
  void close() { socket_.reset(); }

 private:
  Fd socket_;
};

enum class Phase {
  Cookie,
  ParamExchange,
  CreateStreams,
  TestRunning,
  ExchangeResults,
  DisplayResults
};

class RawTest {
 public:
  explicit RawTest(std::uint16_t port) : control(port), port_(port) {}

  // Goes on to this phase from the one where it is: whether the server answered as it should.
  bool reach(Phase phase);
  // From where it is to the server's end of the connection.
  bool complete();
  void open_stream() { stream.emplace(port_).send(kCookie); }

  static const std::string kCookie;
  static const std::string kResults;  // the client's document, of the default payload
  std::string parameters =
      R"({"tcp":true,"omit":0,"time":10,"num":0,"blockcount":0,"parallel":1,"len":131072})";
  std::string payload = std::string(1000, 'x');
  std::string results = kResults;
  RawConnection control;
  std::optional<RawConnection> stream;
  std::string server_results;  // from DisplayResults on

 private:
  bool go_on();

  std::uint16_t port_;
  Phase phase_ = Phase::Cookie;
};

// With its four bytes of length.
std::string frame(std::string_view json);
std::string length(std::uint32_t bytes);
std::string byte(wire::State state);

}  // namespace rolecall::perf
