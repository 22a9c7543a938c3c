// SPDX-License-Identifier: BSD-3-Clause
// SERVER_ERROR: two 32-bit big-endian integers after the state byte, iperf3's error number and the
// system's errno. The numbers are iperf_api.h's, unchanged since each was introduced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/base/bytes.h"
#include "harness/base/result.h"

namespace rolecall::wire {

enum ErrorNumber : int {
  kErrorDuration = 5,
  kErrorStreamCount = 6,
  kErrorBlockSize = 7,
  kErrorBufferSize = 8,
  kErrorMss = 10,
  kErrorOmit = 12,
  kErrorUnimplemented = 13,
  kErrorFile = 14,
  kErrorBurst = 15,
  kErrorDatagramSize = 20,
  kErrorBadTos = 21,
  kErrorTotalRate = 27,
  kErrorDatagramFile = 34,
  kErrorServerDuration = 37,
  kErrorListen = 102,
  kErrorReceiveCookie = 106,
  kErrorControlClosed = 109,
  kErrorMessage = 110,
  kErrorReceiveParameters = 114,
  kErrorReceiveResults = 117,
  kErrorClientTerminated = 119,
  kErrorServerTerminated = 120,
  kErrorAccessDenied = 121,
  kErrorNoDelay = 122,
  kErrorSetMss = 123,
  kErrorSetBuffer = 124,
  kErrorFlowLabel = 127,
  kErrorWindow = 130,
  kErrorProtocol = 131,
  kErrorAffinity = 132,
  kErrorCongestion = 134,
  kErrorSmallBuffer = 141,
  kErrorAuthorisation = 142,
  kErrorNoData = 144,
  kErrorThread = 150,
  kErrorTestExpired = 160,
  kErrorStreamConnect = 203,
  kErrorStreamAccept = 204,
  kErrorStreamWrite = 205,
  kErrorStreamRead = 206,
  kErrorStreamId = 208,
};

inline constexpr std::size_t kServerErrorSize = 8;  // the integers, without the state byte

struct ServerError {
  std::int32_t error_number = 0;
  std::int32_t sys_errno = 0;  // 0: none

  bool operator==(const ServerError&) const = default;
};

// The eight bytes. `decode` REQUIRES exactly that many.
Bytes encode_server_error(const ServerError& error);
ServerError decode_server_error(ByteView bytes);

// {"error": sentence}, which a flagged server sends after the integers to a client that announced.
std::string encode_error_document(std::string_view sentence);
Result<std::string> decode_error_document(std::string_view json);

// What the number means, in iperf3's words, with the number: "unable to receive results (error
// 117)".
std::string describe(const ServerError& error);

// `cause` behind iperf3's sentence for the number, where there is one, unless it begins with one of
// these anyway: programs look for the sentence, people for the cause.
std::string with_sentence(int error_number, std::string_view cause);
Error with_sentence(int error_number, Error error);  // the same of what it says

}  // namespace rolecall::wire
