// SPDX-License-Identifier: BSD-3-Clause
// JSON laid out as cJSON_Print does.
#include "harness/perf/json_print.h"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rolecall::perf {
namespace {

using nlohmann::ordered_json;

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

void print(std::string& out, const ordered_json& value, std::size_t depth);

void print_object(std::string& out, const ordered_json& object, std::size_t depth) {
  out += "{\n";
  const char* separator = "";
  for (const auto& [key, value] : object.items()) {
    out += separator;
    out.append(depth + 1, '\t');
    out += plain(key) + ":\t";
    print(out, value, depth + 1);
    separator = ",\n";
  }
  if (!object.empty()) out += '\n';
  out.append(depth, '\t');
  out += '}';
}

void print_array(std::string& out, const ordered_json& array, std::size_t depth) {
  out += '[';
  const char* separator = "";
  for (const ordered_json& value : array) {
    out += separator;
    print(out, value, depth + 1);
    separator = ", ";
  }
  out += ']';
}

void print(std::string& out, const ordered_json& value, std::size_t depth) {
  if (value.is_object()) return print_object(out, value, depth);
  if (value.is_array()) return print_array(out, value, depth);
  out += value.is_number_float() ? number(*value.get_ptr<const double*>()) : plain(value);
}

}  // namespace

std::string print_json(const ordered_json& document) {
  std::string out;
  print(out, document, 0);
  return out;
}

std::string print_json_compact(const ordered_json& document) {
  return plain(document);
}

}  // namespace rolecall::perf
