// SPDX-License-Identifier: BSD-3-Clause
// One test from TEST_RUNNING to its figures, the same at both ends: the streams, the data path, the
// intervals, the results.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/base/time.h"
#include "harness/perf/cpu_use.h"
#include "harness/perf/data_path.h"
#include "harness/perf/report.h"
#include "harness/perf/standstill.h"
#include "harness/perf/stream_record.h"
#include "harness/session/event.h"
#include "harness/wire/params.h"

namespace rolecall::perf {

// What a test is, as both ends know it.
struct TestPlan {
  wire::Parameters parameters;
  double interval_s = 1;
  bool unbatched = false;                   // one block a call to the kernel
  Duration receive_timeout = seconds(120);  // without a byte received
  std::string file{};                       // -F of this end; empty: none
  bool ends_by_itself = false;              // the client decides when the test is over
};

// The facts of a test for its report.
TestFacts test_facts(const TestPlan& plan, const char* flag);

// One thread makes all calls, in the order in which they stand here.
class TestRun {
 public:
  // `report` must outlive it.
  TestRun(TestPlan plan, Report& report) : plan_(std::move(plan)), report_(report) {}

  const TestPlan& plan() const { return plan_; }

  // In the order of their numbers. Tells the report. Errors: System; Config, where the stream's
  // file
  // (-F) cannot be opened.
  Result<void> add(std::unique_ptr<Stream> stream);
  bool has_streams() const { return !records_.empty(); }

  // Server: where the streams belong by now; once after they were added, and again whenever more is
  // known, also when the test has stopped. Streams that turn out to send do so from `now` on. Tells
  // the report. Errors: System.
  Result<void> bind(const session::BindStreams& places, TimePoint now);
  // Server: open streams on which payload came since the last call.
  std::vector<Stream*> take_payload();

  // Payload flows from here on.
  Result<void> start(TimePoint now);
  bool running() const { return running_; }
  // Readable when on_time() should be called early.
  const Fd& event() { return path_->news().event(); }
  std::optional<TimePoint> wake_at() const;

  enum class Progress { Goes, Over, NoData, Broken };
  // Prints what is due. Over: the goal or the time is reached, where the test ends by itself.
  // NoData: nothing was received for too long; or sent, where this end does not end the test by
  // itself, or not by time.
  Progress on_time(TimePoint now);
  // The sentence for NoData.
  Error no_data() const;
  // Why it is Broken.
  std::optional<Error> failure() { return path_->news().failure(); }

  // Payload in both directions so far, the omitted part too.
  std::uint64_t transferred() const { return sum_of_bytes(true) + sum_of_bytes(false); }

  // Ends sending and counting. `drain`: receive and count what the kernel holds by now, and then no
  // more; else go on receiving without counting, so that the peer is not reset.
  void stop(bool drain);
  bool stopped() const { return stopped_; }
  // Says on the streams that send that nothing follows, once stopped. A client up to 3.15 that
  // receives waits for the rest of its block, or for this, before it reads another control state.
  void end_streams();

  wire::Results results() const;
  // Server, once stopped.
  std::vector<session::ConnectionTotal> totals() const;
  std::vector<const Stream*> streams() const;  // live as long as this
  // Malformed when the results speak of a stream that this test does not have.
  Result<void> take_peer_results(const wire::Results& results);
  // The last interval and the summary, with what the peer told by now. Once.
  void print_summary();

 private:
  void reorder(const std::vector<session::BoundStream>& places);
  std::vector<Stream*> take_places(const std::vector<session::BoundStream>& places);
  void begin_measuring(TimePoint now);
  void cut_interval(TimePoint at);
  bool is_tcp() const { return plan_.parameters.protocol == wire::Protocol::Tcp; }
  bool is_udp() const { return plan_.parameters.protocol == wire::Protocol::Udp; }
  bool sends() const;
  bool receives() const;
  std::uint64_t sum_of_bytes(bool sent) const;
  bool may_stand_still() const {
    return !receives() && (plan_.parameters.time_s == 0 || !plan_.ends_by_itself);
  }
  std::uint64_t moved() const;
  Duration longest_pause() const;
  bool is_delivered(TimePoint now);
  double since_phase(TimePoint t) const { return (t - phase_start_).in_seconds(); }

  TestPlan plan_;
  Report& report_;
  std::vector<StreamRecord> records_;
  std::uint64_t omitted_bytes_ = 0;  // of the direction that moved() looks at
  std::unique_ptr<DataPath> path_;   // after records_: its workers end before the streams do
  CpuMeter cpu_;
  bool running_ = false;
  bool stopped_ = false;
  bool omitting_ = false;
  TimePoint phase_start_{};  // of the omitted part, then of the measured one
  TimePoint cut_at_{};
  std::optional<TimePoint> next_cut_;
  Standstill standstill_;
  std::optional<TimePoint> delivers_until_;  // -F: all is sent, but not all is acknowledged
  std::optional<Interval> last_;             // printed with the summary
  bool summary_printed_ = false;
  double seconds_ = 0;
  CpuUse local_cpu_;
  CpuUse remote_cpu_;
  std::string local_congestion_;
  std::string remote_congestion_;
  bool peer_has_retransmits_ = false;
};

}  // namespace rolecall::perf
