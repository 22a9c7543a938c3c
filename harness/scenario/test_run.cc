// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/test_run.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/net/process.h"
#include "harness/scenario/evidence.h"
#include "harness/scenario/kernel_watch.h"
#include "harness/scenario/peer_outcome.h"
#include "harness/scenario/process_pace.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;

// Looking is what finds the verdict, so it is frequent while a verdict is likely, then rarer.
constexpr Duration kEagerFor = milliseconds(300);
constexpr Duration kEagerPeriod = milliseconds(2);
constexpr Duration kPatientPeriod = milliseconds(10);

// What a peer gets to say goodbye, what the other one gets after one has failed, and what the
// kernel gets to bury the sockets of two dead processes. Bounds only: the event itself is awaited.
constexpr Duration kFarewell = seconds(5);
constexpr Duration kAfterFailure = seconds(1);
constexpr Duration kBurial = seconds(20);
// The control connection has carried TEST_RUNNING once a legacy server sent four states on it: 9,
// 10, 1, 2. A flagged pair sends more, so there only payload tells.
constexpr std::uint64_t kStatesUpToRunning = 4;

// haproxy's buffers of one connection: tune.bufsize, 16 KiB a direction.
constexpr std::uint64_t kProxyHolds = 32 * 1024;

constexpr Release kFirstWithThreads{3, 16, 0};

bool has_sender_threads(const Peer& peer) {
  return !peer.is_flagged && peer.release >= kFirstWithThreads;
}

class TestRun {
 public:
  TestRun(const TestRunOptions& options, KernelWatch watch)
      : options_(options),
        watch_(std::move(watch)),
        limit_(Deadline::after(options.scenario.limit)),
        has_preamble_exchange_(options.client.is_flagged && options.server.is_flagged) {
    record_.facts.mode = options.scenario.shape.mode;
    record_.facts.streams = options.scenario.shape.streams;
    record_.facts.has_size_goal = options.scenario.shape.has_size_goal;
    record_.facts.omits_start = options.scenario.shape.omits_start;
    record_.facts.block_bytes = options.scenario.shape.block_bytes;
    record_.facts.header_bytes = header_bytes(options.scenario, options.client, options.server);
    record_.facts.client.label = options.client.label();
    record_.facts.server.label = options.server.label();
    record_.facts.client.has_sender_threads = has_sender_threads(options.client);
    record_.facts.server.has_sender_threads = has_sender_threads(options.server);
  }

  Result<TestRunRecord> run();

 private:
  Result<void> start_server();
  Result<bool> await_listener();
  Result<void> start_client();
  Result<void> watch_until_decided();
  Result<void> look();
  Result<void> pause(Duration at_most);
  void note_failures();
  void note_verdict_time();
  void name_as_the_client_does(PeerReport& report);
  Result<void> bury();
  void doubt_what_was_impossible(LeverObservation& seen) const;
  Result<void> gather();
  bool is_stopped() const { return options_.stop != nullptr && options_.stop->is_raised(); }
  fs::path file(const char* name) const { return options_.folder / name; }

  const TestRunOptions& options_;
  KernelWatch watch_;
  Deadline limit_;
  bool has_preamble_exchange_;
  std::optional<Child> server_;
  std::optional<Child> client_;
  ProcessPace client_pace_;
  std::optional<TimePoint> running_since_;
  TestRunRecord record_;
};

// Adds a library to what LD_PRELOAD of these NAME=VALUE names.
void preload(std::vector<std::string>& environment, const fs::path& library) {
  constexpr std::string_view kVariable = "LD_PRELOAD=";
  for (std::string& entry : environment) {
    if (!entry.starts_with(kVariable)) continue;
    entry += ":" + library.string();
    return;
  }
  environment.push_back(std::string(kVariable) + library.string());
}

Result<void> TestRun::start_server() {
  std::vector<std::string> args = {"-s", "-1", "-J", "-p",
                                   std::to_string(options_.rig.server_port())};
  const auto& extra = options_.scenario.server.args;
  args.insert(args.end(), extra.begin(), extra.end());
  TRY(auto child, Child::start({options_.server.path, std::move(args),
                                options_.rig.server_environment(), server_output(options_.folder),
                                file("server.err"), options_.rig.server_namespace()}));
  server_.emplace(std::move(child));
  return ok();
}

