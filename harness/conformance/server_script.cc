// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/server_script.h"

#include <poll.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/conformance/pauses.h"
#include "harness/net/sock_diag.h"
#include "harness/wire/cookie.h"
#include "harness/wire/params.h"
#include "harness/wire/results.h"

namespace rolecall::conformance {

using wire::State;

namespace {

using Sockets = std::vector<TcpSocket>;

// Whether `holds` comes true of the kernel's sockets at `port` within the limit.
Checked<bool> await_sockets(std::uint16_t port, Duration limit,
                            const std::function<bool(const Sockets&)>& holds) {
  TRY(auto diag, checked(SockDiag::open()));
  const Pauses pauses;
  for (const Deadline deadline = Deadline::after(limit);;) {
    TRY(const Sockets sockets, checked(diag.dump(port)));
    if (holds(sockets)) return true;
    if (deadline.expired()) return false;
    pauses.wait();
  }
}

}  // namespace

Checked<Connection> ServerScript::connect(std::string name) {
  const auto refuse = [&](const Error& error) {
    line_->note(name, error.message());
    return failure(fmt::format("the server accepts connections at {}", server_.text()),
                   error.message());
  };
  auto socket = tcp_socket(server_.family());
  if (socket.has_error()) return environment_failure(socket.error());
  auto started = start_connect(socket.value(), server_);
  if (started.has_error()) return refuse(started.error());
  if (!started.value()) {
    pollfd entry{socket.value().get(), POLLOUT, 0};
    ::poll(&entry, 1, Deadline::after(line_->step_limit()).poll_ms());
    auto finished = finish_connect(socket.value(), server_);
    if (finished.has_error()) return refuse(finished.error());
  }
  line_->note(name, "connected");
  return Connection(std::move(socket).value(), std::move(name), *line_);
}

Checked<Connection> ServerScript::connect_flow(std::string name) {
  TRY(auto socket, checked(udp_socket(server_.family())));
  TRY(const bool stands, checked(start_connect(socket, server_)));
  CHECK(stands);  // there is nothing to wait for
  return Connection(std::move(socket), std::move(name), *line_);
}

// The kernel's number of the listening socket; 0 when nobody listens here, or on another machine.
Checked<std::uint32_t> ServerScript::listener() {
  TRY(auto diag, checked(SockDiag::open()));
  TRY(const auto listeners, checked(diag.listeners(server_.port())));
  return listeners.empty() ? 0U : listeners.front().inode;
}

Checked<void> ServerScript::await_idle() {
  std::ptrdiff_t held = 0;
  TRY(const bool is_idle,
      await_sockets(server_.port(), line_->step_limit(), [&](const Sockets& sockets) {
        held = std::count_if(sockets.begin(), sockets.end(), [&](const TcpSocket& socket) {
          const bool is_open =
              socket.state == TcpState::Established || socket.state == TcpState::CloseWait;
          return socket.local_port == server_.port() && is_open && socket.inode != 0;
        });
        return held == 0;
      }));
  return require(
      is_idle, "the server lets go of the connections of the test that has ended",
      fmt::format("after {} s it still holds {}", line_->step_limit().in_seconds(), held));
}

// A connection that is gone from the kernel's tables is not yet gone from a server that has still
// to look at it: until then it says that it is busy. And iperf3 makes its listening socket anew
// between two tests and resets who waits at the old one (SPEC.md, listener-is-made-anew), so a test
// that was lost with the socket it came to is begun again at the new one.
Checked<void> ServerScript::reach_after_another(ServerTest& test, Phase phase) {
  const Pauses pauses;
  for (const Deadline deadline = Deadline::after(line_->step_limit());;) {
    TRY(const auto before, listener());
    auto begun = test.reach(Phase::Cookie);
    std::optional<bool> denies = false;
    if (begun.has_value()) denies = test.control().next_is(State::AccessDenied);
    const bool is_busy = denies == true;
    if (!denies) {
      begun = failure("an answer to the cookie of a plain test",
                      fmt::format("nothing within {} s", line_->step_limit().in_seconds()));
    } else if (begun.has_value()) {
      begun = test.reach(Phase::Parameters);
    }
    if (begun.has_value()) return test.reach(phase);
    TRY(const auto after, listener());
    const bool was_lost = before == 0 || after != before;
    const bool has_ended = program_ != nullptr && program_->status();
    if (has_ended) line_->note("program", "has ended");
    if ((!was_lost && !is_busy) || has_ended || deadline.expired()) return begun;
    if (is_busy) line_->note("program", "is busy with the test before");
    if (before != 0 && after != before) {
      line_->note("program", "the listening socket is another one now");
    }
    test.forget();
    pauses.wait();
  }
}

Checked<void> ServerScript::expect_served() {
  TRY(await_idle());
  line_->note("program", "is a plain test served?");
  ServerTest test(*this);
  return reach_after_another(test, Phase::Done);
}

std::string parameters(const Json& changes) {
  Json all = {{"tcp", true},
              {"omit", 0},
              {"time", 10},
              {"num", 0},
              {"blockcount", 0},
              {"parallel", 1},
              {"len", 1000},
              {"pacing_timer", 1000},
              {"client_version", "3.22"}};
  for (const auto& [key, value] : changes.items()) {
    if (value.is_null()) {
      all.erase(key);
    } else {
      all[key] = value;
    }
  }
  return all.dump();
}

std::string parameters() {
  return parameters(Json::object());
}

std::string results(const std::vector<Report>& streams, const Json& changes) {
  Json all = {{"cpu_util_total", 1.5},      {"cpu_util_user", 0.5},
              {"cpu_util_system", 1.0},     {"sender_has_retransmits", 1},
              {"congestion_used", "cubic"}, {"streams", Json::array()}};
  for (const Report& stream : streams) {
    all["streams"].push_back({{"id", stream.id},
                              {"bytes", stream.bytes},
                              {"retransmits", 0},
                              {"jitter", 0},
                              {"errors", 0},
                              {"omitted_errors", 0},
                              {"packets", 0},
                              {"omitted_packets", 0},
                              {"start_time", 0},
                              {"end_time", 0.1}});
  }
  for (const auto& [key, value] : changes.items()) all[key] = value;
  return all.dump();
}

std::string results(const std::vector<Report>& streams) {
  return results(streams, Json::object());
}

std::string ServerTest::fresh_cookie() {
  std::array<std::byte, 36> random{};
  (void)::getrandom(random.data(), random.size(), 0);
  return std::string(as_text(wire::make_cookie(random).bytes));
}

void ServerTest::ask(const Json& changes) {
  parameters_text = parameters(changes);
  const Json all = parsed(parameters_text);
  const bool both_ways = all.contains("bidirectional");
  const auto parallel = static_cast<std::size_t>(number_at(all, "/parallel", 1));
  stream_count = both_ways ? 2 * parallel : parallel;
  const bool reverse = !both_ways && all.contains("reverse");
  senders.clear();
  for (std::size_t i = 0; i < (reverse ? 0 : parallel); ++i) senders.insert(i);
}

void ServerTest::forget() {
  control_.reset();
  phase_.reset();
  streams.clear();
}

Checked<void> ServerTest::reach(Phase phase) {
  using Step = Checked<void> (ServerTest::*)();
  constexpr std::array<Step, 6> kSteps = {
      &ServerTest::begin,    &ServerTest::send_parameters,  &ServerTest::open_streams,
      &ServerTest::end_test, &ServerTest::exchange_results, &ServerTest::finish};
  if (!phase_) {
    TRY(auto control, script_.connect("control"));
    control_.emplace(std::move(control));
    TRY(control_->send(cookie));
    phase_ = Phase::Cookie;
  }
  while (*phase_ < phase) {
    TRY((this->*kSteps[static_cast<std::size_t>(*phase_)])());
    phase_ = static_cast<Phase>(static_cast<int>(*phase_) + 1);
  }
  return ok();
}

Checked<void> ServerTest::begin() {
  return control_->expect(State::ParamExchange);
}

Checked<void> ServerTest::send_parameters() {
  TRY(control_->send(document(parameters_text)));
  if (agreed_level > 0) {
    TRY(control_->expect(State::ServerParameters));
    TRY(const std::string answer, control_->expect_document("the answer to the announcement"));
    TRY(require(answer.size() <= wire::kParametersCap, "an answer of 8192 bytes at most",
                fmt::format("{} bytes", answer.size())));
    TRY(require(number_at(parsed(answer), "/role_flag") == agreed_level,
                fmt::format("\"role_flag\": {}", agreed_level), visible(answer)));
  }
  return control_->expect(State::CreateStreams);
}

Checked<void> ServerTest::open_stream() {
  const std::size_t index = streams.size();
  TRY(auto stream, script_.connect(fmt::format("stream {}", index + 1)));
  streams.push_back(std::move(stream));
  received.push_back(0);
  return streams.back().send(cookie + (index < preambles.size() ? preambles[index] : ""));
}

Checked<void> ServerTest::open_streams() {
  while (streams.size() < stream_count) {
    TRY(open_stream());
  }
  TRY(control_->expect(State::TestStart));
  return control_->expect(State::TestRunning);
}

Checked<void> ServerTest::send_payload() {
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (!sends_on(i)) continue;
    TRY(streams[i].send(payload));
  }
  return ok();
}

