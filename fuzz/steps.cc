// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz/steps.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "fuzz/step_words.h"
#include "fuzz/target.h"

namespace rolecall::fuzz {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::string_view take_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

template <class Number>
Number take_number(std::string_view& rest, Number least, Number most) {
  const std::string_view word = take_word(rest);
  Number value = least;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
  return read.ec == std::errc() ? std::clamp(value, least, most) : least;
}

template <class Names>
std::size_t take_name(std::string_view& rest, const Names& names, std::size_t fallback) {
  const auto at = std::ranges::find(names, take_word(rest));
  return at == names.end() ? fallback : static_cast<std::size_t>(at - names.begin());
}

// \xNN is a byte; anything else is itself.
std::string unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text.substr(i).starts_with("\\x") && i + 3 < text.size();
    const auto high = is_escape ? kHex.find(text[i + 2]) : std::string_view::npos;
    const auto low = is_escape ? kHex.find(text[i + 3]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) {
      bytes += text[i];
      continue;
    }
    bytes += static_cast<char>(high << 4 | low);
    i += 3;
  }
  return bytes;
}

std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '\\') {
      text += c;
    } else {
      text += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return text;
}

Input::End take_end(std::string_view& rest) {
  const auto mode = static_cast<session::FlagMode>(take_name(rest, kModes, 0));
  return {mode, take_number(rest, 1, 2)};
}

void take_step(std::string_view word, std::string_view rest, std::vector<Step>& steps) {
  const auto known = std::ranges::find(kStepWords, word, &StepWord::word);
  if (known == kStepWords.end() || steps.size() == kMostSteps) return;
  Step step{.kind = known->kind, .at = 0, .count = 0, .text = {}};
  if (known->most_at > 0) step.at = take_number(rest, 0, known->most_at);
  if (known->most_count > 0) step.count = take_number<std::uint32_t>(rest, 0, known->most_count);
  if (known->has_text) step.text = unescaped(rest.substr(std::min<std::size_t>(1, rest.size())));
  steps.push_back(std::move(step));
}

void take_line(Input& input, std::string_view line) {
  const std::string_view word = take_word(line);
  if (word == "client") {
    input.client = take_end(line);
  } else if (word == "server") {
    input.server = take_end(line);
  } else if (word == "streams") {
    input.direction = kDirections.at(take_name(line, kDirectionNames, 2));
    input.parallel = take_number(line, 1, kMostParallel);
  } else if (word == "lazy") {
    input.is_lazy = true;
  } else {
    take_step(word, line, input.steps);
  }
}

void print_end(std::string& text, const char* which, const Input::End& end) {
  text.append(which).append(" ").append(kModes.at(static_cast<std::size_t>(end.mode)));
  text.append(" ").append(std::to_string(end.level)).append("\n");
}

void print_step(std::string& text, const Step& step) {
  const StepWord& known = *std::ranges::find(kStepWords, step.kind, &StepWord::kind);
  text += known.word;
  if (known.most_at > 0) text.append(" ").append(std::to_string(step.at));
  if (known.most_count > 0) text.append(" ").append(std::to_string(step.count));
  if (known.has_text && !step.text.empty()) text.append(" ").append(escaped(step.text));
  text += '\n';
}

}  // namespace

Input read_input(std::string_view text) {
  Input input;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    take_line(input, line);
  }
  return input;
}

std::string print(const Input& input) {
  std::string text;
  print_end(text, "client", input.client);
  print_end(text, "server", input.server);
  const auto direction = std::ranges::find(kDirections, input.direction) - kDirections.begin();
  text.append("streams ").append(kDirectionNames.at(static_cast<std::size_t>(direction)));
  text.append(" ").append(std::to_string(input.parallel)).append("\n");
  if (input.is_lazy) text += "lazy\n";
  for (const Step& step : input.steps) print_step(text, step);
  return text;
}

[[maybe_unused]] static const bool kIsExplained = [] {
  explain = [](ByteView input) { return print(read_input(as_text(input))); };
  return true;
}();

}  // namespace rolecall::fuzz
