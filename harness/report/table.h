// SPDX-License-Identifier: BSD-3-Clause
// Text tables whose columns line up, in UTF-8 or ASCII, with or without colour.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rolecall::report {

// What the reader's terminal can show. The default fits a pipe or a file.
struct Style {
  bool unicode = false;
  bool colour = false;
};

enum class Tone { Plain, Good, Bad, Faint };
enum class Align { Left, Right };

struct Column {
  std::string title;
  Align align = Align::Left;
};

struct Cell {
  std::string text;
  Tone tone = Tone::Plain;
};

// Characters of `utf8`, each taken as one column wide; a byte that is no UTF-8 counts as one.
std::size_t width(std::string_view utf8);

// `text` in the colour of `tone`, where `style` has colours.
std::string paint(std::string_view text, Tone tone, const Style& style);

// A title line, a rule and one line a row, each ending in a newline and without trailing blanks.
// REQUIRES: every row has a cell for each column.
std::string table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                  const Style& style);

// Each line of `text` behind `by`, and a newline behind the last.
std::string indented(const std::string& text, std::string_view by);

}  // namespace rolecall::report
