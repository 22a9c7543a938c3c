// SPDX-License-Identifier: BSD-3-Clause
// Opens the client's UDP streams: a connect datagram from each, an answer to each. Without level 2
// a server counts a second copy as data and knows streams by their order: then one after the other,
// and nothing is sent twice. With it all at once, again and again until each is answered.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "harness/base/time.h"
#include "harness/net/reactor.h"
#include "harness/perf/stream_connector.h"

namespace rolecall::perf {

class DatagramConnector final : public Connector {
 public:
  using Datagram = std::function<Bytes(int number)>;
  using Done = std::function<void(Result<void>)>;

  // As StreamConnector. `may_repeat`: the server tells copies of the connect datagrams apart.
  DatagramConnector(Reactor& reactor, StreamTarget target, bool may_repeat,
                    std::vector<std::unique_ptr<Stream>> streams, Datagram datagram, Done done);
  ~DatagramConnector() override;
  DatagramConnector(const DatagramConnector&) = delete;
  DatagramConnector& operator=(const DatagramConnector&) = delete;

  void start(TimePoint now) override;
  std::optional<TimePoint> wake_at() const override;
  void on_time(TimePoint now) override;
  void conclude() override;

 private:
  Result<void> begin(Stream& stream);
  void begin_next();
  Result<void> send_connect(const Stream& stream);
  void on_ready(const Stream& stream);
  void finish(Result<void> result);

  Reactor& reactor_;
  bool may_repeat_;
  Datagram datagram_;
  Done done_;
  std::size_t begun_ = 0;
  std::vector<bool> answered_;  // by number - 1
  TimePoint until_{};
  std::optional<TimePoint> repeat_at_;
  Duration repeat_after_;
  bool finished_ = false;
};

}  // namespace rolecall::perf
