// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/bench/veth_pair.h"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "harness/link/link.h"

namespace rolecall::link {
namespace {

Result<void> shell(const std::string& command) {
  if (std::system(command.c_str()) == 0) return ok();
  return Error{Errc::System, fmt::format("{}; is iproute2 installed?", command)};
}

// The old ethtool switches, so that ethtool(8) is not needed.
Result<void> turn_off(const char* device, std::uint32_t feature) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_value off{feature, 0};
  ifreq request{};
  std::strncpy(request.ifr_name, device, sizeof request.ifr_name - 1);
  request.ifr_data = reinterpret_cast<char*>(&off);
  if (::ioctl(fd.get(), SIOCETHTOOL, &request) != 0)
    return system_error(fmt::format("ioctl(SIOCETHTOOL, {}, {})", device, feature));
  return ok();
}

Result<void> set_up(const NetworkNamespace& inside, const char* device, const char* address,
                    bool offload) {
  return run_in(inside, [&]() -> Result<void> {
    TRY(shell(
        fmt::format("ip addr add {}/24 dev {} && ip link set {} up", address, device, device)));
    if (offload) return ok();
    for (const std::uint32_t feature : {0U + ETHTOOL_STSO, 0U + ETHTOOL_SGSO, 0U + ETHTOOL_SGRO}) {
      TRY(turn_off(device, feature));
    }
    return ok();
  });
}

}  // namespace

Result<void> join_by_veth(const NetworkNamespace& client, const NetworkNamespace& server,
                          bool offload) {
  TRY(run_in(client, [&] {
    return shell(
        fmt::format("ip link add bench0 type veth peer name bench1 netns "
                    "/proc/{}/fd/{}",
                    ::getpid(), server.fd().get()));
  }));
  TRY(set_up(client, "bench0", kClientAddress, offload));
  return set_up(server, "bench1", kServerAddress, offload);
}

}  // namespace rolecall::link
