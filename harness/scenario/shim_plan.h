// SPDX-License-Identifier: BSD-3-Clause
// The harness's side of the swap lever: writes the plans that the preload library follows at both
// ends, and reads the board on which it says what happened (shim/abi.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/base/time.h"
#include "harness/scenario/evidence.h"
#include "harness/schedule/schedule.h"

namespace rolecall::scenario {

struct ShimOptions {
  std::filesystem::path library;
  std::filesystem::path server_program;  // as /proc/self/exe shows it
  std::filesystem::path client_program;
  std::uint16_t port = 0;
  AcceptOrder order;  // empty: only record
  Duration hold_limit = seconds(3);
};

// What the library has seen so far.
struct ShimObservation {
  bool server_armed = false;
  bool client_armed = false;
  std::vector<std::uint16_t>
      client_order;  // client ports of the streams by connect(), 0 for unknown
  std::vector<std::uint16_t> accept_order;  // client ports in the order accept() handed them out
  bool saw_accepts = false;                 // accept() was called through the library at all
  std::vector<std::string> hold_limits;     // each says which connection never came
  bool order_impossible = false;  // a hold ended before the client had made the awaited connect()
  std::string events;             // one JSON object a line

  // The accept order in client-order numbers, 0 for a port that no connect() gave.
  AcceptOrder accepted_numbers() const;
};

class ShimPlan {
 public:
  // Makes the files in a temporary folder of its own.
  static Result<ShimPlan> make(const ShimOptions& options);
  ShimPlan(ShimPlan&& other) noexcept;
  ShimPlan& operator=(ShimPlan&&) = delete;
  ShimPlan(const ShimPlan&) = delete;
  ShimPlan& operator=(const ShimPlan&) = delete;
  ~ShimPlan();

  // What to add to the programs' environments.
  std::vector<std::string> server_environment() const;
  std::vector<std::string> client_environment() const;

  // Reads the board, while the programs run or after. Any thread.
  ShimObservation observe() const;

 private:
  ShimPlan(TemporaryFolder folder, const ShimOptions& options, void* board)
      : folder_(std::move(folder)), options_(options), board_(board) {}
  std::vector<std::string> environment(const std::filesystem::path& plan) const;

  TemporaryFolder folder_;
  ShimOptions options_;
  void* board_;  // one shim::Board, mapped; null once moved from
};

}  // namespace rolecall::scenario
