// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/shim_plan.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "harness/base/fd.h"
#include "harness/scenario/shim_events.h"

namespace rolecall::scenario {
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

Result<shim::Board*> map_board(const Fd& fd, const fs::path& path) {
  void* memory =
      ::mmap(nullptr, sizeof(shim::Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return system_error(fmt::format("mmap({})", path.string()));
  return static_cast<shim::Board*>(memory);
}

}  // namespace

Result<void> write_plan(const PlanSpec& spec, const fs::path& to) {
  TRY(check_permutation(spec.order));
  const auto plan = std::make_unique<shim::Plan>();  // zeros
  plan->magic = shim::kPlanMagic;
  plan->version = shim::kVersion;
  plan->size = sizeof(shim::Plan);
  plan->side = spec.side;
  plan->numbering = spec.numbering;
  plan->port = spec.port;
  plan->hold_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(1, spec.hold_limit.in_ms()));
  plan->lever = spec.order.empty() ? shim::Lever::RecordOnly : spec.lever;
  plan->stream_count = static_cast<std::uint32_t>(spec.order.size());
  for (std::size_t i = 0; i < spec.order.size(); ++i)
    plan->order[i] = static_cast<std::uint16_t>(spec.order[i]);
  TRY(copy_path(spec.program, plan->program));
  TRY(copy_path(spec.board, plan->board));
  return write_file(to, {reinterpret_cast<const char*>(plan.get()), sizeof *plan});
}

std::vector<std::string> shim_environment(const fs::path& library, const fs::path& plan_file) {
  std::string preload = "LD_PRELOAD=" + library.string();
  if (const char* others = std::getenv("LD_PRELOAD"); others != nullptr && *others != '\0')
    preload += std::string(":") + others;
  return {preload, fmt::format("{}={}", shim::kPlanVariable, plan_file.string())};
}

AcceptOrder ShimObservation::accepted_numbers() const {
  if (client_order.empty()) return handed_numbers;
  AcceptOrder numbers;
  for (const std::uint16_t port : accept_order) {
    const auto at = std::find(client_order.begin(), client_order.end(), port);
    const auto number = static_cast<int>(at - client_order.begin()) + 1;
    numbers.push_back(at == client_order.end() ? 0 : number);
  }
  return numbers;
}

// The board is complete before it has its name, so that whoever finds it can use it.
Result<BoardFile> BoardFile::make(const fs::path& path) {
  std::string draft = path.string() + "-XXXXXX";
  const Fd fd(::mkostemp(draft.data(), O_CLOEXEC));
  if (!fd.is_open()) return system_error(fmt::format("mkostemp({})", draft));
  auto made = fill(fd, draft, path);
  ::unlink(draft.c_str());
  return made;
}

Result<BoardFile> BoardFile::fill(const Fd& fd, const fs::path& draft, const fs::path& path) {
  if (::ftruncate(fd.get(), sizeof(shim::Board)) != 0)
    return system_error(fmt::format("ftruncate({})", draft.string()));
  TRY(auto* memory, map_board(fd, draft));
  BoardFile board(memory);
  memory->magic = shim::kBoardMagic;
  memory->version = shim::kVersion;
  memory->size = sizeof(shim::Board);
  if (::link(draft.c_str(), path.c_str()) != 0)
    return system_error(fmt::format("link({}, {})", draft.string(), path.string()));
  return board;
}

Result<BoardFile> BoardFile::open(const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.is_open()) return system_error(fmt::format("open({})", path.string()));
  struct stat status {};
  const bool has_size =
      ::fstat(fd.get(), &status) == 0 && status.st_size == static_cast<off_t>(sizeof(shim::Board));
  if (!has_size)
    return Error{Errc::Malformed, fmt::format("{} is not a board of the shim", path.string())};
  TRY(auto* memory, map_board(fd, path));
  BoardFile board(memory);
  if (memory->magic != shim::kBoardMagic || memory->version != shim::kVersion)
    return Error{Errc::Malformed,
                 fmt::format("{} is a board of another version of the shim", path.string())};
  return board;
}

BoardFile::BoardFile(BoardFile&& other) noexcept : board_(std::exchange(other.board_, nullptr)) {}

BoardFile::~BoardFile() {
  if (board_ != nullptr) ::munmap(board_, sizeof(shim::Board));
}

ShimObservation BoardFile::observe() const {
  return read_board(*board_);
}

Result<ShimPlan> ShimPlan::make(const ShimOptions& options) {
  TRY(auto folder, TemporaryFolder::make());
  PlanSpec spec;
  spec.port = options.port;
  spec.lever = options.lever;
  spec.order = options.order;
  spec.hold_limit = options.hold_limit;
  spec.board = folder.path() / "board";
  TRY(auto board, BoardFile::make(spec.board));
  spec.program = options.server_program;
  TRY(write_plan(spec, folder.path() / "server.plan"));
  spec.side = shim::Side::Client;
  spec.program = options.client_program;
  TRY(write_plan(spec, folder.path() / "client.plan"));
  return ShimPlan(std::move(folder), options.library, std::move(board));
}

std::vector<std::string> ShimPlan::server_environment() const {
  return shim_environment(library_, folder_.path() / "server.plan");
}

std::vector<std::string> ShimPlan::client_environment() const {
  return shim_environment(library_, folder_.path() / "client.plan");
}

}  // namespace rolecall::scenario
