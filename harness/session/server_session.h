// SPDX-License-Identifier: BSD-3-Clause
// The server's side of one test, as a state machine without I/O: the control connection, and the
// headers of stream connections until each has its place.
// iperf_server_api.c iperf_handle_message_server() and iperf_run_server(), 3.22, and the role flag.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "harness/base/time.h"
#include "harness/session/event.h"
#include "harness/session/late_binding.h"
#include "harness/session/roster.h"
#include "harness/session/transitions.h"
#include "harness/wire/control_decoder.h"
#include "harness/wire/cookie.h"

namespace rolecall::session {

struct ServerConfig {
  FlagMode mode = FlagMode::Auto;
  BindRoles bind_roles = BindRoles::Late;
  int level = wire::kHighestLevel;        // the highest that this server speaks
  Duration read_limit = seconds(10);      // per gap in what the client is sending; iperf3's Nread()
  Duration document_limit = seconds(30);  // for the whole cookie, the parameters, the results
  Duration header_limit = seconds(10);    // for cookie and preamble of one stream connection
  Duration streams_limit = seconds(120);  // from one stream's placing to the next; --rcv-timeout
  Duration grace = seconds(40);           // over time + omit, until TEST_END must have come
};

// One thread. Outputs as in ClientSession: take them until there are none; nothing follows
// Finished.
class ServerSession {
 public:
  // Begins when a control connection is accepted.
  ServerSession(ServerConfig config, TimePoint now);

  void on_bytes(ByteView in, TimePoint now);  // from the control connection
  void on_closed(TimePoint now);
  void on_local(LocalEvent event, TimePoint now);
  void on_time(TimePoint now);

  // Whether a new TCP connection may be one of this test's streams. When not, it is a stranger to
  // be denied without reading from it.
  bool wants_connections() const { return opens_streams() && !is_udp(); }
  // Whether connections are there of which it is not yet known whether they are this test's.
  bool waits_for_headers() const { return !headers_.empty(); }
  // A new connection, in accept order. REQUIRES: wants_connections(), an id not in use.
  void on_connection(ConnectionId connection, TimePoint now);
  // How many bytes of its header are still to come: read no more than these, payload may follow. 0
  // when the connection is bound, denied or not known.
  std::size_t bytes_wanted(ConnectionId connection) const;
  void on_connection_bytes(ConnectionId connection, ByteView in, TimePoint now);
  void on_connection_closed(ConnectionId connection, TimePoint now);

  // UDP: whether a datagram may open one of this test's streams.
  bool wants_flows() const { return opens_streams() && is_udp(); }
  // The first datagram from a source that has no stream yet. False when it opens none: it is not of
  // this test, or a copy of one that did. REQUIRES: wants_flows(), an id not in use.
  bool on_flow(ConnectionId flow, ByteView datagram, TimePoint now);

  // Payload came on a connection whose role BindStreams left open; `rtt`: of the path to the
  // client. What has come must be told before on_time() of the same moment.
  void on_payload(ConnectionId connection, Duration rtt, TimePoint now);

  std::optional<Output> next_output();
  std::optional<TimePoint> wake_at() const;

  State state() const { return state_; }
  bool finished() const { return finished_; }
  // Whether the next byte of the control connection is a state. How many have come and wait: for
  // the rest of a document, or, at most kMostUnread, for this end's turn to be over.
  bool awaits_state() const { return expect_ == Expect::State; }
  std::size_t buffered() const { return in_.buffered(); }
  const wire::Cookie& cookie() const { return cookie_; }
  // Hold from ParametersAgreed on.
  const wire::Parameters& parameters() const { return parameters_; }
  // Whether the client has said what test it wants, be it one that is refused.
  bool has_parameters() const { return has_parameters_; }
  Flag flag() const { return flag_; }

 private:
  enum class Expect { Cookie, Parameters, State, Local, Results };
  struct Header {  // of a stream connection that has no place yet
    Bytes bytes;
    TimePoint until;
    int accepted = 0;  // in accept order, for sentences
  };

  bool opens_streams() const { return state_ == State::CreateStreams && !finished_; }
  bool is_udp() const { return parameters_.protocol == wire::Protocol::Udp; }
  void read_on(TimePoint now);  // all that has come and is due
  bool step(TimePoint now);
  bool take_cookie(TimePoint now);
  bool take_state(TimePoint now);
  bool take_document(TimePoint now);
  void enter(State state, TimePoint now);
  void on_parameters(const std::string& json, TimePoint now);
  std::optional<wire::Refusal> choose_flag();
  void answer_parameters(TimePoint now);
  void on_results(const std::string& json, TimePoint now);

  std::size_t header_size() const;
  Result<std::optional<wire::StreamTag>> read_header(ByteView header) const;
  bool has_cookie(const Header& header) const;
  void place(ConnectionId connection, TimePoint now);
  Result<std::optional<wire::StreamTag>> read_flow(ByteView datagram) const;
  void start_running(TimePoint now);
  BindStreams first_binding();
  void bind_late();
  bool may_identify() const;
  bool lacks_payload() const;
  void identify();
  void take_results(TimePoint now);
  void drop_connection(ConnectionId connection);
  void drop_oldest();

  void await(Expect what, std::optional<Duration> gap, std::optional<Duration> whole,
             TimePoint now);
  void send(State state);
  void fail(Error error, int number);
  void finish(std::optional<Failure> failure);

  void handle(const StreamsOpen&, TimePoint now);
  void handle(const TestOver&, TimePoint now);
  void handle(const ResultsReady& ready, TimePoint now);
  void handle(const TestStopped& stopped, TimePoint now);
  void handle(const StreamsDrained& drained, TimePoint now);
  void handle(const Interrupted& interrupted, TimePoint now);
  void handle(const LocalFailure& failure, TimePoint now);

  ServerConfig config_;
  wire::Cookie cookie_;
  wire::ControlDecoder in_;
  wire::Parameters parameters_;
  std::deque<Output> out_;
  State state_ = State::IperfStart;
  Expect expect_ = Expect::Cookie;
  std::optional<Duration> gap_;  // renewed by each byte of the control connection
  std::optional<TimePoint> gap_until_;
  std::optional<TimePoint> until_;
  Flag flag_ = Flag::None;
  bool finished_ = false;
  bool has_parameters_ = false;
  std::optional<Roster> roster_;
  std::optional<LateBinding> late_;  // where roles were left open
  BindStreams bound_;                // as it was put out last
  std::vector<ConnectionTotal> totals_;
  std::optional<wire::Results> results_;  // the client's, until they are told
  std::map<ConnectionId, Header> headers_;
  std::map<ConnectionId, int> placed_;  // in accept order, for sentences
  int accepted_ = 0;
};

}  // namespace rolecall::session
