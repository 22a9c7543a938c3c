// SPDX-License-Identifier: BSD-3-Clause
// The line that says how far a run is: rewritten in place on a terminal, nothing anywhere else.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace rolecall::report {

class Progress {
 public:
  using Write = std::function<void(std::string_view)>;

  // `write` gets what goes to the terminal; an empty one means that there is none. `columns` is the
  // terminal's width: a line that wraps could not be rewritten.
  Progress(Write write, std::size_t columns) : write_(std::move(write)), columns_(columns) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows "done/total what", in place of what it showed before. One thread.
  void show(std::size_t done, std::size_t total, std::string_view what);
  // Takes the line away, so that other output can follow.
  void clear();

 private:
  Write write_;
  std::size_t columns_;
  bool shown_ = false;
};

}  // namespace rolecall::report
