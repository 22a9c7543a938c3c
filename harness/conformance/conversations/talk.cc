// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/conversations/talk.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/conformance/server_script.h"

namespace rolecall::conformance {
namespace {

// Payload, and more of it than any answer: what is awaited will not come.
constexpr std::size_t kMostUnread = std::size_t{1} << 20;

std::string with_cookie(std::string bytes, const std::string& cookie) {
  for (auto at = bytes.find(kCookieWord); at != bytes.npos; at = bytes.find(kCookieWord, at)) {
    bytes.replace(at, kCookieWord.size(), cookie);
    at += cookie.size();
  }
  return bytes;
}

// How many bytes of `unread` the step takes; npos while they have not all come. What is looked for
// ends behind the first `known` bytes.
std::size_t taken_by(const Step& step, const std::string& unread, std::size_t known) {
  if (step.verb == Verb::Take) return unread.size() < step.count ? unread.npos : step.count;
  const auto at = unread.find(step.bytes, known - std::min(known, step.bytes.size()));
  return at == unread.npos ? at : at + step.bytes.size();
}

// The limit of a connection is how long its silence is.
bool has_nothing_to_say(const Connection& connection) {
  return connection.is_silent(connection.limit());
}

}  // namespace

std::string Talk::have(const Conversation& conversation) {
  answers_.clear();
  for (const Step& step : conversation) {
    if (step.verb == Verb::Open) {
      open(step.connection);
      continue;
    }
    const auto party = parties_.find(step.connection);
    if (party != parties_.end()) take(step, party->second);
  }
  end_all();
  return answers_;
}

// A close() over bytes that nobody has read resets the connection, and the peer loses what it had
// still to read: whether it acts on the last step would be chance.
void Talk::end_all() {
  for (auto& [number, party] : parties_) party.connection.end_sending();
  const Deadline deadline = Deadline::after(kEndLimit);  // some send on and on
  for (auto& [number, party] : parties_) {
    while (!deadline.expired() && !has_nothing_to_say(party.connection)) {
      const auto some = party.connection.receive_some();
      if (some.has_error() || some.value().empty()) break;
    }
  }
  parties_.clear();
}

void Talk::open(int number) {
  parties_.erase(number);
  if (number == 0) cookie_ = ServerTest::fresh_cookie();
  auto opened = opener_(number == 0 ? "control" : fmt::format("stream {}", number));
  if (opened.has_error()) return;
  opened.value().set_limit(kSilence);
  parties_.emplace(number, Party{std::move(opened).value(), {}});
}

void Talk::take(const Step& step, Party& party) {
  switch (step.verb) {
    case Verb::Open:
      break;
    case Verb::Send:
      (void)party.connection.send(with_cookie(step.bytes, cookie_));  // who is gone takes nothing
      break;
    case Verb::Await:
    case Verb::Take:
      answers_ += await(step, party);
      break;
    case Verb::Finish:
      party.connection.end_sending();
      break;
    case Verb::Reset:
      party.connection.reset();
      parties_.erase(step.connection);
      break;
    case Verb::Close:
      parties_.erase(step.connection);
  }
}

std::string Talk::await(const Step& step, Party& party) const {
  for (std::size_t known = 0;;) {
    const std::size_t taken = taken_by(step, party.unread, known);
    if (taken != party.unread.npos) {
      party.unread.erase(0, taken);
      return ".";
    }
    if (party.unread.size() > kMostUnread) return "*";
    known = party.unread.size();
    const bool is_silent = has_nothing_to_say(party.connection);
    const auto some = is_silent ? std::string() : party.connection.receive_some();
    if (some.has_value() && !some.value().empty()) {
      party.unread += some.value();
      continue;
    }
    party.connection.set_limit(kShortSilence);
    const std::string instead = party.unread.empty() ? "" : visible(party.unread.substr(0, 1));
    return (is_silent ? "-" : "|") + instead;
  }
}

}  // namespace rolecall::conformance
