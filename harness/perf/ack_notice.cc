// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/ack_notice.h"

#include <linux/net_tstamp.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>

#include "harness/net/socket.h"

namespace rolecall::perf {

bool begin_ack_notices(const Fd& socket) {
  // Without the data itself, which some systems let only a privileged process see again.
  constexpr int kFlags =
      SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;
  return set_option(socket, SOL_SOCKET, SO_TIMESTAMPING, kFlags, "SO_TIMESTAMPING").has_value();
}

void take_ack_notices(const Fd& socket) {
  std::array<std::byte, 512> control{};
  msghdr note{};
  do {
    note.msg_control = control.data();
    note.msg_controllen = control.size();
  } while (::recvmsg(socket.get(), &note, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0);
}

void end_ack_notices(const Fd& socket) {
  (void)set_option(socket, SOL_SOCKET, SO_TIMESTAMPING, 0, "SO_TIMESTAMPING");
  take_ack_notices(socket);
}

}  // namespace rolecall::perf
