// SPDX-License-Identifier: BSD-3-Clause
#include "harness/link/connection_table.h"

#include <gtest/gtest.h>

#include "harness/link/segments.h"

namespace rolecall::link {
namespace {

class ConnectionTableTest : public ::testing::Test {
 protected:
  // What the segment is; it must be of a connection that is followed.
  template <class Packet>
  Sighting see(const Packet& packet) {
    const auto seen = table_.see(direction_of(packet), packet, TimePoint{++time_});
    EXPECT_TRUE(seen.has_value());
    return seen.value_or(Sighting{});
  }
  template <class Packet>
  bool is_followed(const Packet& packet) {
    return table_.see(direction_of(packet), packet, TimePoint{++time_}).has_value();
  }
  ConnectionRole role_of(const Sighting& sighting) {
    return table_.connections().at(sighting.connection).role;
  }

  ConnectionTable table_ = table_of_port_5201();
  std::int64_t time_ = 0;
  ScriptedConnection control_{.port = 1};
  ScriptedConnection one_{.port = 2};
  ScriptedConnection two_{.port = 3};
  ScriptedStream first_{.port = 2};
  ScriptedStream second_{.port = 3};
};

TEST_F(ConnectionTableTest, TheFirstConnectionIsTheControlConnection) {
  EXPECT_EQ(role_of(see(control_.syn())), ConnectionRole::Control);
}

TEST_F(ConnectionTableTest, StreamsAreNumberedBySyn) {
  see(control_.syn());
  EXPECT_EQ(see(one_.syn()).number, 1);
  EXPECT_EQ(see(two_.syn()).number, 2);
  EXPECT_EQ(see(two_.syn_ack()).number, 2);
  EXPECT_EQ(see(one_.third()).number, 1);
}

TEST_F(ConnectionTableTest, ASynThatComesAgainKeepsItsNumber) {
  see(control_.syn());
  see(one_.syn());
  see(two_.syn());
  EXPECT_EQ(see(one_.syn()).number, 1);
}

TEST_F(ConnectionTableTest, APortThatIsUsedAgainIsANewConnection) {
  see(control_.syn());
  see(one_.syn());
  one_.initial += 5000;
  EXPECT_EQ(see(one_.syn()).number, 2);
}

TEST_F(ConnectionTableTest, TheEndOfTheControlConnectionBeginsANewNumbering) {
  see(control_.syn());
  see(one_.syn());
  see(control_.fin());
  const Sighting next = see(two_.syn());
  EXPECT_EQ(role_of(next), ConnectionRole::Control);
  EXPECT_EQ(table_.connections().at(next.connection).test, 2);
  EXPECT_EQ(see(ScriptedConnection{.port = 4}.syn()).number, 1);
}

TEST_F(ConnectionTableTest, TheEndOfAStreamChangesNothing) {
  see(control_.syn());
  see(one_.syn());
  see(one_.fin());
  EXPECT_EQ(see(two_.syn()).number, 2);
}

TEST_F(ConnectionTableTest, AnMptcpJoinHasNoNumber) {
  see(control_.syn());
  TcpSegment join = one_.syn();
  join.mptcp_join = true;
  EXPECT_EQ(role_of(see(join)), ConnectionRole::MptcpJoin);
  EXPECT_EQ(see(two_.syn()).number, 1);
}

TEST_F(ConnectionTableTest, AConnectionFromElsewhereIsAStranger) {
  see(control_.syn());
  const Sighting stranger = see(ScriptedConnection{.port = 9, .client = kStrangerAddress}.syn());
  EXPECT_EQ(role_of(stranger), ConnectionRole::Stranger);
  EXPECT_EQ(stranger.number, 0);
  EXPECT_EQ(see(one_.syn()).number, 1);
}

TEST_F(ConnectionTableTest, EachAddressOfTheClientHasItsOwnNumbering) {
  see(control_.syn());
  EXPECT_EQ(role_of(see(ScriptedConnection{.port = 1, .client = kClientAddressIpv6}.syn())),
            ConnectionRole::Control);
}

TEST_F(ConnectionTableTest, AnotherPortIsNotFollowed) {
  TcpSegment other = control_.syn();
  other.destination_port = 5202;
  EXPECT_FALSE(table_.see(Direction::ToServer, other, TimePoint{}).has_value());
}

TEST_F(ConnectionTableTest, AConnectionWhoseSynWasNotSeenIsNotFollowed) {
  EXPECT_FALSE(is_followed(one_.third()));
  EXPECT_FALSE(is_followed(one_.syn_ack()));
}

TEST_F(ConnectionTableTest, EachPacketOfTheHandshakeHasItsKind) {
  EXPECT_TRUE(see(one_.syn()).is(PacketKind::Syn));
  EXPECT_TRUE(see(one_.syn_ack()).is(PacketKind::SynAck));
  EXPECT_TRUE(see(one_.third()).is(PacketKind::Ack));
  EXPECT_EQ(see(one_.acknowledge(0)).kinds, 0);
}

TEST_F(ConnectionTableTest, TheCookieIsTheFirst37BytesOfTheClient) {
  see(one_.syn());
  EXPECT_TRUE(see(one_.data(0, 1)).is(PacketKind::Cookie));
  EXPECT_TRUE(see(one_.data(36, 100)).is(PacketKind::Cookie));
  EXPECT_FALSE(see(one_.data(37, 1)).is(PacketKind::Cookie));
  EXPECT_FALSE(see(one_.third()).is(PacketKind::Cookie));
}

TEST_F(ConnectionTableTest, ASegmentBeforeTheFirstByteCarriesNoCookie) {
  see(one_.syn());
  TcpSegment keepalive = one_.data(0, 1);  // RFC 9293: it repeats the byte before
  --keepalive.sequence;
  EXPECT_FALSE(see(keepalive).is(PacketKind::Cookie));
}

TEST_F(ConnectionTableTest, TheCookieIsSentWithIts37thByte) {
  see(one_.syn());
  EXPECT_FALSE(see(one_.data(0, 36)).begins(EventKind::CookieSent));
  EXPECT_TRUE(see(one_.data(36, 1)).begins(EventKind::CookieSent));
}

TEST_F(ConnectionTableTest, TheCookieIsAcknowledgedWithIts37thByte) {
  see(one_.syn());
  see(one_.cookie());
  EXPECT_FALSE(see(one_.acknowledge(36)).begins(EventKind::CookieAcknowledged));
  EXPECT_TRUE(see(one_.acknowledge(37)).begins(EventKind::CookieAcknowledged));
}

TEST_F(ConnectionTableTest, SequenceNumbersWrap) {
  one_.initial = 0xffff'fff0;
  see(one_.syn());
  EXPECT_TRUE(see(one_.data(20, 17)).is(PacketKind::Cookie));
  EXPECT_FALSE(see(one_.acknowledge(36)).begins(EventKind::CookieAcknowledged));
  EXPECT_TRUE(see(one_.acknowledge(37)).begins(EventKind::CookieAcknowledged));
}

TEST_F(ConnectionTableTest, AnEventComesOnce) {
  EXPECT_TRUE(see(one_.syn()).begins(EventKind::Syn));
  EXPECT_FALSE(see(one_.syn()).begins(EventKind::Syn));
}

// --- UDP streams

TEST_F(ConnectionTableTest, UdpStreamsAreNumberedByTheirFirstDatagrams) {
  see(control_.syn());
  EXPECT_EQ(see(second_.from_client("connect")).number, 1);
  EXPECT_EQ(see(first_.from_client("connect")).number, 2);
  EXPECT_EQ(see(second_.from_server("reply")).number, 1);
}

TEST_F(ConnectionTableTest, DatagramsAreCountedBehindTheExchangeThatOpensTheStream) {
  see(control_.syn());
  EXPECT_EQ(see(first_.from_client("connect")).datagram, 0U);
  EXPECT_EQ(see(first_.from_server("reply")).datagram, 0U);
  EXPECT_EQ(see(first_.from_client("one")).datagram, 1U);
  EXPECT_EQ(see(first_.from_client("two")).datagram, 2U);
  EXPECT_EQ(see(first_.from_server("one")).datagram, 1U);
  const ConnectionLog& log = table_.connections().at(1);
  EXPECT_EQ(log.datagrams.to_server.packets, 2U);
  EXPECT_EQ(log.datagrams.to_server.bytes, 6U);
  EXPECT_EQ(log.datagrams.to_client.packets, 1U);
}

TEST_F(ConnectionTableTest, ACopyOfTheExchangeIsNoDatagramOfTheStream) {
  see(control_.syn());
  see(first_.from_client("connect"));
  see(first_.from_client("one"));
  EXPECT_EQ(see(first_.from_client("connect")).datagram, 0U);
  EXPECT_EQ(see(first_.from_client("two")).datagram, 2U);
}

TEST_F(ConnectionTableTest, EachDatagramIsAnEventAndNoOtherOneIs) {
  see(control_.syn());
  see(first_.from_client("connect"));
  const Event second{EventKind::Datagram, 1, 2};
  EXPECT_FALSE(see(first_.from_client("one")).begins(second));
  EXPECT_TRUE(see(first_.from_client("two")).begins(second));
  EXPECT_FALSE(see(first_.from_client("three")).begins(second));
}

TEST_F(ConnectionTableTest, ADatagramOutsideOfATestIsOfNobody) {
  EXPECT_FALSE(is_followed(first_.from_client("connect")));
  see(control_.syn());
  EXPECT_FALSE(is_followed(first_.from_server("reply")));
}

TEST_F(ConnectionTableTest, APortThatALaterTestUsesAgainIsANewStream) {
  see(control_.syn());
  see(first_.from_client("connect"));
  see(first_.from_client("one"));
  see(control_.fin());
  control_.initial += 5000;
  see(control_.syn());
  EXPECT_EQ(see(first_.from_client("connect")).datagram, 0U);
  EXPECT_EQ(see(first_.from_client("one")).datagram, 1U);
  EXPECT_EQ(table_.connections().back().test, 2);
}

TEST_F(ConnectionTableTest, AStrangersDatagramsTakeNoNumber) {
  see(control_.syn());
  const ScriptedStream stranger{.port = 2, .client = kStrangerAddress};
  EXPECT_EQ(role_of(see(stranger.from_client("connect"))), ConnectionRole::Stranger);
  EXPECT_EQ(see(first_.from_client("connect")).number, 1);
}

}  // namespace
}  // namespace rolecall::link
