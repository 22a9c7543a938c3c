// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/block_writer.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "harness/base/check.h"
#include "harness/base/deadline.h"

namespace rolecall::perf {
namespace {

// What one sendmsg() offers at most. Measured with ci/bench.sh: a quarter of it loses a third,
// twice of it gains nothing.
constexpr std::size_t kBytesACall = std::size_t{1} << 20;
constexpr std::size_t kMostBlocksACall = 64;

// A burst of a paced stream goes out in one call (-b RATE/BURST, 1000 at most: below IOV_MAX).
std::size_t capacity(const Load& load) {
  return std::max(kMostBlocksACall, static_cast<std::size_t>(std::max(load.burst_blocks, 0)));
}

Bytes make_block(const Load& load) {
  const std::size_t bytes = load.block_bytes;
  Bytes block(bytes);
  if (load.is_repeating) {
    for (std::size_t at = 0; at < bytes; ++at) block[at] = static_cast<std::byte>('0' + at % 10);
    return block;
  }
  for (std::size_t at = 0; at < bytes; at += 256) {  // getrandom() gives 256 whole
    (void)::getrandom(&block[at], std::min<std::size_t>(256, bytes - at), 0);
  }
  return block;
}

bool is_full(int error) {
  return error == EAGAIN || error == EINTR;
}

class TcpWriter final : public BlockWriter {
 public:
  explicit TcpWriter(const Load& load) : block_(make_block(load)) {
    blocks_.assign(1 + capacity(load), iovec{block_.data(), block_.size()});
  }

  std::size_t most_blocks() const override {
    return std::clamp(kBytesACall / block_.size(), std::size_t{1}, kMostBlocksACall);
  }

  // A block that was cut short goes on where it stopped; whole ones follow.
  Outcome write(Stream& stream, std::size_t cut, std::size_t claimed) override {
    blocks_[0] = iovec{block_.data() + (block_.size() - cut), cut};
    msghdr message{};
    message.msg_iov = blocks_.data() + (cut == 0 ? 1 : 0);
    message.msg_iovlen = claimed / block_.size() + (cut == 0 ? 0 : 1);
    const ssize_t n = ::sendmsg(stream.socket.get(), &message, MSG_NOSIGNAL);
    if (n >= 0) return {static_cast<std::size_t>(n), 0};
    return {0, is_full(errno) ? 0 : errno};
  }

 private:
  Bytes block_;
  std::vector<iovec> blocks_;  // the first for what was cut; all the others a whole block
};

class UdpWriter final : public BlockWriter {
 public:
  explicit UdpWriter(const Load& load)
      : counter_(load.counter),
        block_(make_block(load)),
        headers_(capacity(load)),
        parts_(capacity(load)),
        messages_(capacity(load)) {
    const std::size_t header = wire::datagram_header_size(counter_);
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      parts_[i] = {iovec{headers_[i].data(), header},
                   iovec{block_.data() + header, block_.size() - header}};
      messages_[i].msg_hdr.msg_iov = parts_[i].data();
      messages_[i].msg_hdr.msg_iovlen = parts_[i].size();
    }
  }

  std::size_t most_blocks() const override { return kMostBlocksACall; }

  // A datagram that the kernel did not take uses no number.
  Outcome write(Stream& stream, std::size_t cut, std::size_t claimed) override {
    CHECK(cut == 0);
    auto& packets = stream.datagrams.packets;
    const std::uint64_t before = packets.load(std::memory_order_relaxed);
    const std::size_t count = claimed / block_.size();
    for (std::size_t i = 0; i < count; ++i) {
      wire::encode_datagram_header({now(), before + 1 + i}, counter_, headers_[i]);
    }
    const int sent = ::sendmmsg(stream.socket.get(), messages_.data(), static_cast<unsigned>(count),
                                MSG_NOSIGNAL);
    if (sent < 0) return {0, is_passing(errno) ? 0 : errno};
    packets.store(before + static_cast<std::uint64_t>(sent), std::memory_order_relaxed);
    return {static_cast<std::size_t>(sent) * block_.size(), 0};
  }

 private:
  // A full queue of the device, and an ICMP message about an earlier datagram: the peer may be
  // closing its sockets. What it is doing, the control connection tells.
  static bool is_passing(int error) {
    return is_full(error) || error == ENOBUFS || error == ECONNREFUSED;
  }

  wire::Counter counter_;
  Bytes block_;
  // Of the n-th datagram in a call.
  std::vector<std::array<std::byte, 16>> headers_;
  std::vector<std::array<iovec, 2>> parts_;
  std::vector<mmsghdr> messages_;
};

}  // namespace

std::unique_ptr<BlockWriter> make_block_writer(const Load& load) {
  if (load.is_udp) return std::make_unique<UdpWriter>(load);
  return std::make_unique<TcpWriter>(load);
}

}  // namespace rolecall::perf
