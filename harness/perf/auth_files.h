// SPDX-License-Identifier: BSD-3-Clause
// For tests only: the files that authentication needs.
#pragma once

#include <string>

#include "harness/base/files.h"

namespace rolecall::perf {

inline constexpr const char* kUser = "mario";
inline constexpr const char* kPassword = "rossi-Pa55";

// "private.pem", "public.pem", "other-private.pem", "other-public.pem": two RSA keys of 2048 bits,
// the same ones in each folder of a process; "users.csv": kUser with kPassword. Gone with the
// object.
class AuthFiles {
 public:
  AuthFiles();
  std::string path(const std::string& name) const { return folder_.path() / name; }
  // Its path. Readable by the owner alone.
  std::string write(const std::string& name, const std::string& content) const;
  // Of this many bits, below `name`-private.pem and so on; encrypted where there is a passphrase.
  void write_key(const std::string& prefix, unsigned bits, const char* passphrase = nullptr) const;

 private:
  TemporaryFolder folder_;
};

}  // namespace rolecall::perf
