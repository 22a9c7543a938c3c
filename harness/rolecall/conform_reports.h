// SPDX-License-Identifier: BSD-3-Clause
// What `rolecall conform` leaves: on the terminal, and in the files that the user named.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/base/time.h"
#include "harness/conformance/baseline.h"
#include "harness/conformance/profile.h"
#include "harness/report/conformance_report.h"
#include "harness/rolecall/terminal.h"

namespace rolecall::cli {

// The command line, as it was read.
struct ConformCommand {
  conformance::Side side = conformance::Side::Server;
  conformance::Selection selection;
  std::vector<std::string> without;
  std::vector<std::string> words;  // of the program
  std::string connect;             // HOST:PORT in its place
  std::string baseline;
  std::string profile;
  std::string record;
  std::string sarif;
  std::string junit;
  std::string keep;
  bool list = false;
  bool dry_run = false;
  bool strict = false;
  bool json = false;
  int jobs = 0;  // 0: as many as is usual
  std::optional<int> step_limit_s;
};

class ConformReports {
 public:
  // Before the first case, so that none is run in vain. Config for two files of one name and for a
  // profile to record in that is none; System. `command` outlives it.
  static Result<ConformReports> open(const ConformCommand& command);

  // Prints first, as what was found must not be lost with a file that cannot be written. Of a run
  // that `is_complete`, not interrupted, the outcomes are recorded, too. The exit status, or
  // System.
  Result<int> write(std::vector<conformance::CaseResult> results, Duration took,
                    const conformance::Expectations& expectations, bool is_complete);

 private:
  ConformReports(const ConformCommand& command, conformance::Profile recorded, ReportFile junit,
                 ReportFile sarif, ReportFile record);
  Result<void> print(const report::ConformanceRun& run, const std::string& compared) const;

  const ConformCommand* command_;
  conformance::Profile recorded_;  // so far, by --record
  ReportFile junit_;
  ReportFile sarif_;
  ReportFile record_;
};

}  // namespace rolecall::cli
