// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/hosted_test.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/earlier.h"
#include "harness/net/tcp_info.h"
#include "harness/perf/affinity.h"
#include "harness/perf/authentication.h"
#include "harness/perf/test_parameters.h"
#include "harness/perf/test_sockets.h"

namespace rolecall::perf {
namespace {

// For the last bytes of a test that has ended.
constexpr Duration kFarewell = seconds(1);

}  // namespace

HostedTest::HostedTest(Surroundings around, Fd control)
    : around_(std::move(around)),
      session_(server_config(around_.options), now()),
      link_(
          around_.reactor, std::move(control),
          [this](ByteView bytes) { session_.on_bytes(bytes, now()), pump(); },
          [this] { session_.on_closed(now()), pump(); }) {}

HostedTest::~HostedTest() {
  for (const auto& [id, socket] : newcomers_) around_.reactor.unwatch(socket);
  if (run_ && run_->running() && !run_->stopped()) around_.reactor.unwatch(run_->event());
  restore_listener();
  if (cores_before_) restore_cores(*cores_before_);
}

Result<void> HostedTest::begin(ByteView cookie) {
  TRY(apply_control_options(link_.socket(), around_.options.send_timeout_ms));
  TRY(apply_keep_alive(link_.socket(), around_.options.control_keep_alive.value_or(kKeepAlive)));
  TRY(link_.open());
  session_.on_bytes(cookie, now());
  pump();
  return ok();
}

void HostedTest::pump() {
  if (std::exchange(pumping_, true)) return;  // an output's own doing came back here
  while (!finished_) {
    auto output = session_.next_output();
    if (!output) break;
    std::visit([this](const auto& o) { carry_out(o); }, *output);
    note_state();
  }
  pumping_ = false;
}

void HostedTest::note_state() {
  const wire::State state = session_.state();
  if (around_.options.debug_level == 0 || state == noted_) return;
  around_.report.debug(
      fmt::format("control state {} -> {}", wire::name(noted_), wire::name(state)));
  noted_ = state;
}

void HostedTest::fail(Error error, int number) {
  session_.on_local(session::LocalFailure{std::move(error), number}, now());
}

void HostedTest::carry_out(const session::SendControl& send) {
  link_.send(send.bytes);
}

// --- set-up ---

// One answer, whatever is wrong: it tells nothing about the users.
bool HostedTest::is_authorized() {
  if (!around_.options.authorization) return true;
  const auto admitted =
      around_.options.authorization->admits(session_.parameters().authtoken, wall_clock_s());
  if (!admitted) around_.report.warning(admitted.error().message());
  return admitted && admitted.value();
}

void HostedTest::carry_out(const session::ParametersAgreed&) {
  if (!is_authorized()) {
    is_refused_ = true;
    return fail(Error{Errc::Config, "test authorization failed"}, wire::kErrorAuthorisation);
  }
  const wire::Parameters& p = session_.parameters();
  if (auto refusal = refusal_by_limits(around_.options, p)) {
    return fail(Error{Errc::Config, std::move(refusal->sentence)}, refusal->error_number);
  }
  TestPlan plan;
  plan.parameters = p;
  plan.interval_s = around_.options.interval_s;
  plan.receive_timeout = milliseconds(around_.options.receive_timeout_ms);
  plan.unbatched = around_.options.unbatched;
  plan.file = around_.options.file;
  run_.emplace(plan, around_.report);
  if (const int number = misfit_of_file(); number != 0) {
    return fail(Error{Errc::Config,
                      "this server has a file (-F) to send or to write: it serves TCP "
                      "tests of one direction only"},
                number);
  }
  if (auto there = check_transport(transport()); !there) {
    return fail(std::move(there).error(), wire::kErrorProtocol);
  }
  if (auto failure = prepare()) return fail(std::move(failure->error), failure->number);
  ControlFacts facts;
  if (const auto peer = peer_address(link_.socket())) {
    facts.host = peer.value().host();
    facts.port = peer.value().port();
  }
  facts.cookie = wire::printable(session_.cookie());
  facts.mss_bytes = static_cast<int>(p.mss_bytes);
  facts.target_bitrate_bps = static_cast<std::uint64_t>(p.bits_per_second);
  facts.reverse = p.direction == wire::Direction::Reverse;
  facts.protocol = p.protocol;
  facts.fq_rate_bps = static_cast<std::uint64_t>(p.fq_bits_per_second);
  around_.report.connected(facts);
}

// iperf3's error number where the server's own -F does not fit to the test, else 0.
int HostedTest::misfit_of_file() const {
  if (around_.options.file.empty()) return 0;
  if (is_udp()) return wire::kErrorDatagramFile;
  const bool both_ways = session_.parameters().direction == wire::Direction::Bidirectional;
  return both_ways ? wire::kErrorFile : 0;
}

void HostedTest::take_connection(Fd connection) {
  const session::ConnectionId id = next_connection_++;
  session_.on_connection(id, now());
  const Fd& socket = newcomers_[id] = std::move(connection);
  if (!around_.reactor.watch(socket, EPOLLIN, [this, id](std::uint32_t) { read_header(id); })) {
    session_.on_connection_closed(id, now());
  }
  read_header(id);  // before a crowd behind it makes it the oldest of the silent ones
}

void HostedTest::read_header(session::ConnectionId id) {
  std::array<std::byte, 64> buffer{};
  const auto it = newcomers_.find(id);
  while (it != newcomers_.end() && session_.bytes_wanted(id) > 0) {
    const std::size_t wanted = std::min(session_.bytes_wanted(id), buffer.size());
    const auto outcome = read_some(it->second, std::span(buffer).first(wanted));
    if (!outcome || outcome.value().closed) {
      session_.on_connection_closed(id, now());
      break;
    }
    if (outcome.value().would_block) break;
    session_.on_connection_bytes(id, ByteView(buffer).first(outcome.value().bytes), now());
  }
  // A connection in its place says nothing more before the test runs, unless that it is gone.
  if (session_.bytes_wanted(id) == 0) watch_for_reset(id);
  pump();
}

void HostedTest::watch_for_reset(session::ConnectionId id) {
  const auto it = newcomers_.find(id);
  if (it == newcomers_.end()) return;
  const auto on_reset = [this, id](std::uint32_t) {
    const auto gone = newcomers_.find(id);
    if (gone != newcomers_.end()) around_.reactor.unwatch(gone->second);
    session_.on_connection_closed(id, now());
    pump();
  };
  (void)around_.reactor.watch(it->second, 0, on_reset);  // EPOLLERR and EPOLLHUP come unasked
}

void HostedTest::carry_out(const session::DenyConnection& denied) {
  auto node = newcomers_.extract(denied.connection);
  if (node.empty()) return;
  around_.reactor.unwatch(node.mapped());
  around_.deny(std::move(node.mapped()));
}

void HostedTest::carry_out(const session::BindStreams& bind) {
  if (!run_->has_streams()) {
    restore_listener();
    if (auto added = add_streams(bind); !added) {
      const bool reset = added.error().sys_errno == ENOTCONN;  // it has no peer any more
      const bool of_file = added.error().code == Errc::Config;
      return fail(std::move(added).error(), reset     ? wire::kErrorStreamAccept
                                            : of_file ? wire::kErrorFile
                                                      : wire::kErrorCongestion);
    }
  }
  identity_ = bind.identity;
  if (auto bound = run_->bind(bind, now()); !bound) {
    return fail(std::move(bound).error(), wire::kErrorThread);
  }
  if (run_->stopped()) run_->end_streams();
  warn_of_assumed_roles(bind);
}

Result<void> HostedTest::add_streams(const session::BindStreams& bind) {
  if (is_udp()) {
    const Fd& first = newcomers_.at(bind.streams.front().connection);
    TRY(const auto buffers, buffer_facts(first, session_.parameters()));
    around_.report.buffers(buffers);
  }
  for (const session::BoundStream& bound : bind.streams) {
    auto stream = std::make_unique<Stream>();
    stream->socket = std::move(newcomers_.at(bound.connection));
    newcomers_.erase(bound.connection);
    around_.reactor.unwatch(stream->socket);
    stream->connection = bound.connection;
    stream->number = bound.number;
    stream->id = bound.id;
    stream->is_identified = bound.is_identified;
    stream->role = bound.role.value_or(wire::Role::Receiver);
    if (!bound.role) stream->claim = Stream::Claim::Open;
    auto added = apply_stream_options(stream->socket, session_.parameters(),
                                      around_.options.send_timeout_ms);
    // iperf3 warns of an algorithm that this machine does not have, and goes on without.
    if (!added && added.error().sys_errno == ENOENT) {
      around_.report.warning(added.error().message());
      added = ok();
    }
    TRY(std::move(added));
    TRY(run_->add(std::move(stream)));
  }
  return ok();
}

// --- the running test ---

void HostedTest::carry_out(const session::RunTest&) {
  around_.report.test_started(test_facts(run_->plan(), name(session_.flag())));
  auto started = run_->start(now());
  if (started) {
    started =
        around_.reactor.watch(run_->event(), EPOLLIN, [this](std::uint32_t) { on_time(now()); });
  }
  if (!started) fail(std::move(started).error(), wire::kErrorThread);
  rate_limit_ = RateLimit::of(around_.options, now());
}

void HostedTest::carry_out(const session::StopTest&) {
  stop_run();
  // The last of a file (-F) is written only now.
  if (auto failure = run_->failure(); failure && !around_.options.file.empty()) {
    return fail(std::move(*failure), wire::kErrorStreamRead);
  }
  tell_payload();
  run_->end_streams();
  session_.on_local(session::TestStopped{run_->totals()}, now());
}

void HostedTest::stop_run() {
  rate_limit_.reset();
  if (!run_ || !run_->running() || run_->stopped()) return;
  around_.reactor.unwatch(run_->event());
  run_->stop(true);
}

void HostedTest::carry_out(const session::DrainStreams&) {
  drain_ =
      std::make_unique<Drain>(around_.reactor, run_->streams(), run_->totals(),
                              [this](const Drain::Totals& totals, bool is_over) {
                                session_.on_local(session::StreamsDrained{totals, is_over}, now());
                                pump();
                              });
  drain_->start();
}

void HostedTest::carry_out(const session::ProvideResults&) {
  session_.on_local(session::ResultsReady{results()}, now());
}

wire::Results HostedTest::results() const {
  wire::Results results = run_->results();
  if (session_.parameters().get_server_output) {
    ServerOutput output = around_.report.captured();
    (output.is_json ? results.server_output_json : results.server_output_text) =
        std::move(output.text);
  }
  return results;
}

void HostedTest::carry_out(const session::PeerResults& peer) {
  drain_.reset();
  warn_of_assumed_identity();
  const bool same_streams = identity_ == session::IdentityBy::Flag ||
                            identity_ == session::IdentityBy::Single ||
                            identity_ == session::IdentityBy::Results;
  if (same_streams) run_->align_omitted_part(peer.results);
  run_->print_summary();  // without what the peer told, like iperf3's
  if (auto taken = run_->take_peer_results(peer.results); !taken) {
    fail(std::move(taken).error(), wire::kErrorStreamId);
  }
}

void HostedTest::on_progress(TestRun::Progress progress) {
  switch (progress) {
    case TestRun::Progress::Goes:
    case TestRun::Progress::Over:  // only a client says so
      return;
    case TestRun::Progress::NoData:
      return fail(run_->no_data(), wire::kErrorNoData);
    case TestRun::Progress::Broken:
      link_.read_now();  // the client's own word on it comes first
      if (!session_.finished() && !run_->stopped()) {
        fail(run_->failure().value(), wire::kErrorStreamWrite);
      }
      return;
  }
}

std::optional<TimePoint> HostedTest::wake_at() const {
  std::optional<TimePoint> first =
      earlier(session_.wake_at(), run_ ? run_->wake_at() : std::nullopt);
  if (rate_limit_) first = earlier(first, rate_limit_->wake_at());
  return first;
}

void HostedTest::on_time(TimePoint now) {
  if (finished_) return;
  if (run_ && run_->running() && !run_->stopped()) {
    on_progress(run_->on_time(now));
    check_rate(now);
    tell_payload();
  }
  session_.on_time(now);
  pump();
}

void HostedTest::check_rate(TimePoint now) {
  if (session_.finished() || !rate_limit_ || !rate_limit_->is_exceeded(now, run_->transferred())) {
    return;
  }
  fail(Error{Errc::Limit, fmt::format("the test has more than the {} bits/s that it may have here",
                                      around_.options.most_bitrate_bps)},
       wire::kErrorTotalRate);
}

void HostedTest::tell_payload() {
  for (const Stream* stream : run_->take_payload()) {
    const auto info = read_tcp_info(link_.socket());
    session_.on_payload(stream->connection, microseconds(info ? info.value().rtt_us : 0), now());
  }
}

void HostedTest::lack_descriptors(Error error) {
  if (!session_.wants_connections() || session_.waits_for_headers()) return;
  error.what = fmt::format(
      "{} of the test's {} streams: use fewer of them (-P), or raise the limit of open files at "
      "the "
      "server (ulimit -n)",
      error.what, session_.parameters().stream_count());
  fail(std::move(error), wire::kErrorStreamAccept);
  pump();
}

void HostedTest::interrupt(const std::string& reason) {
  session_.on_local(session::Interrupted{reason}, now());
  pump();
}

void HostedTest::carry_out(const session::Finished& finished) {
  finished_ = true;
  stop_run();
  if (run_ && run_->stopped()) run_->print_summary();
  link_.finish(now() + kFarewell);
  if (finished.failure) {
    around_.report.failed(
        {finished.failure->by_operator ? FailureKind::Interrupt : FailureKind::Error,
         finished.failure->error.message()});
  }
  around_.report.finished();
}

}  // namespace rolecall::perf
