// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/client.h"

#include <string.h>
#include <sys/epoll.h>

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/earlier.h"
#include "harness/net/reactor.h"
#include "harness/net/signals.h"
#include "harness/perf/authentication.h"
#include "harness/perf/control_connection.h"
#include "harness/perf/control_link.h"
#include "harness/perf/stream_opening.h"
#include "harness/perf/test_parameters.h"
#include "harness/perf/test_run.h"
#include "harness/perf/test_sockets.h"
#include "harness/session/client_session.h"

namespace rolecall::perf {
namespace {

using session::ClientSession;

// For the last bytes of a test that has ended.
constexpr Duration kFarewell = seconds(2);

// What fits into one packet to the server, as far as its control connection knows.
// iperf_client_api.c iperf_connect(), 3.22.
std::int64_t datagram_size(const Fd& control) {
  constexpr std::int64_t kDefault = 1460;
  const std::int64_t mss = segment_size(control);
  return mss >= 1 && mss <= wire::kMostDatagram ? mss : kDefault;
}

class Client {
 public:
  Client(const Options& options, Report& report, Reactor reactor, const Fd& signals)
      : options_(options), report_(report), reactor_(std::move(reactor)), signals_(signals) {}

  int run() {
    report_.client_starting();
    if (auto begun = begin(); !begun) return fail(begun.error());
    while (!finished_) {
      pump();
      if (finished_) break;
      if (auto turned = reactor_.run_once(wake_at()); !turned) return fail(turned.error());
      on_time();
    }
    return status_;
  }

 private:
  // --- the control connection ---

  Result<void> begin() {
    TRY(reactor_.watch(signals_, EPOLLIN, [this](std::uint32_t) { on_signal(); }));
    TRY(auto config, client_config(options_));
    TRY(check_transport(transport_of(config.parameters)));
    TRY(auto way, connect_control(options_, reactor_, finished_));
    if (!way) return ok();  // a signal came first
    way_ = *std::move(way);
    Fd control = std::move(way_.socket);
    TRY(apply_keep_alive(control, options_.control_keep_alive.value_or(kKeepAlive)));
    if (options_.credentials) {
      TRY(config.parameters.authtoken, options_.credentials->token(wall_clock_s()));
    }
    plan_.parameters = config.parameters;
    plan_.interval_s = options_.interval_s;
    plan_.receive_timeout = milliseconds(options_.receive_timeout_ms);
    plan_.unbatched = options_.unbatched;
    plan_.file = options_.file;
    plan_.ends_by_itself = true;
    link_.emplace(
        reactor_, std::move(control),
        [this](ByteView bytes) { session_->on_bytes(bytes, now()), pump(); },
        [this] { session_->on_closed(now()), pump(); });
    TRY(link_->open());
    session_.emplace(std::move(config), now());
    run_.emplace(plan_, report_);
    pump();  // the cookie
    if (!finished_) learn_segment_size();
    return ok();
  }

  // Once bytes are on their way, as iperf3 does: what the server takes shows in its answer to them.
  void learn_segment_size() {
    report_.control_connected(segment_size(link_->socket()));
    if (!options_.udp) return;
    if (options_.block_bytes != 0) return warn_of_fragments();
    plan_.parameters.block_bytes = datagram_size(link_->socket());
    session_->set_block_bytes(plan_.parameters.block_bytes);
    run_.emplace(plan_, report_);
    report_.datagram_size_chosen(static_cast<int>(plan_.parameters.block_bytes));
  }

  // iperf_client_api.c iperf_connect(), 3.22.
  void warn_of_fragments() {
    const std::int64_t mss = segment_size(link_->socket());
    if (mss < 1 || plan_.parameters.block_bytes <= mss) return;
    report_.warning(
        fmt::format("UDP block size {} exceeds TCP MSS {}, may result in fragmentation / drops",
                    plan_.parameters.block_bytes, mss));
  }

  // --- the session's outputs ---

  void pump() {
    if (std::exchange(pumping_, true)) return;  // an output's own doing came back here
    while (session_ && !finished_) {
      auto output = session_->next_output();
      if (!output) break;
      std::visit([this](const auto& o) { carry_out(o); }, *output);
      note_state();
    }
    pumping_ = false;
  }

