// SPDX-License-Identifier: BSD-3-Clause
// For tests only: the roleperf client within the test's own process, many times faster than a
// program for each: what it is told, what it prints, what it would exit with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "harness/base/fd.h"
#include "harness/perf/options.h"
#include "harness/perf/report_samples.h"

namespace rolecall::perf {

class ClientRun {
 public:
  // Begins at once, in a thread of its own.
  ClientRun(std::uint16_t port, std::string_view more);
  ~ClientRun();
  ClientRun(const ClientRun&) = delete;
  ClientRun& operator=(const ClientRun&) = delete;

  // Waits for its end.
  int status();
  // After status().
  const std::string& out() const { return sink_.out; }
  const std::string& err() const { return sink_.err; }

 private:
  Options options_;
  MemorySink sink_;
  std::unique_ptr<Report> report_;
  Fd no_signals_;
  int status_ = -1;
  std::thread thread_;
};

}  // namespace rolecall::perf
