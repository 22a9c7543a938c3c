// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/send_worker.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/earlier.h"

namespace rolecall::perf {
namespace {

constexpr Duration kAskAgain = milliseconds(1);
// A call that the kernel took whole is followed by the next without asking whether there is room,
// so often at most: others have their turn, and it is seen that the test is over.
constexpr int kSendsATurn = 16;

// A call that blocks counts only when all of it is taken: not for many blocks, which a slow stream
// may take seconds for, and not for blocks of a goal, which others could send meanwhile.
bool may_block(const Load& load) {
  const bool is_short = load.is_unbatched || load.is_udp;
  return is_short && load.bits_per_second == 0 && load.goal_bytes == 0 && !load.is_file;
}

}  // namespace

Result<std::unique_ptr<Worker>> SendWorker::create(const std::vector<Stream*>& streams,
                                                   const Load& load, Budget& budget,
                                                   DataPathNews& news) {
  TRY(auto parts, make_worker_parts());
  TRY(auto writer, make_block_writer(load));
  return std::unique_ptr<Worker>(
      new SendWorker(std::move(parts), std::move(writer), streams, load, budget, news));
}

SendWorker::SendWorker(WorkerParts parts, std::unique_ptr<BlockWriter> writer,
                       const std::vector<Stream*>& streams, const Load& load, Budget& budget,
                       DataPathNews& news)
    : Worker(std::move(parts.reactor), std::move(parts.wake)),
      load_(load),
      budget_(budget),
      news_(news),
      writer_(std::move(writer)) {
  if (load.bits_per_second != 0) pace_.emplace(load);
  for (Stream* stream : streams) out_.push_back({.stream = stream});
}

void SendWorker::begin(TimePoint start) {
  start_ = start;
  if (out_.size() == 1 && may_block(load_)) block_on(out_.front().stream->socket);
  for (Outgoing& out : out_) {
    out.due = start;
    // A pipe that nobody has opened yet would read as one that has ended.
    if (load_.is_file && await_source(out)) continue;
    if (!pace_) watch(out);
  }
}

void SendWorker::turn() {
  if (!blocks() || !out_.front().watched) return Worker::turn();
  send_turn(out_.front());
}

std::optional<TimePoint> SendWorker::before_wait() {
  std::optional<TimePoint> next;
  const TimePoint time = now();
  for (Outgoing& out : out_) {
    const auto is_timed = [&out] { return !out.watched && !out.starved && !out.done; };
    if (is_timed() && out.due <= time) send_turn(out);
    if (is_timed()) next = earlier(next, out.due);
  }
  return next;
}

void SendWorker::watch(Outgoing& out) {
  if (std::exchange(out.watched, true) || blocks()) return;
  const auto watched = reactor().watch(out.stream->socket, EPOLLOUT,
                                       [this, &out](std::uint32_t) { send_turn(out); });
  if (!watched) {
    news_.stream_failed(watched.error());
    out.done = true;
  }
}

void SendWorker::wait_until(Outgoing& out, TimePoint due) {
  out.due = due;
  if (std::exchange(out.watched, false) && !blocks()) reactor().unwatch(out.stream->socket);
}

void SendWorker::finish(Outgoing& out) {
  out.done = true;
  wait_until(out, {});
}

bool SendWorker::await_source(Outgoing& out) {
  const Fd& file = out.stream->file->fd;
  const auto watched = reactor().watch(file, EPOLLIN, [this, &file, &out](std::uint32_t) {
    reactor().unwatch(file);
    out.starved = false;
    out.due = now();
  });
  if (!watched) return false;  // EPERM: a regular file
  wait_until(out, {});
  out.starved = true;
  return true;
}

void SendWorker::on_source(Outgoing& out, std::uint64_t claimed, BlockWriter::Source source) {
  (void)budget_.settle(claimed, 0);
  if (source == BlockWriter::Source::Empty && await_source(out)) return;
  finish(out);
  news_.source_ended();
}

TimePoint SendWorker::due(const Outgoing& out) const {
  return start_ + pace_->due(out.begun());
}

std::size_t SendWorker::blocks_due(const Outgoing& out) const {
  const std::size_t most = writer_->most_blocks();
  return pace_ ? pace_->blocks_due(out.begun(), now() - start_, most) : most;
}

void SendWorker::send_turn(Outgoing& out) {
  for (int calls = 0; calls < kSendsATurn && send_once(out); ++calls) {
  }
}

bool SendWorker::send_once(Outgoing& out) {
  const std::size_t blocks = blocks_due(out);
  const std::uint64_t claimed = budget_.claim(load_.block_bytes, blocks, out.cut);
  if (claimed == 0 && out.cut == 0) {
    const TimePoint again = blocks == 0 ? due(out) : now() + kAskAgain;
    // Another stream may yet give back what it claimed.
    budget_.reached() ? finish(out) : wait_until(out, again);
    return false;
  }
  const BlockWriter::Outcome written = writer_->write(*out.stream, out.cut, claimed);
  if (written.source == BlockWriter::Source::Flows && written.error == 0) {
    return after_send(out, claimed, written.bytes);
  }
  written.error == 0 ? on_source(out, claimed, written.source) : fail(out, claimed, written.error);
  return false;
}

void SendWorker::fail(Outgoing& out, std::uint64_t claimed, int error) {
  (void)budget_.settle(claimed, 0);
  finish(out);
  const bool too_long = load_.gso && (error == EINVAL || error == EMSGSIZE);
  Error failure{
      Errc::System,
      fmt::format(
          "sending on stream {}{}", out.stream->number,
          too_long ? ": with --gsro a datagram (-l) must fit into one packet of the device" : ""),
      error};
  const bool is_reset = (error == ECONNRESET || error == EPIPE) && !load_.is_file;
  is_reset ? news_.stream_reset(std::move(failure)) : news_.stream_failed(std::move(failure));
}

bool SendWorker::after_send(Outgoing& out, std::uint64_t claimed, std::size_t sent) {
  const bool all = sent == out.cut + claimed;
  out.cut = sent < out.cut
                ? out.cut - sent
                : (load_.block_bytes - (sent - out.cut) % load_.block_bytes) % load_.block_bytes;
  const std::uint64_t total = out.stream->bytes.load(std::memory_order_relaxed) + sent;
  out.stream->bytes.store(total, std::memory_order_relaxed);
  if (budget_.settle(claimed, sent)) news_.goal_reached();
  // What was cut goes on as soon as there is room; the next block only when it is due, too.
  const bool rests = pace_ && out.cut == 0 && due(out) > now();
  if (rests) {
    wait_until(out, due(out));
  } else if (!pace_ || !all) {
    watch(out);
  }
  return all && !rests;
}

}  // namespace rolecall::perf
