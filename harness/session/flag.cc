// SPDX-License-Identifier: BSD-3-Clause
#include "harness/session/flag.h"

namespace rolecall::session {

const char* name(Flag flag) {
  switch (flag) {
    case Flag::None:
      return "none";
    case Flag::Level1:
      return "level 1";
    case Flag::Level2:
      return "level 2";
    case Flag::Cookie:
      return "cookie";
    case Flag::Force:
      return "force";
  }
  return "?";
}

}  // namespace rolecall::session
