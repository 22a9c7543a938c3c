// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/json_look.h"

#include <gtest/gtest.h>

namespace rolecall::conformance {
namespace {

TEST(UniqueKeys, AreAskedOfEachObjectByItself) {
  EXPECT_TRUE(has_unique_keys(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})", Keys::Exact));
  EXPECT_FALSE(has_unique_keys(R"({"a":{"b":1,"b":2}})", Keys::Exact));
}

TEST(UniqueKeys, DifferInMoreThanCaseOnTheWire) {
  EXPECT_TRUE(has_unique_keys(R"({"TOS":1,"tos":2})", Keys::Exact));
  EXPECT_FALSE(has_unique_keys(R"({"TOS":1,"tos":2})", Keys::AnyCase));
}

TEST(JsonStream, IsAnEventALineAndEndTheLast) {
  EXPECT_EQ(
      flaw_in_json_stream("{\"event\":\"start\",\"data\":1}\n{\"event\":\"end\",\"data\":{}}\n"),
      "");
  EXPECT_EQ(flaw_in_json_stream("{\"event\":\"start\",\"data\":1}\n"), "the last event is 'start'");
  EXPECT_EQ(flaw_in_json_stream("{\"event\":\"end\"}\n"), "the line {\"event\":\"end\"}");
  EXPECT_EQ(flaw_in_json_stream("{\n}\n"), "the line {");
}

}  // namespace
}  // namespace rolecall::conformance
