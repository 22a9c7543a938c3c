// SPDX-License-Identifier: BSD-3-Clause
// The layouts of single lines.
#include "harness/perf/text_lines.h"

#include <fmt/format.h>

#include "harness/perf/units.h"

namespace rolecall::perf {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

// U+0080 to U+009F in UTF-8, among them one that begins a sequence as ESC [ does.
bool is_wide_control(std::string_view at) {
  return at.size() >= 2 && at[0] == '\xc2' && static_cast<unsigned char>(at[1]) >= 0x80 &&
         static_cast<unsigned char>(at[1]) <= 0x9f;
}

std::string without_controls(std::string_view text, std::string_view but) {
  std::string out;
  for (; !text.empty(); text.remove_prefix(1)) {
    const bool wide = is_wide_control(text);
    const bool stays =
        !wide && (!is_control(text[0]) || but.find(text[0]) != std::string_view::npos);
    out += stays ? text[0] : '?';
    if (wide) text.remove_prefix(1);
  }
  return out;
}

}  // namespace

std::string header(bool bidir, std::string_view columns) {
  return fmt::format("[ ID]{} Interval           Transfer     Bitrate{}\n", bidir ? "[Role]" : "",
                     columns);
}

std::string line_head(std::string_view id, std::string_view tag, const Figures& figures,
                      char rate_format) {
  return fmt::format("[{}]{} {:6.2f}-{:<6.2f} sec  {}  {}", id, tag, figures.start_s, figures.end_s,
                     format_bytes(static_cast<double>(figures.bytes)),
                     format_rate(figures.bytes_per_second, rate_format));
}

std::string without_retransmits(const std::string& head, std::string_view label) {
  return fmt::format("{}                  {}\n", head, label);
}

std::string with_retransmits(const std::string& head, std::int64_t count, std::string_view label) {
  return fmt::format("{}  {:3}            {}\n", head, count, label);
}

std::string sum_with_retransmits(const std::string& head, std::int64_t count,
                                 std::string_view label) {
  return fmt::format("{}  {:3}             {}\n", head, count, label);
}

std::string with_cwnd(const std::string& head, std::int64_t count, std::uint32_t cwnd_bytes,
                      std::string_view label) {
  return fmt::format("{}  {:3}   {}       {}\n", head, count, format_bytes(cwnd_bytes), label);
}

std::string with_datagram_count(const std::string& head, std::uint64_t packets, bool bidir,
                                std::string_view label) {
  return fmt::format("{} {:{}} {}  {}\n", head, "", bidir ? 10 : 0, packets, label);
}

std::string with_datagram_loss(const std::string& head, const DatagramFigures& figures,
                               std::string_view label) {
  return fmt::format("{}  {:5.3f} ms  {}/{} ({:.2g}%)  {}\n", head, figures.jitter_s * 1e3,
                     figures.lost, figures.packets, figures.lost_percent(), label);
}

std::string out_of_order_line(std::string_view tag, double seconds, std::uint64_t count) {
  return fmt::format("[SUM]{} {:4.1f}-{:4.1f} sec  {} datagrams received out-of-order\n", tag, 0.0,
                     seconds, count);
}

std::string not_available(std::string_view id, std::string_view side) {
  return fmt::format("[{}] ({} statistics not available)\n", id, side);
}

std::string shown_host(const std::string& host) {
  constexpr std::string_view kMapped = "::ffff:";
  const bool mapped = host.starts_with(kMapped) && host.find('.') != std::string::npos;
  return mapped ? host.substr(kMapped.size()) : host;
}

std::string failure_line(const Failure& failure) {
  if (failure.kind == FailureKind::PeerLeft) return failure.text;
  return fmt::format("{} - {}", failure.kind == FailureKind::Interrupt ? "interrupt" : "error",
                     failure.text);
}

std::string harmless(std::string_view text) {
  return without_controls(text, "\n\t");
}

std::string harmless_line(std::string_view text) {
  return without_controls(text, "");
}

}  // namespace rolecall::perf
