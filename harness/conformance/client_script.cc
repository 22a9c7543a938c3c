// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/client_script.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/net/socket.h"
#include "harness/wire/cookie.h"
#include "harness/wire/results.h"

namespace rolecall::conformance {
namespace {

constexpr const char* kOwnHost = "127.0.0.1";
constexpr std::int64_t kMostAtOnce = 16384;
constexpr int kMostPorts = 16;

std::size_t parallel_streams(const Json& values) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(number_at(values, "/parallel", 1), 1, 1000));
}

}  // namespace

using wire::State;

Checked<ClientScript> ClientScript::open(const Command& command, std::filesystem::path folder,
                                         TimeLine& line) {
  for (int tries = kMostPorts;; --tries) {
    TRY(auto listener, checked(listen_tcp(kOwnHost, 0, AF_INET, "")));
    TRY(const Address address, checked(local_address(listener)));
    // The flows of a UDP test come to the same number, which somebody may have of UDP.
    TRY(auto flows, checked(udp_socket(AF_INET)));
    if (tries > 0 && bind_to(flows, address).has_error()) continue;
    return ClientScript(command, std::move(listener), address.port(), std::move(folder), line);
  }
}

Checked<void> ClientScript::start(const std::string& options,
                                  const std::vector<std::string>& environment) {
  TRY(auto program, ProgramUnderTest::start(command_.filled(kOwnHost, port_, options), environment,
                                            folder_, *line_));
  program_.emplace(std::move(program));
  return ok();
}

Checked<void> ClientScript::restart(const std::string& options) {
  program_->stop();
  control_.reset();
  phase_.reset();
  streams.clear();
  stream_cookies.clear();
  preambles.clear();
  moved.clear();
  return start(options);
}

Checked<Connection> ClientScript::accept(std::string name) {
  for (const Deadline deadline = Deadline::after(line_->step_limit()); !deadline.expired();) {
    std::array entries = {pollfd{listener_.get(), POLLIN, 0},
                          pollfd{program_->end().get(), POLLIN, 0}};
    ::poll(entries.data(), entries.size(), deadline.poll_ms());
    TRY(auto accepted, checked(accept_next(listener_)));
    if (accepted) {
      line_->note(name, "accepted");
      return Connection(std::move(accepted->socket), std::move(name), *line_);
    }
    if (entries[1].revents != 0) {
      return failure(fmt::format("the client opens {}", name), "it has ended");
    }
  }
  return failure(fmt::format("the client opens {}", name), "no connection within 5 s");
}