// False when the server has ended instead, or the limit came.
Result<bool> TestRun::await_listener() {
  for (;;) {
    TRY(const bool is_listening, watch_.is_listening());
    if (is_listening) return true;
    if (server_->status() || limit_.expired()) return false;
    TRY(pause(kEagerPeriod));
  }
}

Result<void> TestRun::start_client() {
  std::vector<std::string> args = {"-c", options_.rig.server_address(), "-J", "-p",
                                   std::to_string(options_.rig.port())};
  const auto& extra = options_.scenario.client.args;
  args.insert(args.end(), extra.begin(), extra.end());
  std::vector<std::string> environment = options_.rig.client_environment();
  if (options_.scenario.client.has_retrofit) preload(environment, options_.retrofit);
  TRY(auto child, Child::start({options_.client.path, std::move(args), std::move(environment),
                                client_output(options_.folder), file("client.err"),
                                options_.rig.client_namespace()}));
  client_.emplace(std::move(child));
  return ok();
}

// Until a peer ends, the run is stopped, or the time is over.
Result<void> TestRun::pause(Duration at_most) {
  std::array<pollfd, 3> fds{};
  fds[0] = {options_.stop != nullptr ? options_.stop->fd().get() : -1, POLLIN, 0};
  fds[1] = {server_ && !server_->status() ? server_->pidfd().get() : -1, POLLIN, 0};
  fds[2] = {client_ && !client_->status() ? client_->pidfd().get() : -1, POLLIN, 0};
  const timespec limit{.tv_sec = 0, .tv_nsec = std::min(at_most, limit_.remaining()).ns};
  if (::ppoll(fds.data(), fds.size(), &limit, nullptr) < 0 && errno != EINTR)
    return system_error("ppoll()");
  if (is_stopped()) return interruption();
  return ok();
}

Result<void> TestRun::look() {
  TRY(watch_.look(client_->pid(), server_->pid()));
  client_pace_.look(client_->pid(), now());
  const KernelSample& sample = watch_.current();
  RunFacts& facts = record_.facts;
  const bool has_payload =
      std::any_of(sample.streams.begin(), sample.streams.end(), [&](const ConnectionSample& c) {
        const bool is_open = c.client.established && c.server.established;  // else a FIN may count
        return is_open &&
               (payload_sent_by_client(c, facts.header_bytes) > 0 || payload_sent_by_server(c) > 0);
      });
  const bool was_announced =
      !has_preamble_exchange_ && sample.control.server.bytes_acked == kStatesUpToRunning;
  if (!running_since_ && (has_payload || was_announced)) running_since_ = sample.at;
  if (auto found = certify(sample, options_.scenario.connections(), facts.header_bytes)) {
    facts.is_wedged = is_wedged(*found, sample);
    facts.certificate = std::move(found);
    facts.certified = sample;
  }
  if (record_.samples.empty() || is_news(record_.samples.back(), sample, facts.header_bytes))
    record_.samples.push_back(sample);
  return ok();
}

void TestRun::note_verdict_time() {
  if (running_since_ && !record_.time_to_verdict) record_.time_to_verdict = now() - *running_since_;
}

// One end has failed for good: the other one need not be waited for until the limit.
void TestRun::note_failures() {
  for (auto* child : {&*client_, &*server_}) {
    const auto ended = child->status();
    if (ended && !ended->is_success())
      limit_ = Deadline(std::min(limit_.at(), now() + kAfterFailure));
  }
}

Result<void> TestRun::watch_until_decided() {
  const TimePoint started = now();
  for (bool had_failure = false; !limit_.expired();) {
    TRY(look());
    if (is_decided(record_.facts)) {
      note_verdict_time();
      if (!options_.let_peers_end) break;
    }
    const auto client = client_->status();
    const auto server = server_->status();
    if (client && server) break;
    const bool has_failure = (client && !client->is_success()) || (server && !server->is_success());
    if (has_failure && !std::exchange(had_failure, true)) note_failures();
    TRY(pause(now() - started < kEagerFor ? kEagerPeriod : kPatientPeriod));
  }
  if (running_since_ && !record_.time_to_verdict) record_.time_to_verdict = now() - *running_since_;
  return ok();
}

// Where a proxy stands between the peers, each knows only the ports of its own half.
void TestRun::name_as_the_client_does(PeerReport& report) {
  for (StreamReport& s : report.streams) {
    s.remote_port = options_.rig.client_port(s.remote_port);
    s.local_port = options_.rig.port();
  }
}

