// SPDX-License-Identifier: BSD-3-Clause
// Seeded random loss: which packets of a sequence are lost depends on the seed and their place
// alone.
#pragma once

#include <cstdint>

namespace rolecall::link {

class RandomLoss {
 public:
  // Loses `percent` (0 to 100) of the packets.
  RandomLoss(double percent, std::uint64_t seed)
      : threshold_(static_cast<std::uint64_t>(percent / 100 * kRange)), state_(seed) {}

  // Whether the next packet of the sequence is lost.
  bool loses_next() {
    if (threshold_ == 0) return false;
    // splitmix64, so that one seed means the same on every machine and library.
    std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15U;
    z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9U;
    z = (z ^ z >> 27) * 0x94d0'49bb'1331'11ebU;
    return (z ^ z >> 31) >> 32 < threshold_;
  }

 private:
  static constexpr double kRange = 4294967296.0;  // of the 32 bits that are drawn
  std::uint64_t threshold_;
  std::uint64_t state_;
};

}  // namespace rolecall::link
