// SPDX-License-Identifier: BSD-3-Clause
// What payload has to look like, whichever end sends it.
#pragma once

#include <string>

#include "harness/conformance/failure.h"

namespace rolecall::conformance {

// That a compressing link gains nothing from this beginning of a block, of 1,000 bytes: neither
// from values that are frequent nor from sequences that come again.
Checked<void> expect_incompressible(const std::string& block);

}  // namespace rolecall::conformance
