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
#include "harness/perf/affinity.h"
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

void HostedTest::carry_out(const session::ParametersAgreed&) {
  const wire::Parameters& p = session_.parameters();
  TestPlan plan;
  plan.parameters = p;
  plan.interval_s = around_.options.interval_s;
  plan.receive_timeout = milliseconds(around_.options.receive_timeout_ms);
  run_.emplace(plan, around_.report);
  if (auto prepared = prepare(); !prepared) {
    const int number = prepared.error().code == Errc::Config ? 141 : 102;
    return fail(std::move(prepared).error(), number);
  }
  ControlFacts facts;
  if (const auto peer = peer_address(link_.socket())) {
    facts.host = peer.value().host();
    facts.port = peer.value().port();
  }
  facts.cookie = wire::printable(session_.cookie());
  facts.mss_bytes = static_cast<int>(p.mss_bytes);
  facts.target_bitrate_bps = static_cast<std::uint64_t>(p.bits_per_second);
  facts.reverse = p.direction == wire::Direction::Reverse;
  around_.report.connected(facts);
}

Result<void> HostedTest::prepare() {
  const wire::Parameters& p = session_.parameters();
  TRY(auto before, buffer_facts(around_.listener, p));
  if (p.no_delay || p.mss_bytes != 0 || p.window_bytes != 0) {
    listener_before_ = before;
    TRY(apply_test_options(around_.listener, p));
    TRY(before, buffer_facts(around_.listener, p));
  }
  around_.report.buffers(before);
  if (p.server_affinity) {
    TRY(cores_before_, current_cores());
    TRY(pin_to_core(static_cast<int>(*p.server_affinity)));
  }
  return ok();
}

void HostedTest::restore_listener() {
  if (listener_before_) {
    if (auto back = take_test_options_back(around_.listener, *listener_before_); !back) {
      around_.report.warning(
          fmt::format("the listener keeps options of the last test: {}", back.error().message()));
    }
    listener_before_.reset();
  }
}

void HostedTest::take_connection(Fd connection) {
  const session::ConnectionId id = next_connection_++;
  session_.on_connection(id, now());
  const Fd& socket = newcomers_[id] = std::move(connection);
  if (!around_.reactor.watch(socket, EPOLLIN, [this, id](std::uint32_t) { read_header(id); })) {
    session_.on_connection_closed(id, now());
  }
  pump();
}

void HostedTest::read_header(session::ConnectionId id) {
  std::array<std::byte, 64> buffer;
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
  // A connection in its place says nothing more before the test runs.
  if (session_.bytes_wanted(id) == 0 && it != newcomers_.end()) around_.reactor.unwatch(it->second);
  pump();
}

void HostedTest::carry_out(const session::DenyConnection& denied) {
  auto node = newcomers_.extract(denied.connection);
  if (node.empty()) return;
  around_.reactor.unwatch(node.mapped());
  around_.deny(std::move(node.mapped()));
}

void HostedTest::carry_out(const session::BindStreams& bind) {
  restore_listener();
  for (const session::BoundStream& bound : bind.streams) {
    auto stream = std::make_unique<Stream>();
    stream->socket = std::move(newcomers_.at(bound.connection));
    newcomers_.erase(bound.connection);
    stream->number = bound.number;
    stream->id = bound.id;
    stream->role = bound.role;
    auto added = apply_stream_options(stream->socket, session_.parameters(),
                                      around_.options.send_timeout_ms);
    // iperf3 warns of an algorithm that this machine does not have, and goes on without.
    if (!added && added.error().sys_errno == ENOENT) {
      around_.report.warning(added.error().message());
      added = ok();
    }
    if (added) added = run_->add(std::move(stream), session::fixes_identity(session_.flag()));
    if (!added) return fail(std::move(added).error(), wire::kErrorCongestion);
  }
}

// --- the running test ---

void HostedTest::carry_out(const session::RunTest&) {
  around_.report.test_started(test_facts(
      TestPlan{session_.parameters(), around_.options.interval_s}, name(session_.flag())));
  auto started = run_->start(now());
  if (started) {
    started =
        around_.reactor.watch(run_->event(), EPOLLIN, [this](std::uint32_t) { on_time(now()); });
  }
  if (!started) fail(std::move(started).error(), 0);
}

void HostedTest::carry_out(const session::StopTest&) {
  stop_run();
  run_->end_streams();
  run_->print_summary();
}

void HostedTest::stop_run() {
  if (!run_ || !run_->running() || run_->stopped()) return;
  around_.reactor.unwatch(run_->event());
  run_->stop(true);
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
  if (auto taken = run_->take_peer_results(peer.results); !taken) {
    fail(std::move(taken).error(), 208);
  }
}

void HostedTest::on_progress(TestRun::Progress progress) {
  switch (progress) {
    case TestRun::Progress::Goes:
    case TestRun::Progress::Over:  // only a client says so
      return;
    case TestRun::Progress::NoData:
      return fail(
          Error{Errc::Timeout, fmt::format("idle timeout for receiving data: none came for {} ms",
                                           around_.options.receive_timeout_ms)},
          wire::kErrorNoData);
    case TestRun::Progress::Broken:
      link_.read_now();  // the client's own word on it comes first
      if (!session_.finished() && !run_->stopped()) fail(run_->failure().value(), 205);
      return;
  }
}

std::optional<TimePoint> HostedTest::wake_at() const {
  return earlier(session_.wake_at(), run_ ? run_->wake_at() : std::nullopt);
}

void HostedTest::on_time(TimePoint now) {
  if (finished_) return;
  if (run_ && run_->running() && !run_->stopped()) on_progress(run_->on_time(now));
  session_.on_time(now);
  pump();
}

void HostedTest::interrupt(const std::string& reason) {
  session_.on_local(session::Interrupted{reason}, now());
  pump();
}

void HostedTest::carry_out(const session::Finished& finished) {
  finished_ = true;
  const bool had_summary = run_ && run_->stopped();
  stop_run();
  if (run_ && run_->stopped() && !had_summary) run_->print_summary();
  link_.finish(now() + kFarewell);
  if (finished.failure) {
    around_.report.failed(
        {finished.failure->by_operator ? FailureKind::Interrupt : FailureKind::Error,
         finished.failure->error.message()});
  }
  around_.report.finished();
}

}  // namespace rolecall::perf
