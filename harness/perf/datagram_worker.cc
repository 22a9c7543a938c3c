// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/datagram_worker.h"

#include <sys/epoll.h>

#include <algorithm>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"

namespace rolecall::perf {
namespace {

constexpr std::size_t kMostDatagramsACall = 64;
constexpr std::size_t kBatchBytes = std::size_t{1} << 18;

std::size_t datagrams_a_call(std::size_t bytes) {
  return std::clamp(kBatchBytes / bytes, std::size_t{1}, kMostDatagramsACall);
}

}  // namespace

Result<std::unique_ptr<Worker>> DatagramWorker::create(const std::vector<Stream*>& streams,
                                                       const Load& load, Budget& budget,
                                                       DataPathNews& news) {
  TRY(auto parts, make_worker_parts());
  return std::unique_ptr<Worker>(new DatagramWorker(std::move(parts), streams, load, budget, news));
}

DatagramWorker::DatagramWorker(WorkerParts parts, const std::vector<Stream*>& streams,
                               const Load& load, Budget& budget, DataPathNews& news)
    : Worker(std::move(parts.reactor), std::move(parts.wake)),
      counter_(load.counter),
      block_bytes_(load.block_bytes),
      budget_(budget),
      news_(news),
      scratch_(load.block_bytes * datagrams_a_call(load.block_bytes)),
      places_(datagrams_a_call(load.block_bytes)),
      messages_(places_.size()) {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    places_[i] = iovec{&scratch_[i * block_bytes_], block_bytes_};
    messages_[i].msg_hdr.msg_iov = &places_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
  for (Stream* stream : streams) in_.push_back({stream, session::DatagramAccount(counter_)});
}

void DatagramWorker::begin(TimePoint) {
  for (Incoming& in : in_) {
    CHECK(reactor()
              .watch(in.stream->socket, EPOLLIN, [this, &in](std::uint32_t) { receive_turn(in); })
              .has_value());
  }
}

// A sender may go on meanwhile: no more is taken than its receive buffer can hold.
void DatagramWorker::end() {
  for (Incoming& in : in_) {
    const auto buffer = get_option(in.stream->socket, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF");
    for (std::size_t taken = 0; buffer && taken < static_cast<std::size_t>(buffer.value());) {
      const std::size_t came = receive_turn(in);
      if (came == 0) break;
      taken += came;
    }
  }
}

std::size_t DatagramWorker::receive_turn(Incoming& in) {
  const int count = ::recvmmsg(in.stream->socket.get(), messages_.data(),
                               static_cast<unsigned>(messages_.size()), MSG_DONTWAIT, nullptr);
  const TimePoint arrived = now();
  if (in.stream->datagrams.restarts_jitter.exchange(false, std::memory_order_relaxed)) {
    in.account.restart_jitter();
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
    bytes += messages_[i].msg_len;
    take(in, ByteView(&scratch_[i * block_bytes_], messages_[i].msg_len), arrived);
  }
  if (count > 0) publish(in);
  return bytes;
}

// A copy of a connect datagram that came late is no data, nor is what has no header.
void DatagramWorker::take(Incoming& in, ByteView datagram, TimePoint arrived) {
  const auto header = wire::decode_datagram_header(datagram, counter_);
  if (!header || wire::is_connect(datagram)) return;
  in.account.take(*header, arrived);
  auto& total = in.stream->bytes;
  total.store(total.load(std::memory_order_relaxed) + datagram.size(), std::memory_order_relaxed);
  if (budget_.spend(datagram.size())) news_.goal_reached();
}

void DatagramWorker::publish(const Incoming& in) {
  Stream::Datagrams& to = in.stream->datagrams;
  to.packets.store(in.account.packets(), std::memory_order_relaxed);
  to.lost.store(in.account.lost(), std::memory_order_relaxed);
  to.out_of_order.store(in.account.out_of_order(), std::memory_order_relaxed);
  to.jitter_s.store(in.account.jitter_s(), std::memory_order_relaxed);
}

}  // namespace rolecall::perf
