// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/disk_file_writer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>

#include "harness/base/bytes.h"

namespace rolecall::perf {
namespace {

constexpr std::size_t kFileBytesACall = std::size_t{1} << 18;

class DiskFileWriter final : public BlockWriter {
 public:
  explicit DiskFileWriter(const Load& load)
      : most_blocks_(
            load.is_unbatched ? 1 : std::max<std::size_t>(kFileBytesACall / load.block_bytes, 1)) {}

  std::size_t most_blocks() const override { return most_blocks_; }

  Outcome write(Stream& stream, std::size_t cut, std::size_t claimed) override {
    Portion& portion = portions_[&stream];
    if (portion.left().empty()) {
      const Outcome read = portion.read(stream.file->fd, cut + claimed);
      if (portion.left().empty()) return read;
    }
    const ByteView offer = portion.left().first(std::min(portion.left().size(), cut + claimed));
    const ssize_t n = ::send(stream.socket.get(), offer.data(), offer.size(), MSG_NOSIGNAL);
    if (n < 0) return {.error = errno == EAGAIN || errno == EINTR ? 0 : errno};
    portion.from += static_cast<std::size_t>(n);
    return {.bytes = static_cast<std::size_t>(n)};
  }

 private:
  // Read from the file and not yet sent.
  struct Portion {
    Bytes bytes;
    std::size_t from = 0;

    ByteView left() const { return ByteView(bytes).subspan(from); }

    Outcome read(const Fd& file, std::size_t wanted) {
      bytes.resize(std::min(wanted, kFileBytesACall));
      const ssize_t n = ::read(file.get(), bytes.data(), bytes.size());
      bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
      from = 0;
      if (n == 0) return {.source = Source::Ended};
      if (n > 0 || errno == EINTR) return {};
      if (errno == EAGAIN) return {.source = Source::Empty};
      return {.error = errno};
    }
  };

  std::size_t most_blocks_;
  std::unordered_map<const Stream*, Portion> portions_;
};

}  // namespace

std::unique_ptr<BlockWriter> make_disk_file_writer(const Load& load) {
  return std::make_unique<DiskFileWriter>(load);
}

}  // namespace rolecall::perf
