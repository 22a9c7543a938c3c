// SPDX-License-Identifier: BSD-3-Clause
// The files that arm the shim for one program (shim/abi.h): the plan it reads, and the board on
// which it says what happened, which two programs can share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/base/time.h"
#include "harness/scenario/shim_plan.h"
#include "harness/schedule/schedule.h"
#include "shim/abi.h"

namespace rolecall::cli {

struct PlanSpec {
  shim::Side side = shim::Side::Server;
  shim::Numbering numbering = shim::Numbering::ByConnect;
  std::uint16_t port = 0;
  AcceptOrder order;  // empty: only record
  Duration hold_limit = seconds(3);
  std::filesystem::path program;  // as /proc/self/exe shows it
  std::filesystem::path board;    // absolute
};

// Makes or replaces the file. Limit for a path that the shim has no room for, System.
Result<void> write_plan(const PlanSpec& plan, const std::filesystem::path& to);

class BoardFile {
 public:
  // Makes an empty board. System; its sys_errno is EEXIST when there is one already.
  static Result<BoardFile> make(const std::filesystem::path& path);
  // Malformed when the file is no board of this version.
  static Result<BoardFile> open(const std::filesystem::path& path);
  BoardFile(BoardFile&& other) noexcept : board_(std::exchange(other.board_, nullptr)) {}
  BoardFile& operator=(BoardFile&&) = delete;
  BoardFile(const BoardFile&) = delete;
  BoardFile& operator=(const BoardFile&) = delete;
  ~BoardFile();

  scenario::ShimObservation observe() const;
  // Whether some client has recorded a connect().
  bool is_used() const;

 private:
  explicit BoardFile(shim::Board* board) : board_(board) {}
  static Result<BoardFile> fill(const Fd& file, const std::filesystem::path& draft,
                                const std::filesystem::path& path);
  static Result<BoardFile> map(const Fd& file, const std::filesystem::path& path);
  shim::Board* board_;  // mapped; null once moved from
};

// What to add to a program's environment; an LD_PRELOAD of the user's own stays behind ours.
std::vector<std::string> shim_environment(const std::filesystem::path& library,
                                          const std::filesystem::path& plan);

}  // namespace rolecall::cli
