// SPDX-License-Identifier: BSD-3-Clause
#include <cstring>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/link/pcapng.h"
#include "harness/link/pcapng_format.h"

namespace rolecall::link {
namespace {

constexpr std::size_t kBlockHead = 8;    // its type and length
constexpr std::size_t kBlockFrame = 12;  // and the length again, behind its body
constexpr std::size_t kPacketHead = 20;

// Blocks are read front to back; what is taken was there.
class CaptureReader {
 public:
  explicit CaptureReader(ByteView file) : file_(file) {}

  Result<std::vector<CapturedPacket>> read() {
    if (file_.size() < kBlockFrame || word(file_) != kSectionHeader)
      return wrong("no capture begins here");
    std::vector<CapturedPacket> packets;
    while (at_ < file_.size()) {
      TRY(const ByteView block, whole_block());
      const std::uint32_t type = word(block);
      const ByteView body = block.subspan(kBlockHead, block.size() - kBlockFrame);
      if (type == kSectionHeader) {
        TRY(check_byte_order(body));
      } else if (type == kEnhancedPacket) {
        TRY(packets.emplace_back(), packet(body));
      }
      at_ += block.size();
    }
    return packets;
  }

 private:
  static std::uint32_t word(ByteView bytes, std::size_t at = 0) {
    return number<std::uint32_t>(bytes, at);
  }
  template <class Number>
  static Number number(ByteView bytes, std::size_t at) {
    Number value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  }
  Error wrong(std::string_view what) const {
    return {Errc::Malformed, fmt::format("byte {}: {}", at_, what)};
  }

  Result<ByteView> whole_block() const {
    const ByteView rest = file_.subspan(at_);
    if (rest.size() < kBlockFrame) return wrong("the file ends within a block");
    const std::size_t size = word(rest, 4);
    if (size < kBlockFrame || size % 4 != 0)
      return wrong(fmt::format("no block is {} bytes long", size));
    if (size > rest.size()) return wrong("the file ends within a block");
    if (word(rest, size - 4) != size) return wrong("the two lengths of a block differ");
    return rest.first(size);
  }

  Result<void> check_byte_order(ByteView body) const {
    if (body.size() < 4 || word(body) != kByteOrderMagic)
      return wrong("the section is not of this machine's byte order");
    return ok();
  }

  Result<CapturedPacket> packet(ByteView body) const {
    if (body.size() < kPacketHead) return wrong("a packet's block is too short for one");
    const std::uint32_t interface = word(body);
    const std::size_t kept = word(body, 12);
    if (interface > 1) return wrong(fmt::format("the link has no interface {}", interface));
    if (kept > body.size() - kPacketHead) return wrong("a packet is longer than its block");
    const ByteView bytes = body.subspan(kPacketHead, kept);
    TRY(const std::uint32_t flags, packet_flags(body.subspan(kPacketHead + (kept + 3) / 4 * 4)));
    return CapturedPacket{.interface = static_cast<CaptureInterface>(interface),
                          .inbound = (flags & kInbound) != 0,
                          .is_whole = word(body, 16) == kept,
                          .bytes = Bytes(bytes.begin(), bytes.end())};
  }

  Result<std::uint32_t> packet_flags(ByteView options) const {
    while (options.size() >= 4) {
      const auto code = number<std::uint16_t>(options, 0);
      const std::size_t size = number<std::uint16_t>(options, 2);
      const std::size_t padded = 4 + (size + 3) / 4 * 4;
      if (code == kOptionEnd) break;
      if (padded > options.size()) return wrong("an option is longer than its block");
      if (code == kOptionPacketFlags && size == 4) return word(options, 4);
      options = options.subspan(padded);
    }
    return wrong("a packet does not say which way it went");
  }

  ByteView file_;
  std::size_t at_ = 0;  // the block that is read
};

}  // namespace

Result<std::vector<CapturedPacket>> read_capture(const std::filesystem::path& path) {
  TRY(const std::string file, read_file(path));
  auto packets = CaptureReader(as_bytes(file)).read();
  if (packets.has_error()) {
    Error error = std::move(packets).error();
    error.what = fmt::format("capture {}: {}", path.string(), error.what);
    return error;
  }
  return packets;
}

}  // namespace rolecall::link
