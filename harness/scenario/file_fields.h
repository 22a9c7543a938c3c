// SPDX-License-Identifier: BSD-3-Clause
// The values of a scenario file, by key and type. Every error is Config, and says file and line.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/scenario/json_tree.h"

namespace rolecall::scenario {

// The keys of the object at `place` ("", "server", "client", "expect", "control", "link").
// REQUIRES: one of these places.
std::vector<std::string_view> known_keys(std::string_view place);

class FileFields {
 public:
  explicit FileFields(const std::filesystem::path& path) : file_(path.string()) {}

  Error wrong(const JsonNode& at, std::string_view what) const;
  // It is an object with the keys of that place, and none of those is missing that it has to have.
  Result<void> check_object(const JsonNode& node, std::string_view place) const;
  Result<void> require(const JsonNode& object, std::string_view place, std::string_view key) const;

  // The member, null when it is absent.
  Result<const JsonNode*> typed(const JsonNode& object, std::string_view key,
                                JsonNode::Kind kind) const;
  // What is absent leaves `into` as it was.
  Result<void> read_text(const JsonNode& object, std::string_view key, std::string& into) const;
  Result<void> read_number(const JsonNode& object, std::string_view key, int least, int most,
                           int& into) const;
  Result<void> read_real(const JsonNode& object, std::string_view key, double least, double most,
                         double& into) const;
  Result<void> read_texts(const JsonNode& object, std::string_view key,
                          std::vector<std::string>& into) const;

 private:
  std::string file_;
};

}  // namespace rolecall::scenario