  void note_state() {
    const wire::State state = session_->state();
    if (options_.debug_level == 0 || state == noted_) return;
    report_.debug(fmt::format("control state {} -> {}", wire::name(noted_), wire::name(state)));
    noted_ = state;
  }

  void carry_out(const session::SendControl& send) { link_->send(send.bytes); }

  void carry_out(const session::ParametersSent&) {
    if (session_->announcement_left_out()) {
      report_.warning("the role flag was not announced: the parameters would pass 8192 bytes");
    }
    ControlFacts facts;
    facts.host = options_.host;
    facts.port = options_.port;
    facts.cookie = wire::printable(session_->cookie());
    facts.mss_bytes = options_.mss_bytes;
    facts.control_mss = segment_size(link_->socket());
    facts.target_bitrate_bps = options_.bitrate_bps;
    facts.reverse = options_.reverse;
    facts.protocol = plan_.parameters.protocol;
    facts.fq_rate_bps = options_.fq_rate_bps;
    report_.connected(facts);
  }

  void carry_out(const session::OpenStreams&) {
    const StreamOpening opening{options_,        *session_, plan_.parameters,
                                link_->socket(), way_.peer, way_.from};
    connector_ = make_connector(reactor_, opening,
                                [this](Result<void> result) { on_streams(std::move(result)); });
    connector_->start(now());
  }

  void on_streams(Result<void> result) {
    if (result) {
      result = hand_over_streams();
    } else {
      link_->read_now();  // the server's own word on it comes first
      result = wire::with_sentence(wire::kErrorStreamConnect, result.error());
    }
    if (!result) {
      session_->on_local(
          session::LocalFailure{std::move(result).error(), wire::kErrorStreamConnect}, now());
    } else {
      session_->on_local(session::StreamsOpen{}, now());
    }
    pump();
  }

  Result<void> hand_over_streams() {
    auto streams = connector_->take_streams();
    if (!options_.sctp) {  // of which iperf3 says nothing
      TRY(const auto buffers, buffer_facts(streams.front()->socket, plan_.parameters));
      report_.buffers(buffers);
      if (options_.udp) warn_of_buffers(buffers);
    }
    warn_of_plain_tcp(streams);
    for (auto& stream : streams) {
      TRY(run_->add(std::move(stream)));
    }
    return ok();
  }

  void warn_of_buffers(const BufferFacts& buffers) {
    for (const std::string& warning : warnings_of_buffers(buffers, plan_.parameters.block_bytes)) {
      report_.warning(warning);
    }
  }

  // A server before 3.19, or a middlebox: the figures are then those of TCP.
  void warn_of_plain_tcp(const std::vector<std::unique_ptr<Stream>>& streams) {
    if (!plan_.parameters.mptcp || options_.udp) return;
    const auto plain = std::ranges::count_if(
        streams, [](const auto& stream) { return !is_multipath(stream->socket); });
    if (plain == 0) return;
    report_.warning(
        fmt::format("{} of {} streams are plain TCP: the server did not answer as MPTCP", plain,
                    streams.size()));
  }

  // The server has all streams, also where its last answer on one is still under way.
  void carry_out(const session::StartTest&) {
    if (connector_) connector_->conclude();
    report_.test_started(test_facts(plan_, session::name(session_->flag())));
  }

  void carry_out(const session::RunTest&) {
    if (!run_->has_streams()) {
      const Error early{Errc::OutOfOrder,
                        "the server began the test before it had its stream connections"};
      return session_->on_local(session::LocalFailure{early, wire::kErrorMessage}, now());
    }
    auto started = run_->start(now());
    if (started) {
      started = reactor_.watch(run_->event(), EPOLLIN, [this](std::uint32_t) { on_time(); });
    }
    if (!started) {
      session_->on_local(session::LocalFailure{std::move(started).error(), wire::kErrorThread},
                         now());
    }
  }

  void carry_out(const session::ProvideResults&) {
    session_->on_local(session::ResultsReady{run_->results()}, now());
  }

  void carry_out(const session::PeerResults& peer) {
    if (auto taken = run_->take_peer_results(peer.results); !taken) {
      // The session may be past them already: what ends a test often comes in the same segment.
      if (!session_->finished()) {
        return session_->on_local(
            session::LocalFailure{std::move(taken).error(), wire::kErrorStreamId}, now());
      }
      misfit_ = session::Failure{.error = std::move(taken).error(), .number = wire::kErrorStreamId};
    }
    if (peer.results.server_output_json) server_output_ = {true, *peer.results.server_output_json};
    if (peer.results.server_output_text) server_output_ = {false, *peer.results.server_output_text};
  }

