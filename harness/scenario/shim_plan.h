// SPDX-License-Identifier: BSD-3-Clause
// The harness's side of the preload library: writes the plans that it follows, and reads the board
// on which it says what happened (shim/abi.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/fd.h"
#include "harness/base/files.h"
#include "harness/base/result.h"
#include "harness/base/time.h"
#include "harness/schedule/schedule.h"
#include "shim/abi.h"

namespace rolecall::scenario {

// One program's orders.
struct PlanSpec {
  shim::Side side = shim::Side::Server;
  shim::Numbering numbering = shim::Numbering::ByConnect;
  std::uint16_t port = 0;                 // the server's
  shim::Lever lever = shim::Lever::Swap;  // of an order that is not empty
  AcceptOrder order;                      // empty: only record
  Duration hold_limit = seconds(3);       // of one connection
  std::filesystem::path program;          // as /proc/self/exe shows it
  std::filesystem::path board;            // of both ends of a test
};

// Limit when a path or the order is longer than the library takes.
Result<void> write_plan(const PlanSpec& plan, const std::filesystem::path& to);

// What to add to a program's environment so that `library` follows `plan_file` in it.
std::vector<std::string> shim_environment(const std::filesystem::path& library,
                                          const std::filesystem::path& plan_file);

// What the library has seen so far.
struct ShimObservation {
  bool server_armed = false;
  bool client_armed = false;
  bool listener_deferred = false;   // lever Defer: the server's end of it is in force
  std::uint32_t connect_count = 0;  // connect() calls of a client, the control's too
  std::vector<std::uint16_t>
      client_order;  // client ports of the streams by connect(), 0 for unknown
  std::vector<std::uint16_t> accept_order;  // client ports in the order accept() handed them out
  AcceptOrder handed_numbers;               // what the library took these for, 0 for unknown
  bool saw_accepts = false;                 // accept() was called through the library at all
  std::vector<std::string> hold_limits;     // each says which connection never came
  // A hold ended before the client had made the awaited connect(). The client's own order did that
  // (swap), or (defer) it let the time pass that the kernel holds a cookie, which a client with a
  // barrier always does.
  bool order_impossible = false;
  std::optional<TimePoint> gave_up;  // Swap: when such a hold ended
  std::string events;                // one JSON object a line

  // The accept order in client-order numbers: by the ports at both ends, with 0 for one that no
  // connect() gave; by arrival where no client was recorded.
  AcceptOrder accepted_numbers() const;
};

// The file that both ends of one test write to, mapped. Observe from any thread.
class BoardFile {
 public:
  // System with EEXIST when there is such a file already.
  static Result<BoardFile> make(const std::filesystem::path& path);
  // Malformed when the file is no board of this version.
  static Result<BoardFile> open(const std::filesystem::path& path);
  BoardFile(BoardFile&& other) noexcept;
  BoardFile& operator=(BoardFile&&) = delete;
  BoardFile(const BoardFile&) = delete;
  BoardFile& operator=(const BoardFile&) = delete;
  ~BoardFile();

  ShimObservation observe() const;

 private:
  explicit BoardFile(shim::Board* board) : board_(board) {}
  static Result<BoardFile> fill(const Fd& fd, const std::filesystem::path& draft,
                                const std::filesystem::path& path);
  shim::Board* board_;  // null once moved from
};

struct ShimOptions {
  std::filesystem::path library;
  std::filesystem::path server_program;
  std::filesystem::path client_program;
  std::uint16_t port = 0;
  shim::Lever lever = shim::Lever::Swap;  // of an order that is not empty
  AcceptOrder order;
  Duration hold_limit = seconds(3);
};

// Board and plans of both ends of one test, in a temporary folder of their own.
class ShimPlan {
 public:
  static Result<ShimPlan> make(const ShimOptions& options);

  std::vector<std::string> server_environment() const;
  std::vector<std::string> client_environment() const;
  ShimObservation observe() const { return board_.observe(); }

 private:
  ShimPlan(TemporaryFolder folder, std::filesystem::path library, BoardFile board)
      : folder_(std::move(folder)), library_(std::move(library)), board_(std::move(board)) {}

  TemporaryFolder folder_;
  std::filesystem::path library_;
  BoardFile board_;
};

}  // namespace rolecall::scenario
