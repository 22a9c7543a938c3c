// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/test_run.h"

#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/base/earlier.h"
#include "harness/net/socket.h"
#include "harness/net/transport.h"

namespace rolecall::perf {
namespace {

constexpr Duration kLookAtAcknowledgements = milliseconds(1);
constexpr Duration kDeliveryLimit = seconds(10);
constexpr std::uint64_t kMostGoals = 10;
constexpr double kLongestPauseSeconds = 86400;  // as long as a test may last

}  // namespace

TestFacts test_facts(const TestPlan& plan, const char* flag) {
  const wire::Parameters& p = plan.parameters;
  TestFacts facts;
  facts.streams = static_cast<int>(p.parallel);
  facts.block_bytes = static_cast<int>(p.block_bytes);
  facts.omit_s = static_cast<int>(p.omit_s);
  facts.duration_s = static_cast<int>(p.time_s);
  facts.bytes = static_cast<std::uint64_t>(p.bytes);
  facts.blocks = static_cast<std::uint64_t>(p.blocks);
  facts.reverse = p.direction == wire::Direction::Reverse;
  facts.bidir = p.direction == wire::Direction::Bidirectional;
  facts.target_bitrate_bps = static_cast<std::uint64_t>(p.bits_per_second);
  facts.protocol = p.protocol;
  facts.interval_s = plan.interval_s;
  facts.role_flag = flag;
  facts.tos = static_cast<int>(p.tos);
  facts.fq_rate_bps = static_cast<std::uint64_t>(p.fq_bits_per_second);
  facts.batched = !plan.unbatched;
  facts.gso = p.gso;
  facts.gro = p.gro;
  facts.output_wanted = p.get_server_output;
  facts.title = p.title.value_or("");
  facts.extra_data = p.extra_data.value_or("");
  return facts;
}

Result<void> TestRun::add(std::unique_ptr<Stream> stream) {
  TRY(const auto local, local_address(stream->socket));
  TRY(const auto remote, peer_address(stream->socket));
  if (!plan_.file.empty()) {
    TRY(stream->file, open_disk_file(plan_.file, stream->role));
  }
  StreamFacts facts;
  facts.socket = stream->socket.get();
  facts.local_host = local.host();
  facts.local_port = local.port();
  facts.remote_host = remote.host();
  facts.remote_port = remote.port();
  records_.emplace_back(std::move(stream), std::move(facts), plan_.parameters.protocol,
                        plan_.parameters.block_bytes);
  report_.stream_connected(records_.back().facts());
  return ok();
}

Result<void> TestRun::bind(const session::BindStreams& places, TimePoint now) {
  reorder(places.streams);
  const std::vector<Stream*> sending = take_places(places.streams);
  std::vector<StreamFacts> facts;
  for (const StreamRecord& r : records_) facts.push_back(r.facts());
  report_.streams_bound(facts, {session::name(places.roles), session::name(places.identity)});
  if (!running_ || stopped_ || sending.empty()) return ok();
  return path_->send_on(sending, now);
}

void TestRun::reorder(const std::vector<session::BoundStream>& places) {
  std::map<std::uint32_t, std::size_t> index_of;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    index_of[records_[i].stream().connection] = i;
  }
  std::vector<StreamRecord> records;
  std::vector<StreamInterval> last;
  for (const session::BoundStream& place : places) {
    const std::size_t i = index_of.at(place.connection);
    records.push_back(std::move(records_[i]));
    if (last_) last.push_back(last_->streams[i]);
  }
  records_ = std::move(records);
  if (last_) last_->streams = std::move(last);
}

