// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/sequence.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/check.h"

namespace rolecall::report {
namespace {

struct Glyphs {
  std::string_view wall, branch, across, down, turn_down, turn_right, crossing, arrow;
};

const Glyphs& glyphs(const Style& style) {
  static constexpr Glyphs kUnicode{"│", "├", "─", "│", "╮", "╰", "┼", "▶"};
  static constexpr Glyphs kAscii{"|", "|", "-", "|", ".", "'", "+", ">"};
  return style.unicode ? kUnicode : kAscii;
}

const char* does(wire::Role role) {
  return role == wire::Role::Sender ? "sends" : "receives";
}

// Between client and server each connection has a lane of its own, the first one rightmost: it
// goes across to its lane when it is opened, down, and on to the server when it is accepted.
class Canvas {
 public:
  Canvas(const std::vector<Pairing>& connections, const Style& style)
      : connections_(connections), glyphs_(glyphs(style)) {
    for (const Pairing& c : connections_) {
      label_width_ = std::max(label_width_, left_label(c).size());
    }
  }

  std::string draw() const {
    std::string text = fmt::format("{:{}}client{:{}}server\n", "", label_width_ - 1, "",
                                   3 * connections_.size() - 2);
    for (std::size_t row = 1; row <= connections_.size(); ++row) text += connect_row(row);
    for (std::size_t row = 1; row <= connections_.size(); ++row) text += accept_row(row);
    return text;
  }

 private:
  static std::string left_label(const Pairing& c) {
    return fmt::format("connect() {}, client {}", c.number, does(c.client_role));
  }

  const Pairing& numbered(std::size_t n) const {
    return *std::find_if(connections_.begin(), connections_.end(),
                         [n](const Pairing& c) { return c.number == static_cast<int>(n); });
  }

  const Pairing& accepted(std::size_t place) const {
    const auto at = std::find_if(connections_.begin(), connections_.end(), [&](const Pairing& c) {
      return c.accepted_as == static_cast<int>(place);
    });
    CHECK(at != connections_.end());
    return *at;
  }

  // Lanes from left to right: n, n - 1 ... 1.
  std::string connect_row(std::size_t row) const {
    std::string text =
        fmt::format("{:{}}  {}", left_label(numbered(row)), label_width_, glyphs_.branch);
    for (std::size_t lane = connections_.size(); lane >= 1; --lane) {
      text += lane >= row ? repeat(glyphs_.across, 2) : "  ";
      text += lane > row ? glyphs_.across : lane == row ? glyphs_.turn_down : glyphs_.down;
    }
    return fmt::format("{}   {}\n", text, glyphs_.wall);
  }

  std::string accept_row(std::size_t row) const {
    const Pairing& now = accepted(row);
    std::string text = fmt::format("{:{}}  {}", "", label_width_, glyphs_.wall);
    for (std::size_t lane = connections_.size(); lane >= 1; --lane) {
      const auto number = static_cast<int>(lane);
      const bool across = number < now.number;
      const bool waiting = numbered(lane).accepted_as > now.accepted_as;
      text += across ? repeat(glyphs_.across, 2) : "  ";
      text += number == now.number ? glyphs_.turn_right
              : across             ? (waiting ? glyphs_.crossing : glyphs_.across)
              : waiting            ? glyphs_.down
                                   : std::string_view(" ");
    }
    return fmt::format("{}{}{}{}  accept() returns {}, server {}\n", text,
                       repeat(glyphs_.across, 2), glyphs_.arrow, glyphs_.wall, now.number,
                       does(now.server_role));
  }

  static std::string repeat(std::string_view glyph, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += glyph;
    return text;
  }

  const std::vector<Pairing>& connections_;
  const Glyphs& glyphs_;
  std::size_t label_width_ = 0;
};

std::string consequence(const Pairing& c) {
  if (mispaired(c)) {
    return c.client_role == wire::Role::Sender
               ? "mispaired: both fill the buffers of the other, nobody reads"
               : "mispaired: both wait for data, nobody sends";
  }
  if (c.number != c.accepted_as) {
    return fmt::format("data flows, but it is stream {} of the client and stream {} of the server",
                       c.number, c.accepted_as);
  }
  return "data flows";
}

}  // namespace

bool mispaired(const Pairing& connection) {
  return connection.client_role == connection.server_role;
}

std::string sequence_diagram(const std::vector<Pairing>& connections, const Style& style) {
  return Canvas(connections, style).draw();
}

std::string pairing_lines(const std::vector<Pairing>& connections, const Style& style) {
  std::vector<std::vector<Cell>> rows;
  for (const Pairing& c : connections) {
    rows.push_back({{std::to_string(c.number)},
                    {wire::name(c.client_role)},
                    {wire::name(c.server_role)},
                    {consequence(c), mispaired(c) ? Tone::Bad : Tone::Plain}});
  }
  return table({{"connection"}, {"client"}, {"server"}, {"what follows"}}, rows, style);
}

}  // namespace rolecall::report
