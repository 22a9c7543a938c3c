// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/link_rig.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "harness/base/check.h"
#include "harness/base/files.h"
#include "harness/link/link.h"
#include "harness/scenario/proxy.h"
#include "harness/schedule/schedule.h"

namespace rolecall::scenario {
namespace {

constexpr std::uint16_t kPort = 5201;       // nobody else is in the server's namespace
constexpr std::uint16_t kProxyPort = 5200;  // in the client's

// Client ports of the test's streams, in client order.
std::vector<std::uint16_t> streams_by_syn(const link::LinkLog& log) {
  std::vector<std::uint16_t> ports;
  for (int number = 1; const auto* stream = log.stream(number); ++number)
    ports.push_back(stream->client_port);
  return ports;
}

// A segment of the server that covers the cookie: from then on the connection is in the queue.
std::vector<std::uint16_t> streams_by_queue(const link::LinkLog& log) {
  std::vector<std::pair<TimePoint, std::uint16_t>> queued;
  for (int number = 1; const auto* stream = log.stream(number); ++number)
    if (const auto at = stream->when(EventKind::CookieAcknowledged))
      queued.emplace_back(*at, stream->client_port);
  std::sort(queued.begin(), queued.end());
  std::vector<std::uint16_t> ports;
  for (const auto& [at, port] : queued) ports.push_back(port);
  return ports;
}

// What the link lost, or did not follow, by no rule and by no lot.
std::vector<std::string> own_losses(const link::LinkLog& log) {
  std::vector<std::string> all;
  for (const link::Direction d : link::kDirections) {
    const link::TrafficCount& count = log.traffic[d];
    if (count.overflowed > 0)
      all.push_back(fmt::format("the link did not keep up and lost {} packets {}", count.overflowed,
                                link::name(d)));
    if (count.refused > 0)
      all.push_back(
          fmt::format("the kernel took {} packets {} for none", count.refused, link::name(d)));
  }
  if (log.untracked > 0)
    all.push_back(fmt::format("{} connections were too many to follow", log.untracked));
  return all;
}

class LinkRig : public Rig {
 public:
  LinkRig(link::Link link, bool is_ipv6, const link::LinkOptions& options, std::size_t order_rules)
      : link_(std::move(link)),
        is_ipv6_(is_ipv6),
        port_(options.server_port),
        delay_(options.delay),
        order_rules_(order_rules) {}

  // From now on the client is to connect to the proxy.
  Result<void> add_proxy(const std::filesystem::path& folder) {
    TRY(auto proxy, Proxy::start({.address = client_side_address(),
                                  .port = kProxyPort,
                                  .server_address = server_side_address(),
                                  .server_port = port_,
                                  .place = link_.client_namespace(),
                                  .folder = folder}));
    proxy_.emplace(std::move(proxy));
    return ok();
  }

  std::string server_address() const override {
    return proxy_ ? client_side_address() : server_side_address();
  }
  std::uint16_t port() const override { return proxy_ ? kProxyPort : port_; }
  std::uint16_t server_port() const override { return port_; }
  std::uint16_t client_port(std::uint16_t seen) override {
    return proxy_ ? proxy_->client_port(seen) : seen;
  }
  bool has_proxy() const override { return proxy_.has_value(); }
  const NetworkNamespace* server_namespace() const override { return &link_.server_namespace(); }
  const NetworkNamespace* client_namespace() const override { return &link_.client_namespace(); }

  Result<LeverObservation> conclude(const std::filesystem::path& folder, const KernelSample&,
                                    bool client_was_started) override {
    const link::LinkLog log = link_.stop();
    TRY(write_file(folder / "link.txt", log.text()));
    LeverObservation seen;
    seen.client_order = of_the_client(streams_by_syn(log));
    seen.queue_order = of_the_client(streams_by_queue(log));
    if (const auto at_link = log.set_up_time())
      seen.set_up = Duration{at_link->ns + delay_.ns};  // TEST_START has yet to reach the client
    if (log.failure) seen.problems.push_back(log.failure->message());
    if (log.capture_error) seen.problems.push_back(log.capture_error->message());
    if (client_was_started) judge_rules(log, seen);
    seen.remarks = own_losses(log);
    return seen;
  }

