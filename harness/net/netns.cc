// SPDX-License-Identifier: BSD-3-Clause
#include "harness/net/netns.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace rolecall {
namespace {

constexpr const char* kAdvice =
    "run as root, or let everybody have user namespaces (sysctl kernel.unprivileged_userns_clone=1,"
    " user.max_user_namespaces and user.max_net_namespaces above what is in use, "
    "kernel.apparmor_restrict_unprivileged_userns=0; in a "
    "container: --cap-add SYS_ADMIN or a seccomp profile that allows unshare)";

Error refused(const char* call) {
  const int failed = errno;
  if (failed == EINVAL) {
    return Error{Errc::System, fmt::format("{} must come while the process has one thread", call),
                 failed};
  }
  return Error{Errc::System, fmt::format("{}; {}", call, kAdvice), failed};
}

Result<void> write_file(const char* path, std::string_view text) {
  const Fd fd(::open(path, O_WRONLY | O_CLOEXEC));
  if (!fd.is_open()) return system_error(fmt::format("open({})", path));
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return system_error(fmt::format("write({}, \"{}\")", path, text));
  return ok();
}

Result<void> loopback_up() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return system_error("socket(AF_INET, SOCK_DGRAM)");
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
    return system_error("ioctl(SIOCSIFFLAGS, lo)");
  return ok();
}

// A namespace shares the machine's table of connections, a quarter of a million rows on a large
// one, and each dump of sock_diag walks all of it: milliseconds. A namespace made inside another
// may have its own (Linux 6.1).
constexpr std::string_view kOwnTable = "4096";

// On a thread that ends afterwards: an unprivileged one cannot go back.
Result<Fd> unshare_here() {
  if (::unshare(CLONE_NEWNET) != 0) return refused("unshare(CLONE_NEWNET)");
  if (write_file("/proc/sys/net/ipv4/tcp_child_ehash_entries", kOwnTable) &&
      ::unshare(CLONE_NEWNET) != 0)
    return refused("unshare(CLONE_NEWNET)");
  Fd fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return system_error("open(/proc/thread-self/ns/net)");
  TRY(loopback_up());
  return fd;
}

}  // namespace

Result<void> become_root_of_own_user_namespace() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) return refused("unshare(CLONE_NEWUSER)");
  // Without it an unprivileged process may not map its group (user_namespaces(7)).
  TRY(write_file("/proc/self/setgroups", "deny"));
  TRY(write_file("/proc/self/uid_map", fmt::format("0 {} 1", user)));
  return write_file("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

Result<void> gain_namespace_rights() {
  const auto made = NetworkNamespace::create();
  if (made.has_value()) return ok();
  if (made.error().sys_errno != EPERM) return made.error();
  TRY(become_root_of_own_user_namespace());
  TRY(NetworkNamespace::create());
  return ok();
}

Result<NetworkNamespace> NetworkNamespace::create() {
  std::optional<Result<Fd>> made;
  std::thread([&] { made.emplace(unshare_here()); }).join();
  TRY(auto fd, std::move(*made));
  return NetworkNamespace(std::move(fd));
}

Result<void> enter(const NetworkNamespace& inside) {
  if (::setns(inside.fd().get(), CLONE_NEWNET) != 0) return refused("setns(CLONE_NEWNET)");
  return ok();
}

Result<void> set_shortest_timer(const NetworkNamespace& inside, Duration shortest) {
  return run_in(inside, [&] {
    return write_file("/proc/sys/net/ipv4/tcp_rto_min_us", std::to_string(shortest.ns / 1000));
  });
}

}  // namespace rolecall
