// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/role_flag.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/wire/json_fields.h"

namespace rolecall::wire {
namespace {

constexpr std::byte kSends{'S'};
constexpr std::byte kReceives{'R'};

}  // namespace

const char* name(Role role) {
  return role == Role::Sender ? "sender" : "receiver";
}

Bytes encode_preamble(int level, const StreamTag& tag) {
  Bytes out;
  if (level == 0) return out;
  out.push_back(tag.client_role == Role::Sender ? kSends : kReceives);
  if (level >= 2) append_be16(out, tag.index.value());
  return out;
}

Result<StreamTag> decode_preamble(int level, ByteView bytes) {
  CHECK(level >= 1 && bytes.size() == preamble_size(level));
  StreamTag tag;
  if (bytes[0] == kReceives) {
    tag.client_role = Role::Receiver;
  } else if (bytes[0] != kSends) {
    return Error{Errc::Malformed,
                 fmt::format("role preamble begins with {:#04x}, neither S (0x53) nor R (0x52)",
                             std::to_integer<unsigned>(bytes[0]))};
  }
  if (level >= 2) tag.index = be16(bytes, 1);
  return tag;
}

std::string encode_server_parameters(int level) {
  return fmt::format(R"({{"role_flag":{}}})", level);
}

Result<int> decode_server_parameters(std::string_view json, int announced) {
  TRY(const auto document, parse_json(json));
  const auto level = Fields(document).integer("role_flag");
  if (!level || *level < 1 || *level > announced) {
    return Error{Errc::Malformed,
                 fmt::format("SERVER_PARAMETERS has role_flag {}, outside 1 to {}",
                             level ? std::to_string(*level) : "missing", announced)};
  }
  return static_cast<int>(*level);
}

}  // namespace rolecall::wire
