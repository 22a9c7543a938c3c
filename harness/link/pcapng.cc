// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/pcapng.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/link/pcapng_format.h"

namespace rolecall::link {
namespace {

constexpr std::size_t kBuffer = 256 * 1024;
constexpr std::size_t kRoomForOthers = kBuffer / 2;
constexpr std::size_t kMaxComment = 1024;

template <class Integer>
void put(Bytes& to, Integer value) {
  append(to, std::as_bytes(std::span(&value, 1)));
}

void put_padded(Bytes& to, ByteView bytes) {
  append(to, bytes);
  to.resize((to.size() + 3) / 4 * 4);
}

void put_option(Bytes& to, std::uint16_t code, ByteView value) {
  put(to, code);
  put(to, static_cast<std::uint16_t>(value.size()));
  put_padded(to, value);
}

// One block; `body` appends what stands between its two lengths. Blocks begin at multiples of 4.
template <class Body>
void put_block(Bytes& to, std::uint32_t type, Body body) {
  const std::size_t begin = to.size();
  put(to, type);
  put(to, std::uint32_t{0});
  body();
  const auto size = static_cast<std::uint32_t>(to.size() + 4 - begin);
  put(to, size);
  const auto bytes = std::as_bytes(std::span(&size, 1));
  std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(begin) + 4);
}

void put_interface(Bytes& to, std::string_view name, std::uint32_t snaplen) {
  put_block(to, kInterfaceDescription, [&] {
    constexpr std::byte kNanoseconds{9};
    put(to, kLinkTypeRaw);
    put(to, std::uint16_t{0});
    put(to, snaplen);
    put_option(to, kOptionInterfaceName, as_bytes(name));
    put_option(to, kOptionTimeResolution, std::span(&kNanoseconds, 1));
    put_option(to, kOptionEnd, {});
  });
}

// Of the block that begins at `at`, which is whole in `buffer`.
std::size_t block_size(const Bytes& buffer, std::size_t at) {
  std::uint32_t size = 0;
  const ByteView field = ByteView(buffer).subspan(at + sizeof kEnhancedPacket, sizeof size);
  std::copy(field.begin(), field.end(), std::as_writable_bytes(std::span(&size, 1)).begin());
  return size;
}

std::int64_t realtime_ns() {
  timespec ts{};
  ::clock_gettime(CLOCK_REALTIME, &ts);
  return static_cast<std::int64_t>(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec;
}

}  // namespace

Result<PcapngWriter> PcapngWriter::create(const std::filesystem::path& path,
                                          std::uint32_t snaplen) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.is_open()) return system_error(fmt::format("capture: open({})", path.string()));
  return PcapngWriter(std::move(file), path.string(), std::max(snaplen, kMinSnaplen));
}

PcapngWriter::PcapngWriter(Fd file, std::string path, std::uint32_t snaplen)
    : file_(std::move(file)),
      path_(std::move(path)),
      snaplen_(snaplen),
      epoch_ns_(realtime_ns() - now().ns) {
  buffer_.reserve(2 * kBuffer);
  add_header();
  flush();  // on a full disk, too, the file is to be one
}

PcapngWriter::~PcapngWriter() {
  flush();
}

void PcapngWriter::add_header() {
  put_block(buffer_, kSectionHeader, [&] {
    put(buffer_, kByteOrderMagic);
    put(buffer_, std::uint16_t{1});
    put(buffer_, std::uint16_t{0});
    put(buffer_, std::int64_t{-1});  // the section's length is not known
    put_option(buffer_, kOptionApplication, as_bytes("rolecall link"));
    put_option(buffer_, kOptionEnd, {});
  });
  put_interface(buffer_, "client", snaplen_);
  put_interface(buffer_, "server", snaplen_);
}

void PcapngWriter::add(CaptureInterface interface, bool inbound, TimePoint at, ByteView packet,
                       std::string_view comment) {
  if (error_) return;
  put_block(buffer_, kEnhancedPacket, [&] {
    const auto ns = static_cast<std::uint64_t>(at.ns + epoch_ns_);
    const ByteView kept = packet.first(std::min<std::size_t>(packet.size(), snaplen_));
    const std::uint32_t flags = inbound ? kInbound : kOutbound;
    put(buffer_, static_cast<std::uint32_t>(interface));
    put(buffer_, static_cast<std::uint32_t>(ns >> 32));
    put(buffer_, static_cast<std::uint32_t>(ns & 0xffff'ffff));
    put(buffer_, static_cast<std::uint32_t>(kept.size()));
    put(buffer_, static_cast<std::uint32_t>(packet.size()));
    put_padded(buffer_, kept);
    put_option(buffer_, kOptionPacketFlags, std::as_bytes(std::span(&flags, 1)));
    if (!comment.empty())
      put_option(buffer_, kOptionComment, as_bytes(comment.substr(0, kMaxComment)));
    put_option(buffer_, kOptionEnd, {});
  });
  ++packets_;
  ++in_buffer_;
  if (!comment.empty() || buffer_.size() >= kBuffer) flush();
}

void PcapngWriter::flush() {
  ByteView rest = buffer_;
  while (!rest.empty() && file_.is_open() && !error_) {
    const ssize_t n = ::write(file_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(buffer_.size() - rest.size(), n < 0 ? errno : ENOSPC);
    rest = rest.subspan(static_cast<std::size_t>(n));
  }
  written_ += static_cast<std::int64_t>(buffer_.size());
  in_buffer_ = 0;
  buffer_.clear();
}

// Of the buffer the first `fitted` bytes are in the file. Some of it goes again: what else is to be
// kept of a run is worth more than the last packets.
void PcapngWriter::fail(std::size_t fitted, int code) {
  const std::size_t most = fitted - std::min(fitted, kRoomForOthers);
  std::size_t whole = 0;
  for (std::size_t end = whole; (end += block_size(buffer_, end)) <= most; whole = end)
    if (in_buffer_ > 0) --in_buffer_;
  // A block that is there in part would make readers refuse the file; a device has no length.
  [[maybe_unused]] const int ignored =
      ::ftruncate(file_.get(), written_ + static_cast<std::int64_t>(whole));
  error_ =
      Error{Errc::System,
            fmt::format("capture {}: write of {} bytes; it ends after {} packets, the link goes "
                        "on without; make room or name another file",
                        path_, buffer_.size(), packets_ - in_buffer_),
            code};
  buffer_.clear();
  file_.reset();
}

}  // namespace rolecall::link
