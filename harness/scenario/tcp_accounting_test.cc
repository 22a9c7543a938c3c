// SPDX-License-Identifier: BSD-3-Clause
// What roleperf reports of TCP tests, beside the last figures of the kernel on their connections
// (TCP_INFO: bytes_acked, bytes_received).
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "harness/scenario/linked_pair.h"

namespace rolecall::scenario {
namespace {

using link::Direction;
using nlohmann::ordered_json;
using testing::AnyOf;
using testing::Values;

constexpr std::uint64_t kCookie = 37;
constexpr std::uint64_t kPreamble = 3;  // of two flagged ends at level 2
constexpr std::uint64_t kSyn = 1;       // counts at the end that connects
constexpr std::uint64_t kFin = 1;

// With which other program.
class TcpAccounting : public LinkedPairTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    LinkedPairTest::SetUp();
    if (perf::program_of(GetParam()).empty()) GTEST_SKIP() << kNoSuchIperf3;
  }

  // What the client sends on each stream in front of the payload.
  static std::uint64_t header() { return kCookie + (GetParam() == "ours" ? kPreamble : 0); }
};

struct Stream {
  std::uint64_t reported;
  TcpInfo last;
};

// What the document of one end reports of each stream, and its kernel's last word on it.
std::vector<Stream> streams(LinkedPair& pair, Direction at, const char* side) {
  pair.finish();
  const ordered_json document = pair.document(at);
  const char* const port = at == kToClient ? "local_port" : "remote_port";
  std::vector<Stream> all;
  for (std::size_t i = 0; i < document["start"]["connected"].size(); ++i) {
    all.push_back({document["end"]["streams"][i][side]["bytes"].get<std::uint64_t>(),
                   pair.last_of(at, document["start"]["connected"][i][port].get<std::uint16_t>())});
  }
  return all;
}

TEST_P(TcpAccounting, WhatTheClientSentIsWhatTheServerAcknowledged) {
  LinkedPair pair({GetParam(), "ours"}, "-n 256K -P 2");
  for (const Stream& stream : streams(pair, kToClient, "sender"))
    EXPECT_EQ(stream.reported + header() + kSyn + kFin, stream.last.bytes_acked);
}

TEST_P(TcpAccounting, WhatTheServerSentIsWhatTheClientAcknowledged) {
  LinkedPair pair({"ours", GetParam()}, "-n 256K -P 2 -R");
  for (const Stream& stream : streams(pair, kToServer, "sender"))
    EXPECT_EQ(stream.reported + kFin, stream.last.bytes_acked);
}

// It ends the test when it has all that it asked for: of one block, which the sender's buffer
// holds, that is all that is sent.
TEST_P(TcpAccounting, WhatTheClientReceivedIsWhatItsKernelDid) {
  LinkedPair pair({GetParam(), "ours"}, "-n 256K -R");
  const Stream only = streams(pair, kToClient, "receiver").at(0);
  EXPECT_EQ(only.reported, 262'144U);
  EXPECT_THAT(only.last.bytes_received, AnyOf(only.reported, only.reported + kFin));
}

INSTANTIATE_TEST_SUITE_P(With, TcpAccounting, Values("ours", "3.22"));

// Of a file the client ends the test when all of it is acknowledged.
TEST_F(LinkedPairTest, WhatTheServerReceivedIsWhatItsKernelDid) {
  const TemporaryFolder folder = TemporaryFolder::make().value();
  const std::string file = folder.path() / "file";
  ASSERT_TRUE(write_file(file, std::string(300'000, 'x')).has_value());
  LinkedPair pair({"ours", "ours"}, "-F " + file);
  const Stream only = streams(pair, kToServer, "receiver").at(0);
  const std::uint64_t came = only.reported + kCookie + kPreamble;
  EXPECT_THAT(only.last.bytes_received, AnyOf(came, came + kFin));
  EXPECT_EQ(only.reported, 300'000U);
}

}  // namespace
}  // namespace rolecall::scenario
