// SPDX-License-Identifier: BSD-3-Clause
// Where reports go, and which one the options ask for.
#include "harness/perf/report.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <limits>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/perf/report_samples.h"

namespace rolecall::perf {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class LogFile : public testing::Test {
 protected:
  void TearDown() override { std::remove(path_.c_str()); }

  std::string content() const {
    std::ostringstream out;
    out << std::ifstream(path_).rdbuf();
    return out.str();
  }

  const std::string path_ = testing::TempDir() + "roleperf-log-" + std::to_string(getpid());
};

TEST_F(LogFile, TakesReportsAndErrorsInTheirOrder) {
  {
    auto sink = open_report_sink(path_, false);
    ASSERT_TRUE(sink.has_value());
    sink.value()->write("report\n");
    sink.value()->write_error("error\n");
  }
  EXPECT_EQ(content(), "report\nerror\n");
}

// Who reads the file takes all of it for a document.
TEST_F(LogFile, OfJsonTakesNoErrors) {
  {
    auto sink = open_report_sink(path_, true);
    ASSERT_TRUE(sink.has_value());
    sink.value()->write("{}\n");
    sink.value()->write_error("error\n");
  }
  EXPECT_EQ(content(), "{}\n");
}

TEST_F(LogFile, IsAppendedTo) {
  for (const char* text : {"one\n", "two\n"}) {
    auto sink = open_report_sink(path_, false);
    ASSERT_TRUE(sink.has_value());
    sink.value()->write(text);
  }
  EXPECT_EQ(content(), "one\ntwo\n");
}

TEST_F(LogFile, ThatCannotBeOpenedIsNamed) {
  const auto sink = open_report_sink(path_ + "/below/a/file", false);
  ASSERT_TRUE(sink.has_error());
  EXPECT_EQ(sink.error().code, Errc::System);
  EXPECT_THAT(sink.error().message(), HasSubstr(path_ + "/below/a/file"));
}

TEST(MakeReport, GivesJsonWhereAskedFor) {
  MemorySink sink;
  Options options;
  options.json = true;
  const auto report = make_report(options, sink);
  report->client_starting();
  report->finished();
  EXPECT_THAT(sink.out, StartsWith("{\n\t\"start\":\t{"));
}

TEST(MakeReport, GivesTextElse) {
  MemorySink sink;
  Options options;
  options.verbose = true;
  make_report(options, sink)->client_starting();
  EXPECT_THAT(sink.out, StartsWith("roleperf "));
}

TEST(ReportSettings, ALogFileIsFlushedAfterEachInterval) {
  Options options;
  EXPECT_FALSE(report_settings(options).flush_each_interval);
  options.log_file = "log";
  EXPECT_TRUE(report_settings(options).flush_each_interval);
}

TEST(FileFactsTest, PercentOfAFile) {
  EXPECT_EQ((FileFacts{.name = "", .size = 200}.percent(100)), 50);
  EXPECT_EQ((FileFacts{.name = "", .size = 0}.percent(0)), 100);
}

// What a peer says that it has received need not be true.
TEST(FileFactsTest, NoWordOfAPeerIsTooGreatForAPercentage) {
  EXPECT_EQ((FileFacts{.name = "", .size = 1}.percent(9'000'000'000'000'000'000)),
            std::numeric_limits<int>::max());
}

}  // namespace
}  // namespace rolecall::perf
