// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "harness/report/junit.h"
#include "harness/report/progress.h"
#include "harness/report/sequence.h"
#include "harness/report/table.h"

namespace rolecall::report {
namespace {

constexpr Style kAscii{};
constexpr Style kUnicode{.unicode = true};

std::string picture(const AcceptOrder& order, Mode mode, int streams, const Style& style) {
  return sequence_diagram(order, pairings(order, mode, streams), style);
}

TEST(TableTest, ColumnsLineUpWhateverTheCharactersAre) {
  EXPECT_EQ(table({{"peer"}, {"runs", Align::Right}, {"verdict"}},
                  {{{"iperf3 3.12"}, {"20"}, {"deadlock"}}, {{"ç"}, {"1"}, {"void"}}}, kAscii),
            "peer         runs  verdict\n"
            "-----------  ----  --------\n"
            "iperf3 3.12    20  deadlock\n"
            "ç               1  void\n");
}

TEST(TableTest, ColourTakesNoColumns) {
  EXPECT_EQ(table({{"a"}, {"b"}}, {{{"no", Tone::Bad}, {"x"}}}, Style{.colour = true}),
            "a   b\n\x1b[2m--\x1b[0m  \x1b[2m-\x1b[0m\n\x1b[1;31mno\x1b[0m  x\n");
}

TEST(TableTest, NothingIsColouredInAPipe) {
  EXPECT_EQ(table({{"a"}}, {{{"no", Tone::Bad}}}, kAscii).find('\x1b'), std::string::npos);
}

TEST(SequenceTest, LinesCrossWhereConnectionsChangePlaces) {
  EXPECT_EQ(picture({2, 1}, Mode::Bidir, 1, kUnicode),
            "                           client    server\n"
            "connect() 1, client sends     ├─────╮   │\n"
            "connect() 2, client receives  ├──╮  │   │\n"
            "                              │  ╰──┼──▶│  accept() returns 2, server receives\n"
            "                              │     ╰──▶│  accept() returns 1, server sends\n");
}

TEST(SequenceTest, NothingCrossesInNaturalOrder) {
  const std::string drawn = picture({1, 2}, Mode::Bidir, 1, kAscii);
  EXPECT_EQ(drawn.find('+'), std::string::npos) << drawn;
}

TEST(SequenceTest, AsManyCrossingsAsInversions) {
  const std::string drawn = picture({4, 2, 3, 1}, Mode::Forward, 4, kAscii);
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '+'), 5) << drawn;
}

TEST(JunitTest, MarkupIsEscaped) {
  EXPECT_EQ(xml_escape("a<b> & \"c\"\n"), "a&lt;b&gt; &amp; &quot;c&quot;&#10;");
}

TEST(JunitTest, WhatXmlCannotHoldIsReplaced) {
  EXPECT_EQ(xml_escape(std::string_view("\0\x1b\xff\xc0\x80ok ✓", 11)),
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdok ✓");
}

TEST(JunitTest, FailuresAndSkipsAreCounted) {
  const std::string xml = junit("run", {{"s", "1", milliseconds(1500)},
                                        {"s", "2", {}, JunitResult::Failed, "stuck", "replay: x"},
                                        {"s", "3", {}, JunitResult::Skipped, "no shim"}});
  EXPECT_NE(xml.find("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"1.500\""),
            std::string::npos)
      << xml;
  EXPECT_NE(xml.find("<failure message=\"stuck\">replay: x</failure>"), std::string::npos) << xml;
}

TEST(ProgressTest, IsSilentWithoutATerminal) {
  Progress progress({}, 80);
  progress.show(1, 2, "x");  // nothing to write to: would throw
}

TEST(ProgressTest, FitsTheTerminalAndLeavesNothingBehind) {
  std::string written;
  {
    Progress progress([&](std::string_view text) { written += text; }, 8);
    progress.show(1, 20, "a long name");
  }
  EXPECT_EQ(written, "\r\x1b[K1/20 a \r\x1b[K");
}

}  // namespace
}  // namespace rolecall::report
