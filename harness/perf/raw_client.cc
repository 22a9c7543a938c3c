// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/raw_client.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "harness/base/bytes.h"
#include "harness/base/check.h"
#include "harness/perf/patience.h"
#include "harness/wire/control_decoder.h"

namespace rolecall::perf {
namespace {

using wire::State;

constexpr timeval kReadLimit{.tv_sec = kPatienceMs / 1000, .tv_usec = 0};

}  // namespace

const std::string RawTest::kCookie = "abcdefghijklmnopqrstuvwxyz2345672345" + std::string(1, '\0');
const std::string RawTest::kResults =
    R"({"cpu_util_total":0,"cpu_util_user":0,"cpu_util_system":0,"sender_has_retransmits":1,)"
    R"("streams":[{"id":1,"bytes":1000,"retransmits":0,"jitter":0,"errors":0,"packets":0}]})";

std::string length(std::uint32_t bytes) {
  Bytes encoded;
  append_be32(encoded, bytes);
  return std::string(as_text(encoded));
}

std::string frame(std::string_view json) {
  return std::string(as_text(wire::encode_frame(json)));
}

std::string byte(State state) {
  // NOLINTNEXTLINE(modernize-return-braced-init-list): in braces it would be two characters
  return std::string(1, static_cast<char>(wire::encode_state(state)));
}

RawConnection::RawConnection(Fd socket) : socket_(std::move(socket)) {
  const int one = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kReadLimit, sizeof kReadLimit);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kReadLimit, sizeof kReadLimit);
}

RawConnection::RawConnection(std::uint16_t port)
    : RawConnection(Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

void RawConnection::send(std::string_view bytes) {
  (void)::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void RawConnection::trickle(std::string_view bytes) {
  for (const char& byte : bytes) send({&byte, 1});
}

bool RawConnection::arrives() const {
  return comes_true([this] {
    int unacknowledged = -1;
    return ::ioctl(socket_.get(), SIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0;
  });
}

std::string RawConnection::receive(std::size_t count) {
  std::string got(count, '\0');
  const ssize_t n = count == 0 ? 0 : ::recv(socket_.get(), got.data(), count, MSG_WAITALL);
  got.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return got;
}

bool RawConnection::ends_in_order() {
  std::array<char, 4096> noise{};
  ssize_t n = 1;
  while (n > 0) n = ::recv(socket_.get(), noise.data(), noise.size(), 0);
  return n == 0;
}

bool RawConnection::ends() {
  return ends_in_order() || errno == ECONNRESET;
}

bool RawConnection::is_reset() const {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error != 0;
}

int RawConnection::segment_size() const {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  ::getsockopt(socket_.get(), IPPROTO_TCP, TCP_MAXSEG, &bytes, &size);
  return bytes;
}

void RawConnection::send_end() {
  ::shutdown(socket_.get(), SHUT_WR);
}

void RawConnection::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.reset();
}

bool RawTest::reach(Phase phase) {
  while (phase_ < phase) {
    if (!go_on()) return false;
  }
  return true;
}

bool RawTest::go_on() {
  const Phase from = phase_;
  phase_ = static_cast<Phase>(static_cast<int>(from) + 1);
  switch (from) {
    case Phase::Cookie:
      control.send(kCookie);
      return control.receive(1) == byte(State::ParamExchange);
    case Phase::ParamExchange:
      control.send(frame(parameters));
      return control.receive(1) == byte(State::CreateStreams);
    case Phase::CreateStreams:
      if (!stream) open_stream();
      return control.receive(2) == byte(State::TestStart) + byte(State::TestRunning);
    case Phase::TestRunning:
      stream->send(payload);
      control.send(byte(State::TestEnd));
      return control.receive(1) == byte(State::ExchangeResults);
    case Phase::ExchangeResults: {
      control.send(frame(results));
      const std::string size = control.receive(4);
      if (size.size() != 4) return false;
      server_results = control.receive(be32(as_bytes(size)));
      return control.receive(1) == byte(State::DisplayResults);
    }
    case Phase::DisplayResults:
      return false;
  }
  return false;
}

bool RawTest::complete() {
  if (!reach(Phase::DisplayResults)) return false;
  control.send(byte(State::IperfDone));
  return control.ends();
}

}  // namespace rolecall::perf
