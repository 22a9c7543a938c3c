// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/conversations/conversation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "harness/conformance/time_line.h"

namespace rolecall::conformance {
namespace {

constexpr std::array kVerbs = {Verb::Open,   Verb::Send,  Verb::Await, Verb::Take,
                               Verb::Finish, Verb::Reset, Verb::Close};

bool has_bytes(Verb verb) {
  return verb == Verb::Send || verb == Verb::Await;
}

std::string in_quotes(std::string_view bytes) {
  std::string text = visible(bytes, bytes.size());
  constexpr std::string_view kQuote = "\\x22";
  for (auto at = text.find('"'); at != text.npos; at = text.find('"', at))
    text.replace(at, 1, kQuote);
  return '"' + text + '"';
}

// What stands between the quotes that `text` begins and ends with.
std::optional<std::string> out_of_quotes(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string bytes;
  while (!text.empty()) {
    if (text.front() != '\\') {
      bytes += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned char value = 0;
    const std::string_view digits = text.substr(0, 4);
    if (digits.size() < 4 || digits[1] != 'x') return std::nullopt;
    const auto [end, error] = std::from_chars(digits.data() + 2, digits.data() + 4, value, 16);
    if (error != std::errc() || end != digits.data() + 4) return std::nullopt;
    bytes += static_cast<char>(value);
    text.remove_prefix(4);
  }
  return bytes;
}

// A number, not below 0, and nothing else.
template <class Number>
bool read_number(std::string_view text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size() && into >= 0;
}

std::optional<Step> read_step(std::string_view line) {
  if (line.find('\n') != line.npos) return std::nullopt;
  std::istringstream words{std::string(line)};
  std::string verb;
  std::string connection;
  Step step;
  if (!(words >> verb >> connection) || !read_number(connection, step.connection))
    return std::nullopt;
  const auto found = std::ranges::find_if(kVerbs, [&](Verb v) { return verb == name(v); });
  if (found == kVerbs.end()) return std::nullopt;
  step.verb = *found;
  std::string rest;
  std::getline(words >> std::ws, rest);
  if (step.verb == Verb::Take) {
    return read_number(rest, step.count) ? std::optional(step) : std::nullopt;
  }
  if (!has_bytes(step.verb)) return rest.empty() ? std::optional(step) : std::nullopt;
  auto bytes = out_of_quotes(rest);
  if (!bytes) return std::nullopt;
  step.bytes = std::move(*bytes);
  return step;
}

}  // namespace

const char* name(Verb verb) {
  switch (verb) {
    case Verb::Open:
      return "open";
    case Verb::Send:
      return "send";
    case Verb::Await:
      return "await";
    case Verb::Take:
      return "take";
    case Verb::Finish:
      return "finish";
    case Verb::Reset:
      return "reset";
    case Verb::Close:
      break;
  }
  return "close";
}

bool opens_any(const Conversation& conversation) {
  return std::ranges::any_of(conversation,
                             [](const Step& step) { return step.verb == Verb::Open; });
}

std::string print(const Step& step) {
  std::string text = fmt::format("{} {}", name(step.verb), step.connection);
  if (has_bytes(step.verb)) text += " " + in_quotes(step.bytes);
  if (step.verb == Verb::Take) text += fmt::format(" {}", step.count);
  return text;
}

std::string print(const Conversation& conversation) {
  std::string text;
  for (const Step& step : conversation) text += print(step) + "\n";
  return text;
}

Result<Step> parse_step(std::string_view text) {
  auto step = read_step(text);
  if (step) return std::move(*step);
  return Error{
      Errc::Config,
      fmt::format("this is no step: {}; a step is 'send 0 \"\\x0d\"', 'await 0 \"\\x09\"', "
                  "'take 1 37', or open, finish, reset, close and a number",
                  visible(text))};
}

}  // namespace rolecall::conformance
