// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/disk_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace rolecall::perf {
namespace {

Result<void> await_room(const DiskFile& file, const Fd& wake, std::optional<Deadline>& limit) {
  std::array<pollfd, 2> both{pollfd{file.fd.get(), POLLOUT, 0}, pollfd{wake.get(), POLLIN, 0}};
  if (!limit) {
    if (::poll(both.data(), both.size(), -1) < 0 && errno != EINTR) return system_error("poll()");
    if (both[0].revents != 0 || both[1].revents == 0) return ok();
    limit = Deadline::after(kPipePatience);
  }
  if (!limit->expired() && ::poll(both.data(), 1, limit->poll_ms()) != 0) return ok();
  return Error{Errc::Timeout, fmt::format("writing what was received to {} (-F): {} ms after the "
                                          "test its reader had not taken all",
                                          file.name, kPipePatience.in_ms())};
}

}  // namespace

std::uint64_t DiskFile::size() const {
  struct stat facts {};
  return ::fstat(fd.get(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

std::uint64_t disk_file_size(const std::string& name) {
  struct stat facts {};
  return ::stat(name.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

Result<DiskFile> open_disk_file(const std::string& name, wire::Role role) {
  const bool sends = role == wire::Role::Sender;
  constexpr int kAlways = O_CLOEXEC | O_NONBLOCK;
  const int flags = kAlways | (sends ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC);
  Fd fd(::open(name.c_str(), flags, S_IRUSR | S_IWUSR));
  if (fd.is_open()) return DiskFile{std::move(fd), name};
  return Error{Errc::Config,
               fmt::format("unable to open -F file: {}, to {}", name,
                           sends ? "send what is in it" : "write into it what is received"),
               errno};
}

Result<void> write_whole(const DiskFile& file, ByteView bytes, const Fd& wake,
                         std::optional<Deadline>& limit) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.fd.get(), bytes.data(), bytes.size());
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      TRY(await_room(file, wake, limit));
    } else if (errno != EINTR) {
      return system_error(fmt::format("writing what was received to {} (-F)", file.name));
    }
  }
  return ok();
}

}  // namespace rolecall::perf
