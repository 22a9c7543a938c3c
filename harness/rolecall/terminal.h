// SPDX-License-Identifier: BSD-3-Clause
// What the user's terminal can show, and the files that a command writes for other programs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "harness/base/fd.h"
#include "harness/base/result.h"
#include "harness/report/progress.h"
#include "harness/report/table.h"

namespace rolecall::cli {

// Unicode where the locale is UTF-8; colours where stdout is a terminal and NO_COLOR is not set.
report::Style stdout_style();

// Writes to stderr if that is a terminal, else an empty function.
report::Progress::Write progress_writer();
// Of the terminal at stderr; 0 when it does not say.
std::size_t terminal_columns();

// Text to stdout. System when not all of it could be written.
Result<void> write_stdout(std::string_view text);

// A file that is opened before the work and written after it, so that a wrong name costs no run.
class ReportFile {
 public:
  // Makes `path`, or opens what is there and leaves it as it is until write(); an empty path is
  // none, to which write() does nothing. System.
  static Result<ReportFile> open(const std::string& path);
  // In the place of what was there.
  Result<void> write(std::string_view text);
  bool is_wanted() const { return fd_.is_open(); }

  ReportFile(ReportFile&&) noexcept = default;
  ReportFile& operator=(ReportFile&&) = delete;
  ~ReportFile();  // one that was made and not written goes: an empty report would say nothing

 private:
  ReportFile() = default;

  std::string path_;
  Fd fd_;
  bool is_new_ = false;
  bool is_written_ = false;
};

}  // namespace rolecall::cli
