// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/receive_worker.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "harness/net/socket.h"

namespace rolecall::perf {
namespace {

// Measured: from half a megabyte on, a larger buffer gains nothing; see `ci/bench.sh`.
constexpr std::size_t kScratchBytes = std::size_t{512} << 10;

void count(Stream& stream, std::size_t bytes) {
  stream.bytes.store(stream.bytes.load(std::memory_order_relaxed) + bytes,
                     std::memory_order_relaxed);
}

}  // namespace

Result<std::unique_ptr<Worker>> ReceiveWorker::create(std::vector<Stream*> streams,
                                                      const Load& load, Budget& budget,
                                                      DataPathNews& news) {
  TRY(auto parts, make_worker_parts());
  return std::unique_ptr<Worker>(
      new ReceiveWorker(std::move(parts), std::move(streams), load, budget, news));
}

ReceiveWorker::ReceiveWorker(WorkerParts parts, std::vector<Stream*> streams, const Load& load,
                             Budget& budget, DataPathNews& news)
    : Worker(std::move(parts.reactor), std::move(parts.wake)),
      budget_(budget),
      news_(news),
      streams_(std::move(streams)),
      scratch_(std::max(load.block_bytes, kScratchBytes)) {}

void ReceiveWorker::begin(TimePoint) {
  for (Stream* stream : streams_) {
    CHECK(reactor()
              .watch(stream->socket, EPOLLIN, [this, stream](std::uint32_t) { receive_turn(*stream); })
              .has_value());
  }
}

void ReceiveWorker::receive_turn(Stream& stream) {
  const auto outcome = read_some(stream.socket, scratch_);
  // A peer that closes or resets a stream says why on the control connection.
  if (!outcome || outcome.value().closed) return reactor().unwatch(stream.socket);
  count(stream, outcome.value().bytes);
  if (budget_.spend(outcome.value().bytes)) news_.goal_reached();
}

void receive_what_is_there(Stream& stream) {
  int waiting = 0;
  if (::ioctl(stream.socket.get(), FIONREAD, &waiting) != 0 || waiting <= 0) return;
  Bytes scratch(std::min<std::size_t>(static_cast<std::size_t>(waiting), kScratchBytes));
  for (auto left = static_cast<std::size_t>(waiting); left > 0;) {
    const auto outcome = read_some(stream.socket, std::span(scratch).first(std::min(left, scratch.size())));
    if (!outcome || outcome.value().bytes == 0) return;
    count(stream, outcome.value().bytes);
    left -= outcome.value().bytes;
  }
}

}  // namespace rolecall::perf
