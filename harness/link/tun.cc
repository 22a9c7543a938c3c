// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/tun.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "harness/base/check.h"

namespace rolecall::link {
namespace {

constexpr const char* kDevice = "/dev/net/tun";
// A link loses what it is told to lose and nothing else: room for more than TCP's largest window.
constexpr int kQueuePackets = 16'384;

ifreq request_for(const std::string& device) {
  ifreq request{};
  CHECK(device.size() < sizeof request.ifr_name);
  std::memcpy(request.ifr_name, device.data(), device.size());
  return request;
}

template <class Request>
Result<void> control(const Fd& fd, unsigned long call, Request* request, const char* name,
                     const std::string& device) {
  if (::ioctl(fd.get(), call, request) != 0)
    return system_error(fmt::format("ioctl({}, {})", name, device));
  return ok();
}

Error no_device() {
  const int failed = errno;
  const char* const advice =
      failed == ENOENT || failed == ENODEV || failed == ENXIO
          ? "modprobe tun, or give the container the device (--device /dev/net/tun)"
          : "let this user read and write it (udev's default is mode 0666), or run as root";
  return Error{Errc::System, fmt::format("open({}); {}", kDevice, advice), failed};
}

Error no_interface(const std::string& device) {
  const int failed = errno;
  const char* const advice = failed == ENOTTY || failed == EINVAL
                                 ? "that is no TUN driver: modprobe tun, or give the container "
                                   "the device (--device /dev/net/tun)"
                                 : "this needs CAP_NET_ADMIN in the network namespace: run as "
                                   "root, or allow user namespaces";
  return Error{Errc::System, fmt::format("ioctl({}, TUNSETIFF, {}); {}", kDevice, device, advice),
               failed};
}

Result<Fd> control_socket(int family) {
  Fd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return system_error("socket(SOCK_DGRAM)");
  return fd;
}

Result<unsigned> index_of(const std::string& device) {
  TRY(auto fd, control_socket(AF_INET));
  ifreq request = request_for(device);
  TRY(control(fd, SIOCGIFINDEX, &request, "SIOCGIFINDEX", device));
  return static_cast<unsigned>(request.ifr_ifindex);
}

nlmsghdr header_for(std::uint16_t type, std::size_t size) {
  return {.nlmsg_len = static_cast<std::uint32_t>(size),
          .nlmsg_type = type,
          .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
          .nlmsg_seq = 0,
          .nlmsg_pid = 0};
}

// Sends one netlink request and waits for the kernel's yes or no.
Result<void> ask_kernel(const void* request, std::size_t size, const char* name,
                        const std::string& device) {
  const std::string what = fmt::format("netlink({}, {})", name, device);
  struct {
    nlmsghdr header;
    nlmsgerr outcome;
  } answer{};
  const Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.is_open() || ::send(fd.get(), request, size, 0) < 0 ||
      ::recv(fd.get(), &answer, sizeof answer, 0) < 0)
    return system_error(what);
  if (answer.outcome.error == 0) return ok();
  return Error{Errc::System, what, -answer.outcome.error};
}

// The first address is the device's own, others are its aliases ("link:1").
Result<void> add_ipv4(const std::string& device, const in_addr& address, int index) {
  TRY(auto fd, control_socket(AF_INET));
  const std::string label = index == 0 ? device : fmt::format("{}:{}", device, index);
  ifreq request = request_for(label);
  auto& inet = reinterpret_cast<sockaddr_in&>(request.ifr_addr);
  inet.sin_family = AF_INET;
  inet.sin_addr = address;
  TRY(control(fd, SIOCSIFADDR, &request, "SIOCSIFADDR", label));
  inet.sin_addr.s_addr = htonl(0xffff'ff00);
  return control(fd, SIOCSIFNETMASK, &request, "SIOCSIFNETMASK", label);
}

// By netlink, with which alone it can be used at once: an address that comes by ioctl waits for the
// kernel's work queue to find that nobody else has it.
Result<void> add_ipv6(const std::string& device, const in6_addr& address) {
  struct {
    nlmsghdr header;
    ifaddrmsg address;
    nlattr attribute;
    in6_addr local;
  } request{};
  TRY(request.address.ifa_index, index_of(device));
  request.header = header_for(RTM_NEWADDR, sizeof request);
  request.header.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
  request.address.ifa_family = AF_INET6;
  request.address.ifa_prefixlen = 64;
  request.address.ifa_flags = IFA_F_NODAD;
  request.attribute = {NLA_HDRLEN + sizeof request.local, IFA_LOCAL};
  request.local = address;
  return ask_kernel(&request, sizeof request, "RTM_NEWADDR", device);
}

Result<void> add_addresses(const TunSetup& setup) {
  int aliases = 0;
  for (const std::string& text : setup.addresses) {
    in_addr ipv4{};
    in6_addr ipv6{};
    if (::inet_pton(AF_INET, text.c_str(), &ipv4) == 1) {
      TRY(add_ipv4(setup.name, ipv4, aliases++));
    } else if (::inet_pton(AF_INET6, text.c_str(), &ipv6) == 1 && setup.mtu >= kMinMtuIpv6) {
      TRY(add_ipv6(setup.name, ipv6));
    }
  }
  return ok();
}

// By netlink: the ioctl for it is refused to the root of a user namespace.
Result<void> set_queue_length(const std::string& device) {
  struct {
    nlmsghdr header;
    ifinfomsg link;
    nlattr attribute;
    std::uint32_t length;
  } request{};
  TRY(const unsigned index, index_of(device));
  request.header = header_for(RTM_SETLINK, sizeof request);
  request.link.ifi_index = static_cast<int>(index);
  request.attribute = {NLA_HDRLEN + sizeof request.length, IFLA_TXQLEN};
  request.length = kQueuePackets;
  return ask_kernel(&request, sizeof request, "RTM_SETLINK, IFLA_TXQLEN", device);
}

// No link-local address of the kernel's own making, whose announcements would be packets that
// nobody asked for. A wish: where /proc/sys is read-only the link has some packets more.
void keep_quiet(const std::string& device) {
  std::ofstream(fmt::format("/proc/sys/net/ipv6/conf/{}/addr_gen_mode", device)) << 1;
  std::ofstream(fmt::format("/proc/sys/net/ipv6/conf/{}/router_solicitations", device)) << 0;
}

Result<Fd> open_here(const TunSetup& setup) {
  Fd tun(::open(kDevice, O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!tun.is_open()) return no_device();
  ifreq request = request_for(setup.name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (setup.large_segments) request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  if (::ioctl(tun.get(), TUNSETIFF, &request) != 0) return no_interface(setup.name);
  if (setup.large_segments &&
      ::ioctl(tun.get(), TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) != 0)
    return system_error(fmt::format("ioctl(TUNSETOFFLOAD, {})", setup.name));
  TRY(auto fd, control_socket(AF_INET));
  request = request_for(setup.name);
  request.ifr_mtu = setup.mtu;
  TRY(control(fd, SIOCSIFMTU, &request, "SIOCSIFMTU", setup.name));
  TRY(set_queue_length(setup.name));
  request = request_for(setup.name);
  keep_quiet(setup.name);
  request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT | IFF_NOARP;
  TRY(control(fd, SIOCSIFFLAGS, &request, "SIOCSIFFLAGS", setup.name));
  TRY(add_addresses(setup));
  return tun;
}

}  // namespace

Result<Fd> open_tun(const NetworkNamespace& inside, const TunSetup& setup) {
  return run_in(inside, [&] { return open_here(setup); });
}

Result<std::uint64_t> dropped_by(const NetworkNamespace& inside, const std::string& device) {
  return run_in(inside, [&]() -> Result<std::uint64_t> {
    std::ifstream table("/proc/thread-self/net/dev");
    for (std::string line; std::getline(table, line);) {
      std::istringstream fields(line);
      std::string name;
      fields >> name;
      if (name != device + ":") continue;
      constexpr int kDroppedOnSend =
          12;  // eight columns of reception, then bytes packets errs drop
      std::uint64_t value = 0;
      for (int i = 0; i < kDroppedOnSend; ++i) fields >> value;
      return value;
    }
    return Error{Errc::System, fmt::format("/proc/thread-self/net/dev has no line for {}", device)};
  });
}

}  // namespace rolecall::link
