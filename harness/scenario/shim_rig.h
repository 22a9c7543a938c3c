// SPDX-License-Identifier: BSD-3-Clause
// The levers of the preload library as a rig: both programs on loopback, under librolecall_shim.so.
#pragma once

#include <memory>

#include "harness/base/result.h"
#include "harness/scenario/rig.h"

namespace rolecall::scenario {

// Config when a program is static, so that no preload library reaches it. REQUIRES: lever Swap or
// Defer.
Result<std::unique_ptr<Rig>> make_shim_rig(const RigOptions& options);

}  // namespace rolecall::scenario
