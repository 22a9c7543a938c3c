// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/json_fields.h"

#include <strings.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace rolecall::wire {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDeepest = 1000;  // cJSON's CJSON_NESTING_LIMIT

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

// Drops a member whose key was there before, so that the first one counts, and notes the depth.
class FirstKeyWins {
 public:
  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    const auto level = static_cast<std::size_t>(depth);
    too_deep_ = too_deep_ || depth > kDeepest;
    if (too_deep_) return false;
    if (event == Json::parse_event_t::object_start) {
      seen_.resize(std::max(seen_.size(), level + 2));
      seen_[level + 1].clear();
    }
    return event != Json::parse_event_t::key ||
           first(seen_[level], *parsed.get_ptr<Json::string_t*>());
  }
  bool too_deep() const { return too_deep_; }

 private:
  static bool first(std::vector<std::string>& seen, const std::string& key) {
    const bool known = std::ranges::any_of(
        seen, [&](const std::string& s) { return equal_ignoring_case(s, key); });
    if (!known) seen.push_back(key);
    return !known;
  }

  std::vector<std::vector<std::string>> seen_;  // by depth: the keys of the object open there
  bool too_deep_ = false;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
  Json document;
  FirstKeyWins filter;
  nlohmann::detail::json_sax_dom_callback_parser<Json> builder(document, std::ref(filter), false);
  // Not strict: cJSON ignores what stands behind the first value.
  const bool parsed =
      Json::sax_parse(text, &builder, nlohmann::detail::input_format_t::json, false);
  if (filter.too_deep()) {
    return Error{Errc::Limit, "parse(JSON): more than 1000 values inside one another"};
  }
  if (!parsed || document.is_discarded()) {
    return Error{Errc::Malformed, "parse(JSON): the text is not a JSON value"};
  }
  return document;
}

const Json* Fields::find(std::string_view key) const {
  if (!object_->is_object()) return nullptr;
  for (auto it = object_->begin(); it != object_->end(); ++it) {
    if (equal_ignoring_case(it.key(), key)) return &it.value();
  }
  return nullptr;
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
