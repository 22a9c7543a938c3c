// SPDX-License-Identifier: BSD-3-Clause
// Whole files and folders: those that a run leaves behind, and those it needs for a moment. Any
// thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "harness/base/result.h"

namespace rolecall {

// The whole file; only the first 64 MiB of it, so that a peer gone mad cannot fill the memory.
Result<std::string> read_file(const std::filesystem::path& path);
// At most its first `bytes` bytes.
Result<std::string> read_head(const std::filesystem::path& path, std::size_t bytes);

// Makes or replaces the file.
Result<void> write_file(const std::filesystem::path& path, std::string_view content);

// Makes an empty folder of that path, with its parents; what an earlier run left there goes.
Result<void> make_empty_folder(const std::filesystem::path& path);

// A folder under the system's temporary one, gone with its owner.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make();
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path);
  std::filesystem::path path_;
};

}  // namespace rolecall