Checked<void> ClientScript::listen_for_flows() {
  TRY(const auto address, checked(local_address(listener_)));
  TRY(flows_, checked(udp_socket(AF_INET)));
  TRY(checked(set_option(flows_, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR")));
  return checked(bind_to(flows_, address));
}

// As iperf3 does: the socket that got the datagram is connected to its source.
Checked<Connection> ClientScript::accept_flow(std::string name) {
  pollfd entry{flows_.get(), POLLIN, 0};
  ::poll(&entry, 1, Deadline::after(line_->step_limit()).poll_ms());
  sockaddr_storage source{};
  socklen_t size = sizeof source;
  const auto bytes =
      ::recvfrom(flows_.get(), nullptr, 0, MSG_PEEK, reinterpret_cast<sockaddr*>(&source), &size);
  if (bytes < 0) return failure(fmt::format("the client opens {}", name), "no datagram within 5 s");
  TRY(const bool stands,
      checked(start_connect(flows_, Address(reinterpret_cast<sockaddr*>(&source), size))));
  CHECK(stands);  // there is nothing to wait for
  Connection flow(std::move(flows_), std::move(name), *line_);
  TRY(listen_for_flows());
  return flow;
}

Checked<void> ClientScript::expect_no_connection(std::string_view why) {
  return require(is_silent(listener_, kSilence, *line_), fmt::format("no connection, {}", why),
                 "the client opened one");
}

Checked<void> ClientScript::expect_no_flow(std::string_view why) {
  return require(is_silent(flows_, kSilence, *line_), fmt::format("no datagram, {}", why),
                 "the client sent one");
}

Checked<void> ClientScript::reach(Phase phase) {
  using Step = Checked<void> (ClientScript::*)();
  constexpr std::array<Step, 7> kSteps = {
      &ClientScript::take_cookie,   &ClientScript::take_parameters, &ClientScript::ask_for_streams,
      &ClientScript::begin_running, &ClientScript::run_streams,     &ClientScript::exchange_results,
      &ClientScript::finish};
  while (!phase_ || *phase_ < phase) {
    const std::size_t next = phase_ ? static_cast<std::size_t>(*phase_) + 1 : 0;
    TRY((this->*kSteps[next])());
    phase_ = static_cast<Phase>(next);
  }
  return ok();
}

Checked<void> ClientScript::take_cookie() {
  TRY(auto control, accept("control"));
  control_.emplace(std::move(control));
  TRY(cookie, control_->receive(wire::kCookieSize, "a cookie"));
  return ok();
}

Checked<void> ClientScript::take_parameters() {
  return control_->send(State::ParamExchange);
}

Checked<void> ClientScript::read_parameters() {
  TRY(parameters_text, control_->expect_document("the parameters"));
  const Json values = parameter_values();
  const bool both_ways = values.contains("bidirectional");
  const std::size_t parallel = parallel_streams(values);
  stream_count_ = both_ways ? 2 * parallel : parallel;
  client_senders_ = values.contains("reverse") && !both_ways ? 0 : parallel;
  goal_bytes_ = number_at(values, "/num");
  return ok();
}

Checked<void> ClientScript::ask_for_streams() {
  TRY(read_parameters());
  return control_->send(State::CreateStreams);
}

Json ClientScript::parameter_values() const {
  return parsed(parameters_text);
}

Checked<void> ClientScript::take_streams() {
  while (streams.size() < stream_count()) {
    TRY(auto stream, accept(fmt::format("stream {}", streams.size() + 1)));
    TRY(auto stream_cookie, stream.receive(wire::kCookieSize, "the stream's cookie"));
    TRY(auto preamble, stream.receive(preamble_size, "the preamble"));
    preambles.push_back(std::move(preamble));
    streams.push_back(std::move(stream));
    stream_cookies.push_back(std::move(stream_cookie));
    moved.push_back(0);
  }
  return ok();
}

Checked<void> ClientScript::require_streams(std::size_t count) const {
  return require(streams.size() == count, fmt::format("{} streams", count),
                 fmt::format("{}", streams.size()));
}

Checked<void> ClientScript::begin_running() {
  TRY(take_streams());
  return control_->send(byte(State::TestStart) + byte(State::TestRunning));
}

// What we send next of all that the client is to receive; 0 when that is all.
std::int64_t ClientScript::next_block() const {
  if (!keeps_to_the_goal || goal_bytes_ == 0) return kMostAtOnce;
  std::int64_t sent = 0;
  for (std::size_t i = client_senders(); i < streams.size(); ++i) sent += moved[i];
  return std::clamp<std::int64_t>(goal_bytes_ - sent, 0, kMostAtOnce);
}

// False when nothing more is to come or to go on the stream.
bool ClientScript::move_payload(std::size_t index) {
  if (index >= client_senders()) {
    const std::string block(static_cast<std::size_t>(next_block()), 'y');
    if (block.empty()) return false;
    auto sent = write_some(streams[index].socket(), as_bytes(block));
    if (sent.has_error()) return false;
    moved[index] += static_cast<std::int64_t>(sent.value());
    return true;
  }
  std::array<std::byte, 65536> buffer;
  auto read = read_some(streams[index].socket(), buffer);
  if (read.has_error() || read.value().closed) return false;
  moved[index] += static_cast<std::int64_t>(read.value().bytes);
  return true;
}

Checked<void> ClientScript::await_test_end() {
  std::vector<pollfd> entries;
  const std::size_t senders = client_senders();
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const short events = i < senders ? POLLIN : POLLOUT;
    entries.push_back({streams[i].socket().get(), events, 0});
  }
  entries.push_back({control_->socket().get(), POLLIN, 0});
  const Deadline deadline = Deadline::after(control_->limit());
  bool ended = false;
  while (!ended && !deadline.expired()) {
    ::poll(entries.data(), entries.size(), deadline.poll_ms());
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (entries[i].revents != 0 && !move_payload(i)) entries[i].fd = -1;
    }
    ended = entries.back().revents != 0;
  }
  for (std::size_t i = 0; i < senders; ++i) {
    while (streams[i].socket().is_open() && !deadline.expired()) {  // what came before the 4
      const std::int64_t before = moved[i];
      if (!move_payload(i) || moved[i] == before) break;
    }
  }
  TRY(require(ended, "the client ends the test (4)",
              fmt::format("nothing on control within {} s", control_->limit().in_seconds())));
  TRY(control_->expect(State::TestEnd));
  for (Connection& stream : streams) stream.close();  // as iperf3 does; its clients wait for it
  return ok();
}

Checked<void> ClientScript::run_streams() {
  TRY(await_test_end());
  return control_->send(State::ExchangeResults);
}

Checked<void> ClientScript::exchange_results() {
  TRY(client_results, control_->expect_document("the client's results"));
  std::vector<Report> reports;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    reports.push_back({wire::stream_id(static_cast<int>(i) + 1), moved[i]});
  }
  TRY(control_->send(document(server_results.empty() ? results(reports) : server_results)));
  return control_->send(State::DisplayResults);
}

Checked<void> ClientScript::finish() {
  TRY(control_->expect(State::IperfDone));
  TRY(behind_done, control_->expect_end("the test is over"));
  return ok();
}

Checked<ExitStatus> ClientScript::wait(Duration limit) {
  return program_->wait(limit);
}

Checked<void> ClientScript::expect_success() {
  TRY(const auto status, wait());
  return require(status.is_success(), "the client succeeds, with exit status 0",
                 fmt::format("{}: {}", status.text(), visible(program_->errors(), 200)));
}

Checked<void> ClientScript::expect_failure() {
  if (control_->socket().is_open()) {
    TRY(const std::string rest, control_->expect_end("the client fails"));
  }
  TRY(const auto status, wait());
  TRY(require(!status.by_signal, "the client ends with an error", status.text()));
  return require(status.code != 0, "the client fails, with a status that is not 0",
                 "exit status 0");
}

}  // namespace rolecall::conformance
