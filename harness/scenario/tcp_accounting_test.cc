// SPDX-License-Identifier: BSD-3-Clause
// What roleperf reports of TCP tests, beside the last figures of the kernel on their connections
// (TCP_INFO: bytes_acked, bytes_received).
#include <string>

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

constexpr std::uint64_t kFileBytes = 300'000;

class TcpAccountingOfAPair : public LinkedPairTest {
 protected:
  void SetUp() override {
    LinkedPairTest::SetUp();
    ASSERT_TRUE(write_file(file(), std::string(kFileBytes, 'x')).has_value());
  }
  std::string file() const { return folder_.path() / "file"; }

 private:
  TemporaryFolder folder_ = TemporaryFolder::make().value();
};

// With which other program.
class TcpAccounting : public TcpAccountingOfAPair, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    TcpAccountingOfAPair::SetUp();
    if (perf::program_of(GetParam()).empty()) GTEST_SKIP() << kNoSuchIperf3;
  }

  // What the client sends on each stream in front of the payload.
  static std::uint64_t header() { return kCookie + (GetParam() == "ours" ? kPreamble : 0); }
};

struct Stream {
  std::uint64_t reported;
  TcpInfo last;
};

// What the document of one end reports of the only stream, and its kernel's last word on it.
Stream only_stream(LinkedPair& pair, Direction at, const char* side) {
  pair.finish();
  const ordered_json document = pair.document(at);
  const char* const port = at == kToClient ? "local_port" : "remote_port";
  return {document["end"]["streams"][0][side]["bytes"].get<std::uint64_t>(),
          pair.last_of(at, document["start"]["connected"][0][port].get<std::uint16_t>())};
}

// The FIN counts where it came before the connection's end.
auto is_with_fin(std::uint64_t bytes) {
  return AnyOf(bytes, bytes + kFin);
}

// A test with a file ends when all of it is acknowledged.
TEST_P(TcpAccounting, WhatTheClientSentIsWhatTheServerAcknowledged) {
  LinkedPair pair({GetParam(), "ours"}, "-F " + file());
  const Stream only = only_stream(pair, kToClient, "sender");
  EXPECT_EQ(only.reported, kFileBytes);
  EXPECT_THAT(only.last.bytes_acked, is_with_fin(only.reported + header() + kSyn));
}

// A client that receives ends the test when it has all that it asked for: two blocks, which is more
// than goes in one write.
TEST_P(TcpAccounting, WhatTheServerSentIsWhatTheClientAcknowledged) {
  LinkedPair pair({"ours", GetParam()}, "-n 256K -R");
  const Stream only = only_stream(pair, kToServer, "sender");
  EXPECT_EQ(only.reported, 262'144U);
  EXPECT_THAT(only.last.bytes_acked, is_with_fin(only.reported));
}

TEST_P(TcpAccounting, WhatTheClientReceivedIsWhatItsKernelDid) {
  LinkedPair pair({GetParam(), "ours"}, "-n 256K -R");
  const Stream only = only_stream(pair, kToClient, "receiver");
  EXPECT_EQ(only.reported, 262'144U);
  EXPECT_THAT(only.last.bytes_received, is_with_fin(only.reported));
}

INSTANTIATE_TEST_SUITE_P(With, TcpAccounting, Values("ours", "3.22"));

TEST_F(TcpAccountingOfAPair, WhatTheServerReceivedIsWhatItsKernelDid) {
  LinkedPair pair({"ours", "ours"}, "-F " + file());
  const Stream only = only_stream(pair, kToServer, "receiver");
  EXPECT_EQ(only.reported, kFileBytes);
  EXPECT_THAT(only.last.bytes_received, is_with_fin(only.reported + kCookie + kPreamble));
}

}  // namespace
}  // namespace rolecall::scenario
