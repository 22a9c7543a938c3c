// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/kernel_watch.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "harness/scenario/process_sockets.h"

namespace rolecall::scenario {
namespace {

EndSample read_end(const TcpSocket& socket) {
  EndSample end;
  end.seen = true;
  end.established = socket.state == TcpState::Established;
  end.bytes_acked = socket.info.bytes_acked;
  end.bytes_received = socket.info.bytes_received;
  end.rqueue = socket.rqueue;
  end.wqueue = socket.wqueue;
  end.snd_wnd = socket.info.snd_wnd;
  end.persist = socket.timer == TcpTimer::Persist;
  end.send_buffer_full = socket.send_buffer_full;
  return end;
}

}  // namespace

Result<KernelWatch::View> KernelWatch::open_view(const WatchedPlace& where) {
  TRY(auto diag, SockDiag::open());
  TRY(auto monitor, DestroyMonitor::open());
  return View{std::move(diag), std::move(monitor), where};
}

Result<KernelWatch> KernelWatch::open(const std::vector<WatchedPlace>& places,
                                      ClientPorts client_ports) {
  std::vector<View> views;
  for (const WatchedPlace& where : places) {
    TRY(auto view, where.place == nullptr ? open_view(where)
                                          : run_in(*where.place, [&] { return open_view(where); }));
    views.push_back(std::move(view));
  }
  return KernelWatch(std::move(views), std::move(client_ports));
}

Result<bool> KernelWatch::is_listening() {
  for (View& view : views_) {
    if (!view.where.has_server_ends) continue;
    TRY(const auto listeners, view.diag.listeners(view.where.port));
    if (!listeners.empty()) return true;
  }
  return false;
}

Result<void> KernelWatch::look(pid_t client, pid_t server) {
  for (View& view : views_) {
    TRY(auto sockets, view.diag.dump(view.where.port));
    for (const TcpSocket& s : sockets)
      if (s.state != TcpState::Listen && s.remote_port != 0) note(s, view.where);
  }
  judge_owners(client);
  find_descriptors(server);
  TRY(take_deaths());
  return ok();
}

KernelWatch::Tracked& KernelWatch::tracked(std::uint16_t client_port) {
  const auto [it, is_new] = connections_.try_emplace(client_port);
  if (is_new) {
    it->second.figures.client_port = client_port;
    it->second.seen_at = connections_.size();
  }
  return it->second;
}

// None: somebody else's, such as a proxy's own.
std::optional<KernelWatch::End> KernelWatch::end_of(const TcpSocket& socket,
                                                    const WatchedPlace& where) {
  if (socket.remote_port == where.port && where.has_client_ends)
    return End{&tracked(socket.local_port), true};
  if (socket.local_port != where.port || !where.has_server_ends) return std::nullopt;
  const std::uint16_t port = client_ports_ ? client_ports_(socket.remote_port) : socket.remote_port;
  if (port == 0) return std::nullopt;
  return End{&tracked(port), false};
}

void KernelWatch::note(const TcpSocket& socket, const WatchedPlace& where) {
  const auto whose = end_of(socket, where);
  if (!whose) return;
  Tracked& c = *whose->connection;
  EndSample& end = whose->is_client ? c.figures.client : c.figures.server;
  // A TIME_WAIT or SYN_RECV entry is not the socket itself and carries no figures.
  if (end.closed || socket.info.state == TcpState::Unknown) return;
  if (socket.inode != 0) (whose->is_client ? c.client_inode : c.server_inode) = socket.inode;
  end = read_end(socket);
}

void KernelWatch::note_death(const TcpSocket& socket, const WatchedPlace& where) {
  const auto whose = end_of(socket, where);
  if (!whose) return;
  EndSample& end =
      whose->is_client ? whose->connection->figures.client : whose->connection->figures.server;
  end = EndSample{};
  end.seen = end.closed = true;
  end.bytes_acked = socket.info.bytes_acked;
  end.bytes_received = socket.info.bytes_received;
}

Result<void> KernelWatch::take_deaths() {
  for (View& view : views_) {
    TRY(auto dead, view.monitor.take(view.where.port));
    for (const TcpSocket& s : dead)
      if (s.remote_port != 0) note_death(s, view.where);
  }
  refresh();
  return ok();
}

Result<void> KernelWatch::await_death(const Deadline& deadline) {
  std::vector<pollfd> fds;
  for (const View& view : views_) fds.push_back({view.monitor.fd().get(), POLLIN, 0});
  if (::poll(fds.data(), fds.size(), deadline.poll_ms()) < 0 && errno != EINTR)
    return system_error("poll(deaths of sockets)");
  return take_deaths();
}

void KernelWatch::judge_owners(pid_t client) {
  const bool has_new = std::any_of(connections_.begin(), connections_.end(), [](const auto& entry) {
    return !entry.second.is_judged && entry.second.client_inode != 0;
  });
  if (!has_new) return;
  const std::map<std::uint32_t, int> owned = sockets_of(client);
  int lowest = -1;
  for (auto& [port, c] : connections_) {
    if (c.is_judged || c.client_inode == 0) continue;
    const auto it = owned.find(c.client_inode);
    if (it == owned.end()) continue;  // not the client's, or not any more: asked again next time
    c.is_judged = c.is_stream = true;
    if (lowest < 0 || it->second < lowest) {
      lowest = it->second;
      if (current_.control.client_port == 0) control_port_ = port;
    }
  }
  if (control_port_ != 0) connections_.at(control_port_).is_stream = false;
}

// A program takes the lowest free descriptor for what accept() returns, so their numbers rise in
// the order of accept().
void KernelWatch::find_descriptors(pid_t server) {
  const auto is_open_question = [](const Tracked& c) {
    return c.is_stream && c.server_inode != 0 && c.figures.server_descriptor < 0;
  };
  if (std::none_of(connections_.begin(), connections_.end(),
                   [&](const auto& entry) { return is_open_question(entry.second); }))
    return;
  const std::map<std::uint32_t, int> owned = sockets_of(server);
  for (auto& [port, c] : connections_) {
    const auto it = owned.find(c.server_inode);
    if (is_open_question(c) && it != owned.end()) c.figures.server_descriptor = it->second;
  }
}

void KernelWatch::adopt_streams(const std::vector<std::uint16_t>& client_ports) {
  for (const std::uint16_t port : client_ports) {
    Tracked& c = tracked(port);
    c.is_judged = c.is_stream = true;
  }
  refresh();
}

void KernelWatch::refresh() {
  std::vector<const Tracked*> streams;
  for (const auto& [port, c] : connections_)
    if (c.is_stream) streams.push_back(&c);
  std::sort(streams.begin(), streams.end(),
            [](const Tracked* a, const Tracked* b) { return a->seen_at < b->seen_at; });
  current_.at = now();
  current_.streams.clear();
  for (const Tracked* c : streams) current_.streams.push_back(c->figures);
  if (control_port_ != 0) current_.control = connections_.at(control_port_).figures;
}

bool KernelWatch::is_final() const {
  return std::all_of(current_.streams.begin(), current_.streams.end(),
                     [](const ConnectionSample& c) { return c.client.closed && c.server.closed; });
}

}  // namespace rolecall::scenario
