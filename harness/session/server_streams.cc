// SPDX-License-Identifier: BSD-3-Clause
// The stream connections of a server session: from accept() to their place in the test, and what
// is learnt of that place while the test runs.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "harness/session/identity.h"
#include "harness/session/server_session.h"

namespace rolecall::session {
namespace {

// Connections with half a header, beyond those that the test needs: the oldest makes room.
constexpr std::size_t kMostStrangers = 64;

}  // namespace

std::size_t ServerSession::header_size() const {
  return wire::kCookieSize + wire::preamble_size(preamble_level(flag_));
}

bool ServerSession::has_cookie(const Header& header) const {
  return header.bytes.size() >= wire::kCookieSize;
}

void ServerSession::on_connection(ConnectionId connection, TimePoint now) {
  CHECK(wants_connections() && !headers_.contains(connection));
  const auto needed = static_cast<std::size_t>(parameters_.stream_count() - roster_->placed());
  if (headers_.size() >= needed + kMostStrangers) drop_oldest();
  headers_[connection] = Header{{}, now + config_.header_limit, ++accepted_};
}

std::size_t ServerSession::bytes_wanted(ConnectionId connection) const {
  const auto it = headers_.find(connection);
  if (it == headers_.end()) return 0;
  const std::size_t have = it->second.bytes.size();
  return (have < wire::kCookieSize ? wire::kCookieSize : header_size()) - have;
}

void ServerSession::on_connection_bytes(ConnectionId connection, ByteView in, TimePoint now) {
  const auto it = headers_.find(connection);
  if (finished_ || it == headers_.end()) return;
  Header& header = it->second;
  CHECK(in.size() <= bytes_wanted(connection));
  append(header.bytes, in);
  if (!has_cookie(header)) return;
  const auto cookie = wire::cookie_from(ByteView(header.bytes).first(wire::kCookieSize));
  if (!wire::same_test(cookie_, cookie)) {
    headers_.erase(it);
    out_.push_back(DenyConnection{connection});
    return;
  }
  if (header.bytes.size() == header_size()) place(connection, now);
}

// What the header says of the connection, nothing where there is no flag. With preamble and cookie
// both must say the same.
Result<std::optional<wire::StreamTag>> ServerSession::read_header(ByteView header) const {
  std::optional<wire::StreamTag> tag;
  const auto cookie = wire::cookie_from(header.first(wire::kCookieSize));
  if (flag_ == Flag::Cookie) tag = wire::read_tag(cookie);
  if (const int level = preamble_level(flag_); level > 0) {
    TRY(tag, wire::decode_preamble(level, header.subspan(wire::kCookieSize)));
    const bool both = flag_ != Flag::Force && wire::announces_flag(cookie_);
    const auto in_cookie = wire::read_tag(cookie);
    const bool same_index = !tag->index || tag->index == in_cookie.index;
    if (both && !(in_cookie.client_role == tag->client_role && same_index)) {
      return Error{Errc::Malformed, "role preamble and cookie contradict each other"};
    }
  }
  return tag;
}

void ServerSession::place(ConnectionId connection, TimePoint now) {
  const Header header = std::move(headers_.at(connection));
  headers_.erase(connection);
  auto tag = read_header(header.bytes);
  if (!tag) {
    tag.error().what =
        fmt::format("stream connection {} in accept order: {}", header.accepted, tag.error().what);
    return fail(std::move(tag).error(), wire::kErrorMessage);
  }
  auto placed = roster_->place(connection, tag.value(), header.accepted);
  if (!placed) return fail(std::move(placed).error(), wire::kErrorMessage);
  placed_[connection] = header.accepted;
  gap_until_ = now + config_.streams_limit;
  if (roster_->complete()) start_running(now);
}

// What a connect datagram says at level 2; below it says only that it is one. iperf3 takes any
// datagram for one, a stranger's too.
Result<std::optional<wire::StreamTag>> ServerSession::read_flow(ByteView datagram) const {
  const Error stranger{Errc::Malformed, "not a connect datagram of this test"};
  if (flag_ != Flag::Level2) {
    if (!wire::is_connect_of_any_release(datagram)) return stranger;
    return std::optional<wire::StreamTag>();
  }
  const auto header = wire::flagged_connect(datagram, header_size());
  const bool is_ours =
      header && wire::same_test(cookie_, wire::cookie_from(header->first(wire::kCookieSize)));
  if (!is_ours) return stranger;
  return read_header(*header);
}

bool ServerSession::on_flow(ConnectionId flow, ByteView datagram, TimePoint now) {
  CHECK(wants_flows());
  const auto tag = read_flow(datagram);
  if (!tag || !roster_->place(flow, tag.value(), ++accepted_)) return false;
  gap_until_ = now + config_.streams_limit;
  if (roster_->complete()) start_running(now);
  return true;
}

void ServerSession::start_running(TimePoint now) {
  for (const auto& [id, header] : headers_) out_.push_back(DenyConnection{id});
  headers_.clear();
  bound_ = first_binding();
  out_.push_back(bound_);
  state_ = State::TestRunning;
  out_.push_back(SendControl{
      Bytes{wire::encode_state(State::TestStart), wire::encode_state(State::TestRunning)}});
  out_.push_back(RunTest{});
  std::optional<Duration> limit;
  if (parameters_.time_s != 0)
    limit = seconds(parameters_.time_s + parameters_.omit_s) + config_.grace;
  await(Expect::State, std::nullopt, limit, now);
}

BindStreams ServerSession::first_binding() {
  const bool bidir = parameters_.direction == wire::Direction::Bidirectional;
  const bool late = config_.bind_roles == BindRoles::Late && flag_ == Flag::None;
  BindStreams bind{.streams = roster_->streams()};
  if (is_udp() && flag_ != Flag::Level2) {
    bind.roles = bidir ? RolesBy::Exchange : RolesBy::Direction;
    bind.identity = IdentityBy::Exchange;
    for (BoundStream& stream : bind.streams) stream.is_identified = true;
    return bind;
  }
  if (flag_ != Flag::None) {
    bind.roles = RolesBy::Flag;
  } else if (bidir) {
    bind.roles = late ? RolesBy::Open : RolesBy::AcceptOrder;
  }
  if (fixes_identity(flag_)) {
    bind.identity = IdentityBy::Flag;
  } else if (late && !bidir && parameters_.parallel == 1) {
    bind.identity = IdentityBy::Single;
  }
  const bool identified = bind.identity != IdentityBy::AcceptOrder;
  std::vector<ConnectionId> accepted;
  for (BoundStream& stream : bind.streams) {
    stream.is_identified = identified;
    accepted.push_back(stream.connection);
    if (bind.roles == RolesBy::Open) stream.role.reset();
  }
  if (bind.roles == RolesBy::Open) {
    late_.emplace(std::move(accepted), parameters_.bytes != 0 || parameters_.blocks != 0);
  }
  return bind;
}

// --- what payload and results tell ---

void ServerSession::on_payload(ConnectionId connection, Duration rtt, TimePoint now) {
  if (finished_ || !late_) return;
  const bool was_settled = late_->is_settled();
  auto taken = late_->on_payload(connection, rtt, now);
  if (!taken) return fail(std::move(taken).error(), wire::kErrorMessage);
  if (!was_settled && late_->is_settled()) bind_late();
}

void ServerSession::bind_late() {
  bound_.streams = late_->streams();
  bound_.roles = late_->is_assumed() ? RolesBy::Assumed : RolesBy::Payload;
  if (parameters_.parallel == 1 && !late_->is_assumed()) {
    bound_.identity = IdentityBy::Single;
    for (BoundStream& stream : bound_.streams) stream.is_identified = true;
  }
  out_.push_back(bound_);
}

// What was sent in the omitted part and received after it would make totals differ at will.
bool ServerSession::may_identify() const {
  return config_.bind_roles == BindRoles::Late && flag_ == Flag::None &&
         bound_.identity == IdentityBy::AcceptOrder && parameters_.omit_s == 0;
}

bool ServerSession::lacks_payload() const {
  const auto block_bytes = static_cast<std::uint64_t>(parameters_.block_bytes);
  return may_identify() && session::lacks_payload(bound_, totals_, *results_, block_bytes);
}

void ServerSession::identify() {
  const auto block_bytes = static_cast<std::uint64_t>(parameters_.block_bytes);
  if (identify_streams(bound_, totals_, *results_, block_bytes)) out_.push_back(bound_);
}

// --- connections that leave ---

// A connection that is silent for too long, or gone. With its cookie it was one of the test's, and
// its preamble is missing; without, it was a stranger.
void ServerSession::drop_connection(ConnectionId connection) {
  const auto it = headers_.find(connection);
  if (it == headers_.end()) return;
  const Header header = std::move(it->second);
  headers_.erase(it);
  out_.push_back(DenyConnection{connection});
  if (!has_cookie(header)) return;
  fail(Error{Errc::Malformed,
             fmt::format("stream connection {} in accept order: no role preamble after the cookie "
                         "({} of {} bytes came)",
                         header.accepted, header.bytes.size() - wire::kCookieSize,
                         header_size() - wire::kCookieSize)},
       wire::kErrorMessage);
}

// Without its cookie by now, it is most likely a stranger.
void ServerSession::drop_oldest() {
  const auto oldest = std::ranges::min_element(headers_, {}, [&](const auto& entry) {
    return std::pair(has_cookie(entry.second), entry.second.accepted);
  });
  if (!has_cookie(oldest->second)) drop_connection(oldest->first);
}

void ServerSession::on_connection_closed(ConnectionId connection, TimePoint) {
  if (finished_) return;
  const auto placed = placed_.find(connection);
  if (placed == placed_.end() || state_ != State::CreateStreams) return drop_connection(connection);
  fail(Error{Errc::PeerClosed,
             fmt::format("stream connection {} in accept order was reset before the test began",
                         placed->second)},
       wire::kErrorStreamAccept);
}

}  // namespace rolecall::session
