// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/json_fields.h"

#include <strings.h>

#include <algorithm>
#include <cmath>
#include <forward_list>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rolecall::wire {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDeepest = 1000;  // cJSON's CJSON_NESTING_LIMIT

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::int64_t saturate(double value) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (std::isnan(value)) return 0;
  if (value >= 9223372036854775808.0) return Limits::max();
  if (value <= -9223372036854775808.0) return Limits::min();
  return static_cast<std::int64_t>(value);
}

const Json* find_member(const Json::object_t& members, std::string_view key) {
  for (const auto& [name, value] : members) {
    if (equal_ignoring_case(name, key)) return &value;
  }
  return nullptr;
}

// Builds the document from the parser's events. The first of equal keys counts. Stops at the first
// limit that is broken. nlohmann's own builder with a filter looks at all elements of an array
// again for each one that is added: seconds for 64 KiB of "{},{},", hours for what a server may
// send.
class DocumentBuilder {
 public:
  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(Json::number_integer_t value) { return put(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return put(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // not in text
  bool start_object(std::size_t) { return begin(Json::object()); }
  bool start_array(std::size_t) { return begin(Json::array()); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool key(std::string& key) {
    auto& members = *open_.back()->get_ptr<Json::object_t*>();
    if (members.size() >= kMostMembers) return stop("too many members in an object");
    member_ = find_member(members, key) != nullptr
                  ? &dropped_.emplace_front()
                  : &members.emplace_back(std::move(key), nullptr).second;  // [] would search again
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) {
    return false;
  }

  Json take() { return std::move(document_); }
  const char* broken_limit() const { return broken_; }

 private:
  bool stop(const char* limit) {
    broken_ = limit;
    return false;
  }
  bool put(Json value) {
    if (++values_ > kMostValues) return stop("too many values");
    if (open_.empty()) {
      last_ = &(document_ = std::move(value));
    } else if (open_.back()->is_array()) {
      last_ = &open_.back()->emplace_back(std::move(value));
    } else {
      last_ = &(*member_ = std::move(value));
    }
    return true;
  }
  bool begin(Json value) {
    if (open_.size() >= kDeepest) return stop("more than 1000 values inside one another");
    if (!put(std::move(value))) return false;
    open_.push_back(last_);
    return true;
  }
  bool end() {
    open_.pop_back();
    return true;
  }

  Json document_;
  // What stands under keys that were there before; one may lie within another.
  std::forward_list<Json> dropped_;
  std::vector<Json*> open_;  // the array or object that is being built, within its parents
  Json* member_ = nullptr;   // where the value behind a key goes
  Json* last_ = nullptr;     // where the last value went
  std::size_t values_ = 0;
  const char* broken_ = nullptr;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
  DocumentBuilder builder;
  // Not strict: cJSON ignores what stands behind the first value.
  const bool parsed =
      Json::sax_parse(text, &builder, nlohmann::detail::input_format_t::json, false);
  if (builder.broken_limit() != nullptr) {
    return Error{Errc::Limit, fmt::format("parse(JSON): {}", builder.broken_limit())};
  }
  if (!parsed) return Error{Errc::Malformed, "parse(JSON): the text is not a JSON value"};
  return builder.take();
}

const Json* Fields::find(std::string_view key) const {
  const auto* members = object_->get_ptr<const Json::object_t*>();
  return members == nullptr ? nullptr : find_member(*members, key);
}

std::optional<double> Fields::number(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  if (const auto* u = value->get_ptr<const Json::number_unsigned_t*>()) {
    return static_cast<double>(*u);
  }
  if (const auto* i = value->get_ptr<const Json::number_integer_t*>()) {
    return static_cast<double>(*i);
  }
  return *value->get_ptr<const Json::number_float_t*>();
}

std::optional<std::int64_t> Fields::integer(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  if (const auto* u = value->get_ptr<const Json::number_unsigned_t*>()) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(*u, std::numeric_limits<std::int64_t>::max()));
  }
  if (const auto* i = value->get_ptr<const Json::number_integer_t*>()) return *i;
  return saturate(*value->get_ptr<const Json::number_float_t*>());
}

std::optional<std::string> Fields::text(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return *value->get_ptr<const Json::string_t*>();
}

bool Fields::has_flag(std::string_view key) const {
  const Json* value = find(key);
  return value != nullptr && value->is_boolean();
}

std::string compact(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json json_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (std::trunc(value) == value && std::fabs(value) < 9007199254740992.0) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

}  // namespace rolecall::wire
