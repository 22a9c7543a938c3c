// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace rolecall::perf {

// Memory for what is received: not zeroed, so that a page that nothing is received into costs
// nothing. A short test would spend more on zeroes than on its data.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes)
      : memory_(std::make_unique_for_overwrite<std::byte[]>(bytes)), size_(bytes) {}

  std::span<std::byte> bytes() const { return {memory_.get(), size_}; }
  std::size_t size() const { return size_; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_;
};

}  // namespace rolecall::perf
