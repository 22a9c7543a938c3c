// SPDX-License-Identifier: BSD-3-Clause
// Seeds from real tests: each program that is found tests against itself over the link, in several
// modes, and its captures become inputs of the targets that take steps, and of those that take one
// of the documents. Usage: fuzz_record OUT [PEER...]   writes
// OUT/<target>/recorded-<program>-<release>-<mode>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fuzz/recording.h"
#include "harness/base/files.h"
#include "harness/link/link.h"
#include "harness/net/process.h"
#include "harness/net/sock_diag.h"
#include "harness/scenario/peer.h"

using namespace rolecall;
using fuzz::Input;
using scenario::Peer;

namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kPort = 5201;
constexpr std::uint32_t kWholePackets = 65'536;
constexpr int kUnsupported = 77;  // to ctest: skipped

struct Mode {
  std::string name;
  std::vector<std::string> client;  // options
  std::vector<std::string> server = {};
  Input settings = {};
};

// Little is sent, so that a capture is small.
Mode mode_of(std::string name, std::vector<std::string> client, wire::Direction direction,
             int parallel) {
  Mode mode{.name = std::move(name), .client = std::move(client)};
  mode.settings.direction = direction;
  mode.settings.parallel = parallel;
  return mode;
}

// What every release knows: both ends without a flag. 3.9 does not end `-R -n`.
std::vector<Mode> legacy_modes() {
  using enum wire::Direction;
  std::vector<Mode> modes = {
      mode_of("forward", {}, Forward, 1),
      mode_of("parallel", {"-P", "4"}, Forward, 4),
      mode_of("reverse", {"-R"}, Reverse, 1),
      mode_of("bidir", {"--bidir"}, Bidirectional, 1),
      mode_of("bidir-parallel", {"--bidir", "-P", "2"}, Bidirectional, 2),
      mode_of("server-output", {"--get-server-output"}, Forward, 1),
      mode_of("udp", {"-u"}, Forward, 1),
      mode_of("udp-bidir", {"-u", "--bidir", "-P", "2"}, Bidirectional, 2),
  };
  for (Mode& mode : modes) {
    mode.client.insert(mode.client.end(), {"-t", "1", "-b", "1M", "-l", "1000"});
    mode.settings.client.mode = session::FlagMode::Off;
  }
  return modes;
}

std::vector<Mode> flagged_modes() {
  using enum session::FlagMode;
  std::vector<Mode> modes;
  const auto add = [&](session::FlagMode mode, const std::string& name, bool is_udp) {
    const std::string option = "--role-flag=" + name;
    std::vector<std::string> client = {"--bidir", "-P", "2", "-n", "64K", option};
    if (is_udp) client.insert(client.end(), {"-u", "-b", "0", "-l", "1000"});
    modes.push_back(mode_of((is_udp ? "udp-" : "") + name, std::move(client),
                            wire::Direction::Bidirectional, 2));
    modes.back().server = {option};
    modes.back().settings.client.mode = modes.back().settings.server.mode = mode;
  };
  add(Auto, "auto", false);
  add(Cookie, "cookie", false);
  add(Off, "off", false);
  add(Require, "require", false);
  add(Force, "force", false);
  add(Auto, "auto", true);
  return modes;
}

Result<void> await_listener(const NetworkNamespace& place, Child& server, const Deadline& limit) {
  TRY(auto diag, run_in(place, [] { return SockDiag::open(); }));
  while (!limit.expired() && !server.status()) {
    TRY(const auto listeners, diag.listeners(kPort));
    if (!listeners.empty()) return ok();
  }
  return Error{Errc::Timeout, "the server does not listen"};
}

