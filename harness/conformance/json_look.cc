// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/json_look.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include <nlohmann/json.hpp>

namespace rolecall::conformance {

Json parsed(const std::string& text) {
  return Json::parse(text, nullptr, false);
}

Json at(const Json& document, const std::string& pointer) {
  const Json::json_pointer place(pointer);
  return document.contains(place) ? document[place] : Json();
}

std::int64_t number_at(const Json& document, const std::string& pointer, std::int64_t otherwise) {
  const Json value = at(document, pointer);
  return value.is_number() ? value.get<std::int64_t>() : otherwise;
}

std::string text_at(const Json& document, const std::string& pointer) {
  const Json value = at(document, pointer);
  const auto* text = value.get_ptr<const std::string*>();
  return text == nullptr ? std::string() : *text;
}

bool has_unique_keys(const std::string& text, Keys compared) {
  std::vector<std::vector<std::string>> open;
  bool unique = true;
  const auto look = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) {
      auto& keys = open.back();
      auto key = value.get<std::string>();
      if (compared == Keys::AnyCase) {
        std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
      }
      unique = unique && std::find(keys.begin(), keys.end(), key) == keys.end();
      keys.push_back(std::move(key));
    }
    return true;
  };
  const Json document = Json::parse(text, look, false);
  return unique && !document.is_discarded();
}

std::string flaw_in_json_stream(std::string text) {
  std::string last;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string line = text.substr(0, end);
    const Json event = parsed(line);
    last = text_at(event, "/event");
    if (last.empty() || !event.contains("data")) return "the line " + line;
    text.erase(0, end + 1);
  }
  return last == "end" ? "" : "the last event is '" + last + "'";
}

}  // namespace rolecall::conformance
