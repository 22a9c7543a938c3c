// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/datagram_worker.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cstring>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"

namespace rolecall::perf {
namespace {

constexpr std::size_t kMostMessagesACall = 64;
constexpr std::size_t kBatchBytes = std::size_t{1} << 18;
// Calls that find something follow one another, so often at most: others have their turn, and it is
// seen that the test is over.
constexpr int kCallsATurn = 64;
// The next datagram may be a microsecond away: one that sleeps has to be woken, by the sender,
// which costs both ends more than to look again. Without it a quarter of what came was missing.
constexpr int kLooks = 8;

// What is needed of a datagram: its header, or what tells a connect datagram from data.
constexpr std::size_t kHeadBytes = 16;
// As long as a merged message can be.
constexpr std::size_t kMergedBytes = 65535;

std::size_t place_bytes(const Load& load) {
  if (load.gro) return kMergedBytes;
  return load.skips_copy ? kHeadBytes : load.block_bytes;
}

std::size_t messages_a_call(const Load& load) {
  if (load.is_unbatched) return 1;
  return std::clamp(kBatchBytes / place_bytes(load), std::size_t{1}, kMostMessagesACall);
}

// Of a message that the kernel merged; else 0.
std::size_t datagram_bytes(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO) continue;
    int bytes = 0;
    std::memcpy(&bytes, CMSG_DATA(c), sizeof bytes);
    return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }
  return 0;
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
      gathers_(load.gro),
      place_bytes_(place_bytes(load)),
      flags_(load.skips_copy ? MSG_TRUNC : 0),
      budget_(budget),
      news_(news),
      scratch_(place_bytes_ * messages_a_call(load)),
      places_(messages_a_call(load)),
      controls_(gathers_ ? places_.size() : 0),
      messages_(places_.size()) {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    places_[i] = iovec{scratch_.bytes().subspan(i * place_bytes_).data(), place_bytes_};
    messages_[i].msg_hdr.msg_iov = &places_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    if (gathers_) messages_[i].msg_hdr.msg_control = controls_[i].bytes.data();
  }
  for (Stream* stream : streams) in_.push_back({stream, session::DatagramAccount(counter_)});
}

// A kernel before 5.0 merges nothing, and nothing is lost by that.
void DatagramWorker::begin(TimePoint) {
  for (Incoming& in : in_) {
    if (gathers_) (void)set_option(in.stream->socket, IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO");
    if (in_.size() == 1) return block_on(in.stream->socket);
    auto watched = reactor().watch(in.stream->socket, EPOLLIN,
                                   [this, &in](std::uint32_t) { receive_turn(in); });
    if (!watched) news_.stream_failed(std::move(watched).error());
  }
}

void DatagramWorker::turn() {
  if (!blocks()) return Worker::turn();
  receive_turn(in_.front());
  (void)receive_once(in_.front(), 0);
}

// A sender may go on meanwhile: no more is taken than its receive buffer can hold.
void DatagramWorker::end() {
  for (Incoming& in : in_) {
    const auto buffer = get_option(in.stream->socket, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF");
    for (std::size_t taken = 0; buffer && taken < static_cast<std::size_t>(buffer.value());) {
      const std::size_t came = receive_once(in, MSG_DONTWAIT);
      if (came == 0) break;
      taken += came;
    }
  }
}

void DatagramWorker::receive_turn(Incoming& in) {
  int in_vain = 0;
  for (int calls = 0; calls < kCallsATurn && in_vain < kLooks; ++calls) {
    in_vain = receive_once(in, MSG_DONTWAIT) > 0 ? 0 : in_vain + 1;
  }
}

std::size_t DatagramWorker::receive_once(Incoming& in, int wait) {
  const int count = receive_messages(in.stream->socket, flags_ | wait);
  if (count <= 0) return 0;
  const TimePoint arrived = now();
  if (in.stream->datagrams.restarts_jitter.exchange(false, std::memory_order_relaxed)) {
    in.account.restart_jitter();
  }
  std::size_t came = 0;
  std::size_t counted = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    came += messages_[i].msg_len;
    counted += take_message(in, i, arrived);
  }
  publish(in, counted);
  return came;
}

// How many came, each into its place; less than 1 for none.
int DatagramWorker::receive_messages(const Fd& socket, int flags) {
  if (messages_.size() == 1 && !gathers_) {
    const ssize_t bytes = ::recv(socket.get(), scratch_.bytes().data(), scratch_.size(), flags);
    messages_[0].msg_len = static_cast<unsigned>(std::max<ssize_t>(bytes, 0));
    return bytes < 0 ? -1 : 1;
  }
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    messages_[i].msg_hdr.msg_controllen = controls_[i].bytes.size();
  }
  return ::recvmmsg(socket.get(), messages_.data(), static_cast<unsigned>(messages_.size()),
                    flags | MSG_WAITFORONE, nullptr);
}

std::size_t DatagramWorker::take_message(Incoming& in, std::size_t index, TimePoint arrived) {
  const std::size_t bytes = messages_[index].msg_len;
  const ByteView place =
      scratch_.bytes().subspan(index * place_bytes_, std::min(bytes, place_bytes_));
  const std::size_t step = gathers_ ? datagram_bytes(messages_[index].msg_hdr) : 0;
  if (step == 0) return take(in, place, bytes, arrived);
  std::size_t counted = 0;
  for (std::size_t at = 0; at < place.size(); at += step) {
    const ByteView datagram = place.subspan(at, std::min(step, place.size() - at));
    counted += take(in, datagram, datagram.size(), arrived);
  }
  return counted;
}

// A copy of a connect datagram that came late is no data, nor is what has no header.
std::size_t DatagramWorker::take(Incoming& in, ByteView head, std::size_t bytes,
                                 TimePoint arrived) const {
  const auto header = wire::decode_datagram_header(head, counter_);
  if (!header || wire::is_connect(head)) return 0;
  in.account.take(*header, arrived);
  return bytes;
}

void DatagramWorker::publish(const Incoming& in, std::size_t bytes) {
  auto& total = in.stream->bytes;
  total.store(total.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  Stream::Datagrams& to = in.stream->datagrams;
  to.packets.store(in.account.packets(), std::memory_order_relaxed);
  to.lost.store(in.account.lost(), std::memory_order_relaxed);
  to.out_of_order.store(in.account.out_of_order(), std::memory_order_relaxed);
  to.jitter_s.store(in.account.jitter_s(), std::memory_order_relaxed);
  if (budget_.spend(bytes)) news_.goal_reached();  // at which all figures are read
}

}  // namespace rolecall::perf
