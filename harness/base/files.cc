// SPDX-License-Identifier: BSD-3-Clause
#include "harness/base/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "harness/base/fd.h"

namespace rolecall {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 64UL << 20;

}  // namespace

Result<std::string> read_head(const fs::path& path, std::size_t bytes) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return system_error(fmt::format("open({})", path.string()));
  std::string content;
  char block[65536];
  while (content.size() < bytes) {
    const ssize_t n = ::read(fd.get(), block, std::min(sizeof block, bytes - content.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(fmt::format("read({})", path.string()));
    if (n == 0) break;
    content.append(block, static_cast<std::size_t>(n));
  }
  return content;
}

Result<std::string> read_file(const fs::path& path) {
  return read_head(path, kMaxFile);
}

Result<void> write_file(const fs::path& path, std::string_view content) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.is_open()) return system_error(fmt::format("open({})", path.string()));
  while (!content.empty()) {
    const ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(fmt::format("write({})", path.string()));
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return ok();
}

Result<void> make_empty_folder(const fs::path& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  if (!failure) fs::create_directories(path, failure);
  if (!failure) return ok();
  return Error{Errc::System, fmt::format("make an empty folder {}", path.string()),
               failure.value()};
}

TemporaryFolder::TemporaryFolder(fs::path path) : path_(std::move(path)) {}

Result<TemporaryFolder> TemporaryFolder::make() {
  std::error_code failure;
  const fs::path parent = fs::temp_directory_path(failure);
  if (failure) {
    return Error{Errc::System, "find a folder for temporary files; set TMPDIR to one",
                 failure.value()};
  }
  std::string name = (parent / "rolecall.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return system_error(fmt::format("mkdtemp({})", name));
  return TemporaryFolder(std::move(name));
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace rolecall
