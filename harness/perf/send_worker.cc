// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/send_worker.h"

#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "harness/base/deadline.h"

namespace rolecall::perf {
namespace {

// What one sendmsg() offers when nothing paces the stream, at most. Measured with ci/bench.sh:
// a quarter of it loses a third, twice of it gains nothing.
constexpr std::size_t kBytesACall = std::size_t{1} << 20;
constexpr std::size_t kMostBlocksACall = 64;

std::size_t batch(const Load& load) {
  if (load.bits_per_second != 0) return static_cast<std::size_t>(std::max(load.burst_blocks, 1));
  return std::clamp(kBytesACall / load.block_bytes, std::size_t{1}, kMostBlocksACall);
}

}  // namespace

Result<std::unique_ptr<Worker>> SendWorker::create(std::vector<Stream*> streams, const Load& load,
                                                   Budget& budget, DataPathNews& news) {
  TRY(auto parts, make_worker_parts());
  return std::unique_ptr<Worker>(
      new SendWorker(std::move(parts), std::move(streams), load, budget, news));
}

SendWorker::SendWorker(WorkerParts parts, std::vector<Stream*> streams, const Load& load,
                       Budget& budget, DataPathNews& news)
    : Worker(std::move(parts.reactor), std::move(parts.wake)),
      load_(load),
      budget_(budget),
      news_(news),
      block_(load.block_bytes) {
  for (std::size_t at = 0; at < block_.size(); at += 256) {  // getrandom() gives 256 whole
    (void)::getrandom(&block_[at], std::min<std::size_t>(256, block_.size() - at), 0);
  }
  blocks_.assign(batch(load_) + 1, iovec{block_.data(), block_.size()});
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
  if (!paced()) return std::nullopt;
  std::optional<TimePoint> next;
  const TimePoint time = now();
  for (Outgoing& out : out_) {
    if (out.watched || out.done) continue;
    if (out.due <= time) send_turn(out);
    if (!out.watched && !out.done) next = next ? std::min(*next, out.due) : out.due;
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

void SendWorker::unwatch(Outgoing& out) {
  if (std::exchange(out.watched, false)) reactor().unwatch(out.stream->socket);
}

void SendWorker::finish(Outgoing& out) {
  out.done = true;
  unwatch(out);
}

void SendWorker::send_turn(Outgoing& out) {
  if (out.owed == 0) out.owed = budget_.claim(load_.block_bytes, batch(load_));
  if (out.owed == 0) return finish(out);
  // A block that was cut short goes on where it stopped; whole ones follow.
  const std::size_t cut = out.owed % load_.block_bytes;
  const std::size_t blocks = out.owed / load_.block_bytes + (cut != 0 ? 1 : 0);
  if (cut != 0) blocks_[0] = iovec{block_.data() + (block_.size() - cut), cut};
  msghdr message{};
  message.msg_iov = blocks_.data();
  message.msg_iovlen = blocks;
  const ssize_t n = ::sendmsg(out.stream->socket.get(), &message, MSG_NOSIGNAL);
  const int error = errno;
  blocks_[0] = iovec{block_.data(), block_.size()};
  if (n >= 0 || error == EAGAIN || error == EINTR) {
    return after_send(out, out.owed, n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  finish(out);
  news_.sender_failed(
      Error{Errc::System, fmt::format("sending on stream {}", out.stream->number), error});
}

void SendWorker::after_send(Outgoing& out, std::size_t asked, std::size_t sent) {
  out.owed -= sent;
  const std::uint64_t total = out.stream->bytes.load(std::memory_order_relaxed) + sent;
  out.stream->bytes.store(total, std::memory_order_relaxed);
  if (budget_.spend(sent)) news_.goal_reached();
  if (!paced()) return;
  if (sent < asked) return watch(out);
  // iperf3's rule: bits sent over the time since the start stay below the rate.
  const double due_s =
      static_cast<double>(total) * 8.0 / static_cast<double>(load_.bits_per_second);
  out.due = start_ + from_seconds(due_s);
  unwatch(out);
}

}  // namespace rolecall::perf