// Gives each record its place in the same order; those that have just become this end's to send on.
std::vector<Stream*> TestRun::take_places(const std::vector<session::BoundStream>& places) {
  std::vector<Stream*> sending;
  for (std::size_t i = 0; i < places.size(); ++i) {
    Stream& stream = records_[i].stream();
    if (places[i].bytes) records_[i].report_as(*places[i].bytes);
    stream.number = places[i].number;
    stream.id = places[i].id;
    stream.is_identified = places[i].is_identified;
    if (stream.claim == Stream::Claim::None || !places[i].role) continue;
    const bool sends = *places[i].role == wire::Role::Sender;
    // Where payload comes in this moment the claim fails, and the session is about to be told.
    const bool claimed = stream.claim_for(sends ? Stream::Claim::Sends : Stream::Claim::Receives);
    stream.role = *places[i].role;
    if (!sends || !claimed) continue;
    records_[i].begin_sending();
    // Known only after the test: its last interval is that of a sender all the same.
    if (last_) last_->streams[i].tcp = records_[i].sample_tcp();
    sending.push_back(&stream);
  }
  if (last_) last_->sender_has_retransmits = this->sends() && is_tcp();
  return sending;
}

std::vector<Stream*> TestRun::take_payload() {
  if (!running_) return {};
  std::vector<Stream*> streams = path_->news().take_payload();
  if (!stopped_) return streams;
  for (StreamRecord& r : records_) {  // what no worker has seen, but the last look of all
    if (r.stream().claim == Stream::Claim::Open && r.stream().bytes > 0) {
      streams.push_back(&r.stream());
    }
  }
  return streams;
}

bool TestRun::sends() const {
  return std::ranges::any_of(records_, [](const StreamRecord& r) { return r.stream().sends(); });
}

bool TestRun::receives() const {
  return std::ranges::any_of(records_, [](const StreamRecord& r) { return !r.stream().sends(); });
}

std::uint64_t TestRun::sum_of_bytes(bool sent) const {
  std::uint64_t sum = 0;
  for (const StreamRecord& r : records_) {
    if (r.stream().sends() == sent) sum += r.stream().bytes.load(std::memory_order_relaxed);
  }
  return sum;
}

// What counts against a standstill: what is received, or sent where nothing is received. Datagrams
// leave whether or not somebody takes them: of a goal that only the client knows to be reached, so
// many times as much counts, for those that are lost.
std::uint64_t TestRun::moved() const {
  const std::uint64_t bytes = sum_of_bytes(!receives());
  if (!is_udp() || receives() || plan_.ends_by_itself || omitting_) return bytes;
  const wire::Parameters& p = plan_.parameters;
  const auto goal = goal_in_bytes(p.bytes, p.blocks, static_cast<std::size_t>(p.block_bytes));
  return goal == 0 ? bytes : std::min((bytes - omitted_bytes_) / kMostGoals, goal);
}

// A slow pace is no standstill: so long the sender of a stream rests after a burst.
Duration TestRun::longest_pause() const {
  const wire::Parameters& p = plan_.parameters;
  if (receives() || p.bits_per_second == 0) return plan_.receive_timeout;
  const auto burst_bytes = std::max<std::int64_t>(p.burst_blocks, 1) * p.block_bytes;
  const double pause_s =
      static_cast<double>(burst_bytes) * 8 / static_cast<double>(p.bits_per_second);
  return plan_.receive_timeout + from_seconds(std::min(pause_s, kLongestPauseSeconds));
}

Error TestRun::no_data() const {
  const std::int64_t ms = standstill_.limit().in_ms();
  if (receives()) {
    return Error{Errc::Timeout,
                 fmt::format("idle timeout for receiving data: none came for {} ms", ms)};
  }
  return Error{Errc::Timeout, fmt::format("idle timeout for sending data: the peer took none, nor "
                                          "ended the test, for {} ms",
                                          ms)};
}

