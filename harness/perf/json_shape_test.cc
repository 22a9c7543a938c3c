// SPDX-License-Identifier: BSD-3-Clause
// The comparer must see each kind of difference, or the tests that lean on it prove nothing.
#include "harness/perf/json_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rolecall::perf {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(JsonShape, FiguresDoNotMatter) {
  EXPECT_THAT(
      shape_differences(R"({"a":1,"b":[{"c":"x"}]})", R"({"a":2.5,"b":[{"c":""},{"c":"y"}]})"),
      IsEmpty());
}

TEST(JsonShape, SeesAMissingAndAnAddedKey) {
  EXPECT_THAT(shape_differences(R"({"a":{"b":1}})", R"({"a":{"c":1}})"),
              ElementsAre("added: a.c", "missing: a.b"));
}

TEST(JsonShape, SeesAnotherOrder) {
  EXPECT_THAT(shape_differences(R"({"a":{"b":1,"c":1}})", R"({"a":{"c":1,"b":1}})"),
              ElementsAre("a: order is c b, expected b c"));
}

TEST(JsonShape, SeesAnotherKind) {
  EXPECT_THAT(shape_differences(R"({"a":[{"b":false}]})", R"({"a":[{"b":0}]})"),
              ElementsAre("a[].b: is number, expected boolean"));
}

TEST(JsonShape, SeesAnEmptyArray) {
  EXPECT_THAT(shape_differences(R"({"a":[1]})", R"({"a":[]})"),
              ElementsAre("a: 0 elements, expected 1"));
}

TEST(JsonShape, AllowsWhatItIsToldToAllow) {
  EXPECT_THAT(shape_differences(R"({"a":1,"b":1})", R"({"a":1,"c":1})", {"c"}, {"b"}), IsEmpty());
}

TEST(JsonShape, SaysWhichDocumentIsNone) {
  EXPECT_THAT(shape_differences("{}", "{"), ElementsAre("actual: is not JSON"));
}

}  // namespace
}  // namespace rolecall::perf
