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

using wire::Role;

constexpr Style kAscii{};
constexpr Style kUnicode{.unicode = true};

const std::vector<Pairing> kDeadlocked = {{1, 2, Role::Sender, Role::Sender},
                                          {2, 1, Role::Receiver, Role::Receiver}};

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
  EXPECT_EQ(sequence_diagram(kDeadlocked, kUnicode),
            "                           client    server\n"
            "connect() 1, client sends     ├─────╮   │\n"
            "connect() 2, client receives  ├──╮  │   │\n"
            "                              │  ╰──┼──▶│  accept() returns 2, server receives\n"
            "                              │     ╰──▶│  accept() returns 1, server sends\n");
}

TEST(SequenceTest, NothingCrossesInNaturalOrder) {
  const std::string picture = sequence_diagram(
      {{1, 1, Role::Sender, Role::Receiver}, {2, 2, Role::Receiver, Role::Sender}}, kAscii);
  EXPECT_EQ(picture.find('+'), std::string::npos) << picture;
}

TEST(SequenceTest, AsManyCrossingsAsInversions) {
  const auto sends = [](int number, int place) {
    return Pairing{number, place, Role::Sender, Role::Receiver};
  };
  const std::string picture =
      sequence_diagram({sends(1, 4), sends(2, 2), sends(3, 3), sends(4, 1)}, kAscii);
  EXPECT_EQ(std::count(picture.begin(), picture.end(), '+'), 5) << picture;
}

TEST(PairingTest, MispairedConnectionsAreSaidToBe) {
  EXPECT_EQ(pairing_lines(kDeadlocked, kAscii),
            "connection  client    server    what follows\n"
            "----------  --------  --------  "
            "-----------------------------------------------------------\n"
            "1           sender    sender    "
            "mispaired: both fill the buffers of the other, nobody reads\n"
            "2           receiver  receiver  mispaired: both wait for data, nobody sends\n");
}

TEST(PairingTest, AStreamUnderTheWrongNumberIsSaidToBe) {
  EXPECT_NE(pairing_lines({{1, 2, Role::Sender, Role::Receiver}}, kAscii)
                .find("stream 1 of the client and stream 2 of the server"),
            std::string::npos);
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
