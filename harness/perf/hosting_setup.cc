// SPDX-License-Identifier: BSD-3-Clause
// From the client's parameters to streams that are bound: what is checked of a test, and how its
// connections become streams.
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "harness/base/deadline.h"
#include "harness/perf/authentication.h"
#include "harness/perf/hosting.h"
#include "harness/perf/test_parameters.h"
#include "harness/perf/test_sockets.h"

namespace rolecall::perf {

// One answer, whatever is wrong: it tells nothing about the users.
bool Hosting::may_test() {
  if (!around_.options.authorization) return true;
  const auto admitted =
      around_.options.authorization->admits(session_.parameters().authtoken, wall_clock_s());
  if (!admitted) around_.report.warning(admitted.error().message());
  return admitted && admitted.value();
}

void Hosting::carry_out(const session::ParametersAgreed&) {
  is_authorized_ = may_test();
  if (!is_authorized_) {
    return fail(Error{Errc::Config, "test authorization failed"}, wire::kErrorAuthorisation);
  }
  const wire::Parameters& p = session_.parameters();
  around_.report.rate_asked(static_cast<std::uint64_t>(p.bits_per_second));
  if (auto refusal = refusal_by_limits(around_.options, p)) {
    return fail(Error{Errc::Config, std::move(refusal->sentence)}, refusal->error_number);
  }
  if (const int number = misfit_of_file(); number != 0) {
    return fail(Error{Errc::Config,
                      "this server has a file (-F) to send or to write: it serves TCP "
                      "tests of one stream only"},
                number);
  }
  if (auto there = check_transport(transport()); !there) {
    return fail(std::move(there).error(), wire::kErrorProtocol);
  }
  around_.has_test(*this);
  TestPlan plan;
  plan.parameters = p;
  plan.interval_s = around_.options.interval_s;
  plan.receive_timeout = milliseconds(around_.options.receive_timeout_ms);
  plan.unbatched = around_.options.unbatched;
  plan.file = around_.options.file;
  run_.emplace(plan, around_.report);
  if (auto failure = prepare()) return fail(std::move(failure->error), failure->number);
  ControlFacts facts;
  if (const auto peer = peer_address(link_.socket())) {
    facts.host = peer.value().host();
    facts.port = peer.value().port();
  }
  facts.cookie = wire::printable(session_.cookie());
  facts.mss_bytes = static_cast<int>(p.mss_bytes);
  facts.target_bitrate_bps = static_cast<std::uint64_t>(p.bits_per_second);
  facts.reverse = p.direction == wire::Direction::Reverse;
  facts.protocol = p.protocol;
  facts.fq_rate_bps = static_cast<std::uint64_t>(p.fq_bits_per_second);
  around_.report.connected(facts);
}

// iperf3's error number where the server's own -F does not fit to the test, else 0.
int Hosting::misfit_of_file() const {
  if (around_.options.file.empty()) return 0;
  if (is_udp()) return wire::kErrorDatagramFile;
  return session_.parameters().stream_count() > 1 ? wire::kErrorFile : 0;
}

void Hosting::take_connection(Fd connection) {
  const session::ConnectionId id = next_connection_++;
  session_.on_connection(id, now());
  const Fd& socket = newcomers_[id] = std::move(connection);
  if (!around_.reactor.watch(socket, EPOLLIN, [this, id](std::uint32_t) { read_header(id); })) {
    session_.on_connection_closed(id, now());
  }
  read_header(id);  // before a crowd behind it makes it the oldest of the silent ones
}

void Hosting::read_header(session::ConnectionId id) {
  std::array<std::byte, 64> buffer{};
  const auto it = newcomers_.find(id);
  while (it != newcomers_.end() && session_.bytes_wanted(id) > 0) {
    const std::size_t wanted = std::min(session_.bytes_wanted(id), buffer.size());
    const auto outcome = read_some(it->second, std::span(buffer).first(wanted));
    if (!outcome || outcome.value().closed) {
      session_.on_connection_closed(id, now());
      break;
    }
    if (outcome.value().would_block) break;
    session_.on_connection_bytes(id, ByteView(buffer).first(outcome.value().bytes), now());
  }
  // A connection in its place says nothing more before the test runs, unless that it is gone.
  if (session_.bytes_wanted(id) == 0) watch_for_reset(id);
  pump();
}

void Hosting::watch_for_reset(session::ConnectionId id) {
  const auto it = newcomers_.find(id);
  if (it == newcomers_.end()) return;
  const auto on_reset = [this, id](std::uint32_t) {
    const auto gone = newcomers_.find(id);
    if (gone != newcomers_.end()) around_.reactor.unwatch(gone->second);
    session_.on_connection_closed(id, now());
    pump();
  };
  (void)around_.reactor.watch(it->second, 0, on_reset);  // EPOLLERR and EPOLLHUP come unasked
}

void Hosting::carry_out(const session::DenyConnection& denied) {
  auto node = newcomers_.extract(denied.connection);
  if (node.empty()) return;
  around_.reactor.unwatch(node.mapped());
  around_.deny(std::move(node.mapped()));
}

void Hosting::carry_out(const session::BindStreams& bind) {
  if (!run_->has_streams()) {
    restore_listener();
    if (auto added = add_streams(bind); !added) {
      const bool reset = added.error().sys_errno == ENOTCONN;  // it has no peer any more
      const bool of_file = added.error().code == Errc::Config;
      return fail(std::move(added).error(), reset     ? wire::kErrorStreamAccept
                                            : of_file ? wire::kErrorFile
                                                      : wire::kErrorCongestion);
    }
  }
  identity_ = bind.identity;
  if (auto bound = run_->bind(bind, now()); !bound) {
    return fail(std::move(bound).error(), wire::kErrorThread);
  }
  if (run_->stopped()) run_->end_streams();
  warn_of_assumed_roles(bind);
}

Result<void> Hosting::add_streams(const session::BindStreams& bind) {
  if (is_udp()) {
    const Fd& first = newcomers_.at(bind.streams.front().connection);
    TRY(const auto buffers, buffer_facts(first, session_.parameters()));
    around_.report.buffers(buffers);
    for (const std::string& warning :
         warnings_of_buffers(buffers, session_.parameters().block_bytes)) {
      around_.report.warning(warning);
    }
  }
  for (const session::BoundStream& bound : bind.streams) {
    auto stream = std::make_unique<Stream>();
    stream->socket = std::move(newcomers_.at(bound.connection));
    newcomers_.erase(bound.connection);
    around_.reactor.unwatch(stream->socket);
    stream->connection = bound.connection;
    stream->number = bound.number;
    stream->id = bound.id;
    stream->is_identified = bound.is_identified;
    stream->role = bound.role.value_or(wire::Role::Receiver);
    if (!bound.role) stream->claim = Stream::Claim::Open;
    auto added = apply_stream_options(stream->socket, session_.parameters(),
                                      around_.options.send_timeout_ms);
    // iperf3 warns of an algorithm that this machine does not have, and goes on without.
    if (!added && added.error().sys_errno == ENOENT) {
      around_.report.warning(added.error().message());
      added = ok();
    }
    TRY(std::move(added));
    TRY(run_->add(std::move(stream)));
  }
  return ok();
}

}  // namespace rolecall::perf
