// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/server.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/earlier.h"
#include "harness/net/reactor.h"
#include "harness/net/signals.h"
#include "harness/net/socket.h"
#include "harness/net/transport.h"
#include "harness/perf/applicants.h"
#include "harness/perf/farewells.h"
#include "harness/perf/hosting.h"
#include "harness/perf/lobby.h"
#include "harness/perf/test_parameters.h"

namespace rolecall::perf {
namespace {

// Between two looks at everything else; whoever is not accepted in a turn is so in the next.
constexpr int kMostAcceptedATurn = 64;

// Another process may have taken the last descriptor of the system: no turn of ours tells.
constexpr Duration kRest = milliseconds(100);

bool out_of_descriptors(const Error& error) {
  return error.sys_errno == EMFILE || error.sys_errno == ENFILE;
}

// Those who wait and those who leave get a quarter each, so that no crowd of them takes the
// descriptors that a test needs; and those who may get a test, while nobody has one.
std::size_t quarter_of_descriptors() {
  rlimit limit{};
  constexpr std::size_t kMost = 1024;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMost / 4;
  return std::clamp<std::size_t>(limit.rlim_cur / 4, 1, kMost);
}

class Server {
 public:
  Server(const Options& options, Report& report, Reactor reactor, const Fd& signals)
      : options_(options),
        report_(report),
        reactor_(std::move(reactor)),
        signals_(signals),
        farewells_(reactor_, quarter_of_descriptors()),
        lobby_(reactor_, quarter_of_descriptors()),
        applicants_(farewells_, quarter_of_descriptors()) {}

  int run(const std::function<void()>& on_listening) {
    if (auto begun = begin(); !begun) return fatal(begun.error());
    on_listening();
    next_test();
    while (!done_) {
      if (auto turned = reactor_.run_once(wake_at()); !turned) return fatal(turned.error());
      on_time(now());
      settle();
    }
    return see_off_the_last();
  }

 private:
  Result<void> begin() {
    auto listener = listen_tcp(options_.bind_address, options_.port, address_family(options_),
                               options_.bind_device);
    if (!listener) return wire::with_sentence(wire::kErrorListen, listener.error());
    listener_ = std::move(listener).value();
    TRY(reactor_.watch(signals_, EPOLLIN, [this](std::uint32_t) { on_signal(); }));
    return watch_listener();
  }

  // Who has just been told why it has to go, hears it before this process resets what it did not
  // read. No longer than farewells take.
  int see_off_the_last() {
    reactor_.unwatch(signals_);
    reactor_.unwatch(listener_);
    listener_.reset();
    applicants_.dismiss(wire::State::ServerTerminate);
    while (!farewells_.is_empty()) {
      if (auto turned = reactor_.run_once(farewells_.wake_at()); !turned) {
        return fatal(turned.error());
      }
      farewells_.on_time(now());
    }
    return 0;
  }

  int fatal(const Error& error) {
    // With -D whoever started us is still there.
    if (options_.daemon && !options_.log_file.empty()) {
      fmt::print(stderr, "roleperf: error - {}\n", error.message());
    }
    report_.failed({FailureKind::Fatal, error.message()});
    report_.finished();
    return 1;
  }

  void next_test() {
    report_.server_listening(options_.port, ++test_number_);
    idle_until_.reset();
    if (options_.idle_timeout_s != 0) idle_until_ = now() + seconds(options_.idle_timeout_s);
  }

  // --- connections ---

  Result<void> watch_listener() {
    return reactor_.watch(listener_, EPOLLIN, [this](std::uint32_t) { accept_some(); });
  }

  // Whether more may wait.
  bool accept_some() {
    for (int i = 0; i < kMostAcceptedATurn && !done_; ++i) {
      auto accepted = accept_next(listener_);
      if (!accepted) rest(accepted.error());
      if (!accepted || !accepted.value()) return false;
      place(std::move(accepted.value()->socket));
    }
    return !done_;
  }

  // For a test that needs a listener of another protocol, which is changed for the time being.
  Result<void> listen_as(Transport transport) {
    TRY(const Transport before, transport_of(listener_));
    if (transport == before) return ok();
    TRY(auto successor, listen_beside(listener_, transport));
    // Who waits at the old one is served; no more than its queue holds.
    for (int turn = 0; turn <= SOMAXCONN / kMostAcceptedATurn && accept_some(); ++turn) {
    }
    reactor_.unwatch(listener_);
    listener_ = std::move(successor);
    rests_until_.reset();
    return watch_listener();
  }

