// SPDX-License-Identifier: BSD-3-Clause
// JSON laid out as cJSON_Print and cJSON_PrintUnformatted do.
#include "harness/perf/json_print.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;

// No report is deeper; what a server sends along may be, and would grow by a thousand times.
constexpr std::size_t kDeepestIndent = 32;

// Fifteen digits where they suffice, else the seventeen that always do.
std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  std::string text = fmt::format("{:.15g}", value);
  if (std::strtod(text.c_str(), nullptr) != value) text = fmt::format("{:.17g}", value);
  return text;
}

// nlohmann throws on bytes that are not UTF-8 unless it is told what to do with them.
std::string plain(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

class Printer {
 public:
  explicit Printer(bool is_compact) : is_compact_(is_compact) {}

  void print(const ordered_json& value, std::size_t depth) {
    if (value.is_object()) return print_object(value, depth);
    if (value.is_array()) return print_array(value, depth);
    out_ += value.is_number_float() ? number(*value.get_ptr<const double*>()) : plain(value);
  }

  std::string take() { return std::move(out_); }

 private:
  void print_object(const ordered_json& object, std::size_t depth) {
    out_ += '{';
    const char* separator = "";
    for (const auto& [key, value] : object.items()) {
      out_ += separator;
      begin_line(depth + 1);
      out_ += plain(key) + (is_compact_ ? ":" : ":\t");
      print(value, depth + 1);
      separator = ",";
    }
    begin_line(depth);
    out_ += '}';
  }

  void print_array(const ordered_json& array, std::size_t depth) {
    out_ += '[';
    const char* separator = "";
    for (const ordered_json& value : array) {
      out_ += separator;
      print(value, depth + 1);
      separator = is_compact_ ? "," : ", ";
    }
    out_ += ']';
  }

  void begin_line(std::size_t depth) {
    if (is_compact_) return;
    out_ += '\n';
    out_.append(std::min(depth, kDeepestIndent), '\t');
  }

  const bool is_compact_;
  std::string out_;
};

std::string printed(const ordered_json& document, bool is_compact) {
  Printer printer(is_compact);
  printer.print(document, 0);
  return printer.take();
}

}  // namespace

std::string print_json(const ordered_json& document) {
  return printed(document, false);
}

std::string print_json_compact(const ordered_json& document) {
  return printed(document, true);
}

}  // namespace rolecall::perf