Result<void> TestRun::start(TimePoint now) {
  const wire::Parameters& p = plan_.parameters;
  Load load;
  load.is_udp = is_udp();
  load.keeps_blocks = p.protocol == wire::Protocol::Sctp;
  load.counter = p.udp_counter;
  load.is_file = !plan_.file.empty();
  load.is_zerocopy = p.zerocopy;
  load.skips_copy = p.skip_rx_copy && !load.keeps_blocks;  // SCTP copies always
  load.gso = p.gso;
  load.gro = p.gro;
  load.is_unbatched = plan_.unbatched;
  load.is_repeating = p.repeating_payload;
  load.block_bytes = static_cast<std::size_t>(p.block_bytes);
  load.goal_bytes = goal_in_bytes(p.bytes, p.blocks, load.block_bytes);
  // A client that receives may have lost some, and only it knows when it has enough.
  if (load.is_udp && !plan_.ends_by_itself) load.goal_bytes = 0;
  load.bits_per_second = static_cast<std::uint64_t>(p.bits_per_second);
  load.burst_blocks = static_cast<int>(p.burst_blocks);
  std::vector<Stream*> streams;
  for (StreamRecord& r : records_) streams.push_back(&r.stream());
  TRY(path_, DataPath::create(streams, load));
  running_ = true;
  omitting_ = p.omit_s != 0;
  standstill_.begin(longest_pause(), now);
  cpu_.start(now);
  phase_start_ = now;
  if (omitting_) {
    cut_at_ = now;
    if (plan_.interval_s > 0) next_cut_ = now + from_seconds(plan_.interval_s);
  } else {
    begin_measuring(now);
  }
  return path_->start(now);
}

void TestRun::begin_measuring(TimePoint now) {
  omitting_ = false;
  phase_start_ = cut_at_ = now;
  next_cut_.reset();
  if (plan_.interval_s > 0) next_cut_ = now + from_seconds(plan_.interval_s);
  omitted_bytes_ = sum_of_bytes(!receives());
  for (StreamRecord& r : records_) r.begin_measuring();
  cpu_.start(now);
  path_->begin_measuring();
}

std::optional<TimePoint> TestRun::wake_at() const {
  if (!running_ || stopped_) return std::nullopt;
  std::optional<TimePoint> first = next_cut_;
  if (delivers_until_) first = earlier(first, now() + kLookAtAcknowledgements);
  if (receives() || may_stand_still()) first = earlier(first, standstill_.look_at());
  const wire::Parameters& p = plan_.parameters;
  if (omitting_) {
    first = earlier(first, phase_start_ + seconds(p.omit_s));
  } else if (plan_.ends_by_itself && p.time_s != 0) {
    first = earlier(first, phase_start_ + seconds(p.time_s));
  }
  return first;
}

// The peer stops writing its file when it hears that the test is over, so that may be said only
// when its kernel has all of it. No event tells when an acknowledgement comes.
bool TestRun::is_delivered(TimePoint now) {
  if (plan_.file.empty()) return true;
  if (!delivers_until_) delivers_until_ = now + kDeliveryLimit;
  return now >= *delivers_until_ || std::ranges::none_of(records_, [](const StreamRecord& r) {
           const auto all = is_all_acknowledged(r.stream().socket);
           return all && !all.value();
         });
}

TestRun::Progress TestRun::on_time(TimePoint now) {
  if (!running_ || stopped_) return Progress::Goes;
  path_->news().take();
  const wire::Parameters& p = plan_.parameters;
  if (omitting_ && now >= phase_start_ + seconds(p.omit_s)) {
    cut_interval(now);
    begin_measuring(now);
  }
  const bool time_is_up = !omitting_ && p.time_s != 0 && now >= phase_start_ + seconds(p.time_s);
  if (plan_.ends_by_itself && (time_is_up || (path_->goal_reached() && is_delivered(now)))) {
    return Progress::Over;
  }
  if (failure()) return Progress::Broken;
  if ((receives() || may_stand_still()) && standstill_.lasts(moved(), now)) return Progress::NoData;
  if (next_cut_ && now >= *next_cut_) {
    cut_interval(now);
    // Due times stay on the grid; one that was missed by a whole interval is left out.
    const Duration step = from_seconds(plan_.interval_s);
    while (*next_cut_ <= now) next_cut_ = *next_cut_ + step;
  }
  return Progress::Goes;
}

