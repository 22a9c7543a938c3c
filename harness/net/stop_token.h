// SPDX-License-Identifier: BSD-3-Clause
// One request to end everything that is under way, as SIGINT makes it.
#pragma once

#include <utility>

#include "harness/base/error.h"
#include "harness/base/fd.h"
#include "harness/base/result.h"

namespace rolecall {

class StopToken {
 public:
  static Result<StopToken> create();
  // Async-signal-safe; any thread, any number of times.
  void raise() const;
  bool is_raised() const;
  const Fd& fd() const { return fd_; }  // readable once raised, and from then on

 private:
  explicit StopToken(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// The error that a stopped call returns, and whether `error` is it.
Error interruption();
bool is_interruption(const Error& error);

}  // namespace rolecall
