// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/process_sockets.h"

#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "harness/base/files.h"

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
  const fs::path process = fmt::format("/proc/{}", pid);
  add_own(process, sockets);
  auto children = read_file(process / "task" / fmt::format("{}", pid) / "children");
  if (!children) return sockets;
  for (std::string_view rest = children.value(); !rest.empty();) {
    const std::size_t space = rest.find(' ');
    if (const auto child = parse_number(rest.substr(0, space)))
      sockets.merge(sockets_of(static_cast<pid_t>(*child)));
    if (space == std::string_view::npos) break;
    rest.remove_prefix(space + 1);
  }
  return sockets;
}

}  // namespace rolecall::scenario
