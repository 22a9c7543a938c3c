// SPDX-License-Identifier: BSD-3-Clause
// How long librolecall_order.so waits for an acknowledgement, and what it says of that.
#pragma once

namespace rolecall::order {

// The only environment variable it reads: milliseconds, 1..
inline constexpr char kLimitVariable[] = "ROLECALL_ORDER_TIMEOUT_MS";

// What the variable says, else 10,000. The environment is read by the first call, at load; a value
// that is no such number is said on standard error and counts as none.
long limit_ms();

// Says on standard error that a connect() fails because of it.
void say_limit_reached();

}  // namespace rolecall::order
