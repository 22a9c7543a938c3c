// SPDX-License-Identifier: BSD-3-Clause
#include "shim/next.h"

#include <dlfcn.h>

#include <atomic>

namespace rolecall::shim {
namespace {

constinit std::atomic<void*> found[static_cast<std::uint32_t>(Call::ppoll) + 1]{};

}  // namespace

void Next::warm() {
#define CALL(result, name, parameters, specifiers) name();
#include SHIM_CALLS
#undef CALL
  poll();
  ppoll();
}

void* Next::find(Call call, const char* name) {
  std::atomic<void*>& slot = found[static_cast<std::uint32_t>(call)];
  void* symbol = slot.load(std::memory_order_acquire);
  if (symbol != nullptr) return symbol;
  symbol = dlsym(RTLD_NEXT, name);
  if (symbol == nullptr) {
    missing_symbol(call);
    return nullptr;
  }
  slot.store(symbol, std::memory_order_release);
  return symbol;
}

}  // namespace rolecall::shim
