// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/namespace_holders.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>

namespace rolecall {

std::string identity(const Fd& network_namespace) {
  struct stat found {};
  if (::fstat(network_namespace.get(), &found) != 0) return "?";
  return fmt::format("net:[{}]", found.st_ino);
}

int holders_of(const std::string& identity) {
  namespace fs = std::filesystem;
  int holders = 0;
  for (const auto& process : fs::directory_iterator("/proc")) {
    std::error_code gone;
    if (fs::read_symlink(process.path() / "ns/net", gone).string() == identity) ++holders;
    for (fs::directory_iterator fd(process.path() / "fd", gone), end; !gone && fd != end;
         fd.increment(gone)) {
      std::error_code closed;
      if (fs::read_symlink(fd->path(), closed).string() == identity) ++holders;
    }
  }
  return holders;
}

int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace rolecall
