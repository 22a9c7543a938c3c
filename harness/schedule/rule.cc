// SPDX-License-Identifier: BSD-3-Clause
#include "harness/schedule/rule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/schedule/schedule.h"

namespace rolecall {
namespace {

template <class Value>
struct Word {
  std::string_view text;
  Value value;
};

constexpr std::array<Word<Verb>, 4> kVerbs = {{{"hold", Verb::Hold},
                                               {"drop", Verb::Drop},
                                               {"duplicate", Verb::Duplicate},
                                               {"delay", Verb::Delay}}};
constexpr std::array<Word<PacketKind>, 5> kPackets = {{{"syn", PacketKind::Syn},
                                                       {"syn-ack", PacketKind::SynAck},
                                                       {"ack", PacketKind::Ack},
                                                       {"cookie", PacketKind::Cookie},
                                                       {"datagram", PacketKind::Datagram}}};
// `cookie` is told by the word behind the number.
constexpr std::array<Word<EventKind>, 4> kOwnEvents = {{{"syn", EventKind::Syn},
                                                        {"syn-ack", EventKind::SynAck},
                                                        {"cookie", EventKind::CookieSent},
                                                        {"datagram", EventKind::Datagram}}};
constexpr std::array<Word<EventKind>, 5> kEvents = {
    {kOwnEvents[0],
     kOwnEvents[1],
     kOwnEvents[2],
     kOwnEvents[3],
     {"stranger", EventKind::StrangerAcknowledged}}};
constexpr std::array<Word<EventKind>, 2> kCookieEvents = {
    {{"sent", EventKind::CookieSent}, {"acknowledged", EventKind::CookieAcknowledged}}};

template <class Words, class Value>
std::string_view word_for(const Words& words, Value value) {
  for (const auto& word : words)
    if (word.value == value) return word.text;
  return "?";
}

// Takes one rule apart, word by word.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : whole_(text), rest_(text) {}

  std::string_view take_word() {
    const auto first = rest_.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    rest_.remove_prefix(first);
    const std::string_view word = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(word.size());
    return word;
  }

  template <class Value, std::size_t N>
  Result<Value> take_one_of(const std::array<Word<Value>, N>& words) {
    const std::string_view found = take_word();
    for (const auto& word : words)
      if (word.text == found) return word.value;
    std::array<std::string_view, N> known;
    for (std::size_t i = 0; i < N; ++i) known[i] = words[i].text;
    return wrong(found, fmt::format("write {}", fmt::join(known, " or ")));
  }

  Result<void> take_keyword(std::string_view keyword) {
    const std::string_view found = take_word();
    if (found == keyword) return ok();
    return wrong(found, fmt::format("write {}", keyword));
  }

  Result<void> take_end() {
    const std::string_view more = take_word();
    if (more.empty()) return ok();
    return wrong(more, "the rule is complete before it, and \";\" separates rules");
  }

  Result<int> take_number(int most, const char* what) { return number_in(take_word(), most, what); }

  Result<int> number_in(std::string_view word, int most, const char* what) const {
    int n = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, n);
    if (!word.empty() && error == std::errc{} && stop == end && n >= 1 && n <= most) return n;
    return wrong(word, fmt::format("write {} from 1 to {}", what, most));
  }

  Error wrong(std::string_view word, const std::string& advice) const {
    return Error{Errc::Config,
                 word.empty() ? fmt::format("rule \"{}\" ends too early; {} there", whole_, advice)
                              : fmt::format(R"(rule "{}": "{}" is not known there; {})", whole_,
                                            word, advice)};
  }

 private:
  std::string_view whole_;
  std::string_view rest_;
};

// The number of a connection, and in front of it, as in `5 of stream 1`, the place of a datagram.
Result<void> take_connection(RuleReader& reader, bool is_datagram, int& datagram, int& connection) {
  if (is_datagram) {
    TRY(datagram, reader.take_number(kMaxDatagram, "a datagram's place"));
    TRY(reader.take_keyword("of"));
    TRY(reader.take_keyword("stream"));
  }
  TRY(connection, reader.take_number(kMaxConnections, "a connection's number"));
  return ok();
}

