// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/namespace_holders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <fmt/format.h>

namespace rolecall {

namespace fs = std::filesystem;

std::string identity(const Fd& network_namespace) {
  struct stat found {};
  if (::fstat(network_namespace.get(), &found) != 0) return "?";
  return fmt::format("net:[{}]", found.st_ino);
}

namespace {

// Of a folder of /proc: it has three of our own.
bool is_this_one(const std::string& process) {
  return process == "self" || process == "thread-self" || process == std::to_string(::getpid());
}

}  // namespace

HeldNamespace::HeldNamespace(const fs::path& way)
    : fd_(::open(way.c_str(), O_RDONLY | O_CLOEXEC)) {}

int HeldNamespace::other_holders() const {
  const std::string name = this->name();
  int holders = 0;
  for (const auto& process : fs::directory_iterator("/proc")) {
    if (is_this_one(process.path().filename())) continue;
    std::error_code gone;
    if (fs::read_symlink(process.path() / "ns/net", gone) == name) ++holders;
    for (fs::directory_iterator fd(process.path() / "fd", gone), end; !gone && fd != end;
         fd.increment(gone)) {
      std::error_code closed;
      if (fs::read_symlink(fd->path(), closed) == name) ++holders;
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
