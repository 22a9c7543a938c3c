// SPDX-License-Identifier: BSD-3-Clause
#include "harness/rolecall/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace rolecall::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = variable(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos;
  }
  return false;
}

Result<void> write_all(int fd, std::string_view text, std::string_view where) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(fmt::format("writing {} bytes to {}", text.size(), where));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ok();
}

}  // namespace

report::Style stdout_style() {
  const bool colour =
      ::isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  return {.unicode = locale_is_utf8(), .colour = colour};
}

report::Progress::Write progress_writer() {
  if (::isatty(STDERR_FILENO) != 1 || variable("TERM") == "dumb") return {};
  return [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  };
}

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

Result<void> write_stdout(std::string_view text) {
  return write_all(STDOUT_FILENO, text, "stdout");
}

Result<ReportFile> ReportFile::open(const std::string& path) {
  ReportFile file;
  if (path.empty()) return file;
  file.path_ = path;
  file.fd_ = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  file.is_new_ = file.fd_.is_open();
  if (!file.is_new_) file.fd_ = Fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.fd_.is_open()) return system_error(fmt::format("opening {} for the report", path));
  return file;
}

ReportFile::~ReportFile() {
  if (fd_.is_open() && is_new_ && !is_written_) ::unlink(path_.c_str());
}

Result<void> ReportFile::write(std::string_view text) {
  if (!fd_.is_open()) return ok();
  is_written_ = true;
  struct stat there {};
  const bool is_file = ::fstat(fd_.get(), &there) == 0 && S_ISREG(there.st_mode);
  if (is_file && ::ftruncate(fd_.get(), 0) != 0)
    return system_error(fmt::format("emptying {} for the report", path_));
  return write_all(fd_.get(), text, path_);
}

}  // namespace rolecall::cli
