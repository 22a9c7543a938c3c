// SPDX-License-Identifier: BSD-3-Clause
#include "harness/rolecall/shim_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "harness/base/fd.h"
#include "harness/scenario/evidence.h"
#include "harness/scenario/shim_events.h"

namespace rolecall::cli {
namespace {

namespace fs = std::filesystem;

Result<void> copy_path(const fs::path& path, char (&into)[shim::kMaxPath]) {
  const std::string& text = path.native();
  if (text.size() >= shim::kMaxPath) {
    return Error{Errc::Limit, fmt::format("path of {} bytes: the shim takes {}: {}", text.size(),
                                          shim::kMaxPath - 1, text)};
  }
  std::copy(text.begin(), text.end(), into);
  return ok();
}

}  // namespace

Result<void> write_plan(const PlanSpec& spec, const fs::path& to) {
  const auto plan = std::make_unique<shim::Plan>();  // zeros
  plan->magic = shim::kPlanMagic;
  plan->version = shim::kVersion;
  plan->size = sizeof(shim::Plan);
  plan->side = spec.side;
  plan->numbering = spec.numbering;
  plan->port = spec.port;
  plan->hold_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(1, spec.hold_limit.in_ms()));
  plan->stream_count = static_cast<std::uint32_t>(spec.order.size());
  for (std::size_t i = 0; i < spec.order.size(); ++i) {
    plan->order[i] = static_cast<std::uint16_t>(spec.order[i]);
  }
  TRY(copy_path(spec.program, plan->program));
  TRY(copy_path(spec.board, plan->board));
  return scenario::write_file(to, {reinterpret_cast<const char*>(plan.get()), sizeof *plan});
}

// The board is complete before it has its name, so that whoever finds it can use it.
Result<BoardFile> BoardFile::make(const fs::path& path) {
  std::string draft = path.string() + "-XXXXXX";
  const Fd file(::mkostemp(draft.data(), O_CLOEXEC));
  if (!file.is_open()) return system_error(fmt::format("mkostemp({})", draft));
  auto made = fill(file, draft, path);
  ::unlink(draft.c_str());
  return made;
}

Result<BoardFile> BoardFile::fill(const Fd& file, const fs::path& draft, const fs::path& path) {
  if (::ftruncate(file.get(), sizeof(shim::Board)) != 0) {
    return system_error(fmt::format("ftruncate({})", draft.string()));
  }
  TRY(auto board, map(file, draft));
  board.board_->magic = shim::kBoardMagic;
  board.board_->version = shim::kVersion;
  board.board_->size = sizeof(shim::Board);
  if (::link(draft.c_str(), path.c_str()) != 0) {
    return system_error(fmt::format("link({}, {})", draft.string(), path.string()));
  }
  return board;
}

Result<BoardFile> BoardFile::open(const fs::path& path) {
  const Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.is_open()) return system_error(fmt::format("open({})", path.string()));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    return system_error(fmt::format("fstat({})", path.string()));
  const Error no_board{Errc::Malformed,
                       fmt::format("{}: no board of this version of rolecall", path.string())};
  if (status.st_size != sizeof(shim::Board)) return no_board;
  TRY(auto board, map(file, path));
  const shim::Board& found = *board.board_;
  if (found.magic != shim::kBoardMagic || found.version != shim::kVersion) return no_board;
  return board;
}

Result<BoardFile> BoardFile::map(const Fd& file, const fs::path& path) {
  void* memory =
      ::mmap(nullptr, sizeof(shim::Board), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return system_error(fmt::format("mmap({})", path.string()));
  return BoardFile(static_cast<shim::Board*>(memory));
}

BoardFile::~BoardFile() {
  if (board_ != nullptr) ::munmap(board_, sizeof(shim::Board));
}

scenario::ShimObservation BoardFile::observe() const {
  return scenario::read_board(*board_);
}

bool BoardFile::is_used() const {
  return board_->connect_count.load() > 0;
}

std::vector<std::string> shim_environment(const fs::path& library, const fs::path& plan) {
  std::string preload = "LD_PRELOAD=" + library.string();
  const char* others = std::getenv("LD_PRELOAD");
  if (others != nullptr && *others != '\0') preload.append(":").append(others);
  return {preload, fmt::format("{}={}", shim::kPlanVariable, plan.string())};
}

}  // namespace rolecall::cli