 private:
  std::string client_side_address() const {
    return is_ipv6_ ? link::kClientAddressIpv6 : link::kClientAddress;
  }
  std::string server_side_address() const {
    return is_ipv6_ ? link::kServerAddressIpv6 : link::kServerAddress;
  }

  std::vector<std::uint16_t> of_the_client(std::vector<std::uint16_t> ports) {
    for (std::uint16_t& port : ports) port = client_port(port);
    return ports;
  }

  // A hold that its limit ended: either the client had not made the connection that was awaited, or
  // the event did not come for another reason.
  void judge_rules(const link::LinkLog& log, LeverObservation& seen) const {
    if (log.stranger && !log.stranger->is_fulfilled())
      seen.problems.push_back(log.stranger->text());
    for (std::size_t i = 0; i < log.rules.size(); ++i) {
      const link::RuleLog& rule = log.rules[i];
      if (rule.is_fulfilled()) continue;
      if (i >= order_rules_) seen.rules_fulfilled = false;
      seen.unmet.push_back(rule.text());
      if (!rule.limit_ended_it && !rule.holding_at_stop) continue;
      const auto* awaited = log.stream(rule.rule.until.connection);
      const TimePoint end = rule.limit_ended_it.value_or(log.stopped);
      const bool awaits_the_client = rule.rule.until.kind != EventKind::StrangerAcknowledged;
      if (awaits_the_client &&
          (awaited == nullptr || awaited->when(EventKind::Syn).value_or(end) >= end)) {
        seen.order_impossible = true;
        seen.without_connecting = {log.began_to_hold(i).value_or(end), end};
      } else {
        seen.problems.push_back(rule.text());
      }
    }
  }

  link::Link link_;
  std::optional<Proxy> proxy_;
  bool is_ipv6_;
  std::uint16_t port_;
  Duration delay_;
  std::size_t order_rules_;  // so many rules, the first ones, stand for the accept order
};

}  // namespace

Result<std::unique_ptr<Rig>> make_link_rig(const RigOptions& options) {
  const Scenario& scenario = options.scenario;
  link::LinkOptions link;
  link.server_port = options.port != 0 ? options.port : kPort;
  link.hold_limit = longest_hold(scenario, Lever::Link);
  link.mtu = scenario.link.mtu;
  link.delay = scenario.link.delay;
  const double loss = scenario.link.loss_percent;
  link.loss_percent = {loss, loss};
  link.seed = scenario.link.seed + static_cast<std::uint64_t>(options.index);
  link.capture = options.folder / "link.pcapng";
  std::size_t order_rules = 0;
  if (!options.is_control) {
    link.rules = rules_for(scenario.schedule.accept);
    order_rules = link.rules.size();
    link.stranger = scenario.schedule.stranger;
    link.rules.insert(link.rules.end(), scenario.schedule.rules.begin(),
                      scenario.schedule.rules.end());
  }
  TRY(auto made, link::Link::start(link));
  if (const auto shortest = scenario.link.shortest_timer) {  // an older kernel keeps its own
    static_cast<void>(set_shortest_timer(made.client_namespace(), *shortest));
    static_cast<void>(set_shortest_timer(made.server_namespace(), *shortest));
  }
  const bool is_ipv6 = scenario.address.find(':') != std::string::npos;
  auto rig = std::make_unique<LinkRig>(std::move(made), is_ipv6, link, order_rules);
  if (scenario.link.has_proxy) {
    TRY(rig->add_proxy(options.folder));
  }
  return std::unique_ptr<Rig>(std::move(rig));
}

}  // namespace rolecall::scenario
