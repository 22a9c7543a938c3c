// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/progress.h"

#include <string>

#include <fmt/format.h>

namespace rolecall::report {

void Progress::show(std::size_t done, std::size_t total, std::string_view what) {
  if (!write_) return;
  std::string line = fmt::format("{}/{} {}", done, total, what);
  if (columns_ > 0 && line.size() >= columns_) line.resize(columns_ - 1);
  write_("\r\x1b[K" + line);
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  write_("\r\x1b[K");
  shown_ = false;
}

}  // namespace rolecall::report
