// SPDX-License-Identifier: BSD-3-Clause
// The border between the harness and the preload library: two flat files, both mapped, never
// parsed. The plan (read-only) says what one program is to do. The board (shared, writable) says
// what happened, and outlives a SIGKILL of whoever wrote it. Both ends of a test and the harness
// map the same board. Bump kVersion with any change of layout or meaning.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rolecall::shim {

// The only environment variable the library reads: the path of the plan.
inline constexpr char kPlanVariable[] = "ROLECALL_SHIM_PLAN";

inline constexpr std::uint64_t kPlanMagic = 0x4e414c504c4c4f52;   // "ROLLPLAN"
inline constexpr std::uint64_t kBoardMagic = 0x4452424f4c4c4f52;  // "ROLLOBRD"
inline constexpr std::uint32_t kVersion = 4;

inline constexpr std::uint32_t kMaxStreams = 256;
inline constexpr std::uint32_t kMaxConnects = 4096;
inline constexpr std::uint32_t kMaxRecords = 8192;
inline constexpr std::uint32_t kMaxPath = 4096;  // bytes, with the final NUL
inline constexpr std::uint32_t kNoNumber = 0xffffffff;

enum class Side : std::uint32_t { Server = 1, Client = 2 };

// How the server's side learns a connection's number (0 = control connection, 1.. = streams).
enum class Numbering : std::uint32_t {
  ByConnect = 1,  // from the board: the client's connect(), recorded by the library at that end
  // An undecided connection is waited for, up to the limit, before another is looked at.
  ByArrival = 2,  // only the server has the library: 37-byte cookies, numbered as they arrive
};

// How an order is imposed.
enum class Lever : std::uint32_t {
  RecordOnly = 1,  // not at all
  // Above the accept queue, at the server: accept() hands connections out in the order.
  Swap = 2,
  // Below it, at both ends, so that the kernel itself queues them in the order: TCP_DEFER_ACCEPT on
  // the server's listener, TCP_CORK on the client's streams until the cookie of the one before is
  // acknowledged. The kernel lets a corked cookie go by itself when its
  // retransmission timer would end: after about 200 ms, or tcp_rto_min_us where that is longer.
  Defer = 3,
};

// The limit is looked at in accept(): a non-blocking program that nothing wakes does not notice it.
// Any connection to the port wakes it; the harness's own limit ends a run where none comes.
// One program's orders: the file is exactly one Plan, all unused bytes zero. The writer makes it
// complete before it starts the program and does not touch it again.
struct Plan {
  std::uint64_t magic;    // kPlanMagic
  std::uint32_t version;  // kVersion
  std::uint32_t size;     // sizeof(Plan)
  Side side;
  Numbering numbering;  // read at the server only
  std::uint32_t port;   // the server's TCP port, host order
  std::uint32_t
      hold_ms;  // how long one connection may be held, 1..; the clock bounds, never decides
  Lever lever;
  std::uint32_t stream_count;  // 1..kMaxStreams; with RecordOnly 0
  std::uint32_t reserved[2];   // 0
  // order[i] is the number of the connection that accept() returns as the (i+1)-th stream: a
  // permutation of 1..stream_count. Read at the server for Swap, at the client for Defer.
  std::uint16_t order[kMaxStreams];
  char program[kMaxPath];  // as /proc/self/exe shows it; any other program stays untouched
  char board[kMaxPath];    // absolute; the file exists and is one Board
};

