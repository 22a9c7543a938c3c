// SPDX-License-Identifier: BSD-3-Clause
// For tests of namespaces: who else keeps one alive, as /proc shows it, and a child that may leave
// its own.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "harness/base/fd.h"

namespace rolecall {

// How /proc names the namespace: "net:[4026531840]".
std::string identity(const Fd& network_namespace);

// A network namespace of other processes, which this object holds too: else the kernel would give
// its number, by which /proc names it, to the next namespace at once.
class HeldNamespace {
 public:
  // By one of /proc's ways to it: "/proc/7/ns/net", "/proc/7/fd/3".
  explicit HeldNamespace(const std::filesystem::path& way);

  bool is_open() const { return fd_.is_open(); }  // it was there
  std::string name() const { return identity(fd_); }
  // Processes in it, and descriptors of it, on the whole machine but for this process.
  int other_holders() const;

 private:
  Fd fd_;
};

// Runs `body` in a child process and gives what it returned, as an exit status; -1 when a signal
// ended the child. For what cannot be taken back: to leave a user namespace, to give up root.
int in_child(const std::function<int()>& body);

}  // namespace rolecall
