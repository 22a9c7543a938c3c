// SPDX-License-Identifier: BSD-3-Clause
// Follows the connections of one test through sock_diag: which is the control connection, which are
// streams, and how the figures of both ends move, up to the last ones at the death of each socket.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "harness/base/deadline.h"
#include "harness/base/result.h"
#include "harness/net/netns.h"
#include "harness/net/sock_diag.h"
#include "harness/scenario/kernel_sample.h"

namespace rolecall::scenario {

// Where ends of the test's connections are to be seen, and at which port: what the client connects
// to, and where the server listens.
struct WatchedPlace {
  const NetworkNamespace* place = nullptr;  // null: our own
  std::uint16_t port = 0;
  bool has_client_ends = true;
  bool has_server_ends = true;
};

// The client's port of the connection that the server sees come from the port given: another one
// where a proxy stands between them. 0: not known yet.
using ClientPorts = std::function<std::uint16_t(std::uint16_t)>;

// One thread at a time.
class KernelWatch {
 public:
  // Hears of every death from now on: open it before the client starts. `client_ports`: empty where
  // the server sees the client's own; else called in look() and in what takes deaths.
  static Result<KernelWatch> open(const std::vector<WatchedPlace>& places,
                                  ClientPorts client_ports = {});

  // Looks once. Whose connections count is decided by the descriptors of `client` and its children
  // (/proc/<pid>/fd): connections that the shim or a stranger makes to the port are none of the
  // test's. The control connection is the client's lowest descriptor: iperf_client_api.c
  // iperf_connect(), all tags, opens it before any stream. No `client` yet: 0.
  Result<void> look(pid_t client, pid_t server);

  // Whether somebody listens where the server's ends are, now.
  Result<bool> is_listening();
  const KernelSample& current() const { return current_; }

  // Waits until a socket of these places has died, or the deadline; then takes note of it.
  Result<void> await_death(const Deadline& deadline);
  Result<void> take_deaths();

  // Makes these client ports the test's streams, where looking came too late: from a peer's report.
  void adopt_streams(const std::vector<std::uint16_t>& client_ports);
  // Whether both ends of every stream are dead, so that all figures are final.
  bool is_final() const;

 private:
  // One network namespace, seen from inside.
  struct View {
    SockDiag diag;
    DestroyMonitor monitor;
    WatchedPlace where;
  };
  struct Tracked;
  // Whose end a socket is, and of which connection.
  struct End {
    Tracked* connection;
    bool is_client;
  };

  KernelWatch(std::vector<View> views, ClientPorts client_ports)
      : views_(std::move(views)), client_ports_(std::move(client_ports)) {}

  static Result<View> open_view(const WatchedPlace& where);

  struct Tracked {
    ConnectionSample figures;
    std::uint32_t client_inode = 0;
    std::uint32_t server_inode = 0;
    bool is_judged = false;  // it is known whether it belongs to the test
    bool is_stream = false;
    std::size_t seen_at = 0;
  };

  std::optional<End> end_of(const TcpSocket& socket, const WatchedPlace& where);
  void note(const TcpSocket& socket, const WatchedPlace& where);
  void note_death(const TcpSocket& socket, const WatchedPlace& where);
  void judge_owners(pid_t client);
  void find_descriptors(pid_t server);
  Tracked& tracked(std::uint16_t client_port);
  void refresh();

  std::vector<View> views_;
  ClientPorts client_ports_;
  std::map<std::uint16_t, Tracked> connections_;  // by client port
  std::uint16_t control_port_ = 0;
  KernelSample current_;
};

}  // namespace rolecall::scenario
