// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/forwarder.h"

#include <poll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "harness/base/deadline.h"
#include "harness/base/earlier.h"
#include "harness/link/link.h"
#include "harness/link/tun.h"

namespace rolecall::link {
namespace {

// Packets taken from one device before the other and the clock have their turn.
constexpr int kBurst = 64;
constexpr std::size_t kMaxFrame = 65'536 + kOffloadHeader;
// Any constant: the two directions draw from different sequences.
constexpr std::uint64_t kOtherWay = 0x5851'f42d'4c95'7f2dU;

Duration cpu_of_this_thread() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return seconds(used.tv_sec) + nanoseconds(used.tv_nsec);
}

std::vector<IpAddress> client_addresses() {
  return {*ip_address(kClientAddress), *ip_address(kClientAddressIpv6)};
}

}  // namespace

Forwarder::Forwarder(const LinkOptions& options, Fd client_tun, Fd server_tun,
                     std::optional<PcapngWriter> capture, std::optional<Stranger> stranger)
    : header_(options.has_large_segments() ? kOffloadHeader : 0),
      delay_(options.delay),
      client_tun_(std::move(client_tun)),
      server_tun_(std::move(server_tun)),
      table_(options.server_port, client_addresses()),
      book_(options.rules, options.hold_limit, *this),
      loss_{RandomLoss(options.loss_percent.to_server, options.seed),
            RandomLoss(options.loss_percent.to_client, options.seed ^ kOtherWay)},
      capture_(std::move(capture)),
      stranger_(std::move(stranger)),
      buffer_(kMaxFrame) {}

void Forwarder::run(const Fd& stop) {
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);  // ns; else poll may be 50 us late with a delayed packet
  log_.started = now();
  for (bool stopped = false; !stopped;) {
    if (const auto stepped = step(stop, stopped); stepped.has_error()) {
      log_.failure = stepped.error();
      stopped = true;
    }
  }
  book_.stop();
  log_.stopped = now();
  log_.forwarder_cpu = cpu_of_this_thread();
  if (capture_) capture_->flush();
}

LinkLog Forwarder::take_log() {
  log_.connections = table_.connections();
  log_.untracked = table_.untracked();
  log_.actions = book_.actions();
  log_.rules = book_.rules();
  if (stranger_) log_.stranger = stranger_->log();
  for (const ConnectionLog& connection : log_.connections)
    if (const auto at = connection.when(EventKind::StrangerAcknowledged); at && log_.stranger)
      log_.stranger->acknowledged = at;
  if (capture_) log_.capture_error = capture_->error();
  return std::move(log_);
}

Result<void> Forwarder::step(const Fd& stop, bool& stopped) {
  std::array<pollfd, 4> ready = {{{client_tun_.get(), POLLIN, 0},
                                  {server_tun_.get(), POLLIN, 0},
                                  {stop.get(), POLLIN, 0},
                                  stranger_ ? stranger_->wanted() : pollfd{-1, 0, 0}}};
  timespec timeout{};
  const auto wake = next_wake();
  if (wake) {
    const std::int64_t left = std::max<std::int64_t>((*wake - now()).ns, 0);
    timeout = {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
  }
  if (::ppoll(ready.data(), ready.size(), wake ? &timeout : nullptr, nullptr) < 0 && errno != EINTR)
    return system_error("ppoll(link)");
  if (wake) {
    const TimePoint at = now();
    book_.let_go_due(at);
    send_due(at);
  }
  if (ready[0].revents != 0) {
    TRY(read_from(Direction::ToServer));
  }
  if (ready[1].revents != 0) {
    TRY(read_from(Direction::ToClient));
  }
  if (stranger_) stranger_->on_ready(ready[3].revents);
  stopped = ready[2].revents != 0;
  return ok();
}

Result<void> Forwarder::read_from(Direction direction) {
  for (int i = 0; i < kBurst; ++i) {
    const ssize_t n = ::read(source(direction).get(), buffer_.data(), buffer_.size());
    if (n < 0 && errno == EAGAIN) return ok();
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error("read(TUN device of the link)");
    handle(direction, ByteView(buffer_).first(static_cast<std::size_t>(n)), now());
  }
  return ok();
}

void Forwarder::handle(Direction direction, ByteView frame, TimePoint now) {
  const ByteView packet = frame.subspan(std::min(header_, frame.size()));
  TrafficCount& count = log_.traffic[direction];
  ++count.packets;
  count.bytes += packet.size();
  const auto sighting = see(direction, packet, now);
  if (!sighting) ++count.untouched;
  if (loss_[direction].loses_next()) {
    ++count.lost;
    on_arrival(direction, frame, "lost at random", now);
  } else {
    book_.take(direction, frame, sighting.value_or(Sighting{}), now);
  }
  if (!sighting) return;
  book_.note(*sighting, now);
  if (stranger_) bring_stranger(*sighting);
}

std::optional<Sighting> Forwarder::see(Direction direction, ByteView packet, TimePoint now) {
  if (const auto segment = parse_tcp(packet)) return table_.see(direction, *segment, now);
  if (const auto datagram = parse_udp(packet)) return table_.see(direction, *datagram, now);
  return std::nullopt;
}

void Forwarder::bring_stranger(const Sighting& sighting) {
  if (!sighting.begins(stranger_->after())) return;
  stranger_->connect(!is_ipv4(table_.connections()[sighting.connection].client));
}

void Forwarder::on_arrival(Direction direction, ByteView frame, std::string_view comment,
                           TimePoint now) {
  if (!capture_) return;
  const bool from_client = direction == Direction::ToServer;
  capture_->add(from_client ? CaptureInterface::Client : CaptureInterface::Server, true, now,
                frame.subspan(header_), comment);
}

void Forwarder::on_departure(Direction direction, ByteView frame, std::string_view comment,
                             TimePoint now) {
  if (delay_ == Duration{}) return send(direction, frame, comment, now);
  Bytes kept;
  if (!spare_.empty()) {
    kept = std::move(spare_.back());
    spare_.pop_back();
  }
  kept.assign(frame.begin(), frame.end());
  delayed_[direction].push_back({now + delay_, std::move(kept), std::string(comment)});
}

void Forwarder::send(Direction direction, ByteView frame, std::string_view comment, TimePoint now) {
  if (capture_) {
    const bool to_server = direction == Direction::ToServer;
    capture_->add(to_server ? CaptureInterface::Server : CaptureInterface::Client, false, now,
                  frame.subspan(header_), comment);
  }
  ssize_t n = 0;
  do n = ::write(target(direction).get(), frame.data(), frame.size());
  while (n < 0 && errno == EINTR);
  if (n < 0) ++log_.traffic[direction].refused;
}

void Forwarder::send_due(TimePoint now) {
  for (const Direction direction : kDirections) {
    std::deque<Delayed>& queue = delayed_[direction];
    while (!queue.empty() && queue.front().due <= now) {
      send(direction, queue.front().frame, queue.front().comment, now);
      spare_.push_back(std::move(queue.front().frame));
      queue.pop_front();
    }
  }
}

std::optional<TimePoint> Forwarder::next_wake() const {
  std::optional<TimePoint> wake = book_.next_due();
  for (const Direction direction : kDirections)
    if (!delayed_[direction].empty()) wake = earlier(wake, delayed_[direction].front().due);
  return wake;
}

}  // namespace rolecall::link
