// SPDX-License-Identifier: BSD-3-Clause
// What pcapng.cc writes and pcapng_reader.cc reads: block and option codes of the draft. Integers
// are in the order of the machine that wrote them: the magic tells.
#pragma once

#include <cstdint>

namespace rolecall::link {

inline constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
inline constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
inline constexpr std::uint32_t kInterfaceDescription = 1;
inline constexpr std::uint32_t kEnhancedPacket = 6;
inline constexpr std::uint16_t kLinkTypeRaw = 101;  // IPv4 or IPv6, by the first nibble
inline constexpr std::uint16_t kOptionEnd = 0;
inline constexpr std::uint16_t kOptionComment = 1;
inline constexpr std::uint16_t kOptionPacketFlags = 2;
inline constexpr std::uint16_t kOptionInterfaceName = 2;
inline constexpr std::uint16_t kOptionApplication = 4;
inline constexpr std::uint16_t kOptionTimeResolution = 9;
inline constexpr std::uint32_t kInbound = 1;
inline constexpr std::uint32_t kOutbound = 2;

}  // namespace rolecall::link
