// SPDX-License-Identifier: BSD-3-Clause
// The server's side by hand, against a client under test: whole tests in few words, and every
// deviation from them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/conformance/connection.h"
#include "harness/conformance/phase.h"
#include "harness/conformance/program_under_test.h"
#include "harness/conformance/server_script.h"

namespace rolecall::conformance {

// A listening socket and the client that was started for it. One thread.
class ClientScript {
 public:
  // `folder` exists and takes the client's output; all references outlive the script.
  static Checked<ClientScript> open(const Command& command, std::filesystem::path folder,
                                    TimeLine& line);

  // Starts the client; the further members need it.
  Checked<void> start(const std::string& options, const std::vector<std::string>& environment = {});
  // Ends the client, and forgets its test, for another one.
  Checked<void> restart(const std::string& options);
  // The next connection, in the order of the accept queue, waited for.
  Checked<Connection> accept(std::string name);
  void stop_listening() { listener_.reset(); }  // who is still to be accepted is reset
  // UDP streams of the client: from here on a datagram to our port finds somebody.
  Checked<void> listen_for_flows();
  // The next one, by its first datagram, which is still to be read.
  Checked<Connection> accept_flow(std::string name);
  // No further connection, or flow, while it is silent.
  Checked<void> expect_no_connection(std::string_view why);
  Checked<void> expect_no_flow(std::string_view why);

  // Goes on to `phase` of a test in which the client does everything right.
  Checked<void> reach(Phase phase);
  Checked<void> read_parameters();  // without asking for the streams
  // The body has taken the streams and sent 1 and 2 itself.
  void is_running() { phase_ = Phase::Running; }
  Checked<void> take_streams();  // all that the parameters ask for, with their cookies
  Checked<void> require_streams(std::size_t count) const;  // that it has opened so many
  // Reads payload, sends payload where the client receives, until the client ends the test (4).
  Checked<void> await_test_end();
  Checked<void> run_streams();  // and then asks for the results (13)
  Checked<void> exchange_results();

  // The client's end, with exit status 0; or with any other one. A client that fails closes its
  // control connection first, and some then wait for ours to be closed.
  Checked<void> expect_success();
  Checked<void> expect_failure();
  Checked<ExitStatus> wait() { return wait(line_->step_limit()); }
  Checked<ExitStatus> wait(Duration limit);

  Connection& control() { return *control_; }
  ProgramUnderTest& program() { return *program_; }
  Json parameter_values() const;
  // What the parameters ask for, once they have been read.
  std::size_t stream_count() const { return stream_count_; }
  std::size_t client_senders() const { return client_senders_; }  // the first ones

  std::string cookie;               // the control connection's
  std::string parameters_text;      // from Streams on; read when 9 has been sent
  std::vector<Connection> streams;  // from Running on
  std::vector<std::string> stream_cookies;
  std::vector<std::string> preambles;  // what followed the cookies
  std::size_t preamble_size = 0;       // bytes that have to follow
  std::vector<std::int64_t> moved;     // bytes, received or sent by us
  std::string client_results;          // from Display on
  std::string server_results;          // empty: what is true of the payload
  std::string behind_done;             // what followed 16
  bool keeps_to_the_goal = true;       // we stop sending at "num" bytes, as servers do

 private:
  ClientScript(const Command& command, Fd listener, std::uint16_t port,
               std::filesystem::path folder, TimeLine& line)
      : command_(command),
        listener_(std::move(listener)),
        port_(port),
        folder_(std::move(folder)),
        line_(&line) {}
  Checked<void> take_cookie();
  Checked<void> take_parameters();
  Checked<void> ask_for_streams();
  Checked<void> begin_running();
  Checked<void> finish();
  bool move_payload(std::size_t index);
  std::int64_t next_block() const;

  const Command& command_;
  Fd listener_;
  Fd flows_;  // bound to the same port; becomes the next flow's
  std::uint16_t port_;
  std::filesystem::path folder_;
  TimeLine* line_;
  std::optional<ProgramUnderTest> program_;
  std::optional<Connection> control_;
  std::optional<Phase> phase_;
  std::size_t stream_count_ = 0;
  std::size_t client_senders_ = 0;
  std::int64_t goal_bytes_ = 0;
};

}  // namespace rolecall::conformance
