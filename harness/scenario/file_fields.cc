// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/file_fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/scenario/nearest_word.h"

namespace rolecall::scenario {
namespace {

using Kind = JsonNode::Kind;

struct Place {
  std::string_view name;
  std::vector<std::string_view> keys;
  std::vector<std::string_view> required;
};

const std::vector<Place>& places() {
  static const std::vector<Place> kPlaces = {
      {"",
       {"$schema", "schema", "claim", "why", "address", "server", "client", "schedule", "levers",
        "expect", "repeat", "control", "link", "limit_ms"},
       {"schema", "claim", "why", "server", "client", "expect", "control"}},
      {"server", {"peer", "args", "command", "conversation"}, {}},
      {"client", {"peer", "args", "retrofit", "command", "conversation"}, {}},
      {"expect", {"above", "below", "or", "client_says", "verdict"}, {}},
      {"control", {"repeat", "expect"}, {}},
      {"link", {"mtu", "delay_ms", "loss_percent", "seed", "hold_ms", "rto_min_ms", "proxy"}, {}},
  };
  return kPlaces;
}

const Place& place_named(std::string_view name) {
  const auto& all = places();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const Place& p) { return p.name == name; });
  CHECK(it != all.end());
  return *it;
}

std::string title(std::string_view place) {
  return place.empty() ? "a scenario" : fmt::format("\"{}\"", place);
}

}  // namespace

std::vector<std::string_view> known_keys(std::string_view place) {
  return place_named(place).keys;
}

Error FileFields::wrong(const JsonNode& at, std::string_view what) const {
  return Error{Errc::Config, fmt::format("{}:{}: {}", file_, at.line, what)};
}

Result<void> FileFields::check_object(const JsonNode& node, std::string_view place) const {
  const Place& known = place_named(place);
  if (node.kind != Kind::Object)
    return wrong(node, fmt::format("{} is {}, an object is needed", title(place), name(node.kind)));
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const std::string& key = node.keys[i];
    if (std::find(known.keys.begin(), known.keys.end(), key) != known.keys.end()) continue;
    return wrong(node.items[i], fmt::format("unknown key \"{}\" in {}; {}", key, title(place),
                                            suggest(key, known.keys)));
  }
  for (const std::string_view key : known.required) {
    TRY(require(node, place, key));
  }
  return ok();
}

Result<void> FileFields::require(const JsonNode& object, std::string_view place,
                                 std::string_view key) const {
  if (object.member(key) != nullptr) return ok();
  return wrong(object, fmt::format("{} has no key \"{}\"", title(place), key));
}

Result<const JsonNode*> FileFields::typed(const JsonNode& object, std::string_view key,
                                          Kind kind) const {
  const JsonNode* node = object.member(key);
  if (node == nullptr || node->kind == kind) return node;
  return wrong(*node, fmt::format("\"{}\" is {}, {} is needed", key, name(node->kind), name(kind)));
}

Result<void> FileFields::read_text(const JsonNode& object, std::string_view key,
                                   std::string& into) const {
  TRY(const auto* node, typed(object, key, Kind::String));
  if (node == nullptr) return ok();
  if (node->text.empty()) return wrong(*node, fmt::format("\"{}\" is empty", key));
  into = node->text;
  return ok();
}

Result<void> FileFields::read_number(const JsonNode& object, std::string_view key, int least,
                                     int most, int& into) const {
  TRY(const auto* node, typed(object, key, Kind::Integer));
  if (node == nullptr) return ok();
  if (node->integer < least || node->integer > most)
    return wrong(*node,
                 fmt::format("\"{}\" is {}, it may be {} to {}", key, node->integer, least, most));
  into = static_cast<int>(node->integer);
  return ok();
}

Result<void> FileFields::read_real(const JsonNode& object, std::string_view key, double least,
                                   double most, double& into) const {
  const JsonNode* node = object.member(key);
  if (node == nullptr) return ok();
  if (node->kind != Kind::Integer && node->kind != Kind::Real)
    return wrong(*node, fmt::format("\"{}\" is {}, a number is needed", key, name(node->kind)));
  if (node->real < least || node->real > most)
    return wrong(*node,
                 fmt::format("\"{}\" is {}, it may be {} to {}", key, node->real, least, most));
  into = node->real;
  return ok();
}

Result<void> FileFields::read_texts(const JsonNode& object, std::string_view key,
                                    std::vector<std::string>& into) const {
  TRY(const auto* node, typed(object, key, Kind::Array));
  if (node == nullptr) return ok();
  for (const JsonNode& item : node->items) {
    if (item.kind != Kind::String)
      return wrong(item, fmt::format("\"{}\" holds {}, strings are needed", key, name(item.kind)));
    into.push_back(item.text);
  }
  return ok();
}

}  // namespace rolecall::scenario
