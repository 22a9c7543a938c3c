// SPDX-License-Identifier: BSD-3-Clause
// Servers and cookies: SPEC.md, "cookie".
#include <nlohmann/json.hpp>

#include "harness/conformance/cases/areas.h"

namespace rolecall::conformance::server_cookie {
namespace {

using wire::State;

Checked<void> answer_comes_with_byte_37(ServerScript& server) {
  TRY(auto control, server.connect("control"));
  const std::string cookie = ServerTest::fresh_cookie();
  TRY(control.send(cookie.substr(0, 36)));
  TRY(control.expect_silence("after 36 bytes of the cookie"));
  TRY(control.send(cookie.substr(36)));
  return control.expect(State::ParamExchange);
}

// What comes behind the cookie is the length of the parameters.
Checked<void> byte_38_is_no_cookie(ServerScript& server) {
  TRY(auto control, server.connect("control"));
  const std::string framed = document(parameters());
  TRY(control.send(ServerTest::fresh_cookie() + framed.substr(0, 1)));
  TRY(control.expect(State::ParamExchange));
  TRY(control.send(framed.substr(1)));
  return control.expect(State::CreateStreams);
}

Checked<void> serves_cookie(ServerScript& server, std::string cookie) {
  ServerTest test(server);
  test.cookie = std::move(cookie);
  return test.reach(Phase::Done);
}

ServerBody with_cookie(std::string cookie) {
  return [cookie](ServerScript& server) { return serves_cookie(server, cookie); };
}

Checked<void> control_cookie_in_pieces(ServerScript& server) {
  TRY(auto control, server.connect("control"));
  TRY(control.send_bytewise(ServerTest::fresh_cookie()));
  return control.expect(State::ParamExchange);
}

Checked<void> stream_cookie_in_pieces(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Streams));
  TRY(auto stream, server.connect("stream 1"));
  TRY(stream.send_bytewise(test.cookie));
  test.streams.push_back(std::move(stream));
  test.received.push_back(0);
  return test.reach(Phase::Done);
}

Checked<void> refuses(ServerScript& server, ServerTest& test, std::string cookie) {
  TRY(test.reach(Phase::Streams));
  TRY(auto stranger, server.connect("stranger"));
  TRY(stranger.send(cookie));
  TRY(stranger.expect(State::AccessDenied));
  TRY(const std::string rest, stranger.expect_end("it is no stream of the test"));
  return require(rest.empty(), "nothing behind 0xff", visible(rest));
}

Checked<void> wrong_stream_cookie(ServerScript& server) {
  ServerTest test(server);
  return refuses(server, test, ServerTest::fresh_cookie());
}

Checked<void> test_goes_on_after_stranger(ServerScript& server) {
  ServerTest test(server);
  TRY(test.reach(Phase::Streams));
  TRY(auto stranger, server.connect("stranger"));
  TRY(stranger.send(ServerTest::fresh_cookie()));
  TRY(const std::string answer, stranger.expect_end("it is no stream of the test"));
  return test.reach(Phase::Done);
}

Checked<void> test_with_tos_goes_on_after_stranger(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"TOS", 16}});
  TRY(test.reach(Phase::Streams));
  TRY(auto stranger, server.connect("stranger"));
  TRY(stranger.send(ServerTest::fresh_cookie()));
  TRY(const std::string answer, stranger.expect_end("it is no stream of the test"));
  return test.reach(Phase::Done);
}

Checked<void> stranger_between_streams(ServerScript& server) {
  ServerTest test(server);
  test.ask({{"parallel", 2}});
  TRY(test.reach(Phase::Streams));
  TRY(test.open_stream());
  TRY(auto stranger, server.connect("stranger"));
  TRY(stranger.send(ServerTest::fresh_cookie()));
  TRY(const std::string answer, stranger.expect_end("it is no stream of the test"));
  return test.reach(Phase::Done);
}

Checked<void> last_byte_counts(ServerScript& server) {
  ServerTest test(server);
  std::string stream_cookie = std::string(37, 'a');
  test.cookie = stream_cookie;
  stream_cookie[36] = 'S';
  return refuses(server, test, stream_cookie);
}

// 34 characters and a NUL; the two bytes behind differ.
Checked<void> compares_up_to_nul(ServerScript& server) {
  ServerTest test(server);
  const std::string characters = ServerTest::fresh_cookie().substr(0, 34) + '\0';
  test.cookie = characters + "xy";
  TRY(test.reach(Phase::Streams));
  test.cookie = characters + "zz";
  return test.reach(Phase::Done);
}

Checked<void> nul_matches_nul(ServerScript& server) {
  ServerTest test(server);
  test.cookie = std::string(1, '\0') + std::string(36, 'a');
  TRY(test.reach(Phase::Streams));
  test.cookie = std::string(1, '\0') + std::string(36, 'b');
  return test.reach(Phase::Done);
}

}  // namespace

std::vector<Case> cases() {
  const std::string host_and_time = "host.example 1.1700000000.0123456789";
  return of(std::vector<ServerCase>{
      {"answer-comes-with-byte-37", {"cookie-is-37-bytes"}, answer_comes_with_byte_37},
      {"byte-38-is-no-cookie", {"cookie-is-37-bytes"}, byte_38_is_no_cookie},
      {"cookie-of-an-old-release",
       {"cookie-of-any-bytes-is-accepted"},
       with_cookie(host_and_time + std::string(37 - host_and_time.size(), '\0'))},
      {"cookie-without-end",
       {"cookie-of-any-bytes-is-accepted"},
       with_cookie(std::string(37, 'z'))},
      {"cookie-of-high-bytes",
       {"cookie-of-any-bytes-is-accepted"},
       with_cookie(std::string(36, '\xfe') + '\0')},
      {"cookie-of-capital-letters",
       {"cookie-of-any-bytes-is-accepted"},
       with_cookie("ABCDEFGHIJKLMNOPQRSTUVWXYZ0189-_!?.:" + std::string(1, '\0'))},
      {"control-cookie-in-pieces", {"cookie-in-pieces-is-accepted"}, control_cookie_in_pieces},
      {"stream-cookie-in-pieces", {"cookie-in-pieces-is-accepted"}, stream_cookie_in_pieces},
      {"wrong-stream-cookie", {"wrong-stream-cookie-is-refused"}, wrong_stream_cookie},
      {"test-goes-on-after-stranger",
       {"wrong-stream-cookie-harms-nobody"},
       test_goes_on_after_stranger},
      {"stranger-between-streams", {"wrong-stream-cookie-harms-nobody"}, stranger_between_streams},
      {"test-with-tos-goes-on-after-stranger",
       {"wrong-stream-cookie-harms-nobody-with-tos"},
       test_with_tos_goes_on_after_stranger},
      {"last-cookie-byte-counts", {"last-cookie-byte-counts"}, last_byte_counts},
      {"cookie-compared-up-to-nul", {"cookie-compared-up-to-nul"}, compares_up_to_nul},
      {"cookie-of-nul-matches-all-such", {"cookie-of-nul-matches-all-such"}, nul_matches_nul},
  });
}

}  // namespace rolecall::conformance::server_cookie
