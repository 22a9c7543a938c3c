// SPDX-License-Identifier: BSD-3-Clause
// For tests only: a sink that keeps what it gets, and the facts of small tests, told to a Report.
#pragma once

#include <string>
#include <string_view>

#include "harness/perf/report.h"

namespace rolecall::perf {

struct MemorySink : ReportSink {
  void write(std::string_view text) override { out += text; }
  void write_error(std::string_view text) override { err += text; }
  bool flush() override {
    ++flushes;
    return true;
  }
  std::string out;
  std::string err;
  int flushes = 0;
};

// 23 November 2026, 10:41:13 GMT, and names that do not change.
ReportSettings sample_settings(End end);

// One test with its facts: whoever tells it may change them first.
struct SampleTest {
  End end = End::Client;
  ControlFacts control;
  BufferFacts buffers{0, 16384, 131072};
  std::vector<StreamFacts> streams;
  TestFacts test;
  std::vector<Interval> intervals;
  Summary summary;

  // From the first event to summary(), without finished().
  void tell(Report& report) const;
};

// One interval of one second. The sender of a stream sent 1.81 GiB with 6 retransmits; what a
// server cannot know is not there. `streams` of each direction.
SampleTest sample_test(End end, bool reverse, bool bidir, int streams);

}  // namespace rolecall::perf
