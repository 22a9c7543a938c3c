// SPDX-License-Identifier: BSD-3-Clause
// rolecall peers: which programs were found, and what they say they are.
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/report/table.h"
#include "harness/rolecall/command.h"
#include "harness/rolecall/stage.h"
#include "harness/rolecall/terminal.h"
#include "harness/scenario/peer.h"

namespace rolecall::cli {
namespace {

std::string as_json(const scenario::PeerSet& peers) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const scenario::Peer& peer : peers.found) {
    all.push_back({{"name", peer.name},
                   {"program", peer.program},
                   {"version", peer.release_text},
                   {"role_flag", peer.is_flagged},
                   {"shim", peer.is_dynamic},
                   {"path", peer.path.string()}});
  }
  for (const scenario::MissingPeer& peer : peers.missing) {
    all.push_back({{"name", peer.name}, {"missing", peer.why}});
  }
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string as_table(const scenario::PeerSet& peers, const report::Style& style) {
  std::vector<std::vector<report::Cell>> rows;
  for (const scenario::Peer& peer : peers.found) {
    rows.push_back({{peer.name},
                    {peer.label()},
                    {peer.is_flagged ? "yes" : "no"},
                    {peer.is_dynamic ? "yes" : "no: static"},
                    {peer.path.string()}});
  }
  std::string text =
      report::table({{"name"}, {"program"}, {"role flag"}, {"shim"}, {"path"}}, rows, style);
  for (const scenario::MissingPeer& peer : peers.missing) {
    text += fmt::format("{}: {}\n", report::paint(peer.name, report::Tone::Bad, style), peer.why);
  }
  return text;
}

Result<int> list(const CommonOptions& options) {
  TRY(const auto peers, find_peers(options));
  TRY(write_stdout(options.json ? as_json(peers) : as_table(peers, stdout_style())));
  return peers.missing.empty() ? kExitAsExpected : kExitEnvironment;
}

}  // namespace

void add_peers_command(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<CommonOptions>();
  CLI::App* peers_app =
      app.add_subcommand("peers", "list the programs that were found, with their versions");
  add_peer_option(*peers_app, *options);
  peers_app->add_flag("--json", options->json, "print one JSON object a peer, in one array");
  peers_app->callback([options, &exit_status] {
    const auto status = list(*options);
    exit_status = status ? status.value() : fail(status.error());
  });
}

}  // namespace rolecall::cli
