// SPDX-License-Identifier: BSD-3-Clause
// What both ends of a test print, held against each release of iperf3: the text of UDP tests line
// by line in its layout; JSON key by key, of UDP tests and of tests that fail; the events of
// --json-stream. Keys that are newer than the release, or ours, are the only ones that may be
// added.
#include <signal.h>

#include <algorithm>
#include <regex>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/iperf3_run.h"
#include "harness/perf/json_shape.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;
using testing::AnyOf;
using testing::IsEmpty;
using testing::StartsWith;

class OutputOf : public testing::Test {
 protected:
  void await(const std::string& release) {
    release_ = release;
    iperf3_ = iperf3_of(release);
    if (iperf3_.empty()) GTEST_SKIP() << "no such iperf3 here: ci/peers.sh fetches it";
  }

  void expect_same_shape(const std::string& theirs, const std::string& ours) const {
    EXPECT_THAT(shape_differences(document_in(theirs), ours, keys_beyond_iperf3(release_),
                                  keys_of_iperf3_alone(release_)),
                IsEmpty())
        << theirs << ours;
  }

  // 3.9 has its errors on stderr, before the document or behind it.
  static std::string document_in(const std::string& output) {
    const auto first = output.find('{');
    return first == std::string::npos ? output
                                      : output.substr(first, output.rfind('}') + 1 - first);
  }

  std::string release_;
  std::string iperf3_;
};

// --- text

// Replaces what `pattern` matches by "{width}word", where `word` is its last group: columns stay in
// their places whatever the figure.
std::string with_widths(const std::string& line, const std::regex& pattern) {
  std::string out;
  auto rest = line.begin();
  for (std::sregex_iterator match(line.begin(), line.end(), pattern), end; match != end; ++match) {
    const auto& word = (*match)[match->size() - 1];
    out.append(rest, line.begin() + match->position());
    out += fmt::format("{{{}}}{}", word.first - (*match)[0].first, word.str());
    rest = line.begin() + match->position() + match->length();
  }
  return out.append(rest, line.end());
}

std::string layout(std::string line) {
  static const std::regex kCookie("Cookie: \\S+");
  static const std::regex kProgram("^(iperf|roleperf) [\\d.]+$");
  static const std::regex kListening(R"(listening on \d+( \(test #\d+\))?)");  // 3.9 does not count
  static const std::regex kId(R"(\[ *\d+\])");
  static const std::regex kUnit("[KMGT](Bytes|bits/sec)");
  static const std::regex kAmount(R"( +\d[\d.]* (Bytes|bits/sec))");
  static const std::regex kTimes(R"( +\d+\.\d\d-\d+\.\d\d +(sec))");
  static const std::regex kFigure(R"(\d[\d.]*(e[+-]\d+)?)");
  line = std::regex_replace(line, kCookie, "Cookie");
  line = std::regex_replace(line, kProgram, "program");
  line = std::regex_replace(line, kListening, "listening");
  line = std::regex_replace(line, kId, "[ID]");
  line = std::regex_replace(line, kUnit, "$1");
  return std::regex_replace(with_widths(with_widths(line, kAmount), kTimes), kFigure, "#");
}

// The layouts of all lines in the order in which they first appear.
std::vector<std::string> layouts(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::string now = layout(line);
    if (std::ranges::find(found, now) == found.end()) found.push_back(std::move(now));
  }
  return found;
}

class DatagramOutputOf : public OutputOf,
                         public testing::WithParamInterface<std::tuple<std::string, std::string>> {
 protected:
  void SetUp() override { await(std::get<0>(GetParam())); }
  Outcome of(const std::string& program, const char* form) const {
    return run(program, program,
               {fmt::format("-u -t 1 -i 0.5 {} {}", std::get<1>(GetParam()), form), form});
  }
};

TEST_P(DatagramOutputOf, TheTextHasIperf3sLayout) {
  const Outcome theirs = of(iperf3_, "-V");
  const Outcome ours = of(ROLEPERF, "-V");
  EXPECT_EQ(layouts(ours.client), layouts(theirs.client));
  EXPECT_EQ(layouts(ours.server), layouts(theirs.server));
}

