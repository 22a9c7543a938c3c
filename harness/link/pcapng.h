// SPDX-License-Identifier: BSD-3-Clause
// A writer of pcapng (draft-ietf-opsawg-pcapng): raw IP packets of two interfaces, "client" and
// "server", with nanoseconds and a comment where there is something to say. tshark and Wireshark
// read it; `tshark -r FILE -Y frame.comment` shows what the link did. And a reader of such files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/bytes.h"
#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/base/time.h"

namespace rolecall::link {

enum class CaptureInterface : std::uint32_t { Client = 0, Server = 1 };

class PcapngWriter {
 public:
  // Fewer bytes of a packet are never kept: IPv6 and TCP headers with all options.
  static constexpr std::uint32_t kMinSnaplen = 128;

  // Makes or empties the file. Of each packet the first `snaplen` bytes are kept. System when it
  // cannot be made.
  static Result<PcapngWriter> create(const std::filesystem::path& path, std::uint32_t snaplen);

  PcapngWriter(PcapngWriter&&) = default;
  PcapngWriter& operator=(PcapngWriter&&) = default;
  PcapngWriter(const PcapngWriter&) = delete;
  PcapngWriter& operator=(const PcapngWriter&) = delete;
  ~PcapngWriter();

  // Adds one packet: `inbound` when it came from the interface, else it went out there. Written
  // behind, and at once where there is a comment. Once a write has failed this does nothing: the
  // file then ends with the last packet that is whole in it.
  void add(CaptureInterface interface, bool inbound, TimePoint at, ByteView packet,
           std::string_view comment);
  // Writes what is left to write.
  void flush();
  // Why the capture ended early, if it did; it says after how many packets.
  const std::optional<Error>& error() const { return error_; }

 private:
  PcapngWriter(Fd file, std::string path, std::uint32_t snaplen);
  void add_header();
  void fail(std::size_t fitted, int code);

  Fd file_;
  std::string path_;
  std::uint32_t snaplen_;
  std::int64_t epoch_ns_;  // of the monotonic clock's 0
  Bytes buffer_;
  std::int64_t written_ = 0;     // bytes in the file
  std::uint64_t packets_ = 0;    // in the file or the buffer
  std::uint64_t in_buffer_ = 0;  // of these, in the buffer
  std::optional<Error> error_;
};

// One packet of a capture.
struct CapturedPacket {
  CaptureInterface interface = CaptureInterface::Client;
  bool inbound = false;  // it came from the interface
  bool is_whole = true;  // all its bytes were kept
  Bytes bytes;
};

// The packets of a file that PcapngWriter has written on a machine of this byte order, first to
// last. System when it cannot be read; Malformed when it is no such file, ends within a block, or
// has a block that contradicts itself, with the place in the file.
Result<std::vector<CapturedPacket>> read_capture(const std::filesystem::path& path);

}  // namespace rolecall::link
