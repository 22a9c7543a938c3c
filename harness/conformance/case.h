// SPDX-License-Identifier: BSD-3-Clause
// A case: one rule of SPEC.md as an experiment with a program. Cases are plain functions in cases/,
// a file for each area and side; each gives its list to all_cases().
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/conformance/clause.h"
#include "harness/conformance/client_script.h"
#include "harness/conformance/server_script.h"

namespace rolecall::conformance {

enum class Side { Server, Client };  // which one is under test
const char* name(Side side);         // "server", "client"

using ServerBody = std::function<Checked<void>(ServerScript&)>;
using ClientBody = std::function<Checked<void>(ClientScript&)>;

struct Case {
  std::string name;                  // "cookie-in-pieces"; never changes, unique on its side
  std::vector<std::string> clauses;  // by id; the first one's level is the case's
  std::vector<std::string> tags;     // what a program may lack, as --without has it; "slow"
  std::string options;               // that the program is started with, as iperf3 has them
  Side side = Side::Server;
  ServerBody at_server;  // one of the two
  ClientBody at_client;

  std::string id() const { return std::string(conformance::name(side)) + "/" + name; }
  bool has_tag(std::string_view tag) const;
};

// A list of one side's cases, as the files in cases/ write it.
struct ServerCase {
  std::string name;
  std::vector<std::string> clauses;
  ServerBody body;
  std::vector<std::string> tags = {};
  std::string options = "";
};
struct ClientCase {
  std::string name;
  std::vector<std::string> clauses;
  std::string options;
  ClientBody body;
  std::vector<std::string> tags = {};
};
std::vector<Case> of(std::vector<ServerCase> cases);
std::vector<Case> of(std::vector<ClientCase> cases);

// Every case there is, in the order of the document's areas, the server's first. Made once; any
// thread.
const std::vector<Case>& all_cases();
// The clauses of SPEC.md, which is part of the program. Made once; any thread.
const std::vector<Clause>& specification();
// The clause that decides the level. REQUIRES: the case names a clause of the specification, as a
// test checks of all.
const Clause& first_clause(const Case& a_case);

// What a user asks for; empty lists ask for everything.
struct Selection {
  std::vector<std::string> ids;      // with or without "server/"; * stands for anything
  std::vector<std::string> clauses;  // by id
  std::vector<std::string> tags;
  std::vector<Level> levels;
};
// Config, naming the word, for an id, clause or tag that fits nothing.
Result<std::vector<const Case*>> select(Side side, const Selection& selection);

}  // namespace rolecall::conformance