TEST_P(DatagramOutputOf, TheDocumentsHaveIperf3sShape) {
  const Outcome theirs = of(iperf3_, "-J");
  const Outcome ours = of(ROLEPERF, "-J");
  expect_same_shape(theirs.client, ours.client);
  expect_same_shape(theirs.server, ours.server);
}

const auto kReleases = testing::Values("3.9", "installed", "3.18", "3.22");

INSTANTIATE_TEST_SUITE_P(Releases, DatagramOutputOf,
                         testing::Combine(kReleases, testing::Values("", "-R", "--bidir", "-P 2",
                                                                     "-O 1", "--bidir -P 2 -O 1")));

// --- failures

// 3.9 has it on stderr, and no member "error". iperf3 runs its timers once more after it has closed
// the streams (iperf_run_server, 3.9 to 3.22): when an interval is due just then, the failure to
// look at a closed socket stands in the place of the right words.
const std::string kClientHasTerminated = "the client has terminated";
const std::string kClosedSocket = "getsockopt - Bad file descriptor";

class FailureOutputOf : public OutputOf, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override { await(GetParam()); }

  struct Ends {
    std::string client;
    std::string server;
  };
  enum class End { Client, Server };
  // A test that runs, in JSON at one end and in text at the other, when one of them gets a signal:
  // once the text has its first line, by which time JSON has several intervals.
  static Ends interrupted(const std::string& program, End in_json, End signalled) {
    const std::uint16_t port = free_port();
    const auto form = [&](End end) { return end == in_json ? "-J -i 0.1" : "-i 0.5 --forceflush"; };
    Program server(words(fmt::format("{} -s -1 -p {} {}", program, port, form(End::Server))));
    EXPECT_TRUE(await_listener(port));
    Program client(words(
        fmt::format("{} -c 127.0.0.1 -p {} -t 30 -b 50M {}", program, port, form(End::Client))));
    EXPECT_TRUE((in_json == End::Client ? server : client).prints("sec"));
    Program& whom = signalled == End::Client ? client : server;
    EXPECT_TRUE(whom.send_signal_to_a_waiting_program(SIGINT));
    EXPECT_NE(client.status(), Program::kStillRuns);
    EXPECT_NE(server.status(), Program::kStillRuns);
    return {client.output(), server.output()};
  }

  static std::string without_a_server(const std::string& program) {
    Program client(words(fmt::format("{} -c 127.0.0.1 -p {} -J", program, free_port())));
    client.status();
    return client.output();
  }

  static std::string at_a_busy_server(const std::string& program) {
    const std::uint16_t port = free_port();
    Program server(words(fmt::format("{} -s -1 -p {}", program, port)));
    EXPECT_TRUE(await_listener(port));
    Program first(words(
        fmt::format("{} -c 127.0.0.1 -p {} -t 30 -i 0.1 -b 50M --forceflush", program, port)));
    EXPECT_TRUE(first.prints("sec"));
    Program second(words(fmt::format("{} -c 127.0.0.1 -p {} -J", program, port)));
    second.status();
    return second.output();
  }

  static std::string at_a_server_that_refuses(const std::string& program) {
    return run(program, program, {"-t 1 -b 50M -J", "--server-bitrate-limit 1M"}).client;
  }
};

TEST_P(FailureOutputOf, WithoutAServer) {
  expect_same_shape(without_a_server(iperf3_), without_a_server(ROLEPERF));
}

TEST_P(FailureOutputOf, AtABusyServer) {
  expect_same_shape(at_a_busy_server(iperf3_), at_a_busy_server(ROLEPERF));
}

TEST_P(FailureOutputOf, OfAClientThatIsInterrupted) {
  expect_same_shape(interrupted(iperf3_, End::Client, End::Client).client,
                    interrupted(ROLEPERF, End::Client, End::Client).client);
}

TEST_P(FailureOutputOf, OfAServerWhoseClientIsInterrupted) {
  const std::string theirs = interrupted(iperf3_, End::Server, End::Client).server;
  const std::string ours = interrupted(ROLEPERF, End::Server, End::Client).server;
  expect_same_shape(theirs, ours);
  EXPECT_THAT(parse(document_in(theirs)).value("error", kClientHasTerminated),
              AnyOf(kClientHasTerminated, kClosedSocket));
  EXPECT_EQ(parse(ours)["error"], kClientHasTerminated);
}

