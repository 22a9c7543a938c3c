// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/check.h"

namespace rolecall::report {
namespace {

constexpr std::string_view kGap = "  ";

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

std::vector<std::size_t> column_widths(const std::vector<Column>& columns,
                                       const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::size_t widest = width(columns[c].title);
    for (const auto& row : rows) {
      CHECK(row.size() == columns.size());
      widest = std::max(widest, width(row[c].text));
    }
    widths.push_back(widest);
  }
  return widths;
}

// `cell` filled up to `wanted` columns; the last cell of a line gets no blanks behind it.
std::string filled(const Cell& cell, std::size_t wanted, Align align, bool last,
                   const Style& style) {
  const std::string blanks(wanted - width(cell.text), ' ');
  const std::string shown = paint(cell.text, cell.tone, style);
  if (align == Align::Right) return blanks + shown;
  return last ? shown : shown + blanks;
}

std::string line(const std::vector<Column>& columns, const std::vector<Cell>& cells,
                 const std::vector<std::size_t>& widths, const Style& style) {
  std::string text;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (c > 0) text += kGap;
    text += filled(cells[c], widths[c], columns[c].align, c + 1 == cells.size(), style);
  }
  const std::size_t end = text.find_last_not_of(' ');
  return text.substr(0, end == std::string::npos ? 0 : end + 1) + "\n";
}

}  // namespace

std::size_t width(std::string_view utf8) {
  std::size_t characters = 0;
  for (const char byte : utf8) {
    if (characters == 0 || !continues_a_character(byte)) ++characters;
  }
  return characters;
}

std::string paint(std::string_view text, Tone tone, const Style& style) {
  if (!style.colour || tone == Tone::Plain) return std::string(text);
  const std::string_view code = tone == Tone::Good ? "32" : tone == Tone::Bad ? "1;31" : "2";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                  const Style& style) {
  const std::vector<std::size_t> widths = column_widths(columns, rows);
  std::vector<Cell> titles;
  std::vector<Cell> rules;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    titles.push_back({columns[c].title});
    std::string rule;
    for (std::size_t i = 0; i < widths[c]; ++i) rule += style.unicode ? "─" : "-";
    rules.push_back({rule, Tone::Faint});
  }
  std::string text = line(columns, titles, widths, style) + line(columns, rules, widths, style);
  for (const auto& row : rows) text += line(columns, row, widths, style);
  return text;
}

std::string indented(const std::string& text, std::string_view by) {
  std::string all;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    all += fmt::format("{}{}\n", by, text.substr(begin, end - begin));
    begin = end + 1;
  }
  return all;
}

}  // namespace rolecall::report
