// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/evidence.h"

namespace rolecall::scenario {

std::filesystem::path client_output(const std::filesystem::path& evidence) {
  return evidence / "client.out";
}
std::filesystem::path server_output(const std::filesystem::path& evidence) {
  return evidence / "server.out";
}

}  // namespace rolecall::scenario