TEST_P(FailureOutputOf, OfAServerThatIsInterrupted) {
  expect_same_shape(interrupted(iperf3_, End::Server, End::Server).server,
                    interrupted(ROLEPERF, End::Server, End::Server).server);
}

TEST_P(FailureOutputOf, OfAClientWhoseServerIsInterrupted) {
  expect_same_shape(interrupted(iperf3_, End::Client, End::Server).client,
                    interrupted(ROLEPERF, End::Client, End::Server).client);
}

INSTANTIATE_TEST_SUITE_P(Releases, FailureOutputOf, kReleases);

// What programs look for is iperf3's sentence; what it was, and the system's word, stand behind it.
class FailureWordsOf : public FailureOutputOf {
 protected:
  static void expect_same_sentence(const std::string& theirs, const std::string& ours) {
    const auto sentence = parse(theirs)["error"].get<std::string>();
    EXPECT_THAT(parse(ours)["error"].get<std::string>(),
                StartsWith(sentence.substr(0, sentence.find(": "))));
  }
};

TEST_P(FailureWordsOf, WithoutAServer) {
  expect_same_sentence(without_a_server(iperf3_), without_a_server(ROLEPERF));
}

TEST_P(FailureWordsOf, AtABusyServer) {
  expect_same_sentence(at_a_busy_server(iperf3_), at_a_busy_server(ROLEPERF));
}

// Older releases end the test once it has had too much.
TEST_P(FailureWordsOf, AtAServerThatRefusesTheParameters) {
  const std::string theirs = at_a_server_that_refuses(iperf3_);
  const std::string ours = at_a_server_that_refuses(ROLEPERF);
  expect_same_sentence(theirs, ours);
  expect_same_shape(theirs, ours);
}

// A sender's thread of iperf3's may meet the reset while the main thread still prints, and its
// error then stands in the place of the right one.
const std::string kServerHasTerminated = "the server has terminated";
const std::string kWriteFailed = "unable to write to stream socket";

TEST_P(FailureWordsOf, OfAClientWhoseServerIsInterrupted) {
  const auto theirs = parse(interrupted(iperf3_, End::Client, End::Server).client)["error"];
  const auto ours = parse(interrupted(ROLEPERF, End::Client, End::Server).client)["error"];
  EXPECT_THAT(theirs.get<std::string>(),
              AnyOf(StartsWith(kServerHasTerminated), StartsWith(kWriteFailed)));
  EXPECT_THAT(ours.get<std::string>(), StartsWith(kServerHasTerminated));
}

INSTANTIATE_TEST_SUITE_P(Releases, FailureWordsOf, testing::Values("3.22"));

// --- --json-stream, since 3.17

class EventsOf : public OutputOf,
                 public testing::WithParamInterface<std::tuple<std::string, std::string>> {
 protected:
  void SetUp() override { await(std::get<0>(GetParam())); }
  Outcome of(const std::string& program) const {
    return run(program, program,
               {fmt::format("-t 1 -i 0.5 --json-stream {}", std::get<1>(GetParam())),
                "-i 0.5 --json-stream"});
  }
};

// A document that has each event's data in its place, under the names in the order of the events.
std::string as_document(const std::string& lines) {
  ordered_json document;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const ordered_json event = parse(line);
    if (!event.is_object()) return line;  // no JSON, as the comparison will say
    const auto name = event["event"].get<std::string>();
    if (name == "interval") {
      document["intervals"].push_back(event["data"]);
    } else {
      document[name] = event["data"];
    }
  }
  return document.dump(1, '\t');
}

TEST_P(EventsOf, HaveIperf3sShapeAndOrder) {
  const Outcome theirs = of(iperf3_);
  const Outcome ours = of(ROLEPERF);
  expect_same_shape(as_document(theirs.client), as_document(ours.client));
  expect_same_shape(as_document(theirs.server), as_document(ours.server));
}

INSTANTIATE_TEST_SUITE_P(
    Releases, EventsOf,
    testing::Combine(testing::Values("3.18", "3.22"),
                     testing::Values("-b 10M", "-b 10M -R", "-b 10M --bidir -P 2", "-u", "-u -R",
                                     "-u --bidir -P 2", "-u -O 1", "--get-server-output -b 10M")));

}  // namespace
}  // namespace rolecall::perf