void TestRun::cut_interval(TimePoint at) {
  Interval interval;
  interval.omitted = omitting_;
  interval.sender_has_retransmits = sends() && is_tcp();
  const double start_s = since_phase(std::exchange(cut_at_, at));
  for (StreamRecord& r : records_) {
    interval.streams.push_back(r.cut_interval(start_s, since_phase(at)));
  }
  if (stopped_) {
    last_ = std::move(interval);
  } else {
    report_.interval(interval);
  }
}

void TestRun::stop(bool drain) {
  CHECK(running_ && !stopped_);
  path_->stop_sending();
  if (drain) path_->stop_receiving();
  stopped_ = true;
  const TimePoint end =
      now();  // what was sent while the workers ended counts, and so does its time
  cut_interval(end);
  seconds_ = since_phase(end);
  local_cpu_ = cpu_.since_start(end);
  if (is_tcp()) local_congestion_ = records_.back().congestion();
  for (StreamRecord& r : records_) r.freeze();
}

void TestRun::end_streams() {
  if (is_udp()) return;  // nothing can be said there
  for (const StreamRecord& r : records_) {
    if (r.stream().sends()) ::shutdown(r.stream().socket.get(), SHUT_WR);
  }
}

std::vector<session::ConnectionTotal> TestRun::totals() const {
  std::vector<session::ConnectionTotal> totals;
  for (const StreamRecord& r : records_) {
    totals.push_back({r.stream().connection, r.bytes(), r.retransmits()});
  }
  return totals;
}

std::vector<const Stream*> TestRun::streams() const {
  std::vector<const Stream*> streams;
  for (const StreamRecord& r : records_) streams.push_back(&r.stream());
  return streams;
}

wire::Results TestRun::results() const {
  wire::Results results;
  results.cpu_total_percent = local_cpu_.total;
  results.cpu_user_percent = local_cpu_.user;
  results.cpu_system_percent = local_cpu_.system;
  results.sender_has_retransmits = !sends() ? -1 : int{is_tcp()};
  if (!local_congestion_.empty()) results.congestion_used = local_congestion_;
  for (const StreamRecord& r : records_) results.streams.push_back(r.result(seconds_));
  return results;
}

Result<void> TestRun::take_peer_results(const wire::Results& results) {
  remote_cpu_ = {results.cpu_total_percent, results.cpu_user_percent, results.cpu_system_percent};
  remote_congestion_ = results.congestion_used.value_or("");
  peer_has_retransmits_ = results.sender_has_retransmits == 1;
  for (const wire::StreamResult& stream : results.streams) {
    const auto it = std::ranges::find_if(
        records_, [&](const StreamRecord& r) { return r.stream().id == stream.id; });
    if (it == records_.end()) {
      return Error{
          Errc::Malformed,
          fmt::format("the peer's results name stream id {}, which this test does not have",
                      stream.id)};
    }
    it->set_peer(stream, peer_has_retransmits_);
  }
  return ok();
}

void TestRun::print_summary() {
  if (std::exchange(summary_printed_, true)) return;
  if (last_) {
    last_->sender_has_retransmits = last_->sender_has_retransmits || peer_has_retransmits_;
    report_.interval(*last_);
    last_.reset();
  }
  Summary summary;
  for (const StreamRecord& r : records_) summary.streams.push_back(r.summary(seconds_));
  summary.local_seconds = seconds_;
  summary.local_cpu = local_cpu_;
  summary.remote_cpu = remote_cpu_;
  summary.local_congestion = local_congestion_;
  summary.remote_congestion = remote_congestion_;
  report_.summary(summary);
}

}  // namespace rolecall::perf
