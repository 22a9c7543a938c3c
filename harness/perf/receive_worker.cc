// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/receive_worker.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "harness/base/deadline.h"
#include "harness/base/earlier.h"
#include "harness/net/socket.h"
#include "harness/net/transport.h"

namespace rolecall::perf {
namespace {

// Measured with ci/bench.sh: on a fast stream 2 MiB a call beat 512 KiB by half, 128 KiB by twice.
constexpr std::size_t kBytesACall = std::size_t{2} << 20;
// What nobody looks at goes into one place over and over, small enough to stay in the cache.
constexpr std::size_t kPlaceBytes = std::size_t{128} << 10;

// Portions pay from about 1 Gbit/s on, where the largest is 16 ms of data; below half they end.
constexpr Duration kPaceWindow = milliseconds(10);
constexpr std::uint64_t kFastBytesPerSecond = 125'000'000;
// So long a stream that became slow may keep its last bytes uncounted.
constexpr Duration kLongestPortion = milliseconds(50);
// Less than this of the receive buffer is left for a portion, or the window would close over it.
constexpr int kBufferPart = 4;
// A call that filled its place is followed by the next at once, so often at most: others have their
// turn, and it is seen that the test is over.
constexpr int kReceivesATurn = 16;

void count(Stream& stream, std::size_t bytes) {
  stream.bytes.store(stream.bytes.load(std::memory_order_relaxed) + bytes,
                     std::memory_order_relaxed);
}

}  // namespace

Result<std::unique_ptr<Worker>> ReceiveWorker::create(const std::vector<Stream*>& streams,
                                                      const Load& load, Budget& budget,
                                                      DataPathNews& news) {
  TRY(auto parts, make_worker_parts());
  return std::unique_ptr<Worker>(new ReceiveWorker(std::move(parts), streams, load, budget, news));
}

ReceiveWorker::ReceiveWorker(WorkerParts parts, const std::vector<Stream*>& streams,
                             const Load& load, Budget& budget, DataPathNews& news)
    : Worker(std::move(parts.reactor), std::move(parts.wake)),
      skips_copy_(load.skips_copy),
      budget_(budget),
      news_(news),
      call_bytes_(load.is_unbatched ? load.block_bytes : std::max(load.block_bytes, kBytesACall)),
      scratch_(load.is_file ? call_bytes_ : std::min(call_bytes_, kPlaceBytes)) {
  for (std::size_t left = call_bytes_; left > 0; left -= parts_.back().iov_len)
    parts_.push_back({scratch_.bytes().data(), std::min(left, scratch_.size())});
  for (Stream* stream : streams) in_.push_back({.stream = stream});
}

void ReceiveWorker::begin(TimePoint start) {
  for (Incoming& in : in_) {
    in.window_start = start;
    if (block_if_alone(in)) return;
    auto watched = reactor().watch(in.stream->socket, EPOLLIN,
                                   [this, &in](std::uint32_t) { receive_turn(in); });
    if (!watched) news_.stream_failed(std::move(watched).error());
  }
}

// A file may be a pipe that nobody empties, which is waited for elsewhere.
bool ReceiveWorker::block_if_alone(Incoming& in) {
  const bool is_claimed =
      in.stream->claim == Stream::Claim::None || in.stream->claim == Stream::Claim::Receives;
  if (in_.size() == 1 && is_claimed && !in.stream->file) block_on(in.stream->socket);
  return blocks();
}

void ReceiveWorker::turn() {
  if (!blocks()) return Worker::turn();
  receive_turn(in_.front());
}

std::optional<TimePoint> ReceiveWorker::before_wait() {
  std::optional<TimePoint> next;
  const TimePoint time = now();
  for (Incoming& in : in_) {
    if (in.portion == 1) continue;
    const TimePoint limit = in.window_start + kLongestPortion;
    if (time >= limit) judge_pace(in, time);
    if (in.portion > 1) next = earlier(next, limit);
  }
  return next;
}

bool ReceiveWorker::claim(Incoming& in) {
  char first;
  const ssize_t n = ::recv(in.stream->socket.get(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n > 0) news_.payload_came(*in.stream);
  const bool claimed = n > 0 && (in.stream->claim_for(Stream::Claim::Receives) ||
                                 in.stream->claim == Stream::Claim::Receives);
  if (!claimed) reactor().unwatch(in.stream->socket);
  return claimed;
}

void ReceiveWorker::receive_turn(Incoming& in) {
  for (int calls = 0; calls < kReceivesATurn && receive_once(in); ++calls) {
  }
}

bool ReceiveWorker::receive_once(Incoming& in) {
  const Stream::Claim use = in.stream->claim.load(std::memory_order_relaxed);
  if ((use == Stream::Claim::Open || use == Stream::Claim::Sends) && !claim(in)) return false;
  const bool to_file = in.stream->file.has_value();
  const auto outcome = skips_copy_ && !to_file ? skip_some(in.stream->socket, call_bytes_)
                                               : read_parts(in.stream->socket, parts_);
  // A peer that closes or resets a stream says why on the control connection.
  if (!outcome || outcome.value().closed) {
    in.portion = 1;
    blocks() ? block_no_longer() : reactor().unwatch(in.stream->socket);
    return false;
  }
  const std::size_t bytes = outcome.value().bytes;
  if (to_file && !write_to_file(in, scratch_.bytes().first(bytes))) return false;
  count(*in.stream, bytes);
  if (budget_.spend(bytes)) news_.goal_reached();
  in.window_bytes += bytes;
  const TimePoint time = now();
  if (time >= in.window_start + kPaceWindow) judge_pace(in, time);
  return bytes == call_bytes_;
}

bool ReceiveWorker::write_to_file(Incoming& in, ByteView bytes) {
  auto written = write_whole(*in.stream->file, bytes, wake(), file_limit_);
  if (written) return true;
  reactor().unwatch(in.stream->socket);
  news_.stream_failed(std::move(written).error());
  return false;
}

void ReceiveWorker::judge_pace(Incoming& in, TimePoint now) {
  const double seconds = (now - in.window_start).in_seconds();
  const double pace = static_cast<double>(in.window_bytes) / seconds;
  in.window_start = now;
  in.window_bytes = 0;
  const bool is_fast = pace >= (in.portion > 1 ? kFastBytesPerSecond / 2.0 : kFastBytesPerSecond);
  read_in_portions_of(in, is_fast ? portion_for(*in.stream) : 1);
}

// The receive buffer grows while the kernel tunes it, and what may wait in it grows along.
int ReceiveWorker::portion_for(const Stream& stream) const {
  const auto buffer = get_option(stream.socket, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF");
  if (!buffer) return 1;
  return std::min(static_cast<int>(call_bytes_), buffer.value() / kBufferPart);
}

void ReceiveWorker::read_in_portions_of(Incoming& in, int bytes) {
  if (bytes == in.portion) return;
  if (!set_option(in.stream->socket, SOL_SOCKET, SO_RCVLOWAT, bytes, "SO_RCVLOWAT")) return;
  in.portion = bytes;
  if (!blocks()) return;
  const timeval limit{0, bytes > 1 ? kLongestPortion.in_ms() * 1000 : 0};
  ::setsockopt(in.stream->socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

namespace {

// SCTP tells of one message only: there, what the buffer holds at most.
int bytes_waiting(const Fd& socket) {
  const auto transport = transport_of(socket);
  if (transport && transport.value() == Transport::Sctp) {
    const auto buffer = get_option(socket, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF");
    return buffer ? buffer.value() : 0;
  }
  int waiting = 0;
  return ::ioctl(socket.get(), FIONREAD, &waiting) == 0 ? waiting : 0;
}

}  // namespace

Result<void> receive_what_is_there(Stream& stream, Deadline file_limit) {
  const int waiting = bytes_waiting(stream.socket);
  if (waiting <= 0) return ok();
  const Scratch scratch(std::min<std::size_t>(static_cast<std::size_t>(waiting), kBytesACall));
  for (auto left = static_cast<std::size_t>(waiting); left > 0;) {
    const auto outcome =
        read_some(stream.socket, scratch.bytes().first(std::min(left, scratch.size())));
    if (!outcome || outcome.value().bytes == 0) return ok();
    if (stream.file) {
      std::optional<Deadline> limit = file_limit;
      TRY(write_whole(*stream.file, scratch.bytes().first(outcome.value().bytes), Fd(), limit));
    }
    count(stream, outcome.value().bytes);
    left -= outcome.value().bytes;
  }
  return ok();
}

}  // namespace rolecall::perf
