// SPDX-License-Identifier: BSD-3-Clause
// The owner of a descriptor: move-only, no conversion to int or bool.
#pragma once

#include <utility>

namespace rolecall {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}  // takes ownership; negative means empty
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // Gives ownership to the caller.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  // Closes what is held. EINTR counts as closed on Linux; EBADF is a CHECK failure.
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

// Opens /dev/null in place of those of stdin, stdout and stderr that are closed: else the next file
// or socket has that number, and receives what is printed. First of all in main().
void open_standard_descriptors();

}  // namespace rolecall
