// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/server_error.h"

#include <string.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/wire/json_fields.h"

namespace rolecall::wire {
namespace {

struct Text {
  int number;
  const char* text;
};

// protocol.md, section 20: those that a server reports of a TCP test.
constexpr Text kTexts[] = {
    {5, "the test's duration is outside the server's range"},
    {6, "the number of streams is outside the server's range"},
    {7, "the block size is outside the server's range"},
    {8, "the socket buffer size is outside the server's range"},
    {10, "the segment size is outside the server's range"},
    {12, "the omit time is outside the server's range"},
    {13, "the server requires what this client does not offer"},
    {14, "the file to send or to write (-F) could not be opened"},
    {15, "the burst is outside the server's range"},
    {21, "the type of service is outside 0 to 255"},
    {27, "the test would exceed the server's bitrate limit"},
    {34, "a file (-F) cannot be sent in datagrams"},
    {37, "the test is longer than the server allows"},
    {102, "the server could not listen for the streams"},
    {106, "the cookie was not received"},
    {109, "the control connection was closed unexpectedly"},
    {110, "unknown or unexpected control message"},
    {114, "the parameters were not received or are not valid"},
    {117, "the results were not received or are not valid"},
    {119, "the client was terminated"},
    {120, "the server was terminated"},
    {121, "the server is busy with another test"},
    {123, "the segment size could not be set"},
    {124, "the socket buffer size could not be set"},
    {127, "the IPv6 flow label is outside 1 to 0xfffff"},
    {130, "the socket buffer size could not be set"},
    {131, "the transport protocol is not supported"},
    {132, "the CPU affinity could not be set"},
    {134, "the congestion control algorithm could not be set"},
    {141, "the socket buffer became smaller than asked for"},
    {142, "the test was not authorised"},
    {144, "no data was received in time"},
    {160, "the test ran longer than its parameters allow"},
    {205, "writing to a stream failed"},
    {206, "reading from a stream failed"},
};

}  // namespace

Bytes encode_server_error(const ServerError& error) {
  Bytes out;
  append_be32(out, static_cast<std::uint32_t>(error.error_number));
  append_be32(out, static_cast<std::uint32_t>(error.sys_errno));
  return out;
}

ServerError decode_server_error(ByteView bytes) {
  CHECK(bytes.size() == kServerErrorSize);
  return {static_cast<std::int32_t>(be32(bytes, 0)), static_cast<std::int32_t>(be32(bytes, 4))};
}

std::string encode_error_document(std::string_view sentence) {
  return compact({{"error", std::string(sentence)}});
}

Result<std::string> decode_error_document(std::string_view json) {
  TRY(const auto document, parse_json(json));
  if (auto text = Fields(document).text("error")) return std::move(*text);
  return Error{Errc::Malformed, "the document after SERVER_ERROR has no text under \"error\""};
}

std::string describe(const ServerError& error) {
  std::string text = fmt::format("error {}", error.error_number);
  for (const Text& t : kTexts) {
    if (t.number == error.error_number) text = fmt::format("{} (error {})", t.text, t.number);
  }
  if (error.sys_errno <= 0) return text;
  char buffer[128];
  return fmt::format("{}: {}", text, ::strerror_r(error.sys_errno, buffer, sizeof buffer));
}

}  // namespace rolecall::wire