  void carry_out(const session::Finished& finished) {
    finished_ = true;
    stop_run();
    link_->finish(now() + kFarewell);
    if (run_->stopped()) run_->print_summary();
    if (!server_output_.text.empty() && options_.get_server_output) {
      report_.server_output(server_output_);
    }
    const auto& failure = finished.failure ? finished.failure : misfit_;
    if (failure) report_failure(*failure);
    report_.finished();
  }

  void report_failure(const session::Failure& failure) {
    const FailureKind kind = failure.by_operator       ? FailureKind::Interrupt
                             : failure.is_server_error ? FailureKind::ServerError
                                                       : FailureKind::Error;
    report_.failed({kind, failure.error.message()});
    status_ = failure.by_operator ? 0 : 1;  // iperf3 since 3.19
  }

  // Outputs that only a server's session has.
  template <class ServerOutput>
  void carry_out(const ServerOutput&) {
    CHECK(false);
  }

  // --- time, signals, the end ---

  std::optional<TimePoint> wake_at() const {
    std::optional<TimePoint> first;
    if (session_) first = earlier(first, session_->wake_at());
    if (connector_) first = earlier(first, connector_->wake_at());
    if (run_) first = earlier(first, run_->wake_at());
    return first;
  }

  void on_time() {
    if (finished_) return;
    if (connector_) connector_->on_time(now());
    if (run_->running() && !run_->stopped()) on_progress(run_->on_time(now()));
    session_->on_time(now());
    pump();
  }

  void on_progress(TestRun::Progress progress) {
    switch (progress) {
      case TestRun::Progress::Goes:
        return;
      case TestRun::Progress::Over:
        stop_run();
        // Not when the server is just saying why it gives the test up.
        if (session_->state() == session::State::TestRunning) {
          session_->on_local(session::TestOver{}, now());
        }
        return;
      case TestRun::Progress::NoData:
        return session_->on_local(session::LocalFailure{run_->no_data(), wire::kErrorNoData},
                                  now());
      case TestRun::Progress::Broken:
        link_->read_now();  // the server's own word on it comes first
        if (!session_->finished()) {
          constexpr int kNumber = wire::kErrorStreamWrite;
          Error failure = wire::with_sentence(kNumber, run_->failure().value());
          session_->on_local(session::LocalFailure{std::move(failure), kNumber}, now());
        }
        return;
    }
  }

  void stop_run() {
    if (!run_->running() || run_->stopped()) return;
    reactor_.unwatch(run_->event());
    run_->stop(false);
  }

  void on_signal() {
    const auto signal = take_signal(signals_);
    if (!signal || finished_) return;
    const std::string reason =
        fmt::format("the client has terminated by signal {}({})", ::strsignal(*signal), *signal);
    if (session_) {
      session_->on_local(session::Interrupted{reason}, now());
      return pump();
    }
    finished_ = true;
    report_.failed({FailureKind::Interrupt, reason});
    report_.finished();
  }

  int fail(const Error& error) {
    report_.failed({FailureKind::Error, error.message()});
    report_.finished();
    return 1;
  }

  const Options& options_;
  Report& report_;
  Reactor reactor_;
  const Fd& signals_;
  ControlConnection way_;  // its socket is the link's
  TestPlan plan_;
  std::optional<ClientSession> session_;
  std::optional<ControlLink> link_;
  std::unique_ptr<Connector> connector_;
  std::optional<TestRun> run_;
  ServerOutput server_output_;
  std::optional<session::Failure> misfit_;       // of the server's results to this test
  wire::State noted_ = wire::State::IperfStart;  // by -d
  bool pumping_ = false;
  bool finished_ = false;
  int status_ = 0;
};

}  // namespace

int run_client(const Options& options, Report& report, const Fd& signals) {
  auto reactor = Reactor::create();
  if (!reactor) {
    report.failed({FailureKind::Error, reactor.error().message()});
    return 1;
  }
  return Client(options, report, std::move(reactor).value(), signals).run();
}

}  // namespace rolecall::perf
