// SPDX-License-Identifier: BSD-3-Clause
// A client session against a server that may send anything: only steps of the transition table, an
// end within 10 s of virtual time, byte by byte as all at once, and no more bytes kept than a
// document has. Input: fuzz/steps.h.
#include "harness/session/client_session.h"

#include <cstdio>

#include "fuzz/session_owner.h"
#include "fuzz/target.h"
#include "harness/wire/datagram.h"

using namespace rolecall;
using namespace rolecall::session;
using fuzz::Input;
using fuzz::Step;

static ClientConfig config_of(const Input& input) {
  ClientConfig config;
  config.mode = input.client.mode;
  config.level = input.client.level;
  config.parameters.direction = input.direction;
  config.parameters.parallel = input.parallel;
  config.reply_limit = config.results_limit = fuzz::kLimit;
  return config;
}

class ClientOwner : public fuzz::SessionOwner<ClientSession> {
 public:
  explicit ClientOwner(const Input& input)
      : SessionOwner(ClientSession(config_of(input), TimePoint{0}), End::Client, input.is_lazy) {
    carry_out();
  }

  Bytes control_bytes_of(const Step& step) const {
    return fuzz::control_bytes(step, session_.cookie(), session_.cookie());
  }
  // It asks its owner when the test is over, and is told.
  bool runs_without_limit() const { return false; }
  void take(const Step&) {}  // its streams are its owner's

 private:
  void note(const Output& output) override {
    const auto* send = std::get_if<SendControl>(&output);
    const bool is_first = trace_.said().empty();
    if (send && !is_first && trace_.state() == State::IperfStart && send->bytes.size() > 1) {
      trace_.peer_goes_to(State::ParamExchange);
    } else if (std::holds_alternative<OpenStreams>(output)) {
      const bool agreed = session_.flag() == Flag::Level1 || session_.flag() == Flag::Level2;
      if (agreed) trace_.peer_goes_to(State::ServerParameters);
      trace_.peer_goes_to(State::CreateStreams);
      CHECK(wire::is_connect(session_.connect_datagram(1)));
    } else if (std::holds_alternative<StartTest>(output)) {
      trace_.peer_goes_to(State::TestStart);
    } else if (std::holds_alternative<RunTest>(output)) {
      trace_.peer_goes_to(State::TestRunning);
    } else if (std::holds_alternative<ProvideResults>(output)) {
      trace_.peer_goes_to(State::ExchangeResults);
    } else if (std::holds_alternative<PeerResults>(output)) {
      CHECK(trace_.state() == State::ExchangeResults);
      has_results_ = true;
    } else if (const auto* finished = std::get_if<Finished>(&output)) {
      const bool is_done = has_results_ && trace_.state() == State::IperfDone;
      CHECK(finished->failure || is_done);
    }
  }
  std::size_t most_buffered() const override {
    if (session_.state() == State::ExchangeResults) return fuzz::whole_frame(wire::kResultsCap);
    return kMostUnread;
  }
  std::optional<LocalEvent> answer_to(const Output& output) override {
    if (std::holds_alternative<OpenStreams>(output)) return StreamsOpen{};
    if (std::holds_alternative<RunTest>(output)) return TestOver{};
    if (std::holds_alternative<ProvideResults>(output)) return ResultsReady{};
    return std::nullopt;
  }

  bool has_results_ = false;
};

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_session<ClientOwner>(fuzz::bytes(data, size));
  return 0;
}

[[maybe_unused]] static const bool kIsReported = [] {
  fuzz::report = [] {
    std::printf("(state, control byte) pairs that the client met: %zu\n",
                ClientOwner::visited().size());
  };
  return true;
}();
