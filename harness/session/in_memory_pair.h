// SPDX-License-Identifier: BSD-3-Clause
// Test support: a client and a server session joined in memory, on a virtual clock, with the accept
// order of the stream connections given. Everything between them goes byte by byte if asked.
#pragma once

#include <algorithm>
#include <climits>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "harness/session/client_session.h"
#include "harness/session/server_session.h"

namespace rolecall::session {

class InMemoryPair {
 public:
  InMemoryPair(ClientConfig client, ServerConfig server)
      : client_(std::move(client), now_), server_(server, now_) {}

  // The server accepts the client's stream connections in this order (client-order numbers), and no
  // others. A zero among them is a stranger, who connects and sends the cookie of another test.
  void accept_order(std::vector<int> order) { order_ = std::move(order); }
  void deliver_byte_by_byte() { piece_ = 1; }
  // The client sends payload on so many of its streams only, from the first on.
  void send_on(int streams) { sends_on_ = streams; }
  // The client's goal is not reached before end_test().
  void keep_running() { keeps_running_ = true; }
  void end_test() { client_.on_local(TestOver{}, now_), run(); }
  // What both ends count on connection `number`, the receiver `lost` bytes less.
  void count(std::function<std::uint64_t(int number)> bytes, std::uint64_t lost) {
    bytes_ = std::move(bytes);
    lost_ = lost;
  }

  // What a server lacks comes while it waits for it: all or a part. Else it never comes, and the
  // server is told so.
  enum class Late { Nothing, Everything, Part };
  void deliver_late(Late late) { late_ = late; }

  // Runs until both ends have finished or neither moves any more. The client's goal is reached as
  // soon as payload may flow and has been sent.
  void run() {
    do {
      act();
    } while (arrive());
  }

  // Lets virtual time pass up to the next limit of either end; false when there is none.
  bool pass_time() {
    const auto next = next_limit();
    if (next) tell_time(*next);
    return next.has_value();
  }

  // --- step by step, for those who do not call run() at once ---

  enum class Way { ToServer, ToClient };
  // So many of the bytes that are under way on the control connection arrive, and what its end says
  // when they were all.
  void deliver(Way way, std::size_t bytes) {
    act();
    Path& path = way == Way::ToServer ? to_server_ : to_client_;
    const Bytes all = std::exchange(path.bytes, {});
    const ByteView now_here = ByteView(all).first(std::min(bytes, all.size()));
    const ByteView later = ByteView(all).subspan(now_here.size());
    path.bytes.assign(later.begin(), later.end());
    for (ByteView rest = now_here; !rest.empty();) {
      const ByteView piece = rest.first(std::min(piece_, rest.size()));
      rest = rest.subspan(piece.size());
      way == Way::ToServer ? server_.on_bytes(piece, now_) : client_.on_bytes(piece, now_);
    }
    if (path.bytes.empty() && path.ends) close(way);
    act();
  }
  // The server accepts connection `number`, once; 0: a stranger's. All that must come before it
  // arrives first.
  void appear(int number) {
    act();
    while (streams_.empty() && arrive_on_control()) {
    }
    if (!server_.wants_connections()) return;
    if (number == 0) {
      server_.on_connection(next_stranger_, now_);
      server_.on_connection_bytes(next_stranger_++, Bytes(wire::kCookieSize), now_);
    } else if (Stream* stream = open_stream(number);
               stream && !stream->is_accepted && !stream->is_cut) {
      stream->is_accepted = true;
      accepted_.push_back(number);
      server_.on_connection(static_cast<ConnectionId>(number), now_);
    }
    act();
  }
  // So many bytes of its header arrive. The server reads what it wants, as its owner does: what is
  // left over is payload.
  void deliver_header(int number, std::size_t bytes) {
    Stream* stream = open_stream(number);
    if (stream == nullptr || !stream->is_accepted || stream->is_cut) return;
    const auto id = static_cast<ConnectionId>(number);
    ByteView rest = ByteView(stream->header).subspan(stream->arrived);
    rest = rest.first(std::min(bytes, rest.size()));
    stream->arrived += rest.size();
    while (server_.bytes_wanted(id) > 0 && !rest.empty()) {
      const std::size_t n = std::min({server_.bytes_wanted(id), rest.size(), piece_});
      server_.on_connection_bytes(id, rest.first(n), now_);
      rest = rest.subspan(n);
    }
    mistaken_for_payload_ += rest.size();
    if (!rest.empty()) preambles_unread_.push_back(id);
    act();
  }
  // A connection is reset, or carries nothing more and nobody learns of it; 0: the control
  // connection. What is under way on it is lost.
  enum class Cut { Reset, Silence };
  void cut(int number, Cut how) {
    act();
    if (number == 0) {
      if (std::exchange(is_cut_, true)) return;
      to_server_.bytes.clear(), to_client_.bytes.clear();
      if (how == Cut::Reset) close(Way::ToServer), close(Way::ToClient);
    } else if (Stream* stream = open_stream(number); stream && !stream->is_cut) {
      stream->is_cut = true;
      const bool is_told = how == Cut::Reset && stream->is_accepted;
      if (is_told) server_.on_connection_closed(static_cast<ConnectionId>(number), now_);
    }
    act();
  }
  void pass_time(Duration time) {
    act();
    const TimePoint until = now_ + time;
    for (auto next = next_limit(); next && *next <= until; next = next_limit()) {
      tell_time(*next);
      act();
    }
    tell_time(until);
  }
  void stop_client() { client_.on_local(Interrupted{"stopped"}, now_), act(); }
  void stop_server() { server_.on_local(Interrupted{"stopped"}, now_), act(); }

