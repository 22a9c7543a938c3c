// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/link.h"

#include <sys/eventfd.h>

#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/link/forwarder.h"
#include "harness/link/pcapng.h"
#include "harness/link/stranger.h"
#include "harness/link/tun.h"

namespace rolecall::link {
namespace {

constexpr const char* kClientDevice = "to-server";
constexpr const char* kServerDevice = "to-client";

Result<void> check(const LinkOptions& options) {
  if (options.mtu < kMinMtu || options.mtu > kMaxMtu) {
    return Error{Errc::Config,
                 fmt::format("link: an MTU of {}; it is {} to {}", options.mtu, kMinMtu, kMaxMtu)};
  }
  for (const Direction d : kDirections) {
    const double percent = options.loss_percent[d];
    if (percent >= 0 && percent <= 100) continue;
    return Error{Errc::Config,
                 fmt::format("link: a loss of {} % {}; it is 0 to 100", percent, name(d))};
  }
  if (options.delay < Duration{} || options.hold_limit <= Duration{}) {
    return Error{Errc::Config,
                 fmt::format("link: a delay of {} s and a hold limit of {} s; neither may be "
                             "negative, nor the limit 0",
                             options.delay.in_seconds(), options.hold_limit.in_seconds())};
  }
  return ok();
}

}  // namespace

struct Link::Parts {
  NetworkNamespace client;
  NetworkNamespace server;
  Forwarder forwarder;
  Fd stop;
  std::thread thread;

  // What did not pass the devices because the forwarder was behind.
  void count_overflow(LinkLog& log) const {
    if (const auto n = dropped_by(client, kClientDevice))
      log.traffic.to_server.overflowed = n.value();
    if (const auto n = dropped_by(server, kServerDevice))
      log.traffic.to_client.overflowed = n.value();
  }

  void end_thread() {
    if (!thread.joinable()) return;
    CHECK(::eventfd_write(stop.get(), 1) == 0);
    thread.join();
  }
};

Result<void> probe_link() {
  TRY(Link::start({}));
  return ok();
}

Result<Link> Link::start(const LinkOptions& options) {
  TRY(check(options));
  TRY(auto client, NetworkNamespace::create());
  TRY(auto server, NetworkNamespace::create());
  // Of several IPv6 addresses the kernel takes the last as source where a program names none.
  TRY(auto client_tun, open_tun(client, {kClientDevice,
                                         options.mtu,
                                         {kClientAddress, kStrangerAddress, kStrangerAddressIpv6,
                                          kClientAddressIpv6},
                                         options.has_large_segments()}));
  TRY(auto server_tun, open_tun(server, {kServerDevice,
                                         options.mtu,
                                         {kServerAddress, kServerAddressIpv6},
                                         options.has_large_segments()}));
  std::optional<PcapngWriter> capture;
  if (!options.capture.empty()) {
    TRY(capture, PcapngWriter::create(options.capture, options.snaplen));
  }
  std::optional<Stranger> stranger;
  if (options.stranger) {
    TRY(stranger, Stranger::create(*options.stranger, client, options.server_port,
                                   options.mtu >= kMinMtuIpv6));
  }
  Fd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop.is_open()) return system_error("eventfd()");
  std::unique_ptr<Parts> parts(
      new Parts{std::move(client),
                std::move(server),
                Forwarder(options, std::move(client_tun), std::move(server_tun), std::move(capture),
                          std::move(stranger)),
                std::move(stop),
                {}});
  parts->thread = std::thread([p = parts.get()] { p->forwarder.run(p->stop); });
  return Link(std::move(parts));
}

Link::Link(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Link::Link(Link&&) noexcept = default;

Link& Link::operator=(Link&& other) noexcept {
  if (this == &other) return *this;
  if (parts_) parts_->end_thread();
  parts_ = std::move(other.parts_);
  return *this;
}

Link::~Link() {
  if (parts_) parts_->end_thread();
}

const NetworkNamespace& Link::client_namespace() const {
  return parts_->client;
}

const NetworkNamespace& Link::server_namespace() const {
  return parts_->server;
}

LinkLog Link::stop() {
  parts_->end_thread();
  LinkLog log = parts_->forwarder.take_log();
  parts_->count_overflow(log);
  return log;
}

}  // namespace rolecall::link
