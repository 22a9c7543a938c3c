// SPDX-License-Identifier: BSD-3-Clause
// What the client's options become on the wire: the parameters of iperf3 3.22 for the same words,
// in the same order, but for the version and the role flag.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/perf/iperf3_run.h"
#include "harness/perf/program.h"
#include "harness/perf/program_pair.h"
#include "harness/perf/scripted_server.h"

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;

ordered_json parameters_of(const std::string& program, const std::string& options) {
  ScriptedServer server;
  const Program client(
      words(fmt::format("{} -c 127.0.0.1 -p {} {}", program, server.port(), options)));
  ordered_json document = parse(server.take_parameters());
  EXPECT_TRUE(document.is_object()) << options;
  for (const char* of_its_own : {"client_version", "role_flag"}) document.erase(of_its_own);
  return document;
}

class ParametersOf : public testing::TestWithParam<const char*> {};

TEST_P(ParametersOf, AreIperf3s) {
  const std::string iperf3 = iperf3_of("3.22");
  if (iperf3.empty()) GTEST_SKIP() << "no iperf3 3.22: ci/peers.sh fetches it";
  EXPECT_EQ(parameters_of(ROLEPERF, GetParam()).dump(), parameters_of(iperf3, GetParam()).dump());
}

INSTANTIATE_TEST_SUITE_P(Tests, ParametersOf,
                         testing::Values("", "-R", "--bidir", "-P 3", "-P 1 -P 4", "-t 7", "-t 0",
                                         "-n 1M", "-n 1.5K", "-n 0", "-n 9e18", "-k 10",
                                         "-k 1K -l 1K", "-l 1K", "-l 0", "-O 2", "-F /proc/version",
                                         "-T title", "--extra-data text", "--get-server-output",
                                         "-A 1", "-A 1,0", "-n 1MB"));

INSTANTIATE_TEST_SUITE_P(Rates, ParametersOf,
                         testing::Values("-b 0", "-b 5M", "-b 5M/10", "-b 1.5G", "-b 5Mbit",
                                         "-b 1e3", "-b 1T", "--fq-rate 1G",
                                         "--fq-rate 1G --no-fq-socket-pacing", "--pacing-timer 0",
                                         "--pacing-timer 5k"));

INSTANTIATE_TEST_SUITE_P(Sockets, ParametersOf,
                         testing::Values("-m", "-u -m", "-w 64K", "-w 1.5K", "-M 1400", "-N",
                                         "-C cubic", "-S 0x10", "-S 010", "--dscp af11",
                                         "--dscp 46", "-L 5", "-L 0xFFFFF", "-Z", "--skip-rx-copy",
                                         "--repeating-payload", "--dont-fragment", "--gsro",
                                         "--udp-counters-64bit"));

// Of the last, more than 64 datagrams would fit into one message: there we differ.
INSTANTIATE_TEST_SUITE_P(Datagrams, ParametersOf,
                         testing::Values("-u", "-u -l 1000", "-u -l 0", "-u -b 0", "-b 1k/5 -u",
                                         "-u -n 1M", "-u -k 5", "-u --udp-counters-64bit",
                                         "-u --dont-fragment", "-u -w 10K -N -M 1000",
                                         "-u -R -b 2M -l 500 -P 2", "-u --gsro -l 1400"));

}  // namespace
}  // namespace rolecall::perf
