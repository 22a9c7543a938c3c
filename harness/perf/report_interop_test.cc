// SPDX-License-Identifier: BSD-3-Clause
// Our JSON held against that of the iperf3 on this machine: what it measured, told to JsonReport,
// must come out as its own document, but for the keys that are newer than it or ours.
#include <algorithm>
#include <cmath>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/iperf3_replay.h"
#include "harness/perf/iperf3_run.h"
#include "harness/perf/json_report.h"
#include "harness/perf/json_shape.h"
#include "harness/perf/text_report.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::IsEmpty;

std::string replayed(const std::string& output, End end) {
  const auto document = ordered_json::parse(output, nullptr, false);
  if (document.is_discarded()) return "";
  MemorySink sink;
  JsonReport report(iperf3_settings(document, end), sink);
  read_iperf3_document(document, end).tell(report);
  report.finished();
  return sink.out;
}

// Paths whose numbers are further apart than the rounding of iperf3's own printing.
std::vector<std::string> other_figures(const std::string& expected, const std::string& actual) {
  std::vector<std::string> found;
  const auto ours = ordered_json::parse(actual, nullptr, false).flatten();
  const auto theirs = ordered_json::parse(expected, nullptr, false).flatten();
  for (const auto& [path, value] : theirs.items()) {
    if (!value.is_number() || !ours.contains(path)) continue;
    const double here = ours[path].get<double>();
    const double there = value.get<double>();
    if (std::abs(here - there) > 1e-2 * std::abs(there)) found.push_back(path);
  }
  return found;
}

class ReportInterop : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!iperf3_is_installed()) GTEST_SKIP() << "no iperf3 on PATH: apt-get install iperf3";
  }
};

TEST_P(ReportInterop, OurDocumentsHaveIperf3sShapeAndFigures) {
  const Iperf3Output output = run_iperf3(std::string(GetParam()) + " -J", "-J");
  const std::string client = replayed(output.client, End::Client);
  const std::string server = replayed(output.server, End::Server);
  EXPECT_THAT(shape_differences(output.client, client, keys_beyond_iperf3("installed")), IsEmpty())
      << output.client;
  EXPECT_THAT(shape_differences(output.server, server, keys_beyond_iperf3("installed")), IsEmpty())
      << output.server;
  EXPECT_THAT(other_figures(output.client, client), IsEmpty());
  EXPECT_THAT(other_figures(output.server, server), IsEmpty());
}

// A line with every number and unit taken out, so that two runs can be compared.
std::string form(const std::string& line) {
  static const std::regex kFigures(R"(\s*\d[\d.:]*\s*([KMGT]?(Bytes|bits)(/sec)?)?)");
  static const std::regex kCookie("Cookie: \\S+");
  return std::regex_replace(std::regex_replace(line, kCookie, "Cookie: #"), kFigures, "#");
}

// The forms of all lines in the order in which they first appear: how many intervals there are and
// how many streams, depends on the machine and is held by other tests.
std::vector<std::string> forms(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::string now = form(line);
    if (std::find(found.begin(), found.end(), now) == found.end()) found.push_back(std::move(now));
  }
  return found;
}

std::string retold(const std::string& json, End end) {
  const auto document = ordered_json::parse(json, nullptr, false);
  if (document.is_discarded()) return "";
  MemorySink sink;
  ReportSettings settings = iperf3_settings(document, end);
  settings.verbose = true;
  TextReport report(settings, sink);
  read_iperf3_document(document, end).tell(report);
  report.finished();
  return sink.out;
}

class TextInterop : public ReportInterop {};

TEST_P(TextInterop, OurTextHasIperf3sForm) {
  const std::string words = GetParam();
  const Iperf3Output json = run_iperf3(words + " -J", "-J");
  const Iperf3Output text = run_iperf3(words + " -V", "-V");
  EXPECT_EQ(forms(retold(json.client, End::Client)), forms(text.client));
  EXPECT_EQ(forms(retold(json.server, End::Server)), forms(text.server));
}

INSTANTIATE_TEST_SUITE_P(Modes, ReportInterop,
                         testing::Values("-n 4M", "-n 4M -R", "-n 4M --bidir", "-n 4M -P 2",
                                         "-n 4M -R -P 2", "-n 4M --bidir -P 2", "-k 16 -T title",
                                         "-n 1M -b 100M -M 1400 -w 64K", "-t 1 -i 0.3"));

// More than socket buffers hold: else an iperf3 3.12 server may end before it has read anything.
INSTANTIATE_TEST_SUITE_P(Modes, TextInterop,
                         testing::Values("-n 64M", "-i 0 -n 64M -R", "-n 64M --bidir",
                                         "-n 64M -P 2", "-i 0 -n 64M -R -P 2",
                                         "-n 64M --bidir -P 2", "-k 500",
                                         "-t 1 -b 100M -M 1400 -w 64K -O 1"));

}  // namespace
}  // namespace rolecall::perf
