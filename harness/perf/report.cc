// SPDX-License-Identifier: BSD-3-Clause
// Which report for which options, and the files that reports go to.
#include "harness/perf/report.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "harness/perf/clock_text.h"
#include "harness/perf/json_report.h"
#include "harness/perf/text_report.h"
#include "harness/perf/usage.h"

namespace rolecall::perf {
namespace {

// All of it, also to a pipe that somebody made non-blocking, where stdio itself would drop the rest
// of a long document.
ssize_t write_all(void* cookie, const char* data, std::size_t size) {
  const int fd = *static_cast<const int*>(cookie);
  std::size_t written = 0;
  while (written < size) {
    const ssize_t n = ::write(fd, data + written, size - written);
    if (n >= 0) {
      written += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      pollfd room{fd, POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return 0;  // lost: stdio takes it for an error
    }
  }
  return static_cast<ssize_t>(written);
}

// As stdio has it: a terminal sees each line at once, a file when there is enough of it.
FILE* open_stdout() {
  static const int kStdout = STDOUT_FILENO;
  FILE* file = fopencookie(const_cast<int*>(&kStdout), "w", {nullptr, write_all, nullptr, nullptr});
  if (file == nullptr) return stdout;
  setvbuf(file, nullptr, ::isatty(kStdout) != 0 ? _IOLBF : _IOFBF, BUFSIZ);
  return file;
}

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
  settings.json_stream = options.json_stream;
  settings.json_stream_full = options.json_stream_full;
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
  if (log_file.empty()) return std::make_unique<FileSink>(open_stdout(), stderr);
  FILE* file = fopen(log_file.c_str(), "ae");
  if (file == nullptr) return system_error(fmt::format("open log file '{}' to append", log_file));
  return std::make_unique<FileSink>(file, file);
}

}  // namespace rolecall::perf