// One test of `peer` against itself; the capture is in `folder` then.
Result<void> have_test(const Peer& peer, const Mode& mode, const fs::path& folder) {
  const Deadline limit = Deadline::after(seconds(120));
  TRY(auto link,
      link::Link::start(
          {.server_port = kPort, .capture = folder / "capture", .snaplen = kWholePackets}));
  const std::string port = std::to_string(kPort);
  std::vector<std::string> server_args = {"-s", "-1", "-p", port};
  server_args.insert(server_args.end(), mode.server.begin(), mode.server.end());
  std::vector<std::string> client_args = {"-c", link::kServerAddress, "-p", port};
  client_args.insert(client_args.end(), mode.client.begin(), mode.client.end());
  TRY(auto server, Child::start({peer.path,
                                 server_args,
                                 {},
                                 folder / "server.out",
                                 folder / "server.err",
                                 &link.server_namespace()}));
  TRY(await_listener(link.server_namespace(), server, limit));
  TRY(auto client, Child::start({peer.path,
                                 client_args,
                                 {},
                                 folder / "client.out",
                                 folder / "client.err",
                                 &link.client_namespace()}));
  TRY(const ExitStatus ended, client.wait(limit));
  TRY(server.wait(limit));
  const link::LinkLog log = link.stop();
  if (log.capture_error) return *log.capture_error;
  if (!ended.is_success()) return Error{Errc::Config, "the client ended with " + ended.text()};
  return ok();
}

// In the order in which they came.
std::vector<std::string> documents(const Input& input) {
  std::vector<std::string> texts;
  for (const fuzz::Step& step : input.steps) {
    if (step.kind == fuzz::Step::Kind::Frame) texts.push_back(step.text);
  }
  return texts;
}

// A client's first is its parameters; the last of each end its results.
Result<void> write_documents(const fs::path& out, const std::string& name,
                             const fuzz::Recording& inputs) {
  const auto of_client = documents(inputs.for_server);
  const auto of_server = documents(inputs.for_client);
  if (of_client.size() < 2 || of_server.empty())
    return Error{Errc::Malformed, "the test has no parameters or no results"};
  TRY(write_file(out / "parameters" / name, of_client.front()));
  TRY(write_file(out / "results" / (name + "-client"), of_client.back()));
  return write_file(out / "results" / (name + "-server"), of_server.back());
}

Result<void> record(const Peer& peer, const Mode& mode, const fs::path& out) {
  TRY(const auto folder, TemporaryFolder::make());
  TRY(have_test(peer, mode, folder.path()));
  TRY(const auto packets, link::read_capture(folder.path() / "capture"));
  TRY(auto inputs, fuzz::recorded(packets, kPort, mode.settings));
  // Our client announces to whomever: a legacy server answers as it did.
  if (!peer.is_flagged) inputs.for_client.client.mode = session::FlagMode::Auto;
  const std::string name = fmt::format("recorded-{}-{}-{}", peer.is_flagged ? "roleperf" : "iperf3",
                                       peer.release_text, mode.name);
  TRY(write_file(out / "server_session" / name, print(inputs.for_server)));
  TRY(write_file(out / "client_session" / name, print(inputs.for_client)));
  TRY(write_documents(out, name, inputs));
  const bool is_udp = std::ranges::count(mode.client, "-u") > 0;  // no pair has that
  if (!is_udp) {
    TRY(write_file(out / "pair" / name, print(inputs.for_pair)));
  }
  std::printf("%s\n", name.c_str());
  return ok();
}

Result<void> record_all(const fs::path& own_folder, const fs::path& out,
                        const std::vector<std::string>& wanted) {
  for (const char* target : {"server_session", "client_session", "pair", "parameters", "results"}) {
    TRY(make_empty_folder(out / target));
  }
  TRY(const auto peers, scenario::find_peers({.named = {}, .own_folder = own_folder}));
  for (const std::string& name : wanted) {
    TRY(peers.get(name));
  }
  for (const Peer& peer : peers.found) {
    if (!wanted.empty() && std::ranges::count(wanted, peer.name) == 0) continue;
    for (const Mode& mode : peer.is_flagged ? flagged_modes() : legacy_modes()) {
      if (const auto done = record(peer, mode, out); done.has_error())
        return Error{done.error().code,
                     fmt::format("{} {}: {}", peer.label(), mode.name, done.error().message())};
    }
  }
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "usage: %s OUT [PEER...]\n", argv[0]);
    return 2;
  }
  for (const auto& possible : {gain_namespace_rights(), link::probe_link()}) {
    if (possible.has_value()) continue;
    std::fprintf(stderr, "record: %s\n", possible.error().message().c_str());
    return kUnsupported;
  }
  const fs::path own_folder = fs::absolute(argv[0]).parent_path();
  const auto done = record_all(own_folder, argv[1], {argv + 2, argv + argc});
  if (done.has_value()) return 0;
  std::fprintf(stderr, "record: %s\n", done.error().message().c_str());
  return 1;
}
