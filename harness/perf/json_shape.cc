// SPDX-License-Identifier: BSD-3-Clause
// Shapes of JSON documents. A key that a document has twice (iperf3's do) counts once.
#include "harness/perf/json_shape.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;

std::string kind(const ordered_json& value) {
  return value.type_name();
}

bool has(const std::vector<std::string>& list, const std::string& path) {
  return std::find(list.begin(), list.end(), path) != list.end();
}

class Comparison {
 public:
  Comparison(const std::vector<std::string>& may_add, const std::vector<std::string>& may_lack)
      : may_add_(may_add), may_lack_(may_lack) {}

  void compare(const std::string& path, const ordered_json& expected, const ordered_json& actual) {
    if (kind(expected) != kind(actual)) {
      report("{}: is {}, expected {}", path, kind(actual), kind(expected));
    } else if (expected.is_object()) {
      compare_objects(path, expected, actual);
    } else if (expected.is_array()) {
      compare_arrays(path, expected, actual);
    }
  }

  std::vector<std::string> take() { return std::move(found_); }

 private:
  template <class... Args>
  void report(fmt::format_string<Args...> form, Args&&... args) {
    std::string line = fmt::format(form, std::forward<Args>(args)...);
    if (!has(found_, line)) found_.push_back(std::move(line));
  }

  static std::string below(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
  }

  static std::vector<std::string> shared_keys(const ordered_json& of, const ordered_json& with) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : of.items()) {
      if (with.contains(key)) keys.push_back(key);
    }
    return keys;
  }

  void compare_objects(const std::string& path, const ordered_json& expected,
                       const ordered_json& actual) {
    for (const auto& [key, value] : actual.items()) {
      const std::string at = below(path, key);
      if (!expected.contains(key) && !has(may_add_, at)) report("added: {}", at);
    }
    for (const auto& [key, value] : expected.items()) {
      const std::string at = below(path, key);
      if (const auto found = actual.find(key); found != actual.end()) {
        compare(at, value, *found);
      } else if (!has(may_lack_, at)) {
        report("missing: {}", at);
      }
    }
    const auto here = shared_keys(actual, expected);
    const auto there = shared_keys(expected, actual);
    if (here != there) {
      report("{}: order is {}, expected {}", path, fmt::join(here, " "), fmt::join(there, " "));
    }
  }

  void compare_arrays(const std::string& path, const ordered_json& expected,
                      const ordered_json& actual) {
    if (expected.empty() != actual.empty()) {
      report("{}: {} elements, expected {}", path, actual.size(), expected.size());
    }
    if (expected.empty()) return;
    for (std::size_t i = 0; i < actual.size(); ++i) {
      compare(path + "[]", expected[std::min(i, expected.size() - 1)], actual[i]);
    }
  }

  const std::vector<std::string>& may_add_;
  const std::vector<std::string>& may_lack_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> shape_differences(std::string_view expected, std::string_view actual,
                                           const std::vector<std::string>& may_add,
                                           const std::vector<std::string>& may_lack) {
  const auto expected_json = ordered_json::parse(expected, nullptr, false);
  const auto actual_json = ordered_json::parse(actual, nullptr, false);
  if (expected_json.is_discarded()) return {"expected: is not JSON"};
  if (actual_json.is_discarded()) return {"actual: is not JSON"};
  Comparison comparison(may_add, may_lack);
  comparison.compare("", expected_json, actual_json);
  return comparison.take();
}

}  // namespace rolecall::perf
