// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/auth_files.h"

#include <sys/stat.h>

#include <filesystem>

#include "harness/base/check.h"
#include "harness/perf/key_pair.h"

namespace rolecall::perf {
namespace {

// Both pairs of keys, made once for all tests of the process.
const TemporaryFolder& made_keys() {
  static const TemporaryFolder folder = [] {
    constexpr unsigned kBits = 2048;
    auto made = TemporaryFolder::make().value();
    for (const char* prefix : {"", "other-"})
      CHECK(write_key_pair(made.path(), prefix, kBits, nullptr).has_value());
    return made;
  }();
  return folder;
}

}  // namespace

AuthFiles::AuthFiles() : folder_(TemporaryFolder::make().value()) {
  for (const auto& key : std::filesystem::directory_iterator(made_keys().path()))
    std::filesystem::copy(key, folder_.path());
  // sha256 of "{mario}rossi-Pa55"
  write("users.csv",
        "# name,hash\n\nmario,15e9ee9935c82f6c921be6979d26b2d16d8d528b23497fb1c32912c755b8c6cf\n");
}

std::string AuthFiles::write(const std::string& name, const std::string& content) const {
  CHECK(write_file(path(name), content).has_value());
  ::chmod(path(name).c_str(), 0600);
  return path(name);
}

void AuthFiles::write_key(const std::string& prefix, unsigned bits, const char* passphrase) const {
  CHECK(write_key_pair(folder_.path(), prefix, bits, passphrase).has_value());
}

}  // namespace rolecall::perf
