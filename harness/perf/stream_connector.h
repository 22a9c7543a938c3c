// SPDX-License-Identifier: BSD-3-Clause
// Opens the client's stream connections and writes each one's header: all at once, one after the
// other as iperf3 does, or behind barriers. Linux queues a connection for accept() before it
// acknowledges data on it, so behind a barrier the server's accept queue has them in client order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "harness/base/time.h"
#include "harness/net/reactor.h"
#include "harness/net/socket.h"
#include "harness/perf/stream.h"
#include "harness/wire/params.h"

namespace rolecall::perf {

enum class ConnectOrder {
  Parallel,       // all at once
  Sequential,     // the next when the last one's connect() is through and its header written
  RoleBarrier,    // as Sequential; the first receiver when every sender's header is acknowledged
  StreamBarrier,  // the next when the last one's header is acknowledged
};

// The barriers that pay towards a server without the role flag: those of every stream, which settle
// identity too at 2 round trips each, while all of them together take less than a second.
ConnectOrder affordable_order(Duration rtt, int streams);

struct StreamTarget {
  Address peer;                   // the control connection's: every stream goes to the same machine
  std::optional<Address> from;    // -B
  std::string device;             // --bind-dev
  std::vector<std::string> more;  // SCTP: -X
  int outgoing_streams = 0;       // SCTP: --nstreams; 0: the system's
  int first_port = 0;             // --cport: stream n binds first_port + n - 1; 0: any
  wire::Parameters parameters;
  int send_timeout_ms = 0;
  Duration limit = seconds(120);  // from one step to the next; iperf3 3.22's connect timeout
};

// What opens a test's streams, by TCP here, by UDP in datagram_connector.h.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual void start(TimePoint now) = 0;
  virtual std::optional<TimePoint> wake_at() const = 0;
  virtual void on_time(TimePoint now) = 0;
  // The server says that it has all of them.
  virtual void conclude() {}

  // After done(ok).
  std::vector<std::unique_ptr<Stream>> take_streams() { return std::move(streams_); }

 protected:
  Connector(StreamTarget target, std::vector<std::unique_ptr<Stream>> streams)
      : target_(std::move(target)), streams_(std::move(streams)) {}
  // As -w, -B, --bind-dev, --cport and -L ask. Gives the address to connect to.
  Result<Address> prepare(Stream& stream) const;

  StreamTarget target_;
  std::vector<std::unique_ptr<Stream>> streams_;

 private:
  Result<void> bind_source(Stream& stream) const;
  Result<void> bind_all_sources(Stream& stream) const;
};

class StreamConnector final : public Connector {
 public:
  using Header = std::function<Bytes(int number)>;
  using Done = std::function<void(Result<void>)>;

  // `streams` have number, id and role; sockets are filled in. Calls `done` once, from start() or
  // from the reactor: all stand and all headers are written, or why not: ETIMEDOUT when the limit
  // has come, at a barrier too, for it never goes on out of order; what connect() said; PeerClosed
  // when the server ends one of them meanwhile. `reactor` must outlive it.
  StreamConnector(Reactor& reactor, StreamTarget target, ConnectOrder order,
                  std::vector<std::unique_ptr<Stream>> streams, Header header, Done done);
  ~StreamConnector() override;
  StreamConnector(const StreamConnector&) = delete;
  StreamConnector& operator=(const StreamConnector&) = delete;

  void start(TimePoint now) override;
  std::optional<TimePoint> wake_at() const override;
  void on_time(TimePoint now) override;

 private:
  void go_on();  // begins what may begin
  Result<void> begin(Stream& stream);
  Result<void> connected(Stream& stream);
  void on_ready(Stream& stream);
  void on_change(Stream& stream, std::uint32_t events);  // of one that stands
  Error too_late() const;

  // Of the barrier before the next connect(): the first of those that it waits for.
  Stream* waited_for() const;
  bool is_waited_for(const Stream& stream) const;  // by a barrier, sooner or later
  bool is_acknowledged(const Stream& stream) const;
  bool gives_notice(const Stream& stream) const;  // when it is acknowledged
  void finish(Result<void> result);

  Reactor& reactor_;
  ConnectOrder order_;
  Header header_;
  Done done_;
  std::size_t begun_ = 0;
  std::size_t connected_ = 0;
  TimePoint until_{};
  std::size_t header_bytes_ = 0;
  bool has_notices_ = true;
  Stream* waits_for_ = nullptr;  // at a barrier
  bool finished_ = false;
};

}  // namespace rolecall::perf
