// SPDX-License-Identifier: BSD-3-Clause
// The programs that a scenario runs: where they are, what they are, and whether they can do the
// job. The release comes from the program's own -v ("iperf 3.12 (cJSON 1.7.15)"), never from its
// name.
#pragma once

#include <compare>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace rolecall::scenario {

// A release number that compares as numbers do: 3.9 < 3.12. "3.21+" is 3.21.
struct Release {
  int major = 0;
  int minor = 0;
  int patch = 0;
  auto operator<=>(const Release&) const = default;
};

struct Peer {
  std::string name;            // as scenarios and users call it: "legacy", "flagged", "iperf-3.21"
  std::filesystem::path path;  // absolute, links resolved: what /proc/self/exe will show
  std::string program;         // "iperf" or "roleperf", as the program says
  std::string release_text;    // "3.12", as the program says
  Release release;
  bool is_flagged = false;  // speaks the role flag: program is roleperf
  // Has a program interpreter (ELF PT_INTERP), so a preload library reaches it.
  bool is_dynamic = true;

  // "iperf3 3.12", "roleperf 0.1.0": how it is named everywhere.
  std::string label() const;
};

inline constexpr char kLegacyPeer[] = "legacy";
inline constexpr char kFlaggedPeer[] = "flagged";

// A program that was looked for and cannot be used.
struct MissingPeer {
  std::string name;
  std::string why;  // with what to do about it
};

struct PeerSet {
  std::vector<Peer> found;
  std::vector<MissingPeer> missing;

  // Config with the reason when `name` is missing or unknown.
  Result<Peer> get(std::string_view name) const;
};

struct PeerOptions {
  // NAME=PATH, as --peer takes them (NAME of letters, digits and . _ -); "legacy=..." and
  // "flagged=..." replace what is looked for.
  std::vector<std::string> named;
  // Where roleperf is expected: the folder of the running rolecall, <tree>/<build>/bin. What
  // ci/peers.sh fetched is looked for in <tree>/build-peers.
  std::filesystem::path own_folder;
};

// Looks for iperf3 on PATH, roleperf in own_folder, every fetched release ("iperf3-3.9"; the oldest
// first), and every named peer, and asks each for its version (at most 60 s each). What is not
// usable becomes a MissingPeer; Config for a malformed NAME=PATH. Starts processes: from one thread
// at a time.
Result<PeerSet> find_peers(const PeerOptions& options);

// Examines one program. Config when it is not there, not executable, no iperf3 or roleperf.
Result<Peer> examine_peer(std::string name, const std::filesystem::path& path);

// Reads the first line of `-v`: program and release. Malformed when it is neither iperf3's nor
// roleperf's.
Result<Peer> parse_version(std::string_view output);

// Whether the ELF file at `path` names a program interpreter. Scripts count as dynamic: what they
// start decides. System when it cannot be read.
Result<bool> has_interpreter(const std::filesystem::path& path);

}  // namespace rolecall::scenario
