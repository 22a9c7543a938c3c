// SPDX-License-Identifier: BSD-3-Clause
#include "harness/wire/server_error.h"

#include <string.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/wire/json_fields.h"

namespace rolecall::wire {
namespace {

struct Text {
  ErrorNumber number;
  const char* text;
};

// iperf_error.c iperf_strerror(), 3.22: the sentences that programs look for, without the greatest
// values, which are the server's own.
constexpr Text kTexts[] = {
    {kErrorDuration, "test duration valid values are 0 to 86400 seconds"},
    {kErrorStreamCount, "invalid number of parallel streams"},
    {kErrorBlockSize, "block size too large"},
    {kErrorBufferSize, "socket buffer size too large"},
    {kErrorMss, "TCP MSS too large"},
    {kErrorOmit, "bogus value for --omit"},
    {kErrorUnimplemented, "an option you are trying to set is not implemented yet"},
    {kErrorFile, "unable to open -F file"},
    {kErrorBurst, "invalid burst count"},
    {kErrorDatagramSize, "block size invalid"},
    {kErrorBadTos, "bad TOS value (must be between 0 and 255 inclusive)"},
    {kErrorTotalRate, "total required bandwidth is larger than server limit"},
    {kErrorDatagramFile, "cannot transfer file using UDP"},
    {kErrorServerDuration,
     "client's requested duration exceeds the server's maximum permitted limit"},
    {kErrorListen, "unable to start listener for connections"},
    {kErrorReceiveCookie, "unable to receive cookie at server"},
    {kErrorControlClosed, "control socket has closed unexpectedly"},
    {kErrorMessage,
     "received an unknown control message (ensure other side is iperf3 and not iperf)"},
    {kErrorReceiveParameters, "unable to receive parameters from client"},
    {kErrorReceiveResults, "unable to receive results"},
    {kErrorClientTerminated, "the client has terminated"},
    {kErrorServerTerminated, "the server has terminated"},
    {kErrorAccessDenied, "the server is busy running a test. try again later"},
    {kErrorNoDelay, "unable to set TCP/SCTP NODELAY"},
    {kErrorSetMss, "unable to set TCP/SCTP MSS"},
    {kErrorSetBuffer, "unable to set socket buffer size"},
    {kErrorFlowLabel, "unable to set IPv6 flow label"},
    {kErrorWindow, "unable to set socket window size"},
    {kErrorProtocol, "protocol does not exist"},
    {kErrorAffinity, "unable to set CPU affinity"},
    {kErrorCongestion,
     "unable to set TCP_CONGESTION: Supplied congestion control algorithm not supported on this "
     "host"},
    {kErrorSmallBuffer, "socket buffer size not set correctly"},
    {kErrorAuthorisation, "test authorization failed"},
    {kErrorNoData, "idle timeout for receiving data"},
    {kErrorThread, "unable to create thread"},
    {kErrorTestExpired, "server test duration expired"},
    {kErrorStreamConnect, "unable to connect stream"},
    {kErrorStreamAccept, "unable to accept stream connection"},
    {kErrorStreamWrite, "unable to write to stream socket"},
    {kErrorStreamRead, "unable to read from stream socket"},
    {kErrorStreamId, "stream has an invalid id"},
};

std::string_view sentence_of(int error_number) {
  for (const Text& t : kTexts) {
    if (t.number == error_number) return t.text;
  }
  return {};
}

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
  const std::string_view sentence = sentence_of(error.error_number);
  const std::string text = sentence.empty()
                               ? fmt::format("error {}", error.error_number)
                               : fmt::format("{} (error {})", sentence, error.error_number);
  if (error.sys_errno <= 0) return text;
  char buffer[128];
  return fmt::format("{}: {}", text, ::strerror_r(error.sys_errno, buffer, sizeof buffer));
}

std::string with_sentence(int error_number, std::string_view cause) {
  const std::string_view sentence = sentence_of(error_number);
  const bool has_one =
      std::ranges::any_of(kTexts, [&](const Text& text) { return cause.starts_with(text.text); });
  if (sentence.empty() || has_one) return std::string(cause);
  return fmt::format("{}: {}", sentence, cause);
}

Error with_sentence(int error_number, Error error) {
  error.what = with_sentence(error_number, error.what);
  return error;
}

}  // namespace rolecall::wire
