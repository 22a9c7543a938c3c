// SPDX-License-Identifier: BSD-3-Clause
// Any text is a schedule or an error that says why; a schedule is read back as it is printed, and
// its accept order names each connection once. Input: the text.
#include "harness/schedule/schedule.h"

#include "fuzz/target.h"
#include "harness/base/check.h"

using namespace rolecall;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(fuzz::bytes(data, size));
  const auto schedule = parse_schedule(text);
  if (!schedule) {
    CHECK(!schedule.error().message().empty());
    return 0;
  }
  const auto again = parse_schedule(print(schedule.value()));
  CHECK(again && again.value() == schedule.value());
  const AcceptOrder& order = schedule.value().accept;
  CHECK(order.empty() || check_permutation(order));
  CHECK(order.size() <= static_cast<std::size_t>(kMaxConnections));
  CHECK(rules_for(order).size() + 1 == order.size() || order.empty());
  return 0;
}
