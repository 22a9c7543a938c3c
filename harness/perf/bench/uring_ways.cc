// SPDX-License-Identifier: BSD-3-Clause
// io_uring, as its friends would use it here: several calls a submission.
#include <liburing.h>
#include <sys/socket.h>

#include <vector>

#include "harness/base/check.h"
#include "harness/perf/bench/ways.h"

namespace rolecall::bench {
namespace {

constexpr unsigned kCallsASubmission = 8;
constexpr unsigned kDatagramsASubmission = 64;
constexpr std::size_t kLarge = std::size_t{2} << 20;

class Ring {
 public:
  explicit Ring(unsigned entries) { CHECK(::io_uring_queue_init(entries, &ring_, 0) == 0); }
  ~Ring() { ::io_uring_queue_exit(&ring_); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  io_uring_sqe* next() { return ::io_uring_get_sqe(&ring_); }

  // Submits what was put in, waits for all of it; the sum of the results, or -1 once one failed.
  std::int64_t run(unsigned count) {
    if (::io_uring_submit_and_wait(&ring_, count) < 0) return -1;
    std::int64_t sum = 0;
    for (unsigned i = 0; i < count; ++i) {
      io_uring_cqe* done = nullptr;
      if (::io_uring_wait_cqe(&ring_, &done) < 0) return -1;
      const int result = done->res;
      ::io_uring_cqe_seen(&ring_, done);
      sum = sum < 0 || result <= 0 ? -1 : sum + result;
    }
    return sum;
  }

 private:
  io_uring ring_{};
};

// Linked, so that the blocks of a stream stay in order.
void send_linked(int socket, std::size_t bytes) {
  const std::vector<char> block(bytes, 'x');
  Ring ring(kCallsASubmission);
  do {
    for (unsigned i = 0; i < kCallsASubmission; ++i) {
      io_uring_sqe* call = ring.next();
      ::io_uring_prep_send(call, socket, block.data(), block.size(), MSG_NOSIGNAL | MSG_WAITALL);
      call->flags |= IOSQE_IO_LINK;
    }
  } while (ring.run(kCallsASubmission) > 0);
}

void receive_one(int socket, std::size_t, Counter& counter) {
  std::vector<char> block(kLarge);
  Ring ring(1);
  for (;;) {
    ::io_uring_prep_recv(ring.next(), socket, block.data(), block.size(), 0);
    const std::int64_t n = ring.run(1);
    if (n <= 0) return;
    counter.fetch_add(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  }
}

void send_datagrams(int socket, std::size_t bytes) {
  const std::vector<char> block(bytes, 'x');
  Ring ring(kDatagramsASubmission);
  do {
    for (unsigned i = 0; i < kDatagramsASubmission; ++i)
      ::io_uring_prep_send(ring.next(), socket, block.data(), block.size(), MSG_NOSIGNAL);
  } while (ring.run(kDatagramsASubmission) > 0);
}

void receive_datagrams(int socket, std::size_t bytes, Counter& counter) {
  std::vector<char> block(bytes);  // the same place for all: nobody reads it
  Ring ring(kDatagramsASubmission);
  for (;;) {
    for (unsigned i = 0; i < kDatagramsASubmission; ++i)
      ::io_uring_prep_recv(ring.next(), socket, block.data(), block.size(), 0);
    const std::int64_t n = ring.run(kDatagramsASubmission);
    if (n <= 0) return;
    counter.fetch_add(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  }
}

constexpr Way kWays[] = {
    {.name = "uring-send", .send = send_linked},
    {.name = "uring-recv", .receive = receive_one},
    {.name = "uring-send", .is_udp = true, .send = send_datagrams},
    {.name = "uring-recv", .is_udp = true, .receive = receive_datagrams},
};

}  // namespace

std::span<const Way> uring_ways() {
  return kWays;
}

}  // namespace rolecall::bench