Checked<void> ServerTest::await_read() {
  const std::uint16_t port = script_.address().port();
  TRY(const bool is_read,
      await_sockets(port, script_.line().step_limit(), [port](const Sockets& sockets) {
        return std::none_of(sockets.begin(), sockets.end(), [&](const TcpSocket& socket) {
          return socket.state == TcpState::Established &&
                 (socket.local_port == port ? socket.rqueue > 0 : socket.wqueue > 0);
        });
      }));
  await_rest(script_.line());
  return require(is_read, "the server reads what was sent", "it left it unread for 5 s");
}

Checked<void> ServerTest::reset_stream(std::size_t stream) {
  TRY(const auto ours, checked(local_address(streams[stream].socket())));
  streams[stream].reset();
  const std::uint16_t port = script_.address().port();
  TRY(const bool is_gone,
      await_sockets(port, script_.line().step_limit(), [&](const Sockets& sockets) {
        return std::none_of(sockets.begin(), sockets.end(), [&](const TcpSocket& socket) {
          return socket.remote_port == ours.port() && socket.state == TcpState::Established;
        });
      }));
  return require(is_gone, "the server's kernel takes the reset", "it did not for 5 s");
}

// At least a block of each stream that the server sends on.
Checked<void> ServerTest::take_payload() {
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (sends_on(i)) continue;
    TRY(const std::string got, streams[i].receive(1000, "payload of the server"));
    received[i] += static_cast<std::int64_t>(got.size());
  }
  return ok();
}

