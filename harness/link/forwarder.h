// SPDX-License-Identifier: BSD-3-Clause
// Moves packets between the two TUN devices of a link: counts, loses at random, gives them to the
// rules, delays, captures. One thread; on the way of a packet that no rule touches and no delay
// keeps, nothing is allocated and nothing copied.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/link/connection_table.h"
#include "harness/link/link_log.h"
#include "harness/link/link_options.h"
#include "harness/link/pcapng.h"
#include "harness/link/random_loss.h"
#include "harness/link/rule_book.h"
#include "harness/link/stranger.h"

namespace rolecall::link {

class Forwarder : private PacketSink {
 public:
  // The descriptors are the two TUN devices, non-blocking.
  Forwarder(const LinkOptions& options, Fd client_tun, Fd server_tun,
            std::optional<PcapngWriter> capture, std::optional<Stranger> stranger);
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;
  ~Forwarder() override = default;

  // Forwards until `stop` (an eventfd) is readable or a device fails.
  void run(const Fd& stop);
  // What was seen and done; once, after run().
  LinkLog take_log();

 private:
  struct Delayed {
    TimePoint due;
    Bytes frame;
    std::string comment;
  };

  const Fd& source(Direction d) const {
    return d == Direction::ToServer ? client_tun_ : server_tun_;
  }
  const Fd& target(Direction d) const {
    return d == Direction::ToServer ? server_tun_ : client_tun_;
  }

  Result<void> step(const Fd& stop, bool& stopped);
  Result<void> read_from(Direction direction);
  void handle(Direction direction, ByteView frame, TimePoint now);
  std::optional<Sighting> see(Direction direction, ByteView packet, TimePoint now);
  void bring_stranger(const Sighting& sighting);
  void on_arrival(Direction direction, ByteView frame, std::string_view comment,
                  TimePoint now) override;
  void on_departure(Direction direction, ByteView frame, std::string_view comment,
                    TimePoint now) override;
  void send(Direction direction, ByteView frame, std::string_view comment, TimePoint now);
  void send_due(TimePoint now);
  std::optional<TimePoint> next_wake() const;

  // What is in front of each packet on the devices, in bytes; it goes along with the packet. A
  // frame is both.
  std::size_t header_;
  Duration delay_;
  Fd client_tun_;
  Fd server_tun_;
  ConnectionTable table_;
  RuleBook book_;
  PerDirection<RandomLoss> loss_;
  PerDirection<std::deque<Delayed>> delayed_;
  std::vector<Bytes> spare_;  // buffers of delayed packets that have gone
  std::optional<PcapngWriter> capture_;
  std::optional<Stranger> stranger_;
  std::vector<std::byte> buffer_;
  LinkLog log_;
};

}  // namespace rolecall::link
