// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/conversations/mutate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "harness/conformance/connection.h"

namespace rolecall::conformance {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostSteps = 200;
constexpr std::size_t kMostBytes = 70'000;
constexpr std::array kLengths = {0U, 1U, 0x7fffffffU, 0x80000000U, 0xfffffffeU, 0xffffffffU, 8193U};

// Not std::uniform_int_distribution, whose numbers differ between libraries.
std::size_t below(Random& random, std::size_t count) {
  return count == 0 ? 0 : static_cast<std::size_t>(random() % count);
}

template <class List>
decltype(auto) any_of(Random& random, List& list) {
  return list[below(random, list.size())];
}

char any_byte(Random& random) {
  return static_cast<char>(random());
}

// --- steps

void drop(Conversation& steps, Random& random) {
  steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(below(random, steps.size())));
}

void repeat(Conversation& steps, Random& random) {
  const Step again = any_of(random, steps);
  steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(below(random, steps.size() + 1)), again);
}

void exchange(Conversation& steps, Random& random) {
  std::swap(any_of(random, steps), any_of(random, steps));
}

void cut_short(Conversation& steps, Random& random) {
  steps.resize(1 + below(random, steps.size()));
}

// The end of a connection, or a byte of state, or a connection that nobody expects.
void intrude(Conversation& steps, Random& random) {
  Step step = any_of(random, steps);
  switch (below(random, 5)) {
    case 0:
      step = {.verb = Verb::Reset, .connection = step.connection};
      break;
    case 1:
      step = {.verb = Verb::Finish, .connection = step.connection};
      break;
    case 2:
      step = {.verb = Verb::Open, .connection = static_cast<int>(8 + below(random, 3))};
      break;
    case 3:
      step = {.verb = Verb::Send,
              .connection = static_cast<int>(8 + below(random, 3)),
              .bytes = std::string(kCookieWord)};
      break;
    default:
      step = {.verb = Verb::Send, .connection = 0, .bytes = std::string(1, any_byte(random))};
  }
  steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(below(random, steps.size() + 1)),
               std::move(step));
}

// --- bytes

void change_bytes(std::string& bytes, Random& random) {
  const std::size_t at = below(random, bytes.size());
  const std::size_t count = 1 + below(random, std::min<std::size_t>(bytes.size() - at, 64));
  switch (below(random, 5)) {
    case 0:
      bytes[at] = any_byte(random);
      break;
    case 1:
      bytes.insert(at, 1, any_byte(random));
      break;
    case 2:
      bytes.erase(at, count);
      break;
    case 3:
      bytes.insert(at, bytes.substr(at, count));
      break;
    default:
      bytes.resize(at);
  }
}

// --- documents

std::optional<Json> as_document(std::string_view bytes) {
  if (bytes.size() < 6 ||
      length(static_cast<std::uint32_t>(bytes.size() - 4)) != bytes.substr(0, 4))
    return std::nullopt;
  Json json = Json::parse(bytes.substr(4), nullptr, false);
  return json.is_structured() && !json.empty() ? std::optional(std::move(json)) : std::nullopt;
}

Json odd_value(Random& random) {
  static const std::vector<Json> kOdd = {nullptr,
                                         true,
                                         false,
                                         -1,
                                         0,
                                         1,
                                         2,
                                         127,
                                         128,
                                         129,
                                         65536,
                                         2147483647,
                                         -2147483648LL,
                                         4294967296LL,
                                         9223372036854775807LL,
                                         1e308,
                                         0.5,
                                         "",
                                         "text",
                                         "%s%n",
                                         std::string(5000, 'A'),
                                         Json::array(),
                                         Json::object(),
                                         Json::array({nullptr}),
                                         Json::object({{"a", Json::array({1})}})};
  return any_of(random, kOdd);
}

Json nested(std::size_t depth) {
  Json value = 1;
  for (std::size_t i = 0; i < depth; ++i) value = Json::array({std::move(value)});
  return value;
}

// Some keys that programs know, of both documents; not all of them are in a document by itself.
constexpr std::array kKeys = {"role_flag", "udp",     "sctp", "num",        "blockcount",
                              "MSS",       "window",  "len",  "omit",       "time",
                              "parallel",  "reverse", "TOS",  "congestion", "authtoken",
                              "streams",   "id",      "error"};

// A key that the object had not, or had with another value.
void set_key(Json& object, Random& random) {
  object[any_of(random, kKeys)] = odd_value(random);
}

void change_document(Json& json, Random& random) {
  Json* at = &json;
  while (at->is_structured() && !at->empty()) {
    auto item = std::next(at->begin(), static_cast<std::ptrdiff_t>(below(random, at->size())));
    if (item->is_structured() && !item->empty() && below(random, 4) != 0) {
      at = &*item;
      continue;
    }
    switch (below(random, 7)) {
      case 0:
        at->erase(item);
        return;
      case 1:
        *item = nested(1 + below(random, 600));
        return;
      case 2:
        if (at->is_object()) return set_key(*at, random);
        [[fallthrough]];
      default:
        *item = odd_value(random);
        return;
    }
  }
}

void change_length(std::string& bytes, Random& random) {
  if (bytes.size() >= 4) bytes.replace(0, 4, length(any_of(random, kLengths)));
}

void change_what_is_sent(Conversation& steps, Random& random) {
  std::vector<Step*> sending;
  for (Step& step : steps) {
    if (step.verb == Verb::Send && !step.bytes.empty()) sending.push_back(&step);
  }
  if (sending.empty()) return;
  std::string& bytes = any_of(random, sending)->bytes;
  auto json = as_document(bytes);
  const std::size_t way = below(random, 8);
  if (json && way < 6) {
    change_document(*json, random);
    bytes = document(json->dump(-1, ' ', true, Json::error_handler_t::replace));
  } else if (json && way == 6) {
    change_length(bytes, random);
  } else {
    change_bytes(bytes, random);
  }
  if (bytes.size() > kMostBytes) bytes.resize(kMostBytes);
}

void change(Conversation& steps, Random& random) {
  switch (below(random, 10)) {
    case 0:
      return drop(steps, random);
    case 1:
      return repeat(steps, random);
    case 2:
      return exchange(steps, random);
    case 3:
      return cut_short(steps, random);
    case 4:
      return intrude(steps, random);
    default:
      return change_what_is_sent(steps, random);
  }
}

}  // namespace

Conversation mutate(Conversation conversation, Random& random) {
  for (std::size_t left = 1 + below(random, 4); left > 0 && !conversation.empty(); --left) {
    change(conversation, random);
  }
  if (conversation.size() > kMostSteps) conversation.resize(kMostSteps);
  return conversation;
}

}  // namespace rolecall::conformance
