// SPDX-License-Identifier: BSD-3-Clause
// The race of one run as a picture: connections leave the client in one order and come out of the
// server's accept() in another. iperf3's server takes its roles from the second order (3.7 … 3.22).
#pragma once

#include <string>
#include <vector>

#include "harness/report/table.h"
#include "harness/wire/role_flag.h"

namespace rolecall::report {

// One stream connection: its number is its place in client order, from 1.
struct Pairing {
  int number = 0;
  int accepted_as = 0;  // its place in accept order, from 1
  wire::Role client_role = wire::Role::Sender;
  wire::Role server_role = wire::Role::Receiver;
};

bool mispaired(const Pairing& connection);

// A line for each connect(), then one for each accept(), drawn so that two lines cross where two
// connections changed places. REQUIRES: the numbers, and the places, are 1 … n.
std::string sequence_diagram(const std::vector<Pairing>& connections, const Style& style);

// A line for each connection: the roles at both ends and what becomes of it.
std::string pairing_lines(const std::vector<Pairing>& connections, const Style& style);

}  // namespace rolecall::report
