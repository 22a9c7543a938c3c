// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/block_writer.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>

#include "harness/base/check.h"
#include "harness/base/deadline.h"
#include "harness/perf/disk_file_writer.h"
#include "harness/perf/segment_writer.h"

namespace rolecall::perf {
namespace {

// What one sendmsg() offers at most. Measured with ci/bench.sh: a quarter of it loses a third,
// twice of it gains nothing.
constexpr std::size_t kBytesACall = std::size_t{1} << 20;
constexpr std::size_t kMostBlocksACall = 64;

Bytes make_block(const Load& load) {
  const std::size_t bytes = load.block_bytes;
  Bytes block(bytes);
  if (load.is_repeating) {
    for (std::size_t at = 0; at < bytes; ++at) block[at] = static_cast<std::byte>('0' + at % 10);
    return block;
  }
  // Only to be what nothing on the way compresses: the kernel's own random bytes take four times as
  // long, a tenth of a short test.
  std::uint64_t seed = 0;
  (void)::getrandom(&seed, sizeof seed, 0);  // so few it gives whole
  std::mt19937_64 random{seed};
  for (std::size_t at = 0; at < bytes; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    std::memcpy(&block[at], &word, std::min(sizeof word, bytes - at));
  }
  return block;
}

bool is_full(int error) {
  return error == EAGAIN || error == EINTR;
}

std::size_t blocks_a_call(const Load& load) {
  if (load.is_unbatched) return 1;
  return std::clamp(kBytesACall / load.block_bytes, std::size_t{1}, kMostBlocksACall);
}

class TcpWriter final : public BlockWriter {
 public:
  explicit TcpWriter(const Load& load)
      : block_(make_block(load)), most_blocks_(blocks_a_call(load)) {
    blocks_.assign(1 + most_blocks_, iovec{block_.data(), block_.size()});
  }

  std::size_t most_blocks() const override { return most_blocks_; }

  // A block that was cut short goes on where it stopped; whole ones follow.
  Outcome write(Stream& stream, std::size_t cut, std::size_t claimed) override {
    blocks_[0] = iovec{block_.data() + (block_.size() - cut), cut};
    msghdr message{};
    message.msg_iov = blocks_.data() + (cut == 0 ? 1 : 0);
    message.msg_iovlen = claimed / block_.size() + (cut == 0 ? 0 : 1);
    const ssize_t n = ::sendmsg(stream.socket.get(), &message, MSG_NOSIGNAL);
    if (n >= 0) return {.bytes = static_cast<std::size_t>(n)};
    return {.error = is_full(errno) ? 0 : errno};
  }

 private:
  Bytes block_;
  std::size_t most_blocks_;
  std::vector<iovec> blocks_;  // the first for what was cut; all the others a whole block
};

// SCTP takes a message whole or not at all.
class MessageWriter final : public BlockWriter {
 public:
  explicit MessageWriter(const Load& load)
      : block_(make_block(load)),
        most_blocks_(blocks_a_call(load)),
        part_{block_.data(), block_.size()},
        messages_(most_blocks_) {
    for (mmsghdr& message : messages_) {
      message.msg_hdr.msg_iov = &part_;
      message.msg_hdr.msg_iovlen = 1;
    }
  }

  std::size_t most_blocks() const override { return most_blocks_; }

  Outcome write(Stream& stream, std::size_t cut, std::size_t claimed) override {
    CHECK(cut == 0);
    const auto count = static_cast<unsigned>(claimed / block_.size());
    const int sent = ::sendmmsg(stream.socket.get(), messages_.data(), count, MSG_NOSIGNAL);
    if (sent >= 0) return {.bytes = static_cast<std::size_t>(sent) * block_.size()};
    return {.error = is_full(errno) ? 0 : errno};
  }

