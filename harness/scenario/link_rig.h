// SPDX-License-Identifier: BSD-3-Clause
// The link lever as a rig: each program in a network namespace of its own, real kernel TCP between
// them, packets held by rules.
#pragma once

#include <memory>

#include "harness/base/result.h"
#include "harness/scenario/rig.h"

namespace rolecall::scenario {

// System where the machine has no TUN or refuses namespaces, saying what to do about it. A control
// gets the same link with no rule.
Result<std::unique_ptr<Rig>> make_link_rig(const RigOptions& options);

}  // namespace rolecall::scenario
