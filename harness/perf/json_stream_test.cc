// SPDX-License-Identifier: BSD-3-Clause
// --json-stream: which events, what is in them, and when. iperf_api.c JSONStream_Output(), 3.22.
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/json_report.h"
#include "harness/perf/report_samples.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::IsEmpty;

ReportSettings stream_settings(End end) {
  ReportSettings settings = sample_settings(end);
  settings.json_stream = true;
  return settings;
}

struct Event {
  std::string name;
  ordered_json data;
};

std::vector<Event> events(const std::string& lines) {
  std::vector<Event> found;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    ordered_json event = ordered_json::parse(line, nullptr, false);
    found.push_back({event["event"].get<std::string>(), event["data"]});
  }
  return found;
}

std::vector<std::string> names(const std::string& lines) {
  std::vector<std::string> found;
  for (const Event& event : events(lines)) found.push_back(event.name);
  return found;
}

ordered_json document(const SampleTest& sample) {
  MemorySink sink;
  JsonReport report(sample_settings(sample.end), sink);
  sample.tell(report);
  report.finished();
  return ordered_json::parse(sink.out, nullptr, false);
}

TEST(JsonStream, TheEventsAreTheMembersOfTheDocument) {
  const SampleTest sample = sample_test(End::Client, false, true, 2);
  MemorySink sink;
  JsonReport report(stream_settings(End::Client), sink);
  sample.tell(report);
  report.finished();
  EXPECT_THAT(names(sink.out), ElementsAre("start", "interval", "end"));
  const ordered_json whole = document(sample);
  EXPECT_EQ(events(sink.out)[0].data, whole["start"]);
  EXPECT_EQ(events(sink.out)[1].data, whole["intervals"][0]);
  EXPECT_EQ(events(sink.out)[2].data, whole["end"]);
}

TEST(JsonStream, AnEventIsALineLikeCjsons) {
  MemorySink sink;
  JsonReport report(stream_settings(End::Client), sink);
  report.client_starting();
  report.failed({FailureKind::Error, "no luck"});
  report.finished();
  EXPECT_EQ(sink.out,
            "{\"event\":\"error\",\"data\":\"no luck\"}\n"
            "{\"event\":\"end\",\"data\":{}}\n");
}

TEST(JsonStream, EveryEventIsFlushed) {
  SampleTest sample = sample_test(End::Client, false, false, 1);
  sample.intervals.push_back(sample.intervals.front());
  MemorySink sink;
  JsonReport report(stream_settings(End::Client), sink);
  sample.tell(report);
  EXPECT_EQ(sink.flushes, 3);
  report.finished();
  EXPECT_EQ(sink.flushes, 5);  // the last event, and whatever else was written
}

TEST(JsonStream, TheServersOutputStandsBetweenTheErrorAndTheEnd) {
  MemorySink sink;
  JsonReport report(stream_settings(End::Client), sink);
  report.client_starting();
  report.server_output({true, R"({"start":{}})"});
  report.failed({FailureKind::Error, "late"});
  report.finished();
  EXPECT_THAT(names(sink.out), ElementsAre("error", "server_output_json", "end"));
  EXPECT_EQ(events(sink.out)[1].data.dump(), R"({"start":{}})");
}

TEST(JsonStream, TheFullOutputIsTheWholeDocumentBehindTheEvents) {
  const SampleTest sample = sample_test(End::Client, false, false, 1);
  ReportSettings settings = stream_settings(End::Client);
  settings.json_stream_full = true;
  MemorySink sink;
  JsonReport report(settings, sink);
  sample.tell(report);
  report.finished();
  const auto pretty = sink.out.find("{\n\t\"start\"");
  ASSERT_NE(pretty, std::string::npos) << sink.out;
  EXPECT_THAT(names(sink.out.substr(0, pretty)), ElementsAre("start", "interval", "end"));
  EXPECT_EQ(ordered_json::parse(sink.out.substr(pretty), nullptr, false), document(sample));
}

TEST(JsonStream, FullOutputAloneStreamsNothing) {
  const SampleTest sample = sample_test(End::Client, false, false, 1);
  ReportSettings settings = sample_settings(End::Client);
  settings.json_stream_full = true;
  MemorySink sink;
  JsonReport report(settings, sink);
  sample.tell(report);
  report.finished();
  EXPECT_EQ(ordered_json::parse(sink.out, nullptr, false), document(sample));
}

// A client that asks for the server's output gets the intervals too; else they are not kept.
TEST(JsonStream, AServerKeepsItsIntervalsForTheClientThatAsks) {
  SampleTest sample = sample_test(End::Server, false, false, 1);
  for (const bool asked : {false, true}) {
    sample.test.output_wanted = asked;
    MemorySink sink;
    JsonReport report(stream_settings(End::Server), sink);
    sample.tell(report);
    const ordered_json captured = ordered_json::parse(report.captured().text, nullptr, false);
    EXPECT_EQ(captured["intervals"].size(), asked ? 1U : 0U);
  }
}

TEST(JsonStream, ABindingFoundAfterTheStartIsAnEventOfItsOwn) {
  const SampleTest sample = sample_test(End::Server, false, false, 2);
  MemorySink sink;
  JsonReport report(stream_settings(End::Server), sink);
  sample.tell(report);
  report.streams_bound({sample.streams[1], sample.streams[0]}, {"data", "results"});
  const Event bound = events(sink.out).back();
  EXPECT_EQ(bound.name, "streams_bound");
  EXPECT_EQ(bound.data["connected"][0]["socket"], sample.streams[1].socket);
  EXPECT_EQ(bound.data["bound_by"].dump(), R"({"roles":"data","identity":"results"})");
}

TEST(JsonStream, OneSequenceOfEventsATest) {
  MemorySink sink;
  JsonReport report(stream_settings(End::Server), sink);
  for (int test = 0; test < 2; ++test) {
    sample_test(End::Server, false, false, 1).tell(report);
    report.finished();
  }
  EXPECT_THAT(names(sink.out), ElementsAre("start", "interval", "end", "start", "interval", "end"));
}

TEST(JsonStream, WithoutATestNothingIsWritten) {
  MemorySink sink;
  JsonReport report(stream_settings(End::Server), sink);
  report.finished();
  EXPECT_THAT(sink.out, IsEmpty());
}

}  // namespace
}  // namespace rolecall::perf
