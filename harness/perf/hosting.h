// SPDX-License-Identifier: BSD-3-Clause
// One test at the server, from its client's cookie to its end.
#pragma once

#include <sched.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "harness/base/fd.h"
#include "harness/net/reactor.h"
#include "harness/net/socket.h"
#include "harness/net/transport.h"
#include "harness/perf/control_link.h"
#include "harness/perf/drain.h"
#include "harness/perf/options.h"
#include "harness/perf/report.h"
#include "harness/perf/server_limits.h"
#include "harness/perf/test_run.h"
#include "harness/session/server_session.h"

namespace rolecall::perf {

class Hosting {
 public:
  // What it borrows from the server; all must outlive it.
  struct Surroundings {
    const Options& options;
    Report& report;
    Reactor& reactor;
    const Fd& listener;                                // the one of the moment
    std::function<Result<void>(Transport)> listen_as;  // until the test ends
    std::function<void(Fd)> deny;
    std::function<void(const Hosting&)> has_test;  // it has asked for one that it may have
  };

  Hosting(Surroundings around, Fd control);
  ~Hosting();
  Hosting(const Hosting&) = delete;
  Hosting& operator=(const Hosting&) = delete;

  // Begins with the cookie that the client has said already. Errors: System.
  Result<void> begin(ByteView cookie);

  // Whether a new connection may be one of the streams; then hand it over.
  bool wants_connections() const { return session_.wants_connections(); }
  void take_connection(Fd connection);

  // Nothing but the client's goodbye is missing: whoever comes now may wait for the next test.
  bool is_closing() const { return session_.state() == session::State::DisplayResults; }
  bool finished() const { return finished_; }
  // Once finished, or before it has a test; nothing but its end may follow.
  Fd take_control() { return link_.take_socket(); }
  // Whether this client uses up the one test of -1. Who has not asked for one, or must not, does
  // not: else any stranger could end the server.
  bool counts() const {
    return around_.options.authorization ? is_authorized_ : session_.has_parameters();
  }

  // What has come on the control connection counts from now on, not from the next turn of the loop.
  void hear_client() { link_.read_now(); }
  void interrupt(const std::string& reason);
  // No descriptor is left for a connection that waits, and nobody but this test can give one back:
  // it ends, where it holds them all itself and wants more.
  void lack_descriptors(Error error);
  std::optional<TimePoint> wake_at() const;
  void on_time(TimePoint now);

 private:
  void pump();
  void note_state();
  void carry_out(const session::SendControl& send);
  void carry_out(const session::ParametersAgreed&);
  void carry_out(const session::DenyConnection& denied);
  void carry_out(const session::BindStreams& bind);
  void carry_out(const session::RunTest&);
  void carry_out(const session::StopTest&);
  void carry_out(const session::DrainStreams&);
  void carry_out(const session::ProvideResults&);
  void carry_out(const session::PeerResults& peer);
  void carry_out(const session::Finished& finished);
  template <class ClientOutput>
  void carry_out(const ClientOutput&) {
    CHECK(false);  // outputs that only a client's session has
  }

  bool may_test();
  bool is_udp() const { return session_.parameters().protocol == wire::Protocol::Udp; }
  Result<void> listen_for_flows();
  Result<void> listen_for_associations();
  void accept_associations();
  void stop_listening();
  void take_datagrams(const Fd& socket);
  Result<void> take_datagram(ByteView datagram, const Address& source);
  Result<void> open_flow(session::ConnectionId id, const Address& source);
  void read_header(session::ConnectionId id);
  void watch_for_reset(session::ConnectionId id);
  Result<void> add_streams(const session::BindStreams& bind);
  void tell_payload();
  void warn_of_assumed_roles(const session::BindStreams& bind);
  void warn_of_assumed_identity();
  int misfit_of_file() const;
  Transport transport() const;
  // The listener and this process, as the parameters ask.
  std::optional<session::LocalFailure> prepare();
  Result<void> pin();
  Result<void> listen_for_streams();
  void restore_listener();
  void on_progress(TestRun::Progress progress);
  void check_rate(TimePoint now);
  void stop_run();
  void fail(Error error, int number);
  wire::Results results() const;

  Surroundings around_;
  session::ServerSession session_;
  ControlLink link_;
  Fd stream_listener_;                                    // UDP and SCTP, while streams are missing
  std::map<std::string, session::ConnectionId> flow_of_;  // by its source
  std::map<session::ConnectionId, Fd> newcomers_;
  session::ConnectionId next_connection_ = 1;
  std::optional<TestRun> run_;
  std::optional<RateLimit> rate_limit_;  // while it runs
  std::unique_ptr<Drain> drain_;         // after run_: it reads from its streams
  session::IdentityBy identity_ = session::IdentityBy::AcceptOrder;
  std::optional<BufferFacts> listener_before_;
  std::optional<cpu_set_t> cores_before_;
  wire::State noted_ = wire::State::IperfStart;  // by -d
  bool roles_warned_ = false;
  bool pumping_ = false;
  bool finished_ = false;
  bool is_authorized_ = false;
};

}  // namespace rolecall::perf
