// SPDX-License-Identifier: BSD-3-Clause
// Which report for which options, and the files that reports go to.
#include "harness/perf/report.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "harness/perf/clock_text.h"
#include "harness/perf/json_report.h"
#include "harness/perf/text_report.h"
#include "harness/perf/usage.h"

namespace rolecall::perf {
namespace {

// A portion of this size does not block where poll() sees room in a pipe.
constexpr std::size_t kPortion = PIPE_BUF;
constexpr int kPatienceMs = 1000;

// One of ours, which are blocked and wait to be taken.
bool is_signal_waiting() {
  sigset_t set;
  return ::sigpending(&set) == 0 &&
         (::sigismember(&set, SIGINT) == 1 || ::sigismember(&set, SIGTERM) == 1 ||
          ::sigismember(&set, SIGHUP) == 1);
}

// stdout or stderr.
struct StandardStream {
  int fd = -1;
  bool is_given_up = false;  // nobody reads, and a signal wants the program to end

  bool has_room() {
    pollfd room{fd, POLLOUT, 0};
    while (!is_given_up && ::poll(&room, 1, kPatienceMs) == 0) is_given_up = is_signal_waiting();
    return !is_given_up;
  }
};

// All of it, also to a pipe that somebody made non-blocking, where stdio itself would drop the rest
// of a long document. Whoever reads may take his time, until a signal comes.
ssize_t write_all(void* cookie, const char* data, std::size_t size) {
  StandardStream& to = *static_cast<StandardStream*>(cookie);
  std::size_t written = 0;
  while (written < size) {
    if (!to.has_room()) {
      errno = EPIPE;  // as if nobody read any more
      return 0;
    }
    const ssize_t n = ::write(to.fd, data + written, std::min(size - written, kPortion));
    if (n >= 0) {
      written += static_cast<std::size_t>(n);
    } else if (errno != EINTR && errno != EAGAIN) {
      return 0;  // lost: stdio takes it for an error
    }
  }
  return static_cast<ssize_t>(written);
}

FILE* open_standard(StandardStream& stream, int buffering, FILE* otherwise) {
  FILE* file = fopencookie(&stream, "w", {nullptr, write_all, nullptr, nullptr});
  if (file == nullptr) return otherwise;
  setvbuf(file, nullptr, buffering, BUFSIZ);
  return file;
}

// As stdio has it: a terminal sees each line at once, a file when there is enough of it.
FILE* open_stdout() {
  static StandardStream stream{STDOUT_FILENO};
  return open_standard(stream, ::isatty(STDOUT_FILENO) != 0 ? _IOLBF : _IOFBF, stdout);
}

FILE* open_stderr() {
  static StandardStream stream{STDERR_FILENO};
  return open_standard(stream, _IONBF, stderr);
}

// A reader that leaves a pipe full holds up whoever reports, as it does iperf3: payload flows on,
// but intervals, and the end of the test, wait until he reads, or until a signal wants the program
// to end; then the rest of the report is lost. Dropping lines of a pager that was left alone, or of
// a JSON document, would be worse.
class FileSink : public ReportSink {
 public:
  FileSink(FILE* reports, FILE* errors) : reports_(reports), errors_(errors) {}
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() override {
    flush();
    if (reports_ != stdout) fclose(reports_);
    if (errors_ != reports_ && errors_ != stderr) fclose(errors_);
  }

  void write(std::string_view text) override {
    note(fwrite(text.data(), 1, text.size(), reports_) == text.size());
  }
  void write_error(std::string_view text) override { fwrite(text.data(), 1, text.size(), errors_); }
  bool flush() override {
    note(fflush(reports_) == 0);
    return !is_lost_;
  }

 private:
  // To stderr itself: a log file is what could not be written. A reader that has left wants no
  // more.
  void note(bool is_written) {
    if (is_written || is_lost_ || errno == EPIPE) return;
    is_lost_ = true;
    const std::string why = system_error("the report could not be written").message();
    fputs(fmt::format("roleperf: error - {}\n", why).c_str(), stderr);
  }

  FILE* reports_;
  FILE* errors_;
  bool is_lost_ = false;
};

}  // namespace

ReportSettings report_settings(const Options& options) {
  ReportSettings settings;
  settings.end = options.end;
  settings.format = options.format;
  settings.interval_s = options.interval_s;
  settings.verbose = options.verbose;
  settings.flush_each_interval = options.force_flush || !options.log_file.empty();
  settings.json_stream = options.json_stream;
  settings.json_stream_full = options.json_stream_full;
  settings.timestamp_format = options.timestamp_format;
  settings.title = options.title;
  settings.extra_data = options.extra_data;
  settings.version = program_version();
  settings.system_info = system_info();
  settings.wall_clock_ms = wall_clock_ms;
  return settings;
}

std::unique_ptr<Report> make_report(const Options& options, ReportSink& sink) {
  if (options.json) return std::make_unique<JsonReport>(report_settings(options), sink);
  return std::make_unique<TextReport>(report_settings(options), sink);
}

Result<std::unique_ptr<ReportSink>> open_report_sink(const std::string& log_file, bool is_json) {
  if (log_file.empty()) return std::make_unique<FileSink>(open_stdout(), open_stderr());
  FILE* file = fopen(log_file.c_str(), "ae");
  if (file == nullptr) {
    return system_error(fmt::format("unable to open log file: {}", log_file));
  }
  return std::make_unique<FileSink>(file, is_json ? open_stderr() : file);
}

}  // namespace rolecall::perf
