// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/process_sockets.h"

#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "harness/scenario/process_family.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{}) return std::nullopt;
  return n;
}

void add_own(const fs::path& process, std::map<std::uint32_t, int>& into) {
  constexpr std::string_view kPrefix = "socket:[";
  std::error_code failure;
  for (fs::directory_iterator it(process / "fd", failure), end; !failure && it != end;
       it.increment(failure)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(it->path(), gone).string();
    if (gone || !target.starts_with(kPrefix)) continue;
    const auto inode = parse_number(std::string_view(target).substr(kPrefix.size()));
    const auto fd = parse_number(it->path().filename().string());
    if (inode && fd) into.emplace(*inode, static_cast<int>(*fd));
  }
}

}  // namespace

std::map<std::uint32_t, int> sockets_of(pid_t pid) {
  std::map<std::uint32_t, int> sockets;
  for (const pid_t one : family_of(pid)) add_own(fmt::format("/proc/{}", one), sockets);
  return sockets;
}

}  // namespace rolecall::scenario
