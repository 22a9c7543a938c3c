// SPDX-License-Identifier: BSD-3-Clause
// A server session against a client that may do anything, in what it sends on the control
// connection, in its stream connections and in time: only steps of the transition table, an end
// within 10 s of virtual time, byte by byte as all at once, and no more bytes kept than a document
// has. Input: fuzz/steps.h.
#include "harness/session/server_session.h"

#include <cstdio>

#include "fuzz/session_owner.h"
#include "fuzz/target.h"
#include "harness/wire/cookie.h"

using namespace rolecall;
using namespace rolecall::session;
using fuzz::Input;
using fuzz::Step;

static ServerConfig config_of(const Input& input) {
  ServerConfig config;
  config.mode = input.server.mode;
  config.level = input.server.level;
  if (config.mode == FlagMode::Off) config.bind_roles = BindRoles::Accept;
  config.document_limit = config.streams_limit = fuzz::kLimit;
  return config;
}

class ServerOwner : public fuzz::SessionOwner<ServerSession> {
 public:
  explicit ServerOwner(const Input& input)
      : SessionOwner(ServerSession(config_of(input), TimePoint{0}), End::Server, input.is_lazy) {}

  Bytes control_bytes_of(const Step& step) const {
    return fuzz::control_bytes(step, plain_, flagged_);
  }
  bool runs_without_limit() const { return session_.state() == State::TestRunning; }

  void take(const Step& step) {
    const auto id = static_cast<ConnectionId>(step.at);
    if (step.kind == Step::Kind::Appear) {
      appear(id);
    } else if (step.kind == Step::Kind::Header && session_.bytes_wanted(id) > 0) {
      stream_bytes(id, ByteView(header(step.at)).subspan(came_[id]), step.count);
    } else if (step.kind == Step::Kind::Junk) {
      stream_bytes(id, as_bytes(step.text), step.text.size());
    } else if (step.kind == Step::Kind::Reset) {
      session_.on_connection_closed(id, now_);
    } else if (step.kind == Step::Kind::Payload && is_bound(id)) {
      session_.on_payload(id, milliseconds(1), now_);
    } else if (step.kind == Step::Kind::Flow && session_.wants_flows() && id > 0) {
      flow(id, step.text);
    }
    carry_out();
  }

 private:
  void appear(ConnectionId id) {
    const bool is_known = id != 0 && came_.contains(id);
    if (!session_.wants_connections() || is_known) return;
    if (id == 0) id = next_stranger_++;
    came_[id] = 0;
    session_.on_connection(id, now_);
  }
  void flow(ConnectionId id, const std::string& text) {
    if (!came_.emplace(id, 0).second) return;
    const Bytes valid = wire::encode_connect(header(static_cast<int>(id)));
    session_.on_flow(id, text.empty() ? ByteView(valid) : as_bytes(text), now_);
  }
  void stream_bytes(ConnectionId id, ByteView bytes, std::size_t most) {
    bytes = bytes.first(std::min(most, bytes.size()));
    while (!bytes.empty() && session_.bytes_wanted(id) > 0) {
      const std::size_t n = std::min(session_.bytes_wanted(id), bytes.size());
      session_.on_connection_bytes(id, bytes.first(n), now_);
      came_[id] += n;
      bytes = bytes.subspan(n);
    }
  }
  bool is_bound(ConnectionId id) const {
    return std::ranges::count(bound_.streams, id, &BoundStream::connection) > 0;
  }
  // As a client of the agreed flag opens its stream.
  Bytes header(int number) const {
    const auto& p = session_.parameters();
    const wire::StreamTag tag{
        number <= p.client_senders() ? wire::Role::Sender : wire::Role::Receiver,
        static_cast<std::uint16_t>(number - 1)};
    const bool in_cookie = wire::announces_flag(session_.cookie());
    const auto cookie = in_cookie ? wire::tag_cookie(session_.cookie(), tag) : session_.cookie();
    Bytes bytes(cookie.bytes.begin(), cookie.bytes.end());
    append(bytes, wire::encode_preamble(preamble_level(session_.flag()), tag));
    return bytes;
  }

  void note(const Output& output) override {
    if (std::holds_alternative<StopTest>(output)) trace_.peer_goes_to(State::TestEnd);
    if (const auto* bound = std::get_if<BindStreams>(&output)) bound_ = *bound;
    const auto* finished = std::get_if<Finished>(&output);
    CHECK(!finished || finished->failure || trace_.state() == State::DisplayResults);
  }
  std::size_t most_buffered() const override {
    if (session_.state() == State::ParamExchange) return fuzz::whole_frame(wire::kParametersCap);
    if (session_.state() != State::ExchangeResults) return kMostUnread;
    const std::int64_t streams = session_.parameters().stream_count();
    return fuzz::whole_frame(wire::client_results_cap(streams));
  }
  std::optional<LocalEvent> answer_to(const Output& output) override {
    if (std::holds_alternative<StopTest>(output)) return TestStopped{totals()};
    if (std::holds_alternative<DrainStreams>(output)) return StreamsDrained{totals(), true};
    if (std::holds_alternative<ProvideResults>(output)) return ResultsReady{};
    return std::nullopt;
  }
  std::vector<ConnectionTotal> totals() const {
    std::vector<ConnectionTotal> totals;
    for (const BoundStream& stream : bound_.streams) totals.push_back({stream.connection, 1000});
    return totals;
  }

  wire::Cookie plain_ = wire::make_cookie(std::array<std::byte, 36>{});
  wire::Cookie flagged_ = wire::make_flagged_cookie(std::array<std::byte, 36>{});
  std::map<ConnectionId, std::size_t> came_;  // bytes of its header
  ConnectionId next_stranger_ = 1'000'000;
  BindStreams bound_;
};

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_session<ServerOwner>(fuzz::bytes(data, size));
  return 0;
}

[[maybe_unused]] static const bool kIsReported = [] {
  fuzz::report = [] {
    std::printf("(state, control byte) pairs that the server met: %zu\n",
                ServerOwner::visited().size());
  };
  return true;
}();
