// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/verdict_kind.h"

namespace rolecall::scenario {

const char* name(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::Completed:
      return "completed";
    case VerdictKind::Deadlock:
      return "deadlock";
    case VerdictKind::PartialDeadlock:
      return "partial deadlock";
    case VerdictKind::Void:
      return "void";
    case VerdictKind::Misattributed:
      return "misattributed";
    case VerdictKind::WrongFigures:
      return "wrong figures";
    case VerdictKind::Refused:
      return "refused";
    case VerdictKind::Crashed:
      return "crashed";
    case VerdictKind::Stuck:
      return "stuck";
    case VerdictKind::Inconclusive:
      return "inconclusive";
  }
  return "?";
}

std::optional<VerdictKind> verdict_named(std::string_view wanted) {
  for (const VerdictKind kind : kAllVerdicts)
    if (wanted == name(kind)) return kind;
  return std::nullopt;
}

}  // namespace rolecall::scenario
