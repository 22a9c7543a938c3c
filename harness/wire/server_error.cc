// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/server_error.h"

#include <string.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/wire/json_fields.h"

namespace rolecall::wire {
namespace {

struct Text {
  ErrorNumber number;
  const char* text;
};

// What our own servers report, and what others may.
constexpr Text kTexts[] = {
    {kErrorDuration, "the test's duration is outside the server's range"},
    {kErrorStreamCount, "the number of streams is outside the server's range"},
    {kErrorBlockSize, "the block size is outside the server's range"},
    {kErrorBufferSize, "the socket buffer size is outside the server's range"},
    {kErrorMss, "the segment size is outside the server's range"},
    {kErrorOmit, "the omit time is outside the server's range"},
    {kErrorUnimplemented, "the server requires what this client does not offer"},
    {kErrorFile, "the file to send or to write (-F) could not be opened"},
    {kErrorBurst, "the burst is outside the server's range"},
    {kErrorDatagramSize, "the datagram size is outside the server's range"},
    {kErrorBadTos, "the type of service is outside 0 to 255"},
    {kErrorTotalRate, "the test would exceed the server's bitrate limit"},
    {kErrorDatagramFile, "a file (-F) cannot be sent in datagrams"},
    {kErrorServerDuration, "the test is longer than the server allows"},
    {kErrorListen, "the server could not listen for the streams"},
    {kErrorReceiveCookie, "the cookie was not received"},
    {kErrorControlClosed, "the control connection was closed unexpectedly"},
    {kErrorMessage, "unknown or unexpected control message"},
    {kErrorReceiveParameters, "the parameters were not received or are not valid"},
    {kErrorReceiveResults, "the results were not received or are not valid"},
    {kErrorClientTerminated, "the client was terminated"},
    {kErrorServerTerminated, "the server was terminated"},
    {kErrorAccessDenied, "the server is busy with another test"},
    {kErrorNoDelay, "the delay of small segments could not be turned off"},
    {kErrorSetMss, "the segment size could not be set"},
    {kErrorSetBuffer, "the socket buffer size could not be set"},
    {kErrorFlowLabel, "the IPv6 flow label is outside 1 to 0xfffff"},
    {kErrorWindow, "the socket buffer size could not be set"},
    {kErrorProtocol, "the transport protocol is not supported"},
    {kErrorAffinity, "the CPU affinity could not be set"},
    {kErrorCongestion, "the congestion control algorithm could not be set"},
    {kErrorSmallBuffer, "the socket buffer became smaller than asked for"},
    {kErrorAuthorisation, "the test was not authorised"},
    {kErrorNoData, "no data was received in time"},
    {kErrorThread, "the threads for the streams could not be started"},
    {kErrorTestExpired, "the test ran longer than its parameters allow"},
    {kErrorStreamConnect, "a stream could not be connected"},
    {kErrorStreamAccept, "a stream could not be accepted"},
    {kErrorStreamWrite, "writing to a stream failed"},
    {kErrorStreamRead, "reading from a stream failed"},
    {kErrorStreamId, "the results name a stream that the test does not have"},
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
    if (t.number == error.error_number)
      text = fmt::format("{} (error {})", t.text, error.error_number);
  }
  if (error.sys_errno <= 0) return text;
  char buffer[128];
  return fmt::format("{}: {}", text, ::strerror_r(error.sys_errno, buffer, sizeof buffer));
}

}  // namespace rolecall::wire
