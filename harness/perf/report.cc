// SPDX-License-Identifier: BSD-3-Clause
// Which report for which options, and the files that reports go to.
#include "harness/perf/report.h"

#include <stdio.h>

#include <fmt/format.h>

#include "harness/perf/clock_text.h"
#include "harness/perf/json_report.h"
#include "harness/perf/text_report.h"
#include "harness/perf/usage.h"

namespace rolecall::perf {
namespace {

// stdio buffers for us: a full pipe or disk slows or loses the report, never the test.
class FileSink : public ReportSink {
 public:
  FileSink(FILE* reports, FILE* errors) : reports_(reports), errors_(errors) {}
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() override {
    flush();
    if (reports_ != stdout) fclose(reports_);
  }

  void write(std::string_view text) override { fwrite(text.data(), 1, text.size(), reports_); }
  void write_error(std::string_view text) override { fwrite(text.data(), 1, text.size(), errors_); }
  void flush() override { fflush(reports_); }

 private:
  FILE* reports_;
  FILE* errors_;
};

}  // namespace

ReportSettings report_settings(const Options& options) {
  ReportSettings settings;
  settings.role = options.role;
  settings.format = options.format;
  settings.interval_s = options.interval_s;
  settings.verbose = options.verbose;
  settings.flush_each_interval = options.force_flush || !options.log_file.empty();
  settings.timestamp_format = options.timestamp_format;
  settings.title = options.title;
  settings.version = program_version();
  settings.system_info = system_info();
  settings.wall_clock_ms = wall_clock_ms;
  return settings;
}

std::unique_ptr<Report> make_report(const Options& options, ReportSink& sink) {
  if (options.json) return std::make_unique<JsonReport>(report_settings(options), sink);
  return std::make_unique<TextReport>(report_settings(options), sink);
}

Result<std::unique_ptr<ReportSink>> open_report_sink(const std::string& log_file) {
  if (log_file.empty()) return std::make_unique<FileSink>(stdout, stderr);
  FILE* file = fopen(log_file.c_str(), "ae");
  if (file == nullptr) return system_error(fmt::format("open log file '{}' to append", log_file));
  return std::make_unique<FileSink>(file, file);
}

}  // namespace rolecall::perf
