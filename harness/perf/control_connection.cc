// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/control_connection.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/base/deadline.h"
#include "harness/perf/test_parameters.h"
#include "harness/perf/test_sockets.h"

namespace rolecall::perf {
namespace {

// As the options ask; `from` becomes the address that it is bound to.
Result<Fd> open_socket(const Options& options, const Address& to, std::optional<Address>& from) {
  TRY(auto socket, tcp_socket(to.family()));
  TRY(apply_control_options(socket, options.send_timeout_ms));
  if (!options.bind_device.empty()) {
    TRY(bind_to_device(socket, options.bind_device));
  }
  if (!options.bind_address.empty()) {
    TRY(const auto own, resolve(options.bind_address, 0, to.family()));
    TRY(bind_to(socket, own.front()));
    from = own.front();
  }
  return socket;
}

// What a resolver's thread leaves behind, whether or not somebody still waits for it.
struct Lookup {
  Fd done;  // readable when `found` is there
  Result<std::vector<Address>> found = std::vector<Address>();
};

Result<std::shared_ptr<Lookup>> begin_lookup(const Options& options) {
  auto lookup = std::make_shared<Lookup>();
  lookup->done = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!lookup->done.is_open()) return system_error("eventfd()");
  try {
    std::thread([lookup, host = options.host, port = options.port,
                 family = address_family(options)] {
      lookup->found = resolve(host, port, family);
      ::eventfd_write(lookup->done.get(), 1);
    }).detach();  // nothing can stop a resolver that waits for its name server
  } catch (const std::system_error& e) {
    return Error{Errc::System, "starting a thread for the resolver", e.code().value()};
  }
  return lookup;
}

// A resolver blocks for as long as its name server says nothing: elsewhere, so that a signal or the
// limit still counts. None when given up.
Result<std::vector<Address>> find_host(const Options& options, Reactor& reactor,
                                       const bool& given_up, TimePoint until) {
  auto numeric = resolve_numeric(options.host, options.port, address_family(options));
  if (numeric) return numeric;
  TRY(const auto lookup, begin_lookup(options));
  bool done = false;
  TRY(reactor.watch(lookup->done, EPOLLIN, [&done](std::uint32_t) { done = true; }));
  const Deadline limit(until);
  while (!done && !given_up && !limit.expired()) {
    TRY(reactor.run_once(until));
  }
  reactor.unwatch(lookup->done);
  if (done) return std::move(lookup->found);
  if (given_up) return std::vector<Address>();
  return Error{Errc::Timeout, fmt::format("looking up {}", options.host), ETIMEDOUT};
}

// An empty one when given up.
Result<Fd> connect_one(const Options& options, Reactor& reactor, const bool& given_up,
                       const Address& address, TimePoint until, std::optional<Address>& from) {
  TRY(auto socket, open_socket(options, address, from));
  TRY(bool done, start_connect(socket, address));
  TRY(reactor.watch(socket, EPOLLOUT, [&done](std::uint32_t) { done = true; }));
  const Deadline limit(until);
  while (!done && !given_up && !limit.expired()) {
    TRY(reactor.run_once(until));
  }
  reactor.unwatch(socket);
  if (given_up) return Fd();
  if (!done) return Error{Errc::Timeout, fmt::format("connect({})", address.text()), ETIMEDOUT};
  TRY(finish_connect(socket, address));
  return socket;
}

Error unreachable(const Options& options, Error error) {
  error.what = fmt::format(
      "unable to connect to server - server may have stopped running or use a different port, "
      "firewall issue, etc.: {}, port {}: {}",
      options.host, options.port, error.message());
  error.sys_errno = 0;
  return error;
}

}  // namespace

Result<std::optional<ControlConnection>> connect_control(const Options& options, Reactor& reactor,
                                                         const bool& given_up) {
  const Duration limit =
      options.connect_timeout_ms != 0 ? milliseconds(options.connect_timeout_ms) : seconds(300);
  const TimePoint until = now() + limit;
  const auto addresses = find_host(options, reactor, given_up, until);
  if (given_up) return std::optional<ControlConnection>();
  if (!addresses) return unreachable(options, addresses.error());
  Error last{Errc::Config, "no address"};
  std::size_t left = addresses.value().size();
  for (const Address& address : addresses.value()) {
    ControlConnection connection;
    const TimePoint share = share_of_time(now(), until, left--);
    auto socket = connect_one(options, reactor, given_up, address, share, connection.from);
    if (given_up) return std::optional<ControlConnection>();
    if (!socket) {
      last = socket.error();
      continue;
    }
    connection.socket = std::move(socket).value();
    TRY(connection.peer, peer_address(connection.socket));
    return std::optional(std::move(connection));
  }
  return unreachable(options, last);
}

}  // namespace rolecall::perf