  ClientSession& client() { return client_; }
  ServerSession& server() { return server_; }
  TimePoint now() const { return now_; }
  bool client_finished() const { return client_.finished(); }
  const std::optional<Failure>& client_failure() const { return client_failure_; }
  const std::optional<Failure>& server_failure() const { return server_failure_; }
  const std::vector<BoundStream>& bound() const { return bound_.streams; }
  RolesBy roles_by() const { return bound_.roles; }
  IdentityBy identity_by() const { return bound_.identity; }
  bool both_completed() const {
    return client_.finished() && server_.finished() && !client_failure_ && !server_failure_;
  }
  // How many connections have opposite roles at their ends.
  int paired_rightly() const {
    return static_cast<int>(std::ranges::count_if(bound(), [&](const BoundStream& b) {
      return b.role && client_.role(static_cast<int>(b.connection)) == opposite(*b.role);
    }));
  }
  // How many connections both ends know under the same number (a connection's id is its number).
  int identified_rightly() const {
    return static_cast<int>(std::ranges::count_if(
        bound(), [](const BoundStream& b) { return b.number == static_cast<int>(b.connection); }));
  }
  // Whether the server waited for payload when the client's results had come.
  bool has_awaited() const { return has_awaited_; }
  // Bytes of headers that the server left for payload: a legacy server does so with a preamble.
  std::size_t mistaken_for_payload() const { return mistaken_for_payload_; }

 private:
  struct Path {  // one way of the control connection
    Bytes bytes;
    bool ends = false;  // behind them

    bool moves() const { return !bytes.empty() || ends; }
  };
  struct Stream {  // as the client opened it
    Bytes header;
    std::size_t arrived = 0;
    bool is_accepted = false;
    bool is_cut = false;
  };

  std::optional<TimePoint> next_limit() const {
    const auto a = client_.wake_at();
    const auto b = server_.wake_at();
    return a && b ? std::min(*a, *b) : a ? a : b;
  }
  void tell_time(TimePoint at) {
    now_ = std::max(now_, at);
    client_.on_time(now_);
    server_.on_time(now_);
  }

  // What both ends do when nothing arrives.
  void act() {
    while (pump_client() || pump_server()) {
    }
  }
  // All that is under way on the control connection; false when nothing is.
  bool arrive_on_control() {
    const bool moves = to_server_.moves() || to_client_.moves();
    if (to_server_.moves()) deliver(Way::ToServer, SIZE_MAX);
    if (to_client_.moves()) deliver(Way::ToClient, SIZE_MAX);
    return moves;
  }
  // And then the streams: those that are accepted already come first.
  bool arrive() {
    if (arrive_on_control()) return true;
    if (streams_.empty() || std::exchange(streams_arrived_, true)) return false;
    if (order_.empty()) {
      order_.resize(streams_.size());
      std::iota(order_.begin(), order_.end(), 1);
    }
    for (const int number : std::vector(accepted_)) deliver_header(number, SIZE_MAX);
    for (const int number : order_) {
      appear(number);
      deliver_header(number, SIZE_MAX);
    }
    return true;
  }

  void send(Path& path, const Bytes& bytes) {
    if (!is_cut_) append(path.bytes, bytes);
  }
  void close(Way way) {
    (way == Way::ToServer ? to_server_ : to_client_).ends = false;
    if (way == Way::ToServer && !server_.finished()) server_.on_closed(now_);
    if (way == Way::ToClient && !client_.finished()) client_.on_closed(now_);
  }
  Stream* open_stream(int number) {
    const bool is_open = number >= 1 && static_cast<std::size_t>(number) <= streams_.size();
    return is_open ? &streams_[static_cast<std::size_t>(number - 1)] : nullptr;
  }

