// SPDX-License-Identifier: BSD-3-Clause
// For tests only: compares two JSON documents by shape (keys, their order, kinds of values), never
// by figures. So a report of ours can be held against iperf3's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rolecall::perf {

// What is different, one line each, such as "missing: start.cookie"; empty where the shapes agree.
// `may_add` and `may_lack` name paths that `actual` may have beyond `expected`, or not have; the
// elements of an array share the path "intervals[]". Numbers are one kind: iperf3 prints whole
// floating numbers as integers. Arrays may differ in length, but not one be empty and the other
// not.
std::vector<std::string> shape_differences(std::string_view expected, std::string_view actual,
                                           const std::vector<std::string>& may_add = {},
                                           const std::vector<std::string>& may_lack = {});

}  // namespace rolecall::perf
