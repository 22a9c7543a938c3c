// SPDX-License-Identifier: BSD-3-Clause
// The environment, read without libc's functions, which may not be ready when a library is loaded.
#pragma once

namespace rolecall::shim {

// The value of the variable `name`, or null. Owned by the environment: use it at once.
const char* environment_value(const char* name);

}  // namespace rolecall::shim
