// SPDX-License-Identifier: BSD-3-Clause
// The client's side of one test, as a state machine without I/O.
// iperf_client_api.c iperf_handle_message_client(), 3.22, and the role flag.
#pragma once

#include <deque>
#include <optional>
#include <span>

#include "harness/base/time.h"
#include "harness/session/event.h"
#include "harness/session/transitions.h"
#include "harness/wire/control_decoder.h"
#include "harness/wire/cookie.h"

namespace rolecall::session {

struct ClientConfig {
  wire::Parameters parameters;  // role_flag is set by the session
  FlagMode mode = FlagMode::Auto;
  int level = wire::kHighestLevel;        // the highest that this client speaks
  std::array<std::byte, 36> random{};     // for the cookie
  Duration reply_limit = seconds(60);     // for each answer of the server outside the running test
  Duration results_limit = seconds(600);  // for the server's whole results, with its output
  Duration error_limit = seconds(10);     // for what follows SERVER_ERROR; iperf3's Nread() limit
};

// One thread. Every member function may add outputs: take them with next_output() until there are
// none. After Finished there are no more, and input is ignored.
class ClientSession {
 public:
  // Begins: the first output is the cookie.
  ClientSession(ClientConfig config, TimePoint now);

  void on_bytes(ByteView in, TimePoint now);  // from the control connection
  void on_closed(TimePoint now);              // the control connection ended
  void on_local(LocalEvent event, TimePoint now);
  void on_time(TimePoint now);

  std::optional<Output> next_output();
  // When on_time() must be called at the latest.
  std::optional<TimePoint> wake_at() const { return wake_at_; }

  // The block size, where it shows only once the cookie is on its way: before the server asks for
  // the parameters.
  void set_block_bytes(std::int64_t bytes) { config_.parameters.block_bytes = bytes; }

  State state() const { return state_; }
  bool finished() const { return finished_; }
  bool awaits_state() const { return expect_ == Expect::State; }  // as in ServerSession
  std::size_t buffered() const { return in_.buffered(); }
  const wire::Cookie& cookie() const { return cookie_; }
  // What was agreed; final from OpenStreams on.
  Flag flag() const { return flag_; }
  // From ParametersSent on: whether they were sent without the announcement because it did not fit
  // (a warning).
  bool announcement_left_out() const { return announcement_left_out_; }

  int stream_count() const { return static_cast<int>(config_.parameters.stream_count()); }
  // The role of this end on stream `number`, 1..stream_count().
  wire::Role role(int number) const;
  // What the client sends first on stream `number`: cookie and preamble. From OpenStreams on.
  Bytes stream_header(int number) const;
  // UDP: the datagram that opens stream `number`. Whether the server tells copies of it apart, so
  // that streams may be opened all at once and the datagrams sent again: at level 2.
  Bytes connect_datagram(int number) const;
  bool may_repeat_connect() const { return flag_ == Flag::Level2; }

 private:
  enum class Expect { State, ServerParameters, Local, PeerResults, ServerError, ErrorDocument };

  void read_on(TimePoint now);  // all that has come and is due
  bool step(TimePoint now);     // consumes one item; false when bytes are missing
  bool take_state(TimePoint now);
  bool take_frame(TimePoint now);
  bool take_server_error(TimePoint now);
  void enter(State state, TimePoint now);
  void on_frame(const std::string& json, TimePoint now);
  void send_parameters(TimePoint reply_limit);
  void create_streams();
  void await(Expect what, std::optional<TimePoint> until);
  void fail(Error error, int number);  // our own verdict: says goodbye with IPERF_DONE
  void finish(std::optional<Failure> failure);
  void report_server_error(std::optional<std::string> sentence);

  void handle(const StreamsOpen&, TimePoint now);
  void handle(const TestOver&, TimePoint now);
  void handle(const ResultsReady& ready, TimePoint now);
  void handle(const TestStopped&, TimePoint now);
  void handle(const StreamsDrained&, TimePoint now);
  void handle(const Interrupted& interrupted, TimePoint now);
  void handle(const LocalFailure& failure, TimePoint now);

  ClientConfig config_;
  wire::Cookie cookie_;
  wire::ControlDecoder in_;
  std::deque<Output> out_;
  State state_ = State::IperfStart;
  Expect expect_ = Expect::State;
  std::optional<TimePoint> wake_at_;
  TimePoint results_until_{};
  Flag flag_ = Flag::None;
  bool announced_ = false;
  bool announcement_left_out_ = false;
  bool finished_ = false;
  wire::ServerError server_error_;
};

}  // namespace rolecall::session
