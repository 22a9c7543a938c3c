// SPDX-License-Identifier: BSD-3-Clause
// What happens in a test, told in the order of time, and whoever writes it down: as text or as
// JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/perf/options.h"
#include "harness/perf/report_model.h"

namespace rolecall::perf {

// Where reports go. Like iperf3, roleperf does not stop for a report that it cannot write.
class ReportSink {
 public:
  virtual ~ReportSink() = default;
  virtual void write(std::string_view text) = 0;        // reports
  virtual void write_error(std::string_view text) = 0;  // errors and warnings
  // False where not all that was written since the beginning has found its place; the first time,
  // stderr says so.
  virtual bool flush() = 0;
};

// One Report serves one run of the program; a server begins each of its tests by
// server_listening(). All calls come from one thread. Calls for things that a form does not show do
// nothing there.
class Report {
 public:
  virtual ~Report() = default;

  // Begin a test. `test_number` counts from 1.
  virtual void server_listening(std::uint16_t port, int test_number) = 0;
  virtual void client_starting() = 0;

  // Client: the control connection stands. `mss` in bytes.
  virtual void control_connected(int mss) = 0;
  // Client: -l was not given for UDP, and is what fits into one packet.
  virtual void datagram_size_chosen(int bytes) = 0;
  // Server: the rate that a client asks for, in bits a second, whether or not it may have it.
  virtual void rate_asked(std::uint64_t bits_per_second) = 0;
  // A client has sent its parameters, a server agrees to them ("Connecting to host", "Accepted
  // connection from").
  // What is written from here on is what captured() gives.
  virtual void connected(const ControlFacts& facts) = 0;
  // Server of a TCP test: before connected(). Else once, when the first stream stands.
  virtual void buffers(const BufferFacts& facts) = 0;
  // Each stream connection, in the order in which streams are listed.
  virtual void stream_connected(const StreamFacts& facts) = 0;
  // Server: the streams in their order by now and with their roles by now, for what is written from
  // here on. While its role is open a stream counts as one that receives.
  virtual void streams_bound(const std::vector<StreamFacts>& streams,
                             const BindingFacts& binding) = 0;
  virtual void test_started(const TestFacts& facts) = 0;
  // Short empty leftovers are left out here, as in iperf3 (under a tenth of -i and no byte in it).
  virtual void interval(const Interval& interval) = 0;
  virtual void summary(const Summary& summary) = 0;
  // Client, after summary().
  virtual void server_output(const ServerOutput& output) = 0;

  // At any time. After failed() the test still ends by finished().
  virtual void failed(const Failure& failure) = 0;
  virtual void warning(std::string_view text) = 0;
  // What -d shows of the program's inner life, where warnings go.
  virtual void debug(std::string_view text) = 0;
  // The test is over: JSON writes its document, a client's text says so unless it failed.
  virtual void finished() = 0;

  // Server: what this report has said of the test since connected(). JSON: the document as it
  // stands.
  virtual ServerOutput captured() const = 0;
};

struct ReportSettings {
  End end = End::Client;
  char format = 'a';
  double interval_s = 1;
  bool verbose = false;
  bool flush_each_interval = false;
  bool json_stream = false;       // JSON: one event a line
  bool json_stream_full = false;  // and the document behind them
  std::optional<std::string> timestamp_format;
  std::string title;                            // text: prefix of each line of a client
  std::string extra_data;                       // JSON of a client
  std::string version;                          // "roleperf 0.1.0"
  std::string system_info;                      // system, node, release, version, machine
  std::function<std::int64_t()> wall_clock_ms;  // since 1970
  // JSON of a server: how many objects its intervals may have. It is the client that says how long
  // a test lasts and how many streams it has; memory, and what a results document may hold, end.
  std::size_t most_kept = std::size_t{1} << 17;
};

// The settings that `options` ask for, with this system's name and clock.
ReportSettings report_settings(const Options& options);

// Text or JSON, as `options` say. `sink` must outlive the report.
std::unique_ptr<Report> make_report(const Options& options, ReportSink& sink);

// stdout and stderr, or for all of it `log_file`, appended to. Errors: System, for a log file that
// cannot be opened.
Result<std::unique_ptr<ReportSink>> open_report_sink(const std::string& log_file, bool is_json);

}  // namespace rolecall::perf
