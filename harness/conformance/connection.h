// SPDX-License-Identifier: BSD-3-Clause
// One TCP connection of a case's script, our end of it: it sends anything and reads strictly. Each
// call waits for what it needs, at most for the script's limit, and leaves its trace on the time
// line. One thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/fd.h"
#include "harness/conformance/failure.h"
#include "harness/conformance/silence.h"
#include "harness/conformance/time_line.h"
#include "harness/wire/state.h"

namespace rolecall::conformance {

// "\x02" and so on: the byte of a state.
std::string byte(wire::State state);
// With its four bytes of length.
std::string document(std::string_view json);
// The four bytes of a length.
std::string length(std::uint32_t bytes);

class Connection {
 public:
  // `socket` is connected and non-blocking. `line` outlives the connection.
  Connection(Fd socket, std::string name, TimeLine& line)
      : socket_(std::move(socket)),
        name_(std::move(name)),
        line_(&line),
        limit_(line.step_limit()) {}

  const std::string& name() const { return name_; }
  const Fd& socket() const { return socket_; }
  const TimeLine& line() const { return *line_; }
  // From here on each wait of this connection may take so long.
  void set_limit(Duration limit) { limit_ = limit; }
  // For what may take longer than a step.
  void wait_at_least(Duration limit) { limit_ = std::max(limit_, limit); }
  Duration limit() const { return limit_; }

  Checked<void> send(std::string_view bytes);
  Checked<void> send(wire::State state) { return send(byte(state)); }
  // Each byte in a segment of its own, acknowledged before the next.
  Checked<void> send_bytewise(std::string_view bytes);

  // Exactly so many bytes; `what` is what they are, for the failure.
  Checked<std::string> receive(std::size_t count, std::string_view what);
  Checked<void> expect(std::string_view bytes, std::string_view what);
  Checked<void> expect(wire::State state);
  // Whether this is the next byte, which is left to be read; nothing where none comes in time.
  std::optional<bool> next_is(wire::State state) const { return next_is(state, limit_); }
  std::optional<bool> next_is(wire::State state, Duration limit) const;
  // The text of a framed document.
  Checked<std::string> expect_document(std::string_view what);
  // Whether nothing comes for so long, and no end (silence.h). Reads nothing.
  bool is_silent(Duration span) const { return conformance::is_silent(socket_, span, *line_); }
  Checked<void> expect_silence(std::string_view why, Duration span = kSilence);
  // All bytes up to the end of the connection, in whichever way it ends; then closes our end too.
  Checked<std::string> expect_end(std::string_view why);
  // What is there already, at least one byte unless the connection has ended.
  Checked<std::string> receive_some();
  // Whether the peer has ended the connection. Reads nothing.
  bool has_ended() const;

  // The peer's kernel has acknowledged all that was sent.
  Checked<void> await_acknowledged();

  void end_sending();  // FIN; the peer may go on sending
  void reset();        // RST
  void close();

 private:
  Fd socket_;
  std::string name_;
  TimeLine* line_;
  Duration limit_;
};

}  // namespace rolecall::conformance
