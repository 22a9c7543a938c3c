// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/time_line.h"

#include <algorithm>

#include <fmt/format.h>

namespace rolecall::conformance {
namespace {

const char* arrow(Way way) {
  switch (way) {
    case Way::Sent:
      return "->";
    case Way::Received:
      return "<-";
    case Way::Note:
      break;
  }
  return "--";
}

}  // namespace

std::string visible(std::string_view bytes, std::size_t most) {
  std::string text;
  for (const char c : bytes.substr(0, most)) {
    const bool plain = c >= ' ' && c <= '~' && c != '\\';
    text += plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return bytes.size() > most ? text + "..." : text;
}

void TimeLine::add(std::string_view connection, Way way, std::string_view bytes) {
  constexpr std::size_t kBlock = 1000;  // nothing but payload comes in such pieces
  const bool goes_on = !entries_.empty() && bytes.size() >= kBlock && entries_.back().way == way &&
                       entries_.back().connection == connection && entries_.back().bytes >= kBlock;
  if (goes_on) {
    entries_.back().bytes += bytes.size();
    ++entries_.back().times;
    return;
  }
  entries_.push_back(
      {now() - begin_, std::string(connection), way, visible(bytes), bytes.size(), 1});
}

void TimeLine::note(std::string_view connection, std::string_view text) {
  if (!entries_.empty() && entries_.back().way == Way::Note &&
      entries_.back().connection == connection && entries_.back().text == text) {
    ++entries_.back().times;
    return;
  }
  entries_.push_back({now() - begin_, std::string(connection), Way::Note, std::string(text), 0, 1});
}

std::string TimeLine::text() const {
  std::size_t widest = 0;
  for (const Entry& entry : entries_) widest = std::max(widest, entry.connection.size());
  std::string text;
  for (const Entry& entry : entries_) {
    const std::string bytes = entry.way == Way::Note ? ""
                                                     : fmt::format("{} byte{} ", entry.bytes,
                                                                   entry.bytes == 1 ? "" : "s");
    const std::string times = entry.times == 1 ? ""
                              : entry.way == Way::Note
                                  ? fmt::format(" ({} times)", entry.times)
                                  : fmt::format(" (in {} pieces)", entry.times);
    text += fmt::format("{:9.1f} ms  {:<{}}  {}  {}{}{}\n", entry.at.in_seconds() * 1e3,
                        entry.connection, widest, arrow(entry.way), bytes, entry.text, times);
  }
  return text;
}

}  // namespace rolecall::conformance
