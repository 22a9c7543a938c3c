// SPDX-License-Identifier: BSD-3-Clause
// The client's side by hand, against a server under test: whole tests in few words, and every
// deviation from them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/conformance/connection.h"
#include "harness/conformance/json_look.h"
#include "harness/conformance/phase.h"
#include "harness/conformance/program_under_test.h"
#include "harness/net/socket.h"

namespace rolecall::conformance {

class ServerTest;

// The server that runs, and connections to it. One thread.
class ServerScript {
 public:
  // `program` is null for a server that somebody else started. All outlive the script.
  ServerScript(Address server, ProgramUnderTest* program, TimeLine& line)
      : server_(server), program_(program), line_(&line) {}

  Checked<Connection> connect(std::string name);
  Checked<Connection> connect_flow(std::string name);  // UDP; nothing is sent yet
  const Address& address() const { return server_; }
  ProgramUnderTest* program() { return program_; }
  TimeLine& line() { return *line_; }

  // The server lets go of every connection it has, and then a plain test of one stream succeeds:
  // whatever happened before has harmed nobody.
  Checked<void> expect_served();
  // Goes on to `phase` in a test that nobody has begun yet, right after another one.
  Checked<void> reach_after_another(ServerTest& test, Phase phase);
  // Until the server holds no connection any more.
  Checked<void> await_idle();

 private:
  Checked<std::uint32_t> listener();

  Address server_;
  ProgramUnderTest* program_;
  TimeLine* line_;
};

// The parameters document of iperf3 3.22 for a short TCP test, with `changes` put over it; a null
// takes a key away.
std::string parameters(const Json& changes);
std::string parameters();

// What the client reports of one stream.
struct Report {
  int id = 1;
  std::int64_t bytes = 0;
};
// The results document of a client, with `changes` put over it.
std::string results(const std::vector<Report>& streams, const Json& changes);
std::string results(const std::vector<Report>& streams);

// One test from the cookie on. Members may be changed before the phase that uses them.
class ServerTest {
 public:
  explicit ServerTest(ServerScript& script) : script_(script) {}

  // The default parameters with `changes`, and the streams that they ask for.
  void ask(const Json& changes);
  void forget();  // is to begin again, with the same settings
  // Goes on to `phase`, one step after the other, and checks each answer.
  Checked<void> reach(Phase phase);
  Checked<void> open_stream();  // the next one: connects, sends its cookie and preamble
  Checked<void> send_payload();
  Checked<void> await_read();  // until the server has read all of the streams and done with it
  Checked<void> reset_stream(std::size_t stream);  // and until the server's kernel knows it

  // The server ends the test: closes the control connection. Gives what came before, and closes
  // everything too, as a client does.
  Checked<std::string> expect_end(std::string_view why);

  Connection& control() { return *control_; }

  std::string cookie = fresh_cookie();
  std::string parameters_text = parameters();
  std::size_t stream_count = 1;
  std::set<std::size_t> senders = {0};           // those of them that carry payload to the server
  int agreed_level = 0;                          // of the role flag; then 64 comes before 10
  std::string payload = std::string(3000, 'x');  // on each
  std::vector<std::string> preambles;            // by stream; none where there is no entry
  std::string client_results;                    // empty: what is true of the payload
  bool waits_for_reading = true;                 // before TEST_END
  std::vector<Connection> streams;
  std::vector<std::int64_t> received;  // bytes by stream, those that the server sends
  std::string server_results;          // from Display on

  static std::string fresh_cookie();  // 36 of a-z 2-7 and a NUL, of no other test

 private:
  Checked<void> begin();
  Checked<void> send_parameters();
  Checked<void> open_streams();
  Checked<void> end_test();
  Checked<void> exchange_results();
  Checked<void> finish();
  Checked<void> take_payload();
  bool sends_on(std::size_t stream) const { return senders.contains(stream); }
  void drain_until_control_speaks();
  std::vector<Report> reports() const;

  ServerScript& script_;
  std::optional<Connection> control_;
  std::optional<Phase> phase_;
};

}  // namespace rolecall::conformance
