// SPDX-License-Identifier: BSD-3-Clause
// The lists of cases, one a file of this folder and a namespace of its name.
#pragma once

#include <vector>

#include "harness/conformance/case.h"

namespace rolecall::conformance {

using Area = std::vector<Case> (*)();

namespace server_cookie {
std::vector<Case> cases();
}
namespace server_states {
std::vector<Case> cases();
}
namespace server_framing {
std::vector<Case> cases();
}
namespace server_parameters {
std::vector<Case> cases();
}
namespace server_sending {
std::vector<Case> cases();
}
namespace server_results {
std::vector<Case> cases();
}
namespace server_ends {
std::vector<Case> cases();
}
namespace server_limits {
std::vector<Case> cases();
}
namespace server_strangers {
std::vector<Case> cases();
}
namespace server_output {
std::vector<Case> cases();
}
namespace server_role_flag {
std::vector<Case> cases();
}
namespace client_cookie {
std::vector<Case> cases();
}
namespace client_states {
std::vector<Case> cases();
}
namespace client_parameters {
std::vector<Case> cases();
}
namespace client_streams {
std::vector<Case> cases();
}
namespace client_ends {
std::vector<Case> cases();
}
namespace client_results {
std::vector<Case> cases();
}
namespace client_output {
std::vector<Case> cases();
}
namespace client_role_flag {
std::vector<Case> cases();
}

namespace server_authentication {
std::vector<Case> cases();
}
namespace client_authentication {
std::vector<Case> cases();
}
namespace server_quirks {
std::vector<Case> cases();
}
namespace server_time {
std::vector<Case> cases();
}
namespace client_usage {
std::vector<Case> cases();
}
namespace server_udp {
std::vector<Case> cases();
}
namespace client_udp {
std::vector<Case> cases();
}
namespace client_udp_receiving {
std::vector<Case> cases();
}

inline constexpr Area kAreas[] = {
    server_cookie::cases,        server_states::cases,         server_framing::cases,
    server_parameters::cases,    server_sending::cases,        server_results::cases,
    server_ends::cases,          server_strangers::cases,      server_output::cases,
    server_limits::cases,        server_quirks::cases,         server_time::cases,
    server_udp::cases,           server_authentication::cases, server_role_flag::cases,
    client_cookie::cases,        client_states::cases,         client_parameters::cases,
    client_streams::cases,       client_ends::cases,           client_results::cases,
    client_output::cases,        client_usage::cases,          client_udp::cases,
    client_udp_receiving::cases, client_authentication::cases, client_role_flag::cases,
};

}  // namespace rolecall::conformance