std::string name_connection(std::string_view word, int datagram, int connection) {
  if (datagram == 0) return fmt::format("{} {}", word, connection);
  return fmt::format("{} {} of stream {}", word, datagram, connection);
}

template <std::size_t N>
Result<Event> take_event(RuleReader& reader, const std::array<Word<EventKind>, N>& known) {
  Event event;
  TRY(event.kind, reader.take_one_of(known));
  if (event.kind == EventKind::StrangerAcknowledged) {
    TRY(reader.take_keyword("acknowledged"));
    event.connection = 0;
    return event;
  }
  TRY(take_connection(reader, event.kind == EventKind::Datagram, event.datagram, event.connection));
  if (event.kind == EventKind::CookieSent) {
    TRY(event.kind, reader.take_one_of(kCookieEvents));
  }
  return event;
}

// `once`, `N times` or nothing.
Result<int> take_count(RuleReader& reader) {
  const std::string_view word = reader.take_word();
  if (word.empty() || word == "once") return 1;
  TRY(const int times, reader.number_in(word, kMaxTimes, "once, or a number"));
  TRY(reader.take_keyword("times"));
  return times;
}

}  // namespace

Result<Rule> parse_rule(std::string_view text) {
  RuleReader reader(text);
  Rule rule;
  TRY(rule.verb, reader.take_one_of(kVerbs));
  TRY(rule.packet, reader.take_one_of(kPackets));
  TRY(take_connection(reader, rule.packet == PacketKind::Datagram, rule.datagram, rule.connection));
  if (rule.verb == Verb::Hold) {
    TRY(reader.take_keyword("until"));
    TRY(rule.until, take_event(reader, kEvents));
  } else if (rule.verb == Verb::Delay) {
    TRY(reader.take_keyword("by"));
    TRY(const int ms, reader.take_number(kMaxDelayMs, "a number of milliseconds"));
    TRY(reader.take_keyword("ms"));
    rule.by = milliseconds(ms);
  } else {
    TRY(rule.times, take_count(reader));
  }
  TRY(reader.take_end());
  return rule;
}

bool begins_rule(std::string_view word) {
  return std::any_of(kVerbs.begin(), kVerbs.end(),
                     [word](const Word<Verb>& verb) { return verb.text == word; });
}

std::string rule_words() {
  std::vector<std::string_view> words;
  for (const Word<Verb>& verb : kVerbs) words.push_back(verb.text);
  return fmt::format("{}", fmt::join(words, ", "));
}

Result<Event> parse_stranger(std::string_view text) {
  RuleReader reader(text);
  TRY(reader.take_keyword("stranger"));
  TRY(reader.take_keyword("after"));
  TRY(const Event event, take_event(reader, kOwnEvents));
  TRY(reader.take_end());
  return event;
}

std::string print(const Event& event) {
  if (event.kind == EventKind::StrangerAcknowledged) return "stranger acknowledged";
  const bool is_of_cookie =
      event.kind == EventKind::CookieSent || event.kind == EventKind::CookieAcknowledged;
  std::string named = name_connection(is_of_cookie ? "cookie" : word_for(kEvents, event.kind),
                                      event.datagram, event.connection);
  if (!is_of_cookie) return named;
  return fmt::format("{} {}", named, word_for(kCookieEvents, event.kind));
}

std::string print(const Rule& rule) {
  const std::string named =
      fmt::format("{} {}", word_for(kVerbs, rule.verb),
                  name_connection(word_for(kPackets, rule.packet), rule.datagram, rule.connection));
  if (rule.verb == Verb::Hold) return fmt::format("{} until {}", named, print(rule.until));
  if (rule.verb == Verb::Delay) return fmt::format("{} by {} ms", named, rule.by.in_ms());
  if (rule.times > 1) return fmt::format("{} {} times", named, rule.times);
  return rule.verb == Verb::Drop ? named + " once" : named;
}

bool names_only(const Rule& rule, int connections) {
  return rule.connection <= connections &&
         (rule.verb != Verb::Hold || rule.until.connection <= connections);
}

}  // namespace rolecall
