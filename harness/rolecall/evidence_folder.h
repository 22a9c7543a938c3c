// SPDX-License-Identifier: BSD-3-Clause
// Where the runs of one command leave their evidence: the folder that the user named, or one of our
// own that goes again when there is nothing in it worth looking at.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/result.h"

namespace rolecall::cli {

class EvidenceFolder {
 public:
  // Makes `named`, or with an empty name a new folder in the system's temporary one. System when
  // that cannot be done.
  static Result<EvidenceFolder> open(const std::string& named);

  EvidenceFolder(const EvidenceFolder&) = delete;
  EvidenceFolder& operator=(const EvidenceFolder&) = delete;
  EvidenceFolder(EvidenceFolder&& other) noexcept;
  EvidenceFolder& operator=(EvidenceFolder&&) = delete;
  // Removes a folder of our own that nobody asked to keep.
  ~EvidenceFolder();

  const std::filesystem::path& path() const { return path_; }
  bool will_stay() const { return stays_; }
  void keep() { stays_ = true; }

 private:
  EvidenceFolder(std::filesystem::path path, bool stays) : path_(std::move(path)), stays_(stays) {}

  std::filesystem::path path_;
  bool stays_;
};

}  // namespace rolecall::cli
