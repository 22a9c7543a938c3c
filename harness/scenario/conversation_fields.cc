// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/conversation_fields.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "harness/conformance/program_under_test.h"
#include "harness/scenario/nearest_word.h"

namespace rolecall::scenario {
namespace {

using Kind = JsonNode::Kind;

// Who plays the end at `key`.
constexpr std::array<std::string_view, 3> kPlayers = {"peer", "command", "conversation"};
// Of a whole scenario; at one end the retrofit.
constexpr std::array<std::string_view, 5> kOfTwoPrograms = {"address", "schedule", "levers", "link",
                                                            "limit_ms"};

Error of_two_programs(const FileFields& fields, const JsonNode& at, std::string_view key) {
  return fields.wrong(at, fmt::format("\"{}\" has no place beside a conversation: it is about two "
                                      "programs, and one of these ends is none",
                                      key));
}

Result<void> check_player(const FileFields& fields, const JsonNode& node, std::string_view key) {
  const auto players = std::ranges::count_if(
      kPlayers, [&](std::string_view player) { return node.member(player) != nullptr; });
  if (players != 1)
    return fields.wrong(
        node, fmt::format(R"("{}" has to have one of "peer", "conversation" and "command")", key));
  for (const char* of_a_peer : {"args", "retrofit"})
    if (const auto* there = node.member(of_a_peer); there && node.member("peer") == nullptr)
      return fields.wrong(*there, fmt::format(R"("{}" is for a "peer" only)", of_a_peer));
  return ok();
}

Result<void> read_steps(const FileFields& fields, const JsonNode& end,
                        conformance::Conversation& into) {
  const JsonNode* node = end.member("conversation");
  if (node == nullptr) return ok();
  std::vector<std::string> lines;
  TRY(fields.read_texts(end, "conversation", lines));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto step = conformance::parse_step(lines[i]);
    if (!step) return fields.wrong(node->items[i], step.error().what);
    into.push_back(std::move(step.value()));
  }
  if (opens_any(into)) return ok();
  return fields.wrong(*node,
                      "a conversation that opens no connection says nothing: begin with "
                      "\"open 0\"");
}

Result<void> read_command(const FileFields& fields, const JsonNode& end, bool is_client,
                          std::vector<std::string>& into) {
  const JsonNode* node = end.member("command");
  if (node == nullptr) return ok();
  TRY(fields.read_texts(end, "command", into));
  if (into.empty()) return fields.wrong(*node, "\"command\" is empty");
  const auto can_be_told = conformance::Command{into}.check(is_client);
  if (can_be_told.has_error()) return fields.wrong(*node, can_be_told.error().what);
  return ok();
}

Result<void> read_verdict(const FileFields& fields, const JsonNode& expect, VerdictKind& into) {
  if (expect.member("verdict") == nullptr)
    return fields.wrong(expect, R"("expect" names no "verdict")");
  std::string text;
  TRY(fields.read_text(expect, "verdict", text));
  std::vector<std::string_view> known;
  for (const VerdictKind kind : kVerdictsOfConversations) known.emplace_back(name(kind));
  if (std::ranges::count(known, text) == 0)
    return fields.wrong(
        *expect.member("verdict"),
        fmt::format("no conversation comes to the verdict \"{}\"; {}", text, suggest(text, known)));
  into = verdict_named(text).value();
  return ok();
}

}  // namespace

Result<PeerSpec> read_peer_spec(const FileFields& fields, const JsonNode& root,
                                std::string_view key) {
  const JsonNode& node = *root.member(key);
  TRY(fields.check_object(node, key));
  TRY(check_player(fields, node, key));
  PeerSpec spec;
  TRY(fields.read_text(node, "peer", spec.peer));
  TRY(fields.read_texts(node, "args", spec.args));
  TRY(const auto* retrofit, fields.typed(node, "retrofit", Kind::Boolean));
  spec.has_retrofit = retrofit != nullptr && retrofit->boolean;
  TRY(read_steps(fields, node, spec.conversation));
  TRY(read_command(fields, node, key == "client", spec.command));
  return spec;
}

Result<void> read_beside_conversation(const FileFields& fields, const JsonNode& root,
                                      Scenario& into) {
  const JsonNode& client = *root.member("client");
  if (!into.client.conversation.empty() && !into.server.conversation.empty())
    return fields.wrong(client, "two conversations, and no program to have one with");
  if (const auto* retrofit = client.member("retrofit"))
    return of_two_programs(fields, *retrofit, "retrofit");
  for (const std::string_view key : kOfTwoPrograms)
    if (const auto* there = root.member(key)) return of_two_programs(fields, *there, key);
  const JsonNode& expect = *root.member("expect");
  TRY(fields.check_object(expect, "expect"));
  for (const std::string_view key : {"above", "below", "or", "client_says"})
    if (const auto* there = expect.member(key)) return of_two_programs(fields, *there, key);
  into.levers.clear();
  return read_verdict(fields, expect, into.expect.of_conversation);
}

}  // namespace rolecall::scenario
