// SPDX-License-Identifier: BSD-3-Clause
// For the tests of the preload library only: plans, a board, and programs run under LD_PRELOAD.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "shim/abi.h"

namespace rolecall::shim {

using Words = std::vector<std::string>;
Words operator+(Words left, const Words& right);

// A program under test, ended with its owner. Its standard output and error come through a pipe.
class Program {
 public:
  // `variables` are added to the environment; descriptor `inherited` (or -1) stays open in it.
  Program(const Words& argv, const Words& variables, int inherited = -1);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  void send_signal(int number) const;
  // Reads until the output holds `text`; false if it ended, or two minutes passed, without.
  bool wait_for(const std::string& text);
  // All output up to the end, and "[exit N]", "[signal N]" or "[still running]" where N is not 0.
  std::string output();

 private:
  bool read_more();
  pid_t pid_ = -1;
  int out_ = -1;
  bool reaped_ = false;
  std::string text_;
};

// One server, one client, one board, in a folder of their own.
class Rig {
 public:
  Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  ~Rig();

  // What the next plan says; `port` is that of listen_on() or free_port().
  std::vector<int> order;
  Lever lever = Lever::Swap;           // of an order that is not empty
  std::string preload = SHIM_LIBRARY;  // LD_PRELOAD of the next program
  Numbering numbering = Numbering::ByConnect;
  unsigned hold_ms = 10'000;
  unsigned port = 0;

  // A listener on every address of `family` (AF_INET6: IPv4 too) and a free port.
  int listen_on(int family);
  // Drops every segment with data that meets the listener, or a connection that comes out of it: no
  // cookie is acknowledged.
  void drop_data();
  // Leaves the listener to the programs that inherited it.
  void close_listener();
  // A port that nobody listens on, kept for the program that will: no other gets it.
  unsigned free_port();
  // The two variables that put `program` under the library, with its plan written.
  Words armed(Side side, const std::string& program);
  Plan plan(Side side, const std::string& program) const;
  Words variables_for(const void* plan, std::size_t size);

  // Reads the board as it stands.
  std::vector<Record*> records(Kind kind) const;
  // Numbers of the streams in the order in which they were handed out, by ports: a port in the
  // server's records is looked up among the client's connects.
  std::vector<int> order_by_ports() const;
  // The numbers as the server's side gave them, in the order in which they were handed out.
  std::vector<int> numbers_handed_out() const;
  // Waits until there is a record of this kind; false after two minutes.
  bool wait_for(Kind kind) const;

 private:
  int bind_on(int family);

  std::string folder_;
  Board* board_ = nullptr;
  int listener_ = -1;  // or what keeps the port for one
  int plans_ = 0;
};

}  // namespace rolecall::shim
