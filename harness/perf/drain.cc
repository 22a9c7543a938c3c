// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/drain.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "harness/base/check.h"
#include "harness/net/socket.h"

namespace rolecall::perf {
namespace {

constexpr std::size_t kScratchBytes = std::size_t{256} << 10;

// A worker may have asked to be woken for large portions only.
bool wake_for_any_byte(const Stream& stream) {
  return set_option(stream.socket, SOL_SOCKET, SO_RCVLOWAT, 1, "SO_RCVLOWAT").has_value();
}

}  // namespace

Drain::Drain(Reactor& reactor, std::vector<const Stream*> streams, Totals totals,
             std::function<void(const Totals&, bool)> on_news)
    : reactor_(reactor),
      open_(std::move(streams)),
      totals_(std::move(totals)),
      on_news_(std::move(on_news)),
      scratch_(kScratchBytes) {
  std::erase_if(open_, [](const Stream* stream) { return stream->sends(); });
}

Drain::~Drain() {
  for (const Stream* stream : open_) reactor_.unwatch(stream->socket);
}

void Drain::start() {
  std::erase_if(open_, [this](const Stream* stream) {
    return !wake_for_any_byte(*stream) ||
           !reactor_.watch(stream->socket, EPOLLIN, [this, stream](std::uint32_t) {
             read(*stream);
             tell();
           });
  });
  if (open_.empty()) tell();
}

// Once a turn of the loop: a client that goes on sending must not hold it up.
void Drain::read(const Stream& stream) {
  const auto own =
      std::ranges::find(totals_, stream.connection, &session::ConnectionTotal::connection);
  CHECK(own != totals_.end());
  const auto outcome = read_some(stream.socket, scratch_.bytes());
  if (!outcome || outcome.value().closed) return leave(stream);
  own->bytes += outcome.value().bytes;
}

void Drain::leave(const Stream& stream) {
  reactor_.unwatch(stream.socket);
  std::erase(open_, &stream);
}

void Drain::tell() const {
  const auto on_news = on_news_;  // the owner may end this object meanwhile
  on_news(Totals(totals_), open_.empty());
}

}  // namespace rolecall::perf
