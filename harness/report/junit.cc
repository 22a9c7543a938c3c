// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/junit.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace rolecall::report {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

struct Decoded {
  std::size_t bytes = 1;
  bool allowed = false;
};

bool xml_allows(std::uint32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
         (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

// The character that `text` begins with. Anything but shortest-form UTF-8 is one byte, not allowed.
Decoded decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {1, xml_allows(lead)};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  std::uint32_t c = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return {};
    c = c << 6 | (byte & 0x3fU);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kSmallest[length]) return {};
  return {length, xml_allows(c)};
}

std::string escaped(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\n':
      return "&#10;";  // in an attribute a bare line break would read as a blank
    case '\r':
      return "&#13;";
    case '\t':
      return "&#9;";
    default:
      return {c};
  }
}

std::string test_case(const JunitCase& c) {
  std::string text = fmt::format(R"(    <testcase classname="{}" name="{}" time="{:.3f}")",
                                 xml_escape(c.group), xml_escape(c.name), c.took.in_seconds());
  if (c.result == JunitResult::Passed) {
    if (c.detail.empty()) return text + "/>\n";
    return text + fmt::format(">\n      <system-out>{}</system-out>\n    </testcase>\n",
                              xml_escape(c.detail));
  }
  const char* element = c.result == JunitResult::Failed  ? "failure"
                        : c.result == JunitResult::Error ? "error"
                                                         : "skipped";
  return text + fmt::format(">\n      <{0} message=\"{1}\">{2}</{0}>\n    </testcase>\n", element,
                            xml_escape(c.reason), xml_escape(c.detail));
}

}  // namespace

std::string xml_escape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Decoded character = decode(text);
    if (!character.allowed) {
      out += kReplacement;
    } else if (character.bytes == 1) {
      out += escaped(text[0]);
    } else {
      out += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::string junit(std::string_view suite, const std::vector<JunitCase>& cases) {
  const auto count = [&](JunitResult r) {
    return std::count_if(cases.begin(), cases.end(), [r](const auto& c) { return c.result == r; });
  };
  double total = 0;
  for (const JunitCase& c : cases) total += c.took.in_seconds();
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
      "time=\"{:.3f}\">\n",
      xml_escape(suite), cases.size(), count(JunitResult::Failed), count(JunitResult::Error),
      count(JunitResult::Skipped), total);
  for (const JunitCase& c : cases) text += test_case(c);
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace rolecall::report
