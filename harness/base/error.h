// SPDX-License-Identifier: BSD-3-Clause
// The one error value of the project: what a peer, a file or the kernel can cause.
#pragma once

#include <string>

namespace rolecall {

enum class Errc {
  Timeout,     // an awaited event did not come within its limit
  PeerClosed,  // the other end closed the connection
  Malformed,   // bytes that the protocol or a file format does not allow
  OutOfOrder,  // a valid message at a time when it is not allowed
  Limit,       // a size or count above its cap
  System,      // a system call failed; sys_errno says how
  Config,      // what the user asked for cannot be done
};

// The name of `code`, as printed: "timeout", "peer closed" ...
const char* name(Errc code);

// `what` reads like strace and says what was attempted and found: "connect(127.0.0.1:5201)".
struct Error {
  Errc code;
  std::string what;
  int sys_errno = 0;
  const char* file = __builtin_FILE();
  int line = __builtin_LINE();

  // One line for people: `what`, then the system's text where there is one.
  std::string message() const;
};

// The failure of the system call just made, with the current errno.
Error system_error(std::string what, const char* file = __builtin_FILE(),
                   int line = __builtin_LINE());

}  // namespace rolecall
