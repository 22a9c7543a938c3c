// SPDX-License-Identifier: BSD-3-Clause
// For tests of namespaces: who keeps one alive, as /proc shows it, and a child that may leave its
// own.
#pragma once

#include <functional>
#include <string>

#include "harness/base/fd.h"

namespace rolecall {

// How /proc names the namespace: "net:[4026531840]".
std::string identity(const Fd& network_namespace);

// Processes in the namespace, and descriptors of it, on the whole machine.
int holders_of(const std::string& identity);

// Runs `body` in a child process and gives what it returned, as an exit status; -1 when a signal
// ended the child. For what cannot be taken back: to leave a user namespace, to give up root.
int in_child(const std::function<int()>& body);

}  // namespace rolecall
