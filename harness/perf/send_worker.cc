// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/send_worker.h"

#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/earlier.h"

namespace rolecall::perf {
namespace {

// What one sendmsg() offers when nothing paces the stream, at most. Measured with ci/bench.sh:
// a quarter of it loses a third, twice of it gains nothing.
constexpr std::size_t kBytesACall = std::size_t{1} << 20;
constexpr std::size_t kMostBlocksACall = 64;

constexpr Duration kAskAgain = milliseconds(1);

std::size_t batch(const Load& load) {
  if (load.bits_per_second != 0) return static_cast<std::size_t>(std::max(load.burst_blocks, 1));
  return std::clamp(kBytesACall / load.block_bytes, std::size_t{1}, kMostBlocksACall);
}

}  // namespace

Result<std::unique_ptr<Worker>> SendWorker::create(const std::vector<Stream*>& streams,
                                                   const Load& load, Budget& budget,
                                                   DataPathNews& news) {
  TRY(auto parts, make_worker_parts());
  return std::unique_ptr<Worker>(new SendWorker(std::move(parts), streams, load, budget, news));
}

SendWorker::SendWorker(WorkerParts parts, const std::vector<Stream*>& streams, const Load& load,
                       Budget& budget, DataPathNews& news)
    : Worker(std::move(parts.reactor), std::move(parts.wake)),
      load_(load),
      budget_(budget),
      news_(news),
      block_(load.block_bytes) {
  for (std::size_t at = 0; at < block_.size(); at += 256) {  // getrandom() gives 256 whole
    (void)::getrandom(&block_[at], std::min<std::size_t>(256, block_.size() - at), 0);
  }
  blocks_.assign(1 + batch(load_), iovec{block_.data(), block_.size()});  // the first: what is cut
  for (Stream* stream : streams) out_.push_back({.stream = stream});
}

void SendWorker::begin(TimePoint start) {
  start_ = start;
  for (Outgoing& out : out_) {
    out.due = start;
    if (!paced()) watch(out);
  }
}

std::optional<TimePoint> SendWorker::before_wait() {
  std::optional<TimePoint> next;
  const TimePoint time = now();
  for (Outgoing& out : out_) {
    if (!out.watched && !out.done && out.due <= time) send_turn(out);
    if (!out.watched && !out.done) next = earlier(next, out.due);
  }
  return next;
}

void SendWorker::watch(Outgoing& out) {
  if (std::exchange(out.watched, true)) return;
  const auto watched = reactor().watch(out.stream->socket, EPOLLOUT,
                                       [this, &out](std::uint32_t) { send_turn(out); });
  if (!watched) {
    news_.sender_failed(watched.error());
    out.done = true;
  }
}

void SendWorker::wait_until(Outgoing& out, TimePoint due) {
  out.due = due;
  if (std::exchange(out.watched, false)) reactor().unwatch(out.stream->socket);
}

void SendWorker::finish(Outgoing& out) {
  out.done = true;
  wait_until(out, {});
}

void SendWorker::send_turn(Outgoing& out) {
  const std::uint64_t claimed = budget_.claim(load_.block_bytes, batch(load_));
  if (claimed == 0 && out.cut == 0) {
    if (budget_.reached()) return finish(out);
    return wait_until(out, now() + kAskAgain);  // another stream may yet give back what it claimed
  }
  const auto [n, error] = send_blocks(out, claimed);
  if (n >= 0 || error == EAGAIN || error == EINTR) {
    return after_send(out, claimed, n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  finish(out);
  news_.sender_failed(
      Error{Errc::System, fmt::format("sending on stream {}", out.stream->number), error});
}

// A block that was cut short goes on where it stopped; whole ones follow.
std::pair<ssize_t, int> SendWorker::send_blocks(const Outgoing& out, std::uint64_t claimed) {
  blocks_[0] = iovec{block_.data() + (block_.size() - out.cut), out.cut};
  msghdr message{};
  message.msg_iov = blocks_.data() + (out.cut == 0 ? 1 : 0);
  message.msg_iovlen = claimed / load_.block_bytes + (out.cut == 0 ? 0 : 1);
  const ssize_t n = ::sendmsg(out.stream->socket.get(), &message, MSG_NOSIGNAL);
  return {n, errno};
}

void SendWorker::after_send(Outgoing& out, std::uint64_t claimed, std::size_t sent) {
  const bool all = sent == out.cut + claimed;
  out.cut = sent < out.cut
                ? out.cut - sent
                : (load_.block_bytes - (sent - out.cut) % load_.block_bytes) % load_.block_bytes;
  const std::uint64_t total = out.stream->bytes.load(std::memory_order_relaxed) + sent;
  out.stream->bytes.store(total, std::memory_order_relaxed);
  if (budget_.settle(claimed, sent)) news_.goal_reached();
  if (!paced() || !all) return watch(out);
  // iperf3's rule: bits sent over the time since the start stay below the rate.
  const double due_s =
      static_cast<double>(total) * 8.0 / static_cast<double>(load_.bits_per_second);
  wait_until(out, start_ + from_seconds(due_s));
}

}  // namespace rolecall::perf