enum class Kind : std::uint32_t {
  Armed = 1,         // number: the Side
  NotArmed,          // number: a Refusal; the program runs as if the library were not there
  MissingSymbol,     // number: index of the call in calls.def; past the last: poll, ppoll
  ConnectRecorded,   // client: port, number; error: 0 or EINPROGRESS or EINTR
  ConnectFailed,     // client: error; it took no number
  AcceptedByKernel,  // server: port; each connection the real accept() returned, the library's own
                     // too
  Held,              // server: port, number; it waits for its turn
  HandedOut,         // server: port, number, position; position 0 is the control connection
  StrangerPassed,    // server: port; not of the test (or past the order), handed out at once
  SelfQueued,  // server: port of the library's own connection that keeps the listener readable
  SelfEaten,   // server: the same port, taken out of the queue again
  SelfFailed,  // server: error; readiness of the listener is no longer promised
  // Server: number that never came (kNoNumber: an unknown one). Client: number whose cookie was let
  // go and never acknowledged. The order is given up.
  HoldLimitReached,
  Dropped,             // server: port, number; its listener was closed while it was held: reset
  StillUndecided,      // server: port; neither number nor cookie came within the limit: passed on
  ListenerDeferred,    // server, Defer: the listener has TCP_DEFER_ACCEPT; error: 0, or it has not
  Corked,              // client, Defer: port, number; error: 0, or it is not
  Uncorked,            // client: port, number, position; its cookie was in the queue and may go now
  CookieAcknowledged,  // client: port, number, position; the server's kernel has it in its queue
  // Client: port, number; the order is given up, so it was not imposed. The cookie of `number` left
  // before its turn, which was that of `awaited`: the kernel's own limit, or the program's close().
  CorkExpired,
};

enum class Refusal : std::uint32_t { WrongProgram = 1, BadPlan = 2 };

// One thing that happened. Valid when sequence == index + 1; it is stored last, with release.
struct Record {
  std::atomic<std::uint64_t> sequence;
  std::uint64_t time_ns;  // CLOCK_MONOTONIC
  Kind kind;
  std::uint32_t pid;
  std::uint32_t tid;
  std::uint32_t port;      // the client's TCP port, host order; 0 where there is none
  std::uint32_t number;    // client-order number, or as Kind says; kNoNumber: not known
  std::uint32_t position;  // of HandedOut: 1.. in accept order
  std::int32_t error;      // errno, 0 where there is none
  std::uint32_t awaited;   // of CorkExpired
  // Of CorkExpired, since `number` was corked: how long the client's thread wanted a processor and
  // had none, and how often it went to sleep by itself. 0 too where another thread corked it, or
  // the kernel does not count.
  std::uint64_t starved_ns;
  std::uint64_t sleeps;
};

// One connect() of the client to the server's port that succeeded or is under way: 0 is "not yet",
// otherwise kConnectPublished | local port (host order). The index in Board::connects is the
// number.
inline constexpr std::uint32_t kConnectPublished = 0x80000000;

// The file is exactly one Board: zeros but for magic, version and size, written by the harness.
// Ports alone tell connections apart: a test has one client and one server port.
struct Board {
  std::uint64_t magic;    // kBoardMagic
  std::uint32_t version;  // kVersion
  std::uint32_t size;     // sizeof(Board)
  // connect() calls begun and not yet in the table. A client killed, or left by longjmp, inside
  // connect() leaves it raised: a server then waits for the hold limit before it calls a connection
  // a stranger, nothing worse.
  std::atomic<std::uint32_t> connecting;
  std::atomic<std::uint32_t>
      connect_count;  // numbers given; may pass kMaxConnects, the table cannot
  std::atomic<std::uint64_t> record_count;  // records tried; those past kMaxRecords are lost
  std::atomic<std::uint32_t> connects[kMaxConnects];
  Record records[kMaxRecords];
};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(sizeof(std::atomic<std::uint32_t>) == 4 && sizeof(std::atomic<std::uint64_t>) == 8);
static_assert(sizeof(Record) == 64);
static_assert(offsetof(Plan, order) == 48);
static_assert(sizeof(Plan) == 48 + 2 * kMaxStreams + 2 * kMaxPath);
static_assert(sizeof(Board) == 32 + 4 * kMaxConnects + 64 * kMaxRecords);

}  // namespace rolecall::shim
