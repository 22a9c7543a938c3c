// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/conversations/seeds.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "harness/base/bytes.h"
#include "harness/wire/cookie.h"
#include "harness/wire/role_flag.h"
#include "harness/wire/state.h"

namespace rolecall::conformance {
namespace {

using wire::State;

constexpr std::size_t kPayload = 3000;

class Writer {
 public:
  Writer& open(int connection) { return add({.verb = Verb::Open, .connection = connection}); }
  Writer& send(int connection, std::string bytes) {
    return add({.verb = Verb::Send, .connection = connection, .bytes = std::move(bytes)});
  }
  Writer& send(State state) { return send(0, byte(state)); }
  Writer& await(std::string bytes) { return add({.verb = Verb::Await, .bytes = std::move(bytes)}); }
  Writer& await(State state) { return await(byte(state)); }
  Writer& take(int connection, std::size_t count) {
    return add({.verb = Verb::Take, .connection = connection, .count = count});
  }
  Writer& close_all(int streams) {
    for (int i = streams; i >= 0; --i) add({.verb = Verb::Close, .connection = i});
    return *this;
  }
  Conversation done() { return std::move(conversation_); }

 private:
  Writer& add(const Step& step) {  // g++ 12 sees an overrun in the moved string
    conversation_.push_back(step);
    return *this;
  }
  Conversation conversation_;
};

// The preamble of stream `number`, of which the first `sending` are the client's to send on.
std::string preamble(int level, int number, int sending) {
  const auto role = number <= sending ? wire::Role::Sender : wire::Role::Receiver;
  const auto index = static_cast<std::uint16_t>(number - 1);
  return std::string(as_text(wire::encode_preamble(level, {role, index})));
}

// Our part as a client with so many streams, of which the first `sending` are ours to send on; with
// a level of the role flag, which a legacy server reads past.
Conversation as_client(Json changes, int streams, int sending, int level = 0) {
  if (level > 0) changes["role_flag"] = level;
  Writer write;
  write.open(0).send(0, std::string(kCookieWord)).await(State::ParamExchange);
  write.send(0, document(parameters(changes))).await(State::CreateStreams);
  for (int i = 1; i <= streams; ++i) {
    write.open(i).send(i, std::string(kCookieWord) + preamble(level, i, sending));
  }
  write.await(State::TestRunning);
  std::vector<Report> reports;
  for (int i = 1; i <= streams; ++i) {
    if (i <= sending) write.send(i, std::string(kPayload, 'x'));
    if (i > sending) write.take(i, 1000);
    reports.push_back({.id = i == 1 ? 1 : i + 1, .bytes = static_cast<std::int64_t>(kPayload)});
  }
  write.send(State::TestEnd).await(State::ExchangeResults);
  write.send(0, document(results(reports))).await(State::DisplayResults);
  return write.send(State::IperfDone).close_all(streams).done();
}

// Our part as a server that takes so many streams; with a level of the role flag, which is wrong
// towards a client that does not announce it.
Conversation as_server(int streams, int level = 0) {
  Writer write;
  write.open(0).take(0, wire::kCookieSize).send(State::ParamExchange).await("}");
  if (level > 0) {
    write.send(State::ServerParameters).send(0, document(wire::encode_server_parameters(level)));
  }
  write.send(State::CreateStreams);
  std::vector<Report> reports;
  for (int i = 1; i <= streams; ++i) {
    write.open(i).take(i, wire::kCookieSize + wire::preamble_size(level));
    reports.push_back({.id = i == 1 ? 1 : i + 1, .bytes = static_cast<std::int64_t>(kPayload)});
  }
  write.send(State::TestStart).send(State::TestRunning);
  for (int i = 1; i <= streams; ++i) write.take(i, 1000);
  write.await(State::TestEnd).send(State::ExchangeResults).await("}");
  write.send(0, document(results(reports))).send(State::DisplayResults);
  return write.await(State::IperfDone).close_all(streams).done();
}

}  // namespace

std::vector<Conversation> whole_conversations(Side side) {
  if (side == Side::Client)
    return {as_server(1), as_server(2), as_server(4), as_server(2, 1), as_server(2, 2)};
  return {
      as_client(Json::object(), 1, 1),
      as_client({{"reverse", true}}, 1, 0),
      as_client({{"parallel", 3}}, 3, 3),
      as_client({{"bidirectional", true}}, 2, 1),
      as_client({{"bidirectional", true}}, 2, 1, 1),
      as_client({{"bidirectional", true}, {"parallel", 2}}, 4, 2, 2),
      as_client({{"get_server_output", 1}, {"num", kPayload}, {"time", 0}}, 1, 1),
      as_client({{"omit", 1}, {"bandwidth", 1'000'000}, {"burst", 2}, {"title", "t"}}, 1, 1),
  };
}

}  // namespace rolecall::conformance
