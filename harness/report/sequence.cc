// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/sequence.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "harness/base/check.h"

namespace rolecall::report {
namespace {

struct Glyphs {
  std::string_view wall, branch, across, turn_down, turn_right, crossing, arrow;
};

const Glyphs& glyphs(const Style& style) {
  static constexpr Glyphs kUnicode{"│", "├", "─", "╮", "╰", "┼", "▶"};
  static constexpr Glyphs kAscii{"|", "|", "-", ".", "'", "+", ">"};
  return style.unicode ? kUnicode : kAscii;
}

const char* does(bool sends) {
  return sends ? "sends" : "receives";
}

std::string connect_label(const Pairing& p) {
  return fmt::format("connect() {}, client {}", p.number, does(p.client_sends));
}

// Between client and server each connection has a lane of its own, the first one rightmost: it
// goes across to its lane when it is opened, down, and on to the server when it is accepted.
class Canvas {
 public:
  Canvas(const AcceptOrder& order, const std::vector<Pairing>& pairings, const Style& style)
      : order_(order), pairings_(pairings), glyphs_(glyphs(style)) {
    CHECK(order_.size() == pairings_.size());
    for (const Pairing& p : pairings_) {
      label_width_ = std::max(label_width_, connect_label(p).size());
    }
  }

  std::string draw() const {
    const std::size_t lanes = pairings_.size();
    std::string text =
        fmt::format("{:{}}client{:{}}server\n", "", label_width_ - 1, "", 3 * lanes - 2);
    for (std::size_t row = 0; row < lanes; ++row) text += connect_row(row);
    for (std::size_t row = 0; row < lanes; ++row) text += accept_row(row);
    return text;
  }

 private:
  std::string connect_row(std::size_t row) const {
    std::string text =
        fmt::format("{:{}}  {}", connect_label(pairings_[row]), label_width_, glyphs_.branch);
    for (std::size_t lane = pairings_.size(); lane-- > 0;) {
      text += lane >= row ? two(glyphs_.across) : "  ";
      text += lane > row ? glyphs_.across : lane == row ? glyphs_.turn_down : glyphs_.wall;
    }
    return fmt::format("{}   {}\n", text, glyphs_.wall);
  }

  std::string accept_row(std::size_t row) const {
    const Pairing& now = pairings_[static_cast<std::size_t>(order_[row]) - 1];
    std::string text = fmt::format("{:{}}  {}", "", label_width_, glyphs_.wall);
    for (std::size_t lane = pairings_.size(); lane-- > 0;) {
      text += lane_at(row, static_cast<int>(lane) + 1, now.number);
    }
    return fmt::format("{}{}{}{}  accept() returns {}, server {}\n", text, two(glyphs_.across),
                       glyphs_.arrow, glyphs_.wall, now.number, does(now.server_sends));
  }

  // Lane `number` in the row where connection `now` is accepted.
  std::string lane_at(std::size_t row, int number, int now) const {
    const auto later = order_.begin() + static_cast<std::ptrdiff_t>(row) + 1;
    const bool waits = std::find(later, order_.end(), number) != order_.end();
    if (number == now) return fmt::format("  {}", glyphs_.turn_right);
    if (number > now) return fmt::format("  {}", waits ? glyphs_.wall : " ");
    return two(glyphs_.across) + std::string(waits ? glyphs_.crossing : glyphs_.across);
  }

  static std::string two(std::string_view glyph) { return std::string(glyph).append(glyph); }

  const AcceptOrder& order_;
  const std::vector<Pairing>& pairings_;
  const Glyphs& glyphs_;
  std::size_t label_width_ = 0;
};

}  // namespace

std::string sequence_diagram(const AcceptOrder& order, const std::vector<Pairing>& pairings,
                             const Style& style) {
  return Canvas(order, pairings, style).draw();
}

}  // namespace rolecall::report
