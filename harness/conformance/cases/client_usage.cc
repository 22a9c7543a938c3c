// SPDX-License-Identifier: BSD-3-Clause
// Clients, how they are used, and how long they take: SPEC.md, "output", "timeouts", "data".
#include <csignal>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/base/deadline.h"
#include "harness/conformance/cases/areas.h"
#include "harness/net/socket.h"

namespace rolecall::conformance::client_usage {
namespace {

using wire::State;

Checked<void> fails_where_nobody_listens(ClientScript& client) {
  TRY(const auto status, client.wait());
  return require(!status.by_signal && status.code != 0, "a status that is not 0", status.text());
}

Checked<void> tells_its_version(ClientScript& client) {
  TRY(const auto status, client.wait());
  const std::string output = client.program().output();
  const std::string line = output.substr(0, output.find('\n'));
  const bool has_release =
      line.find(' ') != line.npos && line.find_first_of("0123456789") != std::string::npos;
  return require(status.is_success() && has_release, "a name and a release, and exit status 0",
                 visible(line) + ", " + status.text());
}

Checked<void> exits_with_0_when_interrupted(ClientScript& client) {
  TRY(client.reach(Phase::Running));
  TRY(client.streams[0].receive(1000, "payload"));
  client.program().interrupt(SIGINT);
  TRY(client.control().expect(State::ClientTerminate));
  client.control().close();
  TRY(const auto status, client.wait());
  return require(status.is_success(), "exit status 0", status.text());
}

Checked<void> prints_an_object_a_line(ClientScript& client) {
  TRY(client.reach(Phase::Done));
  TRY(client.expect_success());
  const std::string flaw = flaw_in_json_stream(client.program().output());
  return require(flaw.empty(), "an object with \"event\" and \"data\" a line, \"end\" the last",
                 visible(flaw, 200));
}

Checked<void> waits_for_the_server(ClientScript& client) {
  TRY(client.reach(Phase::Cookie));
  return client.control().expect_silence("the server has not answered", seconds(3));
}

// 800 kbit/s are 100,000 bytes a second, of which none can be here early, but for a few blocks.
Checked<void> keeps_its_rate(ClientScript& client) {
  TRY(client.reach(Phase::Streams));
  const TimePoint begin = now();
  TRY(client.reach(Phase::Running));
  TRY(client.streams[0].receive(150000, "1.5 s of payload"));
  const double took = (now() - begin).in_seconds();
  return require(took > 1.4, "150000 bytes in 1.5 s, not before", fmt::format("{:.3f} s", took));
}

// What it sent in the first second is in no figure of its results, and what follows 2 is 4.
Checked<void> leaves_the_omitted_part_out(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  const auto reported = number_at(parsed(client.client_results), "/streams/0/bytes");
  return require(reported > 0 && reported < client.moved[0],
                 fmt::format("fewer than the {} bytes of both parts", client.moved[0]),
                 fmt::format("{}", reported));
}

Checked<void> passes_its_goal(ClientScript& client) {
  TRY(client.reach(Phase::Display));
  const auto sent = number_at(parsed(client.client_results), "/streams/0/bytes");
  return require(sent > 1048576 + 1024, "more than 1 MiB and a block", fmt::format("{}", sent));
}

// Each run from a port that no other run has, as the kernel keeps ports that were used busy for a
// minute; all are below those that kernels choose.
Checked<void> counts_its_ports_up(ClientScript& client) {
  TRY(client.reach(Phase::Cookie));
  const auto first = 20000 + 2 * (now().ns / 1000 % 5000);
  TRY(client.restart(fmt::format("-t 1 -b 1M -l 1K --bidir --cport {}", first)));
  TRY(client.reach(Phase::Running));
  for (std::size_t i = 0; i < client.streams.size(); ++i) {
    TRY(const auto peer, checked(peer_address(client.streams[i].socket())));
    const auto port = first + static_cast<std::int64_t>(i);
    TRY(require(peer.port() == port, fmt::format("stream {} from port {}", i + 1, port),
                fmt::format("port {}", peer.port())));
  }
  return ok();
}

// With a title that is longer by so much that the parameters without the flag are 8,190 bytes.
Checked<void> leaves_the_flag_out(ClientScript& client) {
  TRY(client.reach(Phase::Parameters));
  TRY(client.read_parameters());
  const std::size_t without_flag = client.parameters_text.size() - sizeof R"(,"role_flag":2)" + 1;
  TRY(client.restart("-n 8K -T " +
                     std::string(8190 - std::min<std::size_t>(without_flag, 8190) + 1, 't')));
  TRY(client.reach(Phase::Streams));
  TRY(require(
      client.parameters_text.size() <= 8192 && !client.parameter_values().contains("role_flag"),
      "parameters of 8192 bytes at most, without \"role_flag\"",
      fmt::format("{} bytes", client.parameters_text.size())));
  TRY(client.reach(Phase::Done));
  TRY(client.expect_success());
  const std::string said = client.program().output() + client.program().errors();
  return require(said.find("8192") != std::string::npos, "a word about it", visible(said, 300));
}

}  // namespace

std::vector<Case> cases() {
  return of(std::vector<ClientCase>{
      {"nobody-listens", {"refused-connection-fails"}, "-n 8K -p 1", fails_where_nobody_listens},
      {"version", {"version-is-told"}, "--version", tells_its_version},
      {"status-when-interrupted",
       {"interrupted-client-exits"},
       "-t 10 -b 1M -l 1K",
       exits_with_0_when_interrupted},
      {"json-stream",
       {"json-stream-is-a-line-each"},
       "-n 8K -l 1K --json-stream",
       prints_an_object_a_line,
       {"json-stream"}},
      {"silent-server", {"client-waits-for-the-server"}, "-n 8K", waits_for_the_server},
      {"rate", {"rate-is-an-average"}, "-t 10 -b 800K -l 1K", keeps_its_rate},
      {"omitted-part",
       {"omitted-part-is-not-counted", "omitted-part-is-silent"},
       "-t 1 -O 1 -b 1M -l 1K",
       leaves_the_omitted_part_out,
       {"omit"}},
      {"paced-goal", {"paced-sender-may-pass-the-goal"}, "-n 1M -b 10M -l 1K", passes_its_goal},
      {"ports-of-its-own",
       {"client-side-ports-are-distinct"},
       "-t 1 -b 1M -l 1K --bidir",
       counts_its_ports_up,
       {"bidir"}},
      {"flag-in-long-parameters",
       {"flag-is-left-out-of-long-parameters"},
       "-n 8K -T t",
       leaves_the_flag_out,
       {"role-flag"}},
  });
}

}  // namespace rolecall::conformance::client_usage
