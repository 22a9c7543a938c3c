// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/segment_writer.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include "harness/base/check.h"
#include "harness/base/deadline.h"
#include "harness/wire/params.h"

namespace rolecall::perf {
namespace {

constexpr std::size_t kSegmentedBytesACall = std::size_t{1} << 18;
constexpr std::size_t kMostMessages = 16;

std::size_t segments_a_message(std::size_t datagram_bytes) {
  return std::clamp<std::size_t>(wire::kMostDatagram / datagram_bytes, 1, wire::kMostSegments);
}

class SegmentWriter final : public BlockWriter {
 public:
  SegmentWriter(const Load& load, const Bytes& block)
      : counter_(load.counter),
        datagram_bytes_(block.size()),
        segments_(segments_a_message(block.size())),
        messages_(std::clamp(kSegmentedBytesACall / (segments_ * block.size()), std::size_t{1},
                             kMostMessages)),
        parts_(messages_.size()) {
    for (std::size_t i = 0; i < segments_ * messages_.size(); ++i) {
      payload_.insert(payload_.end(), block.begin(), block.end());
    }
    ask_for_segments();
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      parts_[i].iov_base = &payload_[i * segments_ * datagram_bytes_];
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_control = control_.data();
      messages_[i].msg_hdr.msg_controllen = control_.size();
    }
  }

  std::size_t most_blocks() const override { return segments_ * messages_.size(); }

  // What the kernel did not take uses no number.
  Outcome write(Stream& stream, std::size_t cut, std::size_t claimed) override {
    CHECK(cut == 0);
    auto& packets = stream.datagrams.packets;
    const std::uint64_t before = packets.load(std::memory_order_relaxed);
    number(before, claimed / datagram_bytes_);
    const int sent =
        ::sendmmsg(stream.socket.get(), messages_.data(), lay_out(claimed), MSG_NOSIGNAL);
    if (sent < 0) return {.error = is_passing_datagram_error(errno) ? 0 : errno};
    Outcome outcome;
    for (int i = 0; i < sent; ++i) outcome.bytes += messages_[static_cast<std::size_t>(i)].msg_len;
    packets.store(before + outcome.bytes / datagram_bytes_, std::memory_order_relaxed);
    return outcome;
  }

 private:
  // Of each message: the size at which it is cut.
  void ask_for_segments() {
    msghdr holder{};
    holder.msg_control = control_.data();
    holder.msg_controllen = control_.size();
    cmsghdr* c = CMSG_FIRSTHDR(&holder);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto bytes = static_cast<std::uint16_t>(datagram_bytes_);
    std::memcpy(CMSG_DATA(c), &bytes, sizeof bytes);
  }

  void number(std::uint64_t before, std::size_t count) {
    const TimePoint time = now();
    const std::size_t header = wire::datagram_header_size(counter_);
    for (std::size_t i = 0; i < count; ++i) {
      const std::span to = std::span(payload_).subspan(i * datagram_bytes_, header);
      wire::encode_datagram_header({time, before + 1 + i}, counter_, to);
    }
  }

  // How many messages these bytes take: full ones, and one for the rest.
  unsigned lay_out(std::size_t bytes) {
    const std::size_t full = segments_ * datagram_bytes_;
    unsigned count = 0;
    for (; bytes > 0; ++count) {
      parts_[count].iov_len = std::min(bytes, full);
      bytes -= parts_[count].iov_len;
    }
    return count;
  }

  wire::Counter counter_;
  std::size_t datagram_bytes_;
  std::size_t segments_;  // of a full message
  std::vector<mmsghdr> messages_;
  std::vector<iovec> parts_;
  Bytes payload_;  // all datagrams of a call
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(std::uint16_t))> control_{};
};

}  // namespace

std::unique_ptr<BlockWriter> make_segment_writer(const Load& load, const Bytes& block) {
  return std::make_unique<SegmentWriter>(load, block);
}

}  // namespace rolecall::perf