// Ends what still runs, then waits for the last figures of both ends of every stream.
Result<void> TestRun::bury() {
  RunFacts& facts = record_.facts;
  facts.server.ended = server_->status();
  if (client_) facts.client.ended = client_->status();
  facts.kernel = watch_.current();  // of a test that is not over, before our own signals change it
  const auto end = [](std::optional<Child>& child, const std::optional<ExitStatus>& before,
                      const Deadline& deadline) -> std::string {
    if (!child) return "not started";
    if (before) return before->text();
    return fmt::format("ended by rolecall ({})", child->end(deadline).text());
  };
  for (auto* child : {&client_, &server_})
    if (*child) (*child)->send_signal(SIGTERM);
  const Deadline farewell = Deadline::after(kFarewell);
  record_.client_ended = end(client_, facts.client.ended, farewell);
  record_.server_ended = end(server_, facts.server.ended, farewell);

  read_outcome(client_output(options_.folder), file("client.err"), facts.client);
  read_outcome(server_output(options_.folder), file("server.err"), facts.server);
  if (facts.server.report) name_as_the_client_does(*facts.server.report);
  if (facts.client.report) watch_.adopt_streams(client_ports(*facts.client.report));
  TRY(watch_.take_deaths());
  const bool is_over_by_itself = facts.client.ended && facts.server.ended;
  const Deadline burial = Deadline::after(kBurial);
  while (is_over_by_itself && !watch_.is_final() && !burial.expired()) {
    TRY(watch_.await_death(burial));
    if (is_stopped()) return interruption();
  }
  if (is_over_by_itself) facts.kernel = watch_.current();
  return ok();
}

// A client that could not run did not wait for anything.
void TestRun::doubt_what_was_impossible(LeverObservation& seen) const {
  if (!seen.order_impossible || !seen.without_connecting) return;
  auto hindrance = client_pace_.hindrance(*seen.without_connecting, "the client");
  if (!hindrance) return;
  seen.order_impossible = false;
  seen.problems.push_back(std::move(*hindrance) + ", so its own order is not what kept it");
}

Result<void> TestRun::gather() {
  RunFacts& facts = record_.facts;
  facts.kernel_holds_bytes = kernel_holds_bytes(options_.scenario.shape.window_bytes);
  if (options_.rig.has_proxy())
    facts.kernel_holds_bytes = 2 * facts.kernel_holds_bytes + kProxyHolds;
  record_.samples.push_back(facts.kernel);
  TRY(record_.seen, options_.rig.conclude(options_.folder, facts.kernel, client_.has_value()));
  doubt_what_was_impossible(record_.seen);
  facts.client_order = record_.seen.client_order;
  facts.lever_problems = record_.seen.problems;
  if (facts.client_order.empty() && facts.client.report)
    facts.client_order = client_ports(*facts.client.report);
  return ok();
}

Result<TestRunRecord> TestRun::run() {
  TRY(start_server());
  TRY(record_.facts.server_listened, await_listener());
  if (record_.facts.server_listened) {
    TRY(start_client());
    TRY(watch_until_decided());
  }
  TRY(bury());
  TRY(gather());
  return std::move(record_);
}

}  // namespace

std::uint64_t header_bytes(const Scenario& scenario, const Peer& client, const Peer& server) {
  const TestShape& asked = scenario.shape;
  const TestShape& offered = scenario.server_shape;
  if (!client.is_flagged) return kCookieBytes;
  if (asked.role_flag == "force") return kCookieBytes + 1;
  // A client of cookie mode announces too; a server of cookie mode answers no announcement.
  const bool is_announced = asked.role_flag != "off";
  const bool is_agreed = server.is_flagged && is_announced &&
                         (offered.role_flag == "auto" || offered.role_flag == "require");
  if (!is_agreed) return kCookieBytes;
  return kCookieBytes + (std::min(asked.role_flag_level, offered.role_flag_level) == 1 ? 1 : 3);
}

Result<TestRunRecord> run_test(const TestRunOptions& options) {
  Rig& rig = options.rig;
  std::vector<WatchedPlace> places = {{rig.client_namespace(), rig.port()}};
  if (rig.client_namespace() != rig.server_namespace())
    places = {{rig.server_namespace(), rig.server_port(), false, true},
              {rig.client_namespace(), rig.port(), true, false}};
  TRY(auto watch,
      KernelWatch::open(places, [&](std::uint16_t seen) { return rig.client_port(seen); }));
  return TestRun(options, std::move(watch)).run();
}

}  // namespace rolecall::scenario
