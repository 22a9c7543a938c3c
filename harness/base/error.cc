// SPDX-License-Identifier: BSD-3-Clause
#include "harness/base/error.h"

#include <string.h>

#include <cerrno>
#include <utility>

namespace rolecall {

const char* name(Errc code) {
  switch (code) {
    case Errc::Timeout:
      return "timeout";
    case Errc::PeerClosed:
      return "peer closed";
    case Errc::Malformed:
      return "malformed";
    case Errc::OutOfOrder:
      return "out of order";
    case Errc::Limit:
      return "limit";
    case Errc::System:
      return "system";
    case Errc::Config:
      return "config";
  }
  return "?";
}

std::string Error::message() const {
  if (sys_errno == 0) return what;
  char text[128];
  return what + ": " + ::strerror_r(sys_errno, text, sizeof text);
}

Error system_error(std::string what, const char* file, int line) {
  return Error{Errc::System, std::move(what), errno, file, line};
}

}  // namespace rolecall
