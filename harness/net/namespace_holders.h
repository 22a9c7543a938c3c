// SPDX-License-Identifier: BSD-3-Clause
// For tests: who keeps a network namespace alive, as /proc shows it.
#pragma once

#include <string>

#include "harness/base/fd.h"

namespace rolecall {

// How /proc names the namespace: "net:[4026531840]".
std::string identity(const Fd& network_namespace);

// Processes in the namespace, and descriptors of it, on the whole machine.
int holders_of(const std::string& identity);

}  // namespace rolecall
