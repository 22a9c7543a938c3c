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

  // The server accepts the client's stream connections in this order (client-order numbers).
  // A zero among them is a stranger, who connects and sends the cookie of another test.
  void accept_order(std::vector<int> order) { order_ = std::move(order); }
  void deliver_byte_by_byte() { piece_ = 1; }
  void deliver_in_pieces(std::size_t bytes) { piece_ = bytes; }  // REQUIRES: at least one
  // After so many bytes of both ways together, the control connection is reset, or carries nothing
  // more and nobody learns of it.
  enum class Cut { Reset, Silence };
  void cut_after(std::size_t control_bytes, Cut how) { left_ = control_bytes, cut_ = how; }
  // Of the header on connection `number` no more than `bytes` come; then the same.
  void cut_header(int number, std::size_t bytes, Cut how) { header_cut_ = {number, bytes, how}; }
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
    while (pump_client() || pump_server()) {
    }
  }

  // Lets virtual time pass up to the next limit of either end; false when there is none.
  bool pass_time() {
    const auto a = client_.wake_at();
    const auto b = server_.wake_at();
    if (!a && !b) return false;
    now_ = a && b ? std::min(*a, *b) : a.value_or(b.value_or(now_));
    client_.on_time(now_);
    server_.on_time(now_);
    return true;
  }

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
  template <class Feed>
  void deliver(const Bytes& bytes, Feed feed) {
    ByteView rest = ByteView(bytes).first(std::min(left_, bytes.size()));
    const bool is_cut = rest.size() < bytes.size();
    left_ -= rest.size();
    while (!rest.empty()) {
      const ByteView piece = rest.first(std::min(piece_, rest.size()));
      rest = rest.subspan(piece.size());
      feed(piece);
    }
    if (is_cut && cut_ == Cut::Reset) close_both();
  }

  void close_both() {
    if (!client_.finished()) client_.on_closed(now_);
    if (!server_.finished()) server_.on_closed(now_);
  }
  bool is_silent() const { return left_ == 0 && cut_ == Cut::Silence; }

  bool pump_client() {
    const auto output = client_.next_output();
    if (!output) return false;
    if (const auto* send = std::get_if<SendControl>(&*output)) {
      deliver(send->bytes, [&](ByteView piece) { server_.on_bytes(piece, now_); });
    } else if (std::holds_alternative<OpenStreams>(*output)) {
      open_streams();
    } else if (std::holds_alternative<RunTest>(*output)) {
      send_payload();
      if (!keeps_running_) client_.on_local(TestOver{}, now_);
    } else if (std::holds_alternative<ProvideResults>(*output)) {
      client_.on_local(ResultsReady{client_results()}, now_);
    } else if (const auto* finished = std::get_if<Finished>(&*output)) {
      client_failure_ = finished->failure;
      if (!is_silent() && !server_.finished()) server_.on_closed(now_);
    }
    return true;
  }

  bool pump_server() {
    const auto output = server_.next_output();
    if (!output) return false;
    if (const auto* send = std::get_if<SendControl>(&*output)) {
      deliver(send->bytes, [&](ByteView piece) { client_.on_bytes(piece, now_); });
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
      if (!is_silent()) client_.on_closed(now_);
    }
    return true;
  }

  void open_streams() {
    if (order_.empty()) {
      order_.resize(static_cast<std::size_t>(client_.stream_count()));
      std::iota(order_.begin(), order_.end(), 1);
    }
    ConnectionId stranger = kFirstStranger;
    for (const int number : order_) {
      if (!server_.wants_connections()) break;
      if (number == 0) {
        server_.on_connection(stranger, now_);
        server_.on_connection_bytes(stranger++, Bytes(wire::kCookieSize), now_);
        continue;
      }
      const auto id = static_cast<ConnectionId>(number);
      server_.on_connection(id, now_);
      deliver_header(id, client_.stream_header(number));
    }
    client_.on_local(StreamsOpen{}, now_);
  }

  // Reads what the server wants, as its owner does: what is left over is payload.
  void deliver_header(ConnectionId id, const Bytes& header) {
    ByteView rest = header;
    const bool is_cut = id == static_cast<ConnectionId>(header_cut_.number);
    if (is_cut) rest = rest.first(std::min(header_cut_.bytes, rest.size()));
    while (server_.bytes_wanted(id) > 0 && !rest.empty()) {
      const std::size_t n = std::min({server_.bytes_wanted(id), rest.size(), piece_});
      server_.on_connection_bytes(id, rest.first(n), now_);
      rest = rest.subspan(n);
    }
    mistaken_for_payload_ += rest.size();
    if (!rest.empty()) preambles_unread_.push_back(id);
    if (is_cut && header_cut_.how == Cut::Reset) server_.on_connection_closed(id, now_);
  }

  // In accept order, where each connection's first payload may come first just as well.
  void send_payload() {
    for (const int number : order_) {
      if (number == 0) continue;
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
  struct HeaderCut {
    int number = 0;  // none
    std::size_t bytes = 0;
    Cut how = Cut::Reset;
  };

  TimePoint now_{0};
  ClientSession client_;
  ServerSession server_;
  std::vector<int> order_;
  std::size_t mistaken_for_payload_ = 0;
  std::size_t piece_ = SIZE_MAX;
  std::size_t left_ = SIZE_MAX;  // until the control connection is cut
  Cut cut_ = Cut::Reset;
  HeaderCut header_cut_;
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
