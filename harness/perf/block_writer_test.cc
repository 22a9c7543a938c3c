// SPDX-License-Identifier: BSD-3-Clause
// What the writers give the kernel, and what the receiving workers make of it: -Z, --gsro and
// --skip-rx-copy, on real sockets over loopback.
#include "harness/perf/block_writer.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>

#include <gtest/gtest.h>

#include "harness/base/deadline.h"
#include "harness/net/socket.h"
#include "harness/perf/data_path.h"
#include "harness/perf/patience.h"
#include "harness/wire/params.h"

namespace rolecall::perf {
namespace {

constexpr std::size_t kLength = 100;

Load udp_load() {
  Load load;
  load.is_udp = true;
  load.block_bytes = kLength;
  return load;
}

// Two UDP sockets that are connected to each other.
class FlowTest : public testing::Test {
 protected:
  FlowTest() {
    receiver_.socket = udp_socket(AF_INET).value();
    sender_.socket = udp_socket(AF_INET).value();
    const Address any = resolve("127.0.0.1", 0, AF_INET).value().front();
    (void)bind_to(receiver_.socket, any).value();
    (void)bind_to(sender_.socket, any).value();
    (void)start_connect(receiver_.socket, local_address(sender_.socket).value()).value();
    (void)start_connect(sender_.socket, local_address(receiver_.socket).value()).value();
  }

  // What one recv() brings.
  std::size_t receive() const {
    pollfd ready{receiver_.socket.get(), POLLIN, 0};
    if (::poll(&ready, 1, kPatienceMs) != 1) return 0;
    Bytes place(65535);
    return read_some(receiver_.socket, place).value().bytes;
  }

  std::unique_ptr<DataPath> receiving(const Load& load) {
    auto path = DataPath::create({&receiver_}, load).value();
    path->begin_measuring();
    EXPECT_TRUE(path->start(now()).has_value());
    return path;
  }

  Stream sender_;
  Stream receiver_;
};

TEST(BlockWriter, UnbatchedOneCallCarriesOneBlock) {
  Load tcp;
  tcp.is_unbatched = true;
  Load copies_nothing = tcp;
  copies_nothing.is_zerocopy = true;
  Load udp = udp_load();
  udp.is_unbatched = true;
  for (const Load& load : {tcp, copies_nothing, udp}) {
    EXPECT_EQ(make_block_writer(load).value()->most_blocks(), 1U);
  }
}

TEST(BlockWriter, OtherwiseOneCallCarriesSeveralBlocks) {
  EXPECT_EQ(make_block_writer(Load()).value()->most_blocks(), 8U);
}

TEST_F(FlowTest, WithGsroSeveralDatagramsLeaveInOneMessage) {
  (void)set_option(receiver_.socket, IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO").value();
  Load load = udp_load();
  load.gso = true;
  const auto writer = make_block_writer(load).value();
  EXPECT_EQ(writer->write(sender_, 0, 10 * kLength).bytes, 10 * kLength);
  EXPECT_EQ(receive(), 10 * kLength);
  EXPECT_EQ(sender_.datagrams.packets, 10U);
}

TEST_F(FlowTest, WithoutGsroEachDatagramIsAMessageOfItsOwn) {
  (void)set_option(receiver_.socket, IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO").value();
  const auto writer = make_block_writer(udp_load()).value();
  EXPECT_EQ(writer->write(sender_, 0, 10 * kLength).bytes, 10 * kLength);
  EXPECT_EQ(receive(), kLength);
}

TEST_F(FlowTest, AMergedMessageCountsAsItsDatagrams) {
  Load load = udp_load();
  load.gso = load.gro = true;
  const auto path = receiving(load);
  const auto writer = make_block_writer(load).value();
  EXPECT_EQ(writer->write(sender_, 0, 70 * kLength).bytes, 70 * kLength);
  EXPECT_TRUE(comes_true([this] { return receiver_.bytes == 70 * kLength; }));
  path->stop_receiving();
  EXPECT_EQ(receiver_.datagrams.packets, 70U);
  EXPECT_EQ(receiver_.datagrams.lost, 0U);
  EXPECT_EQ(receiver_.datagrams.out_of_order, 0U);
}

// iperf3 since 3.21 counts 16 bytes and no packet of each.
TEST_F(FlowTest, DatagramsThatAreNotCopiedCountWhole) {
  Load load = udp_load();
  load.skips_copy = true;
  const auto path = receiving(load);
  const auto writer = make_block_writer(load).value();
  EXPECT_EQ(writer->write(sender_, 0, 20 * kLength).bytes, 20 * kLength);
  EXPECT_TRUE(comes_true([this] { return receiver_.bytes == 20 * kLength; }));
  path->stop_receiving();
  EXPECT_EQ(receiver_.datagrams.packets, 20U);
  EXPECT_EQ(receiver_.datagrams.lost, 0U);
}

// --- SCTP, whose messages keep their borders as datagrams do

TEST_F(FlowTest, OfABurstEachBlockIsAMessage) {
  Load load;
  load.keeps_blocks = true;
  load.block_bytes = kLength;
  const auto writer = make_block_writer(load).value();
  EXPECT_EQ(writer->write(sender_, 0, 3 * kLength).bytes, 3 * kLength);
  EXPECT_EQ(receive(), kLength);
  EXPECT_EQ(receive(), kLength);
  EXPECT_EQ(receive(), kLength);
}

// --- -Z

class ZerocopyTest : public testing::Test {
 protected:
  ZerocopyTest() {
    const Fd listener = listen_tcp("127.0.0.1", 0, AF_INET, "").value();
    stream_.socket = tcp_socket(AF_INET).value();
    (void)start_connect(stream_.socket, local_address(listener).value()).value();
    pollfd ready{listener.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, kPatienceMs), 1);
    peer_ = std::move(accept_next(listener).value()->socket);
    load_.is_zerocopy = load_.is_repeating = true;
    load_.block_bytes = kLength;
  }

  std::string received(std::size_t bytes) const {
    std::string text;
    while (text.size() < bytes) {
      pollfd ready{peer_.get(), POLLIN, 0};
      if (::poll(&ready, 1, kPatienceMs) != 1) break;
      Bytes place(bytes - text.size());
      const std::size_t came = read_some(peer_, place).value().bytes;
      for (const std::byte b : std::span(place).first(came)) text += static_cast<char>(b);
    }
    return text;
  }

  Load load_;
  Stream stream_;
  Fd peer_;
};

TEST_F(ZerocopyTest, ABlockThatWasCutGoesOnWhereItStopped) {
  const auto writer = make_block_writer(load_).value();
  EXPECT_EQ(writer->write(stream_, 3, 2 * kLength).bytes, 3 + 2 * kLength);
  EXPECT_EQ(received(3 + 2 * kLength).substr(0, 8), "78901234");
}

}  // namespace
}  // namespace rolecall::perf