  bool pump_client() {
    const auto output = client_.next_output();
    if (!output) return false;
    if (const auto* send = std::get_if<SendControl>(&*output)) {
      this->send(to_server_, send->bytes);
    } else if (std::holds_alternative<OpenStreams>(*output)) {
      open_streams();
    } else if (std::holds_alternative<RunTest>(*output)) {
      send_payload();
      if (!keeps_running_) client_.on_local(TestOver{}, now_);
    } else if (std::holds_alternative<ProvideResults>(*output)) {
      client_.on_local(ResultsReady{client_results()}, now_);
    } else if (const auto* finished = std::get_if<Finished>(&*output)) {
      client_failure_ = finished->failure;
      to_server_.ends = !is_cut_;
    }
    return true;
  }

  bool pump_server() {
    const auto output = server_.next_output();
    if (!output) return false;
    if (const auto* send = std::get_if<SendControl>(&*output)) {
      this->send(to_client_, send->bytes);
    } else if (const auto* bind = std::get_if<BindStreams>(&*output)) {
      bound_ = *bind;
    } else if (std::holds_alternative<StopTest>(*output)) {
      server_.on_local(TestStopped{server_totals()}, now_);
    } else if (std::holds_alternative<DrainStreams>(*output)) {
      has_awaited_ = true;
      if (late_ == Late::Everything) lost_ = 0;
      server_.on_local(StreamsDrained{server_totals(), late_ == Late::Nothing}, now_);
    } else if (std::holds_alternative<ProvideResults>(*output)) {
      server_.on_local(ResultsReady{}, now_);
    } else if (const auto* finished = std::get_if<Finished>(&*output)) {
      server_failure_ = finished->failure;
      to_client_.ends = !is_cut_;
    }
    return true;
  }

  void open_streams() {
    for (int number = 1; number <= client_.stream_count(); ++number) {
      streams_.push_back({.header = client_.stream_header(number)});
    }
    client_.on_local(StreamsOpen{}, now_);
  }

  // In accept order, where each connection's first payload may come first just as well.
  void send_payload() {
    for (const int number : accepted_) {
      const auto id = static_cast<ConnectionId>(number);
      if (carries_payload(number) || std::ranges::count(preambles_unread_, id) > 0) {
        server_.on_payload(id, kRtt, now_);
      }
    }
  }
  bool carries_payload(int number) const {
    return client_.role(number) == wire::Role::Sender && number <= sends_on_;
  }

  // By the client's roles: where the server takes another one, nothing flows anyway.
  std::uint64_t counted(int number, bool by_client) const {
    const bool client_sends = client_.role(number) == wire::Role::Sender;
    if (client_sends && !carries_payload(number)) return 0;
    return bytes_(number) - (client_sends == by_client ? 0 : lost_);
  }
  wire::Results client_results() const {
    wire::Results results;
    for (int number = 1; number <= client_.stream_count(); ++number) {
      wire::StreamResult stream;
      stream.id = wire::stream_id(number);
      stream.bytes = static_cast<std::int64_t>(counted(number, true));
      results.streams.push_back(stream);
    }
    return results;
  }
  std::vector<ConnectionTotal> server_totals() const {
    std::vector<ConnectionTotal> totals;
    for (const BoundStream& b : bound()) {
      totals.push_back({b.connection, counted(static_cast<int>(b.connection), false)});
    }
    return totals;
  }

  static constexpr Duration kRtt = milliseconds(1);
  static constexpr ConnectionId kFirstStranger = 1'000'000;  // above every stream's number

  TimePoint now_{0};
  ClientSession client_;
  ServerSession server_;
  std::vector<int> order_;
  std::size_t mistaken_for_payload_ = 0;
  std::size_t piece_ = SIZE_MAX;
  Path to_server_;
  Path to_client_;
  bool is_cut_ = false;  // the control connection
  std::vector<Stream> streams_;
  bool streams_arrived_ = false;
  std::vector<int> accepted_;
  ConnectionId next_stranger_ = kFirstStranger;
  std::vector<ConnectionId> preambles_unread_;
  int sends_on_ = INT_MAX;
  bool keeps_running_ = false;
  Late late_ = Late::Nothing;
  bool has_awaited_ = false;
  std::function<std::uint64_t(int)> bytes_ = [](int number) {
    return std::uint64_t{1'000'000} * static_cast<std::uint64_t>(number);
  };
  std::uint64_t lost_ = 10;
  BindStreams bound_;
  std::optional<Failure> client_failure_;
  std::optional<Failure> server_failure_;
};

}  // namespace rolecall::session