// A server that sends may be blocked until its last bytes are taken.
void ServerTest::drain_until_control_speaks() {
  std::vector<pollfd> entries;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    entries.push_back({sends_on(i) ? -1 : streams[i].socket().get(), POLLIN, 0});
  }
  entries.push_back({control_->socket().get(), POLLIN, 0});
  const Deadline deadline = Deadline::after(script_.line().step_limit());
  std::array<std::byte, 65536> buffer;
  while (!deadline.expired() && ::poll(entries.data(), entries.size(), deadline.poll_ms()) > 0 &&
         entries.back().revents == 0) {
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (entries[i].revents == 0) continue;
      auto read = read_some(streams[i].socket(), buffer);
      if (read.has_error() || read.value().closed) {
        entries[i].fd = -1;
      } else {
        received[i] += static_cast<std::int64_t>(read.value().bytes);
      }
    }
  }
}

Checked<void> ServerTest::end_test() {
  TRY(send_payload());
  TRY(take_payload());
  if (!senders.empty() && waits_for_reading) {
    TRY(await_read());
  }
  TRY(control_->send(State::TestEnd));
  drain_until_control_speaks();
  return control_->expect(State::ExchangeResults);
}

std::vector<Report> ServerTest::reports() const {
  std::vector<Report> all;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const auto bytes = sends_on(i) ? static_cast<std::int64_t>(payload.size()) : received[i];
    all.push_back({wire::stream_id(static_cast<int>(i) + 1), bytes});
  }
  return all;
}

Checked<void> ServerTest::exchange_results() {
  TRY(control_->send(document(client_results.empty() ? results(reports()) : client_results)));
  TRY(server_results, control_->expect_document("the server's results"));
  return control_->expect(State::DisplayResults);
}

Checked<void> ServerTest::finish() {
  TRY(control_->send(State::IperfDone));
  control_->end_sending();
  TRY(const std::string after, expect_end("after 16 the server closes"));
  return ok();
}

Checked<std::string> ServerTest::expect_end(std::string_view why) {
  TRY(auto before, control_->expect_end(why));
  for (Connection& stream : streams) stream.close();
  return before;
}

}  // namespace rolecall::conformance
