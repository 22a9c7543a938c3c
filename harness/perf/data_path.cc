// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/data_path.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/datagram_worker.h"
#include "harness/perf/receive_worker.h"
#include "harness/perf/send_worker.h"

namespace rolecall::perf {
namespace {

// TCP that is not paced has a worker a stream, whose calls block, and the kernel may run both ends
// of one on one core, where its bytes are still in the cache: with two cores and --unbatched half
// as much again as by eight workers at -P 64, twice as much at -P 24. Only roleperf has more than
// kMostAlone.
constexpr std::size_t kMostAlone = 128;
constexpr std::size_t kMostSharing = 8;

// Of UDP a sender never waits for its receiver: what it has of the cores, a receiver on the same
// machine lacks. With two senders on two cores a quarter arrived of what one gets through.
std::size_t most_workers(std::size_t streams, const Load& load, bool shares_cores) {
  const std::size_t cores = std::max(std::thread::hardware_concurrency(), 2U);
  if (load.is_udp && shares_cores) return cores / 2;
  if (load.is_udp || load.bits_per_second != 0) return std::max(cores, kMostSharing);
  return streams <= kMostAlone ? kMostAlone : cores;
}

bool is_from_here(const Stream& stream) {
  const auto own = local_address(stream.socket);
  const auto peer = peer_address(stream.socket);
  return own && peer && own.value().host() == peer.value().host();
}

using MakeWorker = Result<std::unique_ptr<Worker>> (*)(const std::vector<Stream*>&, const Load&,
                                                       Budget&, DataPathNews&);

// Deals the streams out like cards.
Result<void> hire(std::vector<std::unique_ptr<Worker>>& workers,
                  const std::vector<Stream*>& streams, const Load& load, Budget& budget,
                  DataPathNews& news, MakeWorker make) {
  const bool shares_cores = load.is_udp && !streams.empty() && is_from_here(*streams.front());
  std::vector<std::vector<Stream*>> hands(
      std::min(streams.size(), most_workers(streams.size(), load, shares_cores)));
  for (std::size_t i = 0; i < streams.size(); ++i) hands[i % hands.size()].push_back(streams[i]);
  for (const std::vector<Stream*>& hand : hands) {
    TRY(auto worker, make(hand, load, budget, news));
    workers.push_back(std::move(worker));
  }
  return ok();
}

}  // namespace

void DataPathNews::ring() {
  ::eventfd_write(event_.get(), 1);
}

void DataPathNews::stream_failed(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(error);
  }
  ring();
}

// The figures of the others are still wanted.
void DataPathNews::stream_reset(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (--left_ > 0) return;
  }
  stream_failed(std::move(error));
}

void DataPathNews::source_ended() {
  source_ended_.store(true, std::memory_order_relaxed);
  ring();
}

void DataPathNews::payload_came(Stream& stream) {
  {
    const std::lock_guard lock(mutex_);
    payload_.push_back(&stream);
  }
  ring();
}

std::vector<Stream*> DataPathNews::take_payload() {
  const std::lock_guard lock(mutex_);
  return std::exchange(payload_, {});
}

void DataPathNews::take() {
  eventfd_t count = 0;
  ::eventfd_read(event_.get(), &count);
}

std::optional<Error> DataPathNews::failure() {
  const std::lock_guard lock(mutex_);
  return failure_;
}

DataPath::DataPath(std::vector<Stream*> streams, const Load& load, Fd event)
    : streams_(std::move(streams)),
      load_(load),
      sent_(load.goal_bytes),
      received_(load.goal_bytes),
      news_(std::move(event), streams_.size()) {}

DataPath::~DataPath() {
  stop_sending();
  for (const auto& worker : receivers_) worker->stop();
}

Result<std::unique_ptr<DataPath>> DataPath::create(const std::vector<Stream*>& streams,
                                                   const Load& load) {
  Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.is_open()) return system_error("eventfd()");
  std::unique_ptr<DataPath> path(new DataPath(streams, load, std::move(event)));
  std::vector<Stream*> sending;
  std::vector<Stream*> receiving;
  for (Stream* s : streams) (s->sends() ? sending : receiving).push_back(s);
  TRY(hire(path->senders_, sending, load, path->sent_, path->news_, SendWorker::create));
  TRY(hire(path->receivers_, receiving, load, path->received_, path->news_,
           load.is_udp ? DatagramWorker::create : ReceiveWorker::create));
  return path;
}

Result<void> DataPath::start(TimePoint now) {
  for (const auto& worker : receivers_) {
    TRY(worker->start(now));
  }
  for (const auto& worker : senders_) {
    TRY(worker->start(now));
  }
  return ok();
}

Result<void> DataPath::send_on(const std::vector<Stream*>& streams, TimePoint now) {
  const std::size_t hired = senders_.size();
  TRY(hire(senders_, streams, load_, sent_, news_, SendWorker::create));
  for (std::size_t i = hired; i < senders_.size(); ++i) {
    TRY(senders_[i]->start(now));
  }
  return ok();
}

void DataPath::begin_measuring() {
  measures_ = true;
  sent_.begin();
  received_.begin();
}

void DataPath::stop_sending() {
  for (const auto& worker : senders_) worker->stop();
}

void DataPath::stop_receiving() {
  const Deadline file_limit = Deadline::after(kPipePatience);
  for (const auto& worker : receivers_) worker->tell_to_stop();  // so that all wait together
  for (const auto& worker : receivers_) worker->stop();
  if (load_.is_udp) return;  // its workers have seen to it
  for (Stream* stream : streams_) {
    if (stream->sends()) continue;
    if (auto received = receive_what_is_there(*stream, file_limit); !received) {
      news_.stream_failed(std::move(received).error());
    }
  }
}

}  // namespace rolecall::perf
