// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/matrix.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "harness/scenario/made_scenario.h"

namespace rolecall::scenario {
namespace {

constexpr std::array kFlagModes = {
    std::pair{Conduct::Auto, "auto"}, std::pair{Conduct::Cookie, "cookie"},
    std::pair{Conduct::Off, "off"}, std::pair{Conduct::Require, "require"},
    std::pair{Conduct::Force, "force"}};

struct Shape {
  Mode mode;
  int streams;
};
constexpr std::array kDefaultShapes = {Shape{Mode::Bidir, 1}, Shape{Mode::Bidir, 2},
                                       Shape{Mode::Forward, 2}};
constexpr std::array kAllShapes = {
    Shape{Mode::Forward, 1}, Shape{Mode::Forward, 2}, Shape{Mode::Forward, 4},
    Shape{Mode::Reverse, 1}, Shape{Mode::Reverse, 2}, Shape{Mode::Reverse, 4},
    Shape{Mode::Bidir, 1},   Shape{Mode::Bidir, 2},   Shape{Mode::Bidir, 4}};

// Above the 10 s that a server waits for a preamble.
constexpr Duration kCellLimit = seconds(30);
// Up to this release a server counts whatever follows the cookie as data.
constexpr Release kLastToCountAStrayByte{3, 15, 0};

bool is_iperf3(const MatrixPeer& peer) {
  return peer.conduct == Conduct::Legacy || peer.conduct == Conduct::Retrofit;
}

bool can_agree(const MatrixPeer& peer) {
  return peer.conduct == Conduct::Auto || peer.conduct == Conduct::Cookie ||
         peer.conduct == Conduct::Require;
}

// "iperf3 3.12", "roleperf"; those that share it are told apart by what the user calls them.
std::string distinct_label(const PeerSet& peers, const Peer& peer) {
  const auto label = [](const Peer& p) { return p.is_flagged ? p.program : p.label(); };
  const auto same = std::count_if(peers.found.begin(), peers.found.end(),
                                  [&](const Peer& other) { return label(other) == label(peer); });
  return same == 1 ? label(peer) : fmt::format("{} ({})", label(peer), peer.name);
}

void add_iperf3(const PeerSet& peers, Conduct conduct, std::vector<MatrixPeer>& into) {
  std::vector<MatrixPeer> releases;
  for (const Peer& peer : peers.found) {
    if (peer.is_flagged) continue;
    MatrixPeer one{distinct_label(peers, peer), conduct, peer.release, {peer.name, {}}};
    if (conduct == Conduct::Retrofit) {
      one.spec.has_retrofit = true;
      one.label += " + retrofit";
    }
    releases.push_back(std::move(one));
  }
  std::stable_sort(releases.begin(), releases.end(),
                   [](const MatrixPeer& a, const MatrixPeer& b) { return a.release < b.release; });
  std::move(releases.begin(), releases.end(), std::back_inserter(into));
}

void add_roleperf(const PeerSet& peers, std::vector<MatrixPeer>& into) {
  for (const Peer& peer : peers.found)
    if (peer.is_flagged)
      for (const auto& [conduct, word] : kFlagModes)
        into.push_back({fmt::format("{} {}", distinct_label(peers, peer), word),
                        conduct,
                        peer.release,
                        {peer.name, {"--role-flag", word}}});
}

// What goes wrong where roles and identities go by the order of accept().
VerdictKind harm(Mode mode) {
  return mode == Mode::Bidir ? VerdictKind::Deadlock : VerdictKind::Misattributed;
}

// The barrier keeps the kernel's queue in client order; what reorders behind the queue shows.
Expectation behind_a_barrier(VerdictKind verdict) {
  return {.above = Outcome{verdict}, .below = kNotRealisable};
}

Expectation everywhere(VerdictKind verdict) {
  return {.above = Outcome{verdict}, .below = Outcome{verdict}};
}

// What the one byte that nobody agreed on comes to. A server that sends never reads it; one that
// binds late takes it for payload, and then more connections carry some than the test has senders.
MatrixClaim declared_with_force(const MatrixPeer& client, const MatrixPeer& server, Mode mode) {
  if (client.conduct != Conduct::Force || server.conduct == Conduct::Require)
    return {VerdictKind::Refused, {}};
  if (server.conduct == Conduct::Force)
    return {VerdictKind::Completed, everywhere(VerdictKind::Completed)};
  if (mode == Mode::Reverse) return {};
  if (is_iperf3(server) && server.release > kLastToCountAStrayByte) return {};
  if (can_agree(server) && mode == Mode::Bidir) return {VerdictKind::Refused, {}};
  return {VerdictKind::WrongFigures, {}};
}

// Whether the server tells the client that it knows the flag, so that no barrier is needed. Of one
// that knows the flag in the cookie only, the client never hears.
bool is_answered(const MatrixPeer& client, const MatrixPeer& server) {
  return can_agree(client) && can_agree(server) && server.conduct != Conduct::Cookie;
}

bool has_flag(const MatrixPeer& client, const MatrixPeer& server) {
  return is_answered(client, server) ||
         (client.conduct == Conduct::Cookie && server.conduct == Conduct::Cookie);
}

bool is_refused(const MatrixPeer& client, const MatrixPeer& server) {
  return (client.conduct == Conduct::Require && !is_answered(client, server)) ||
         (server.conduct == Conduct::Require && !has_flag(client, server));
}

bool is_wanted(const MatrixPeer& client, const MatrixPeer& server, bool full) {
  if (full) return true;
  if (is_iperf3(client) && is_iperf3(server)) return client.spec.peer == server.spec.peer;
  if (client.conduct == Conduct::Retrofit) return false;
  return is_iperf3(client) != is_iperf3(server);
}

// "iperf3 3.9 + retrofit" is iperf3-3.9-retrofit.
std::string file_name(std::string_view label) {
  std::string name;
  for (const char c : label) {
    if (c != ' ' && c != '+' && c != '(' && c != ')') {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name;
}

std::vector<std::string> length_of_test(const MatrixPeer& client, const Shape& shape) {
  const bool is_told_by_figures = shape.mode == Mode::Forward && shape.streams > 1;
  if (is_told_by_figures && client.conduct != Conduct::Force)
    return {kUnequalStreams.begin(), kUnequalStreams.end()};
  return {"-t", "1", "-i", "0.5"};
}

MatrixCell cell_of(const MatrixPeer& client, const MatrixPeer& server, const Shape& shape) {
  const MatrixClaim claim = declared(client, server, shape.mode, shape.streams);
  MatrixCell cell;
  cell.mode = shape.mode;
  cell.streams = shape.streams;
  Scenario& s = cell.scenario;
  s.name = fmt::format("{}.to.{}.{}-{}", file_name(client.label), file_name(server.label),
                       name(shape.mode), shape.streams);
  s.claim = fmt::format("what {} and {} come to", client.label, server.label);
  s.why = {
      "A cell of the matrix: its claim is declared in advance, by how the two ends give roles "
      "and order connections."};
  s.client = client.spec;
  s.server = server.spec;
  const auto length = length_of_test(client, shape);
  s.client.args.insert(s.client.args.end(), length.begin(), length.end());
  // A byte too many shows where nothing else is under way at the end.
  if (client.conduct == Conduct::Force)
    for (const char* word : {"-l", "1000", "-b", "11500"}) s.client.args.emplace_back(word);
  if (shape.mode == Mode::Bidir) s.client.args.emplace_back("--bidir");
  if (shape.mode == Mode::Reverse) s.client.args.emplace_back("-R");
  if (shape.streams > 1) {
    s.client.args.emplace_back("-P");
    s.client.args.push_back(std::to_string(shape.streams));
  }
  read_own_arguments(s);
  s.limit = kCellLimit;
  s.control.expect = claim.natural;
  s.expect = claim.adverse.value_or(
      Expectation{.above = Outcome{claim.natural}, .below = Outcome{claim.natural}});
  if (claim.adverse) s.schedule.accept = adverse_order(shape.mode, shape.streams);
  s.levers = s.schedule.is_natural() ? std::vector<Lever>{}
                                     : std::vector{Lever::Swap, Lever::Defer, Lever::Link};
  return cell;
}

}  // namespace

std::vector<MatrixPeer> matrix_clients(const PeerSet& peers) {
  std::vector<MatrixPeer> all;
  add_iperf3(peers, Conduct::Legacy, all);
  add_iperf3(peers, Conduct::Retrofit, all);
  add_roleperf(peers, all);
  return all;
}

std::vector<MatrixPeer> matrix_servers(const PeerSet& peers) {
  std::vector<MatrixPeer> all;
  add_iperf3(peers, Conduct::Legacy, all);
  add_roleperf(peers, all);
  return all;
}

MatrixClaim declared(const MatrixPeer& client, const MatrixPeer& server, Mode mode, int streams) {
  if (client.conduct == Conduct::Force || server.conduct == Conduct::Force)
    return declared_with_force(client, server, mode);
  if (is_refused(client, server)) return {VerdictKind::Refused, {}};
  if (adverse_order(mode, streams).empty()) return {};
  const bool binds_late = can_agree(server);
  // Which of the streams that it sends on is which a server can only tell from an unflagged
  // client's results, where they leave one answer: whether they do is the run's chance, so nothing
  // is declared. What it receives it waits for, and then they do.
  if (binds_late && !has_flag(client, server) && mode == Mode::Reverse) return {};
  const VerdictKind above =
      binds_late || has_flag(client, server) ? VerdictKind::Completed : harm(mode);
  const bool has_barrier =
      client.conduct == Conduct::Retrofit || (can_agree(client) && !is_answered(client, server));
  return {VerdictKind::Completed, has_barrier ? behind_a_barrier(above) : everywhere(above)};
}

AcceptOrder adverse_order(Mode mode, int streams) {
  AcceptOrder order = natural_order(connection_count(mode, streams));
  if (order.size() == 1) return {};
  if (mode == Mode::Bidir) {
    std::rotate(order.begin(), order.begin() + streams, order.end());
  } else {
    std::reverse(order.begin(), order.end());
  }
  return order;
}

std::vector<MatrixCell> matrix_cells(const std::vector<MatrixPeer>& clients,
                                     const std::vector<MatrixPeer>& servers, bool full) {
  std::vector<Shape> shapes(kDefaultShapes.begin(), kDefaultShapes.end());
  if (full) shapes.assign(kAllShapes.begin(), kAllShapes.end());
  std::vector<MatrixCell> cells;
  for (std::size_t c = 0; c < clients.size(); ++c)
    for (std::size_t s = 0; s < servers.size(); ++s)
      if (is_wanted(clients[c], servers[s], full))
        for (const Shape& shape : shapes) {
          cells.push_back(cell_of(clients[c], servers[s], shape));
          cells.back().client = c;
          cells.back().server = s;
        }
  return cells;
}

}  // namespace rolecall::scenario
