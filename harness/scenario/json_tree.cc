// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/json_tree.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rolecall::scenario {
namespace {

// Of what stands at an error, so much is shown; a token may be the whole document.
constexpr std::size_t kLongestToken = 60;
constexpr std::size_t kDeepest = 64;  // an object in an object, and so on

// Builds the tree from the parser's events. `consumed` is where the parser's reading stands.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, const char* const& consumed)
      : text_(text), consumed_(consumed) {}

  // The names of these functions are the parser's.
  bool null() { return put({}); }
  bool boolean(bool value) {
    JsonNode node;
    node.kind = JsonNode::Kind::Boolean;
    node.boolean = value;
    return put(std::move(node));
  }
  bool number_integer(std::int64_t value) {
    JsonNode node;
    node.kind = JsonNode::Kind::Integer;
    node.integer = value;
    node.real = static_cast<double>(value);
    return put(std::move(node));
  }
  bool number_unsigned(std::uint64_t value) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    return number_integer(static_cast<std::int64_t>(std::min(value, kMost)));
  }
  bool number_float(double value, const std::string&) {
    JsonNode node;
    node.kind = JsonNode::Kind::Real;
    node.real = value;
    return put(std::move(node));
  }
  bool string(std::string& value) {
    JsonNode node;
    node.kind = JsonNode::Kind::String;
    node.text = value;
    return put(std::move(node));
  }
  bool binary(std::vector<std::uint8_t>&) { return false; }  // JSON text has none
  bool start_object(std::size_t) { return open(JsonNode::Kind::Object); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(JsonNode::Kind::Array); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    if (path_.back()->member(name) != nullptr)
      return fail(fmt::format("key \"{}\" stands here a second time", name));
    path_.back()->keys.push_back(name);
    key_line_ = line();
    return true;
  }
  template <class Exception>
  bool parse_error(std::size_t position, const std::string& token, const Exception&) {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(position, text_.size()));
    error_line_ = 1 + static_cast<int>(std::count(text_.begin(), end, '\n'));
    error_ = fmt::format("syntax error near \"{}\"", token.substr(0, kLongestToken));
    return false;
  }

  JsonNode take_root() { return std::move(root_); }
  int error_line() const { return error_line_; }
  const std::string& error() const { return error_; }

 private:
  int line() const { return 1 + static_cast<int>(std::count(text_.data(), consumed_, '\n')); }
  bool fail(std::string what) {
    error_line_ = line();
    error_ = std::move(what);
    return false;
  }
  JsonNode* place(JsonNode node) {
    if (path_.empty()) return &(root_ = std::move(node));
    JsonNode& parent = *path_.back();
    if (parent.kind == JsonNode::Kind::Object) node.line = key_line_;
    return &parent.items.emplace_back(std::move(node));
  }
  bool put(JsonNode node) {
    node.line = line();
    place(std::move(node));
    return true;
  }
  bool open(JsonNode::Kind kind) {
    if (path_.size() == kDeepest) return fail(fmt::format("nested deeper than {}", kDeepest));
    JsonNode node;
    node.kind = kind;
    node.line = line();
    path_.push_back(place(std::move(node)));
    return true;
  }
  bool close() {
    path_.pop_back();
    return true;
  }

  std::string_view text_;
  const char* const& consumed_;
  JsonNode root_;
  std::vector<JsonNode*> path_;  // open objects and arrays; only the last one grows
  int key_line_ = 1;
  int error_line_ = 1;
  std::string error_;
};

// Reads the text and lets everybody see how far the parser has come.
class WatchedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  WatchedIterator(const char* at, const char*& seen) : at_(at), seen_(&seen) {}
  reference operator*() const { return *at_; }
  WatchedIterator& operator++() {
    *seen_ = ++at_;
    return *this;
  }
  WatchedIterator operator++(int) {
    WatchedIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const WatchedIterator& other) const { return at_ == other.at_; }
  bool operator!=(const WatchedIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** seen_;
};

}  // namespace

const JsonNode* JsonNode::member(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key) return &items[i];
  return nullptr;
}

const char* name(JsonNode::Kind kind) {
  switch (kind) {
    case JsonNode::Kind::Null:
      return "null";
    case JsonNode::Kind::Boolean:
      return "true or false";
    case JsonNode::Kind::Integer:
      return "a whole number";
    case JsonNode::Kind::Real:
      return "a number with a fraction";
    case JsonNode::Kind::String:
      return "a string";
    case JsonNode::Kind::Array:
      return "a list";
    case JsonNode::Kind::Object:
      return "an object";
  }
  return "?";
}

Result<JsonNode> parse_json_tree(std::string_view text, std::string_view name) {
  const char* consumed = text.data();
  TreeBuilder builder(text, consumed);
  const char* ignored = nullptr;
  const bool is_read =
      nlohmann::json::sax_parse(WatchedIterator(text.data(), consumed),
                                WatchedIterator(text.data() + text.size(), ignored), &builder);
  if (is_read) return builder.take_root();
  return Error{Errc::Malformed,
               fmt::format("{}:{}: {}", name, builder.error_line(), builder.error())};
}

}  // namespace rolecall::scenario
