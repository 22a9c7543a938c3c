// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/conversations/live_target.h"

#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "harness/conformance/conversations/talk.h"
#include "harness/net/port_reservation.h"

namespace rolecall::conformance {
namespace {

// A client whose connections are all closed has nothing to wait for; iperf3's own limits are below.
constexpr Duration kLongestLimit = seconds(10);

// The line that says most of a sanitizer's report; empty when there is none.
std::string sanitizer_line(const std::string& errors) {
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("Sanitizer") != line.npos || line.find("runtime error:") != line.npos)
      return line;
  }
  return {};
}

std::optional<Harm> crash_of(ProgramUnderTest& program) {
  if (auto line = sanitizer_line(program.errors()); !line.empty())
    return Harm{Harm::Kind::Crash, std::move(line)};
  const auto status = program.status();
  if (status && status->by_signal) return Harm{Harm::Kind::Crash, status->text()};
  return std::nullopt;
}

std::string both(const Failure& failure) {
  return fmt::format("{}: {}", failure.expected, failure.actual);
}

class ServerTarget final : public LiveTarget {
 public:
  ServerTarget(const Command& command, std::filesystem::path folder, Duration step_limit)
      : command_(command), folder_(std::move(folder)), program_line_(step_limit) {}

  Checked<Heard> talk(const Conversation& conversation) override {
    if (!program_) {
      TRY(start());
    }
    TimeLine line(program_line_.step_limit());
    line.set_program(program_->pid());
    ServerScript script(*address_, &*program_, line);
    Heard heard;
    Talk talk([&](std::string name) { return script.connect(std::move(name)); });
    heard.answers = talk.have(conversation);
    TRY(heard.harm, look_after(script));
    heard.ended = program_->status();
    heard.time_line = line.text();
    output_ = program_->output() + program_->errors();
    if (heard.harm) restart();
    return heard;
  }

  // Looking after it is one; whether it serves on then shows in the next.
  Checked<Heard> plain_test() override {
    TRY(Heard heard, talk({}));
    if (heard.harm) return heard;
    return talk({});
  }

  void restart() override { program_.reset(); }
  std::string output() const override { return output_; }

 private:
  Checked<void> start() {
    TRY(auto reserved, checked(PortReservation::take(0)));
    const std::uint16_t port = reserved.port();
    TRY(const auto addresses, checked(resolve(kHost, port, AF_INET)));
    address_ = addresses.front();
    TRY(auto program,
        ProgramUnderTest::start(command_.filled(kHost, port, ""), {}, folder_, program_line_));
    program_.emplace(std::move(program));
    return program_->await_listener(port);
  }

  // It is alive, and serves the next one.
  Checked<std::optional<Harm>> look_after(ServerScript& script) {
    const auto served = script.expect_served();  // says so at once when the program has ended
    if (auto crash = crash_of(*program_)) return crash;
    if (const auto status = program_->status()) return Harm{Harm::Kind::End, status->text()};
    if (served.has_value()) return std::optional<Harm>();
    if (served.error().blame == Blame::Environment) return served.error();
    return Harm{Harm::Kind::Hang, both(served.error())};
  }

  static constexpr const char* kHost = "127.0.0.1";
  const Command& command_;
  std::filesystem::path folder_;
  TimeLine program_line_;
  std::optional<Address> address_;
  std::optional<ProgramUnderTest> program_;
  std::string output_;
};

class ClientTarget final : public LiveTarget {
 public:
  ClientTarget(const Command& command, std::filesystem::path folder, Duration step_limit)
      : command_(command), folder_(std::move(folder)), step_limit_(step_limit) {}

  Checked<Heard> talk(const Conversation& conversation) override {
    TimeLine line(step_limit_);
    TRY(auto script, started(line));
    bool is_first = true;  // the program has to come up first
    const auto open = [&](std::string name) -> Checked<Connection> {
      if (!std::exchange(is_first, false) && script.expect_no_connection("").has_value())
        return failure("a connection of the client", "none");
      return script.accept(std::move(name));
    };
    Talk talk(open);
    Heard heard;
    heard.answers = talk.have(conversation);
    script.stop_listening();
    const auto ended = script.wait(step_limit_ + kLongestLimit);
    if (ended.has_error()) heard.harm = Harm{Harm::Kind::Hang, both(ended.error())};
    return concluded(std::move(heard), script, line);
  }

  Checked<Heard> plain_test() override {
    TimeLine line(step_limit_);
    TRY(auto script, started(line));
    Heard heard;
    const auto passed = whole_test(script);
    if (passed.has_error()) {
      if (passed.error().blame == Blame::Environment) return passed.error();
      const bool ends = script.wait(step_limit_ + kLongestLimit).has_value();
      heard.harm = Harm{ends ? Harm::Kind::End : Harm::Kind::Hang, both(passed.error())};
    }
    return concluded(std::move(heard), script, line);
  }

  void restart() override {}
  std::string output() const override { return output_; }

 private:
  Checked<ClientScript> started(TimeLine& line) {
    TRY(auto script, ClientScript::open(command_, folder_, line));
    TRY(script.start("-n 3000 -l 1000"));
    return script;
  }

  static Checked<void> whole_test(ClientScript& script) {
    TRY(script.reach(Phase::Done));
    return script.expect_success();
  }

  Checked<Heard> concluded(Heard heard, ClientScript& script, const TimeLine& line) {
    if (auto crash = crash_of(script.program())) heard.harm = std::move(crash);
    heard.ended = script.program().status();
    heard.time_line = line.text();
    output_ = script.program().output() + script.program().errors();
    return heard;
  }

  const Command& command_;
  std::filesystem::path folder_;
  Duration step_limit_;
  std::string output_;
};

}  // namespace

const char* name(Harm::Kind kind) {
  switch (kind) {
    case Harm::Kind::Crash:
      return "crash";
    case Harm::Kind::End:
      return "end";
    case Harm::Kind::Hang:
      break;
  }
  return "hang";
}

std::unique_ptr<LiveTarget> make_live_target(Side side, const Command& command,
                                             std::filesystem::path folder, Duration step_limit) {
  if (side == Side::Server)
    return std::make_unique<ServerTarget>(command, std::move(folder), step_limit);
  return std::make_unique<ClientTarget>(command, std::move(folder), step_limit);
}

}  // namespace rolecall::conformance