  // Without a descriptor left the loop would spin on the listener: whoever waits there stays in its
  // queue until the next turn, which may have closed something.
  void rest(const Error& error) {
    if (!out_of_descriptors(error)) report_.warning(error.message());
    const bool nobody_leaves = lobby_.is_empty() && farewells_.is_empty();
    if (test_ && error.sys_errno == EMFILE && nobody_leaves) test_->lack_descriptors(error);
    reactor_.unwatch(listener_);
    rests_until_ = now() + kRest;
  }

  void accept_again() {
    if (!rests_until_ || !watch_listener()) return;
    rests_until_.reset();
    accept_some();
  }

  bool may_wait() const { return !test_ || test_->is_closing() || test_->finished(); }

  void place(Fd connection) {
    if (!may_wait()) test_->hear_client();  // it may have left before this one came
    if (may_wait()) {
      auto turned_away = lobby_.enter(std::move(connection));
      if (turned_away) farewells_.deny(std::move(*turned_away));
      return;
    }
    if (test_->wants_connections()) return test_->take_connection(std::move(connection));
    farewells_.deny(std::move(connection));
  }

  // What became due in the last turn of the loop, outside of any handler: a test that has ended
  // goes, guests with a cookie may say what test they want, or are told that we are busy.
  void settle() {
    if (test_ && test_->finished()) end_test(std::move(test_));
    while (auto failed = done_ ? nullptr : applicants_.take_finished()) end_test(std::move(failed));
    accept_again();
    while (!done_ && (!test_ || !may_wait())) {
      auto guest = lobby_.take();
      if (!guest) return;
      if (test_) {
        farewells_.deny(std::move(guest->socket));
      } else {
        hear(std::move(*guest));
      }
    }
  }

  void hear(Lobby::Guest guest) {
    auto applicant = std::make_unique<Hosting>(
        Hosting::Surroundings{options_, report_, reactor_, listener_,
                              [this](Transport transport) { return listen_as(transport); },
                              [this](Fd fd) { farewells_.deny(std::move(fd)); },
                              [this](const Hosting& one) { begin_test(one); }},
        std::move(guest.socket));
    if (auto begun = applicant->begin(guest.said); !begun) {
      return report_.warning(begun.error().message());
    }
    applicants_.add(std::move(applicant));
  }

  void begin_test(const Hosting& chosen) {
    test_ = applicants_.choose(chosen);
    idle_until_.reset();
  }

  void end_test(std::unique_ptr<Hosting> test) {
    farewells_.see_off(test->take_control());
    if (options_.one_off && test->counts()) done_ = true;
    test.reset();
    if (done_) return;
    if (auto back = listen_as(Transport::Tcp); !back) report_.warning(back.error().message());
    next_test();
  }

  // --- time and signals ---

  std::optional<TimePoint> wake_at() const {
    if (test_ && test_->finished()) return now();
    std::optional<TimePoint> first = earlier(lobby_.wake_at(), farewells_.wake_at());
    first = earlier(first, earlier(applicants_.wake_at(), rests_until_));
    if (applicants_.is_empty()) first = earlier(first, idle_until_);
    if (test_) first = earlier(first, test_->wake_at());
    return first;
  }

  void on_time(TimePoint time) {
    lobby_.on_time(time);
    farewells_.on_time(time);
    applicants_.on_time(time);
    if (test_) test_->on_time(time);
    if (!idle_until_ || time < *idle_until_ || !applicants_.is_empty()) return;
    // iperf3 re-creates its listener here; ours has nothing to be freed from.
    done_ = options_.one_off;
    idle_until_ = time + seconds(options_.idle_timeout_s);
  }

  void on_signal() {
    const auto signal = take_signal(signals_);
    if (!signal) return;
    done_ = true;
    const std::string reason =
        fmt::format("the server has terminated by signal {}({})", ::strsignal(*signal), *signal);
    if (test_ && !test_->finished()) return test_->interrupt(reason);
    report_.failed({FailureKind::Interrupt, reason});
    report_.finished();
  }

  const Options& options_;
  Report& report_;
  Reactor reactor_;
  const Fd& signals_;
  Fd listener_;
  Farewells farewells_;
  Lobby lobby_;
  Applicants applicants_;
  std::unique_ptr<Hosting> test_;
  int test_number_ = 0;
  std::optional<TimePoint> idle_until_;
  std::optional<TimePoint> rests_until_;  // while no connection can be accepted
  bool done_ = false;
};

}  // namespace

int run_server(const Options& options, Report& report, const Fd& signals,
               const std::function<void()>& on_listening) {
  auto reactor = Reactor::create();
  if (!reactor) {
    report.failed({FailureKind::Error, reactor.error().message()});
    return 1;
  }
  return Server(options, report, std::move(reactor).value(), signals).run(on_listening);
}

}  // namespace rolecall::perf