 private:
  Bytes block_;
  std::size_t most_blocks_;
  iovec part_;
  std::vector<mmsghdr> messages_;
};

// -Z: blocks of a file in memory, whose pages the kernel sends as they are. Of the ways to do that,
// measured with bare_loop over loopback, splice() and MSG_ZEROCOPY cost more.
class FileWriter final : public BlockWriter {
 public:
  static Result<std::unique_ptr<BlockWriter>> create(const Load& load) {
    Fd file(::memfd_create("payload", MFD_CLOEXEC));
    if (!file.is_open()) return system_error("memfd_create()");
    const Bytes block = make_block(load);
    const std::size_t blocks = 1 + blocks_a_call(load);
    for (std::size_t i = 0; i < blocks; ++i) {
      const ssize_t n = ::write(file.get(), block.data(), block.size());
      if (n != static_cast<ssize_t>(block.size())) return system_error("write(payload)");
    }
    return std::unique_ptr<BlockWriter>(new FileWriter(std::move(file), block.size(), blocks));
  }

  std::size_t most_blocks() const override { return blocks_ - 1; }

  Outcome write(Stream& stream, std::size_t cut, std::size_t claimed) override {
    off_t from = cut == 0 ? 0 : static_cast<off_t>(block_bytes_ - cut);
    const ssize_t n = ::sendfile(stream.socket.get(), file_.get(), &from, cut + claimed);
    if (n >= 0) return {.bytes = static_cast<std::size_t>(n)};
    return {.error = is_full(errno) ? 0 : errno};
  }

 private:
  FileWriter(Fd file, std::size_t block_bytes, std::size_t blocks)
      : file_(std::move(file)), block_bytes_(block_bytes), blocks_(blocks) {}

  Fd file_;
  std::size_t block_bytes_;
  std::size_t blocks_;  // in the file
};

// One datagram a call, its header in the block.
class DatagramWriter final : public BlockWriter {
 public:
  explicit DatagramWriter(const Load& load) : counter_(load.counter), block_(make_block(load)) {}

  std::size_t most_blocks() const override { return 1; }

  // A datagram that the kernel did not take uses no number.
  Outcome write(Stream& stream, std::size_t cut, std::size_t) override {
    CHECK(cut == 0);
    auto& packets = stream.datagrams.packets;
    const std::uint64_t number = packets.load(std::memory_order_relaxed) + 1;
    wire::encode_datagram_header({now(), number}, counter_, block_);
    const ssize_t sent = ::send(stream.socket.get(), block_.data(), block_.size(), MSG_NOSIGNAL);
    if (sent < 0) return {.error = is_passing_datagram_error(errno) ? 0 : errno};
    packets.store(number, std::memory_order_relaxed);
    return {.bytes = block_.size()};
  }

 private:
  wire::Counter counter_;
  Bytes block_;
};

class UdpWriter final : public BlockWriter {
 public:
  explicit UdpWriter(const Load& load)
      : counter_(load.counter),
        block_(make_block(load)),
        headers_(kMostBlocksACall),
        parts_(kMostBlocksACall),
        messages_(kMostBlocksACall) {
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
    const TimePoint time = now();
    for (std::size_t i = 0; i < count; ++i) {
      wire::encode_datagram_header({time, before + 1 + i}, counter_, headers_[i]);
    }
    const int sent = ::sendmmsg(stream.socket.get(), messages_.data(), static_cast<unsigned>(count),
                                MSG_NOSIGNAL);
    if (sent < 0) return {.error = is_passing_datagram_error(errno) ? 0 : errno};
    packets.store(before + static_cast<std::uint64_t>(sent), std::memory_order_relaxed);
    return {.bytes = static_cast<std::size_t>(sent) * block_.size()};
  }

 private:
  wire::Counter counter_;
  Bytes block_;
  // Of the n-th datagram in a call.
  std::vector<std::array<std::byte, 16>> headers_;
  std::vector<std::array<iovec, 2>> parts_;
  std::vector<mmsghdr> messages_;
};

}  // namespace

bool is_passing_datagram_error(int error) {
  return is_full(error) || error == ENOBUFS || error == ECONNREFUSED;
}

Result<std::unique_ptr<BlockWriter>> make_block_writer(const Load& load) {
  if (load.is_udp && load.gso) return make_segment_writer(load, make_block(load));
  if (load.is_udp && load.is_unbatched) return std::make_unique<DatagramWriter>(load);
  if (load.is_udp) return std::make_unique<UdpWriter>(load);
  if (load.is_file) return make_disk_file_writer(load);
  if (load.keeps_blocks) return std::make_unique<MessageWriter>(load);
  if (load.is_zerocopy) return FileWriter::create(load);
  return std::make_unique<TcpWriter>(load);
}

}  // namespace rolecall::perf
