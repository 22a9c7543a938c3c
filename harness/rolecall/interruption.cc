// SPDX-License-Identifier: BSD-3-Clause
#include "harness/rolecall/interruption.h"

#include <signal.h>

#include <atomic>
#include <memory>
#include <utility>

namespace rolecall::cli {
namespace {

std::atomic<int> caught_signal = 0;
std::atomic<const StopToken*> token = nullptr;
static_assert(std::atomic<const StopToken*>::is_always_lock_free);

void on_signal(int number) {
  caught_signal = number;
  token.load()->raise();
}

}  // namespace

Result<const StopToken*> catch_interruption() {
  TRY(auto created, StopToken::create());
  // Never freed: a handler may run until the very end of the process.
  token = std::make_unique<StopToken>(std::move(created)).release();
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (::sigaction(number, &action, nullptr) != 0) return system_error("sigaction");
  }
  return token.load();
}

int interrupting_signal() {
  return caught_signal;
}

}  // namespace rolecall::cli
