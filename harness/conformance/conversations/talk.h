// SPDX-License-Identifier: BSD-3-Clause
// Has a conversation over real connections.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "harness/conformance/connection.h"
#include "harness/conformance/conversations/conversation.h"

namespace rolecall::conformance {

// Who was silent once (silence.h) is waited for no longer than this.
inline constexpr Duration kShortSilence = milliseconds(5);
// So long a peer may take to read to the end.
inline constexpr Duration kEndLimit = seconds(1);

class Talk {
 public:
  // How a connection comes about; a failure leaves it out.
  using Opener = std::function<Checked<Connection>(std::string name)>;
  explicit Talk(Opener opener) : opener_(std::move(opener)) {}

  // Takes every step whose connection there is, then ends what is still open, in such a way that
  // the peer may read all of it first. How each await and take ended: '.' it came, '-' silence, '|'
  // the end, with the byte that came instead; '*' a flood.
  std::string have(const Conversation& conversation);

 private:
  struct Party {
    Connection connection;
    std::string unread;
  };
  void open(int number);
  void end_all();
  void take(const Step& step, Party& party);
  std::string await(const Step& step, Party& party) const;

  Opener opener_;
  std::string cookie_;  // of the newest control connection
  std::map<int, Party> parties_;
  std::string answers_;
};

}  // namespace rolecall::conformance
