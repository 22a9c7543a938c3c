// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz/recording.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "fuzz/dialogue.h"
#include "harness/link/connection_table.h"
#include "harness/link/link.h"
#include "harness/wire/role_flag.h"

namespace rolecall::fuzz {
namespace {

using link::Direction;
using Kind = Step::Kind;

Step step(Kind kind, int at, std::size_t count = 0) {
  return {.kind = kind, .at = at, .count = static_cast<std::uint32_t>(count), .text = {}};
}

class Recorder {
 public:
  Recorder(std::uint16_t port, const Input& settings)
      : port_(port),
        table_(port, {*link::ip_address(link::kClientAddress)}),
        recording_{settings, settings, settings} {}

  // A packet as it comes into the link.
  Result<void> see(const link::CapturedPacket& packet) {
    const bool is_client = packet.interface == link::CaptureInterface::Client;
    const Direction direction = is_client ? Direction::ToServer : Direction::ToClient;
    if (direction == Direction::ToServer) on_datagram(packet.bytes);
    const auto segment = link::parse_tcp(packet.bytes);
    if (!segment) return ok();
    const auto sighting = table_.see(direction, *segment, TimePoint{});
    if (!sighting || table_.connections()[sighting->connection].test != 1) return ok();
    TRY(const ByteView bytes, new_bytes({sighting->connection, direction}, *segment, packet));
    const int number = sighting->number;
    if (number == 0) return on_control(direction, bytes);
    if (direction == Direction::ToServer && !segment->syn) on_stream(number, bytes.size());
    return ok();
  }

  Result<Recording> finish() {
    if (!client_.is_over() || !server_.is_over())
      return Error{Errc::Malformed, "the test did not come to its end"};
    return std::move(recording_);
  }

 private:
  using Path = std::pair<std::size_t, Direction>;  // one way of a connection

  // What of a segment's payload has not been seen yet. The link gives packets in the order in which
  // they were sent.
  Result<ByteView> new_bytes(const Path& path, const link::TcpSegment& segment,
                             const link::CapturedPacket& packet) {
    const std::uint32_t begin = segment.payload_sequence();
    const auto [next, is_first] = next_.try_emplace(path, begin);
    const std::uint32_t known = next->second - begin;
    if (segment.payload == 0 || (known >= segment.payload && known < 0x8000'0000U))
      return ByteView();
    if (known >= 0x8000'0000U) return Error{Errc::Malformed, "a segment is missing"};
    next->second = begin + segment.payload;
    return ByteView(packet.bytes).last(segment.payload - known);
  }

  Result<void> on_control(Direction direction, ByteView bytes) {
    if (bytes.empty()) return ok();
    const bool to_server = direction == Direction::ToServer;
    add(recording_.for_pair, step(to_server ? Kind::ToServer : Kind::ToClient, 0, bytes.size()));
    TRY(const std::vector<Step> steps, (to_server ? client_ : server_).says(bytes));
    for (const Step& one : steps) {
      add(to_server ? recording_.for_server : recording_.for_client, one);
      // The client's owner has told it that the test is over.
      const bool ends_test = to_server && is_state(one, wire::State::TestEnd);
      if (ends_test) add(recording_.for_client, step(Kind::Answer, 0));
    }
    return ok();
  }

  // The client's handshake is through, or so many bytes came.
  void on_stream(int number, std::size_t bytes) {
    const auto [stream, is_new] = streams_.try_emplace(number);
    if (is_new) add_to_both(step(Kind::Appear, number));
    const std::size_t header = std::min(bytes, header_size() - stream->second.header);
    stream->second.header += header;
    if (header > 0) add_to_both(step(Kind::Header, number, header));
    if (header < bytes && !std::exchange(stream->second.has_payload, true))
      add(recording_.for_server, step(Kind::Payload, number));
  }

  // UDP: the first one of each source connects.
  void on_datagram(ByteView packet) {
    const auto datagram = link::parse_udp(packet);
    if (!datagram || datagram->destination_port != port_) return;
    if (!flows_.insert(datagram->source_port).second) return;
    Step flow = step(Kind::Flow, static_cast<int>(flows_.size()));
    // That of level 2 has the cookie; the target's own is in its place.
    const bool has_header = datagram->payload.size() > wire::kCookieSize;
    if (!has_header) flow.text = as_text(datagram->payload);
    add(recording_.for_server, flow);
  }

  // Of cookie and preamble.
  std::size_t header_size() const {
    const bool is_forced = recording_.for_pair.client.mode == session::FlagMode::Force;
    return wire::kCookieSize + wire::preamble_size(is_forced ? 1 : server_.flag_level());
  }
  void add_to_both(const Step& one) {
    add(recording_.for_server, one);
    add(recording_.for_pair, one);
  }
  static void add(Input& input, const Step& one) {
    if (input.steps.size() < kMostSteps) input.steps.push_back(one);
  }

  struct Stream {
    std::size_t header = 0;  // bytes of it that came
    bool has_payload = false;
  };
  std::uint16_t port_;
  link::ConnectionTable table_;
  Recording recording_;
  std::map<Path, std::uint32_t> next_;  // sequence number
  Dialogue client_{session::End::Client};
  Dialogue server_{session::End::Server};
  std::map<int, Stream> streams_;
  std::set<std::uint16_t> flows_;  // by source port
};

}  // namespace

Result<Recording> recorded(const std::vector<link::CapturedPacket>& packets, std::uint16_t port,
                           const Input& settings) {
  Recorder recorder(port, settings);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (!packets[i].inbound) continue;
    if (!packets[i].is_whole)
      return Error{Errc::Malformed, fmt::format("packet {} was cut when it was kept", i + 1)};
    TRY(recorder.see(packets[i]));
  }
  return recorder.finish();
}

}  // namespace rolecall::fuzz
