// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/scripted_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <fstream>

#include <fmt/format.h>

#include "harness/base/bytes.h"
#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/patience.h"
#include "harness/wire/cookie.h"

namespace rolecall::perf {

ScriptedServer::ScriptedServer()
    : listener_(listen_tcp("127.0.0.1", 0, AF_INET, "").value()),
      port_(local_address(listener_).value().port()) {}

std::unique_ptr<RawConnection> ScriptedServer::accept() const {
  pollfd ready{.fd = listener_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, kPatienceMs) != 1) return nullptr;
  Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return socket.is_open() ? std::make_unique<RawConnection>(std::move(socket)) : nullptr;
}

std::string ScriptedServer::take_parameters() {
  control = accept();
  if (!control || control->receive(wire::kCookieSize).size() != wire::kCookieSize) return "";
  send({wire::State::ParamExchange});
  const std::string size = control->receive(4);
  return size.size() == 4 ? control->receive(be32(as_bytes(size))) : "";
}

void ScriptedServer::send(std::initializer_list<wire::State> states) const {
  std::string bytes;
  for (const wire::State state : states) bytes += byte(state);
  control->send(bytes);
}

void ScriptedServer::narrow_queue() const {
  ::listen(listener_.get(), 0);
}

bool ScriptedServer::sees_connecting(int count) const {
  const std::string to_us_unanswered = fmt::format(" 0100007F:{:04X} 02 ", port_);
  const Deadline limit = Deadline::after(kPatience);
  for (int seen = 0; seen < count;) {
    if (limit.expired()) return false;
    ::poll(nullptr, 0, 1);
    seen = 0;
    std::ifstream table("/proc/net/tcp");
    for (std::string line; std::getline(table, line);) {
      if (line.find(to_us_unanswered) != std::string::npos) ++seen;
    }
  }
  return true;
}

}  // namespace rolecall::perf
