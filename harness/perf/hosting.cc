// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/hosting.h"

#include <sys/epoll.h>

#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/earlier.h"
#include "harness/net/tcp_info.h"
#include "harness/perf/affinity.h"
#include "harness/perf/test_parameters.h"
#include "harness/perf/test_sockets.h"

namespace rolecall::perf {
namespace {

// For the last bytes of a test that has ended.
constexpr Duration kFarewell = seconds(1);

}  // namespace

Hosting::Hosting(Surroundings around, Fd control)
    : around_(std::move(around)),
      session_(server_config(around_.options), now()),
      link_(
          around_.reactor, std::move(control),
          [this](ByteView bytes) { session_.on_bytes(bytes, now()), pump(); },
          [this] { session_.on_closed(now()), pump(); }) {}

Hosting::~Hosting() {
  for (const auto& [id, socket] : newcomers_) around_.reactor.unwatch(socket);
  if (run_ && run_->running() && !run_->stopped()) around_.reactor.unwatch(run_->event());
  restore_listener();
  if (cores_before_) restore_cores(*cores_before_);
}

Result<void> Hosting::begin(ByteView cookie) {
  TRY(apply_control_options(link_.socket(), around_.options.send_timeout_ms));
  TRY(apply_keep_alive(link_.socket(), around_.options.control_keep_alive.value_or(kKeepAlive)));
  TRY(link_.open());
  session_.on_bytes(cookie, now());
  pump();
  return ok();
}

void Hosting::pump() {
  if (std::exchange(pumping_, true)) return;  // an output's own doing came back here
  while (!finished_) {
    auto output = session_.next_output();
    if (!output) break;
    std::visit([this](const auto& o) { carry_out(o); }, *output);
    note_state();
  }
  pumping_ = false;
}

void Hosting::note_state() {
  const wire::State state = session_.state();
  if (around_.options.debug_level == 0 || state == noted_) return;
  around_.report.debug(
      fmt::format("control state {} -> {}", wire::name(noted_), wire::name(state)));
  noted_ = state;
}

void Hosting::fail(Error error, int number) {
  session_.on_local(session::LocalFailure{std::move(error), number}, now());
}

void Hosting::carry_out(const session::SendControl& send) {
  link_.send(send.bytes);
}

// --- the running test ---

void Hosting::carry_out(const session::RunTest&) {
  around_.report.test_started(test_facts(run_->plan(), name(session_.flag())));
  auto started = run_->start(now());
  if (started) {
    started =
        around_.reactor.watch(run_->event(), EPOLLIN, [this](std::uint32_t) { on_time(now()); });
  }
  if (!started) fail(std::move(started).error(), wire::kErrorThread);
  rate_limit_ = RateLimit::of(around_.options, now());
}

void Hosting::carry_out(const session::StopTest&) {
  stop_run();
  // The last of a file (-F) is written only now.
  if (auto failure = run_->failure(); failure && !around_.options.file.empty()) {
    return fail(std::move(*failure), wire::kErrorStreamRead);
  }
  tell_payload();
  run_->end_streams();
  session_.on_local(session::TestStopped{run_->totals()}, now());
}

void Hosting::stop_run() {
  rate_limit_.reset();
  if (!run_ || !run_->running() || run_->stopped()) return;
  around_.reactor.unwatch(run_->event());
  run_->stop(true);
}

void Hosting::carry_out(const session::DrainStreams&) {
  drain_ =
      std::make_unique<Drain>(around_.reactor, run_->streams(), run_->totals(),
                              [this](const Drain::Totals& totals, bool is_over) {
                                session_.on_local(session::StreamsDrained{totals, is_over}, now());
                                pump();
                              });
  drain_->start();
}

void Hosting::carry_out(const session::ProvideResults&) {
  session_.on_local(session::ResultsReady{results()}, now());
}

wire::Results Hosting::results() const {
  wire::Results results = run_->results();
  if (session_.parameters().get_server_output) {
    ServerOutput output = around_.report.captured();
    (output.is_json ? results.server_output_json : results.server_output_text) =
        std::move(output.text);
  }
  return results;
}

void Hosting::carry_out(const session::PeerResults& peer) {
  drain_.reset();
  warn_of_assumed_identity();
  run_->print_summary();  // without what the peer told, like iperf3's
  if (auto taken = run_->take_peer_results(peer.results); !taken) {
    fail(std::move(taken).error(), wire::kErrorStreamId);
  }
}

void Hosting::on_progress(TestRun::Progress progress) {
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

std::optional<TimePoint> Hosting::wake_at() const {
  std::optional<TimePoint> first =
      earlier(session_.wake_at(), run_ ? run_->wake_at() : std::nullopt);
  if (rate_limit_) first = earlier(first, rate_limit_->wake_at());
  return first;
}

void Hosting::on_time(TimePoint now) {
  if (finished_) return;
  if (run_ && run_->running() && !run_->stopped()) {
    on_progress(run_->on_time(now));
    check_rate(now);
    tell_payload();
  }
  session_.on_time(now);
  pump();
}

void Hosting::check_rate(TimePoint now) {
  if (session_.finished() || !rate_limit_ || !rate_limit_->is_exceeded(now, run_->transferred())) {
    return;
  }
  fail(Error{Errc::Limit, fmt::format("the test has more than the {} bits/s that it may have here",
                                      around_.options.most_bitrate_bps)},
       wire::kErrorTotalRate);
}

void Hosting::tell_payload() {
  for (const Stream* stream : run_->take_payload()) {
    const auto info = read_tcp_info(link_.socket());
    session_.on_payload(stream->connection, microseconds(info ? info.value().rtt_us : 0), now());
  }
}

void Hosting::lack_descriptors(Error error) {
  if (!session_.wants_connections() || session_.waits_for_headers()) return;
  error.what = fmt::format(
      "{} of the test's {} streams: use fewer of them (-P), or raise the limit of open files at "
      "the server (ulimit -n)",
      error.what, session_.parameters().stream_count());
  fail(std::move(error), wire::kErrorStreamAccept);
  pump();
}

void Hosting::interrupt(const std::string& reason) {
  session_.on_local(session::Interrupted{reason}, now());
  pump();
}

void Hosting::carry_out(const session::Finished& finished) {
  finished_ = true;
  stop_run();
  if (run_ && run_->stopped()) run_->print_summary();
  link_.finish(run_ ? now() + kFarewell : now());  // what is said before a test is short
  if (finished.failure) {
    const session::Failure& failure = *finished.failure;
    const bool has_left = failure.number == wire::kErrorClientTerminated;
    const FailureKind kind = failure.by_operator ? FailureKind::Interrupt
                             : has_left          ? FailureKind::PeerLeft
                                                 : FailureKind::Error;
    around_.report.failed({kind, wire::with_sentence(failure.number, failure.error.message())});
  }
  around_.report.finished();
}

}  // namespace rolecall::perf
