// SPDX-License-Identifier: BSD-3-Clause
// What stands where in the evidence folder of a run.
#pragma once

#include <filesystem>

namespace rolecall::scenario {

// What the peers printed on stdout.
std::filesystem::path client_output(const std::filesystem::path& evidence);
std::filesystem::path server_output(const std::filesystem::path& evidence);

}  // namespace rolecall::scenario
