// SPDX-License-Identifier: BSD-3-Clause
#include "harness/rolecall/evidence_folder.h"

#include <stdlib.h>

#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace rolecall::cli {

namespace fs = std::filesystem;

Result<EvidenceFolder> EvidenceFolder::open(const std::string& named) {
  std::error_code failed;
  if (named.empty()) {
    const fs::path parent = fs::temp_directory_path(failed);
    if (failed) {
      return Error{Errc::System, "a folder for temporary files (set TMPDIR to one that exists)",
                   failed.value()};
    }
    std::string path = parent / "rolecall-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return system_error(fmt::format("mkdtemp({})", path));
    return EvidenceFolder(path, false);
  }
  fs::create_directories(named, failed);
  const fs::path absolute = failed ? fs::path() : fs::canonical(named, failed);
  if (failed) {
    return Error{Errc::System, fmt::format("the folder {} cannot be made", named), failed.value()};
  }
  std::string trial = absolute / "rolecall-XXXXXX";
  if (::mkdtemp(trial.data()) == nullptr)
    return system_error(fmt::format("the evidence cannot be written to {}", named));
  fs::remove(trial, failed);
  return EvidenceFolder(absolute, true);
}

EvidenceFolder::EvidenceFolder(EvidenceFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), stays_(other.stays_) {}

EvidenceFolder::~EvidenceFolder() {
  if (stays_ || path_.empty()) return;
  std::error_code ignored;  // what cannot be removed is left to the system's own cleaning
  fs::remove_all(path_, ignored);
}

}  // namespace rolecall::cli
