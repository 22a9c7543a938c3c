// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/peer.h"

#include <elf.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/net/process.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFetchedPrefix = "iperf3-";  // as ci/peers.sh names its folders
constexpr std::string_view kNameCharacters =            // it becomes part of file names
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
constexpr Duration kVersionLimit = seconds(60);

// "3.21+" is 3.21, "0.1.0" is 0.1.0. Nothing when it does not begin with two numbers.
std::optional<Release> parse_release(std::string_view text) {
  std::array<int, 3> parts{};
  int count = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; count < 3; ++count) {
    const auto [next, error] = std::from_chars(at, end, parts[static_cast<std::size_t>(count)]);
    if (error != std::errc{}) break;
    at = next;
    if (at == end || *at != '.') {
      ++count;
      break;
    }
    ++at;
  }
  if (count < 2) return std::nullopt;
  return Release{parts[0], parts[1], parts[2]};
}

Result<fs::path> resolve(const std::string& name, const fs::path& path) {
  std::error_code failure;
  fs::path real = fs::canonical(path, failure);
  if (failure) {
    return Error{Errc::Config, fmt::format("peer {}: {} cannot be found", name, path.string()),
                 failure.value()};
  }
  if (!fs::is_regular_file(real, failure) || ::access(real.c_str(), X_OK) != 0) {
    return Error{Errc::Config,
                 fmt::format("peer {}: {} is not an executable file", name, path.string())};
  }
  return real;
}

// What `program -v` prints, stdout then stderr.
Result<std::string> ask_version(const std::string& name, const fs::path& program) {
  TRY(auto folder, TemporaryFolder::make());
  const fs::path out = folder.path() / "out";
  const fs::path err = folder.path() / "err";
  TRY(auto child, Child::start({program, {"-v"}, {}, out, err}));
  const auto ended = child.wait(Deadline::after(kVersionLimit));
  if (!ended) {
    return Error{Errc::Config, fmt::format("peer {}: {} -v does not end within {} s", name,
                                           program.string(), kVersionLimit.in_ms() / 1000)};
  }
  TRY(auto said, read_file(out));
  TRY(auto complained, read_file(err));
  return said + complained;
}

void add(PeerSet& set, std::string name, const fs::path& path) {
  auto peer = examine_peer(name, path);
  if (peer) {
    set.found.push_back(std::move(peer.value()));
  } else {
    set.missing.push_back({std::move(name), peer.error().message()});
  }
}

// Each folder that ci/peers.sh made: one whose program does not run is missing. Whoever names one
// that is not there is told how to get it.
void add_fetched(PeerSet& set, const fs::path& folder) {
  std::vector<Peer> fetched;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kFetchedPrefix)) continue;
    auto peer = examine_peer(name, entry.path() / "bin" / "iperf3");
    if (peer) {
      fetched.push_back(std::move(peer.value()));
    } else {
      set.missing.push_back({name, peer.error().message() + "; ci/peers.sh fetches it anew"});
    }
  }
  std::sort(fetched.begin(), fetched.end(),
            [](const Peer& a, const Peer& b) { return a.release < b.release; });
  std::move(fetched.begin(), fetched.end(), std::back_inserter(set.found));
}

}  // namespace

std::string Peer::label() const {
  return fmt::format("{} {}", is_flagged ? program : "iperf3", release_text);
}

Result<Peer> PeerSet::get(std::string_view name) const {
  for (const Peer& peer : found)
    if (peer.name == name) return peer;
  for (const MissingPeer& peer : missing)
    if (peer.name == name) return Error{Errc::Config, peer.why};
  if (name.starts_with(kFetchedPrefix)) {
    return Error{Errc::Config, fmt::format("{} has not been fetched: run ci/peers.sh, or name one "
                                           "with --peer {}=PATH",
                                           name, name)};
  }
  return Error{Errc::Config,
               fmt::format("no peer is called \"{}\"; name one with --peer {}=PATH", name, name)};
}

Result<Peer> parse_version(std::string_view output) {
  const std::string_view line = output.substr(0, output.find('\n'));
  const std::size_t space = line.find(' ');
  Peer peer;
  peer.program = line.substr(0, space);
  if (space != std::string_view::npos) {
    const std::string_view rest = line.substr(space + 1);
    peer.release_text = rest.substr(0, rest.find(' '));
  }
  const auto release = parse_release(peer.release_text);
  if ((peer.program != "iperf" && peer.program != "roleperf") || !release) {
    return Error{Errc::Malformed,
                 fmt::format("-v says \"{}\", which is neither an iperf3 (\"iperf 3.12 ...\") nor "
                             "a roleperf",
                             line.substr(0, 60))};
  }
  if (peer.program == "iperf" && release->major != 3) {
    return Error{Errc::Malformed,
                 fmt::format("-v says \"{}\": this is not iperf3 (iperf2 has another protocol)",
                             line.substr(0, 60))};
  }
  peer.release = *release;
  peer.is_flagged = peer.program == "roleperf";
  return peer;
}

Result<Peer> examine_peer(std::string name, const fs::path& path) {
  TRY(auto real, resolve(name, path));
  TRY(auto said, ask_version(name, real));
  auto peer = parse_version(said);
  if (!peer) {
    return Error{Errc::Config,
                 fmt::format("peer {}: {} {}", name, path.string(), peer.error().what)};
  }
  TRY(auto dynamic, has_interpreter(real));
  peer.value().is_dynamic = dynamic;
  peer.value().name = std::move(name);
  peer.value().path = std::move(real);
  return peer;
}

Result<PeerSet> find_peers(const PeerOptions& options) {
  PeerSet set;
  std::vector<std::pair<std::string, fs::path>> named;
  for (const std::string& entry : options.named) {
    const std::size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == entry.size())
      return Error{Errc::Config, fmt::format("--peer {}: write NAME=PATH", entry)};
    if (entry.find_first_not_of(kNameCharacters) < equals)
      return Error{Errc::Config,
                   fmt::format("--peer {}: a name has letters, digits and . _ - only", entry)};
    named.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  const auto is_named = [&](std::string_view name) {
    return std::any_of(named.begin(), named.end(),
                       [&](const auto& entry) { return entry.first == name; });
  };
  if (!is_named(kLegacyPeer)) {
    if (const auto iperf3 = find_program("iperf3")) {
      add(set, kLegacyPeer, *iperf3);
    } else {
      set.missing.push_back(
          {kLegacyPeer,
           "no iperf3 on PATH; install it (Debian: apt-get install iperf3) or name "
           "one with --peer legacy=PATH"});
    }
  }
  if (!is_named(kFlaggedPeer)) add(set, kFlaggedPeer, options.own_folder / "roleperf");
  add_fetched(set, options.own_folder / ".." / ".." / "build-peers");
  for (const auto& [name, path] : named) {
    // clang 14 lets no lambda capture a structured binding by name.
    std::erase_if(set.found, [&name = name](const Peer& peer) { return peer.name == name; });
    add(set, name, path);
  }
  return set;
}

Result<bool> has_interpreter(const fs::path& path) {
  TRY(auto head, read_head(path, 64 * 1024));
  Elf64_Ehdr header{};
  if (head.size() < sizeof header || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) return true;
  if (head[EI_CLASS] != ELFCLASS64) return true;
  std::memcpy(&header, head.data(), sizeof header);
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const std::size_t at = header.e_phoff + i * header.e_phentsize;
    Elf64_Phdr segment{};
    if (at > head.size() || head.size() - at < sizeof segment) break;
    std::memcpy(&segment, head.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP) return true;
  }
  return false;
}

}  // namespace rolecall::scenario
