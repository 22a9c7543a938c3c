// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/event.h"

namespace rolecall::session {

const char* name(RolesBy by) {
  switch (by) {
    case RolesBy::Direction:
      return "direction";
    case RolesBy::Flag:
      return "flag";
    case RolesBy::AcceptOrder:
      return "accept order";
    case RolesBy::Open:
      return "open";
    case RolesBy::Payload:
      return "payload";
    case RolesBy::Exchange:
      return "connect exchange";
    case RolesBy::Assumed:
      return "assumed";
  }
  return "?";
}

const char* name(IdentityBy by) {
  switch (by) {
    case IdentityBy::Flag:
      return "flag";
    case IdentityBy::Exchange:
      return "connect exchange";
    case IdentityBy::AcceptOrder:
      return "accept order";
    case IdentityBy::Single:
      return "single";
    case IdentityBy::Results:
      return "results";
    case IdentityBy::PartlyResults:
      return "results in part";
  }
  return "?";
}

}  // namespace rolecall::session
