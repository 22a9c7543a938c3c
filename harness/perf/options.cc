// SPDX-License-Identifier: BSD-3-Clause
// getopt_long over the rows of option_table.cc, then the checks across options in iperf3's order.
#include "harness/perf/options.h"

#include <getopt.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "harness/base/result.h"
#include "harness/perf/authentication.h"
#include "harness/perf/disk_file.h"
#include "harness/perf/option_table.h"
#include "harness/perf/option_values.h"
#include "harness/perf/usage.h"
#include "harness/wire/datagram.h"

namespace rolecall::perf {
namespace {

// What getopt_long returns for a row: its letter, or a number above all letters.
int code_of(std::size_t index) {
  constexpr int kAboveLetters = 1000;
  const char letter = option_rows()[index].letter;
  return letter != '\0' ? letter : kAboveLetters + static_cast<int>(index);
}

const OptionRow* row_of(int code) {
  for (std::size_t i = 0; i < option_rows().size(); ++i) {
    if (code_of(i) == code) return &option_rows()[i];
  }
  return nullptr;
}

// The short form never takes an optional argument: -d is -d, --debug=2 has one.
std::string short_options() {
  std::string letters;
  for (const OptionRow& row : option_rows()) {
    if (row.letter == '\0' || letters.find(row.letter) != std::string::npos) continue;
    letters += row.letter;
    if (row.argument == Argument::Required) letters += ':';
  }
  return letters;
}

int getopt_kind(Argument argument) {
  switch (argument) {
    case Argument::None:
      return no_argument;
    case Argument::Required:
      return required_argument;
    case Argument::Optional:
      return optional_argument;
  }
  return no_argument;
}

std::vector<option> long_options() {
  std::vector<option> out;
  for (std::size_t i = 0; i < option_rows().size(); ++i) {
    const OptionRow& row = option_rows()[i];
    out.push_back({row.name, getopt_kind(row.argument), nullptr, code_of(i)});
  }
  out.push_back({});
  return out;
}

Result<void> apply(Parsing& parsing, const OptionRow& row, const char* argument) {
  if (row.side == Side::ServerOnly && parsing.server_option == nullptr) {
    parsing.server_option = row.name;
  }
  if (row.side == Side::ClientOnly && parsing.client_option == nullptr) {
    parsing.client_option = row.name;
  }
  return row.apply(parsing, argument);
}

Result<void> check_roles(const Parsing& parsing) {
  const bool client = parsing.has_end && parsing.options.end == End::Client;
  const bool server = parsing.has_end && parsing.options.end == End::Server;
  if (client && parsing.server_option != nullptr) {
    return parameter_error(fmt::format("some option you are trying to set is server only: --{}",
                                       parsing.server_option));
  }
  if (server && parsing.client_option != nullptr) {
    return parameter_error(fmt::format("some option you are trying to set is client only: --{}",
                                       parsing.client_option));
  }
  if (client && parsing.receive_timeout_given && !parsing.options.reverse &&
      !parsing.options.bidir) {
    return parameter_error("a client that only sends has no receive timeout (--rcv-timeout)");
  }
  return ok();
}

// No check of iperf3's; as ssh says it of its own.
void warn_of_exposed_key(Options& options) {
  struct stat facts {};
  if (::stat(options.private_key_path.c_str(), &facts) != 0 || (facts.st_mode & 077) == 0) return;
  options.warnings.push_back(fmt::format("the private key {} is open to other users: chmod 600 it",
                                         options.private_key_path));
}

Result<void> settle_authentication(Parsing& parsing) {
  Options& options = parsing.options;
  const Padding padding = options.pkcs1_padding ? Padding::Pkcs1 : Padding::Oaep;
  if (options.username.empty() != options.public_key_path.empty()) {
    return parameter_error("--username and --rsa-public-key-path are given together or not at all");
  }
  if (options.private_key_path.empty() != options.users_path.empty()) {
    return parameter_error(
        "--rsa-private-key-path and --authorized-users-path are given together or not at all");
  }
  if (!options.username.empty()) {
    auto made = Credentials::make(options.username, options.public_key_path, padding);
    if (!made) return parameter_error(made.error().message());
    options.credentials = std::move(made).value();
  }
  if (!options.private_key_path.empty()) {
    auto made = Authorization::make(options.private_key_path, options.users_path,
                                    options.time_skew_s, padding);
    if (!made) return parameter_error(made.error().message());
    options.authorization = std::move(made).value();
    warn_of_exposed_key(options);
  }
  return ok();
}

Result<void> check_end_conditions(const Parsing& parsing) {
  const int given = int{parsing.duration_given} + int{parsing.options.bytes != 0} +
                    int{parsing.options.blocks != 0};
  if (given > 1) return parameter_error("only one of -t, -n and -k can end a test");
  return ok();
}

// iperf3's limit, unless both ends may speak level 2: then streams are known by number.
Result<void> check_streams(const Options& options) {
  const bool may_speak_level_2 = options.role_flag_level >= 2 &&
                                 options.role_flag != session::FlagMode::Off &&
                                 options.role_flag != session::FlagMode::Force;
  if (options.streams <= session::kMostLegacyStreams || may_speak_level_2) return ok();
  return parameter_error(fmt::format("more than {} streams (-P) need the role flag at level 2",
                                     session::kMostLegacyStreams));
}

Result<void> check_client_ports(const Options& options) {
  const int streams = options.streams * (options.bidir ? 2 : 1);
  if (options.client_port == 0 || options.client_port + streams - 1 <= 65535) return ok();
  return parameter_error(
      fmt::format("{} streams from the local port (--cport) {} on would pass 65535", streams,
                  options.client_port));
}

// iperf_api.c iperf_parse_arguments(), 3.22: what UDP and SCTP have other defaults and bounds for.
Result<void> settle_protocol(Parsing& parsing) {
  Options& options = parsing.options;
  constexpr int kSctpMessage = 64 * 1024;
  if (options.sctp && !parsing.length_given) options.block_bytes = kSctpMessage;
  if (!options.udp) return ok();
  constexpr std::uint64_t kDefaultRate = 1024 * 1024;
  if (!parsing.bitrate_given) options.bitrate_bps = kDefaultRate;
  if (!parsing.length_given) options.block_bytes = 0;
  const bool fits =
      options.block_bytes >= wire::kLeastDatagram && options.block_bytes <= wire::kMostDatagram;
  if (options.block_bytes == 0 || fits) return ok();
  return parameter_error(fmt::format("a UDP datagram (-l) has {} to {} bytes, not {}",
                                     wire::kLeastDatagram, wire::kMostDatagram,
                                     options.block_bytes));
}

// The ends of a stream have a file each. With --bidir one end would write into the file that it
// sends, with -P all streams into the same; iperf3 does.
Result<void> settle_file(Parsing& parsing) {
  Options& options = parsing.options;
  if (options.file.empty() || options.end == End::Server) return ok();
  if (options.udp) return parameter_error("a file (-F) cannot be sent in datagrams (-u)");
  if (options.bidir) {
    return parameter_error("a file (-F) is sent in one direction: --bidir would overwrite it");
  }
  if (options.streams > 1) {
    return parameter_error("a file (-F) is sent in one stream: with -P each would write it anew");
  }
  const bool ends_otherwise =
      parsing.duration_given || options.bytes != 0 || options.blocks != 0 || options.reverse;
  if (!ends_otherwise) options.bytes = disk_file_size(options.file);
  return ok();
}

void complete(Parsing& parsing) {
  Options& options = parsing.options;
  if ((options.bytes != 0 || options.blocks != 0) && !parsing.duration_given) {
    options.duration_s = 0;
  }
  if (options.role_flag == session::FlagMode::Off && !parsing.stream_connect_given) {
    options.stream_connect = StreamConnect::Sequential;
  }
  if (options.role_flag == session::FlagMode::Off && !parsing.bind_roles_given) {
    options.bind_roles = BindRoles::Accept;
  }
  if (options.json_stream) options.json = true;
  if (!options.json) return;
  if (options.format != 'a') options.warnings.push_back("JSON output (-J) ignores the format (-f)");
  if (options.verbose) options.warnings.push_back("verbose output (-V) may spoil JSON output (-J)");
  if (options.debug_level > 0) {
    options.warnings.push_back("debug output (-d) may spoil JSON output (-J)");
  }
}

Result<Options> check(Parsing& parsing) {
  TRY(check_roles(parsing));
  TRY(settle_authentication(parsing));
  TRY(check_streams(parsing.options));
  TRY(check_client_ports(parsing.options));
  TRY(check_end_conditions(parsing));
  if (!parsing.has_end) {
    return parameter_error("roleperf must be either a client (-c) or a server (-s)");
  }
  TRY(settle_protocol(parsing));
  TRY(settle_file(parsing));
  complete(parsing);
  return std::move(parsing.options);
}

EarlyExit refusal(const Error& error) {
  return {1, "", fmt::format("roleperf: parameter error - {}\n\n{}", error.what, short_usage())};
}

}  // namespace

std::variant<Options, EarlyExit> parse_options(int argc, char** argv) {
  const std::string letters = short_options();
  const std::vector<option> words = long_options();
  Parsing parsing;
  optind = 0;  // glibc: start anew, whoever used getopt before
  for (int code; (code = getopt_long(argc, argv, letters.c_str(), words.data(), nullptr)) != -1;) {
    if (code == 'h') return EarlyExit{0, std::string(long_usage()), ""};
    if (code == 'v') return EarlyExit{0, version_text(), ""};
    const OptionRow* row = row_of(code);
    if (row == nullptr) return EarlyExit{1, "", fmt::format("\n{}", short_usage())};
    if (const auto applied = apply(parsing, *row, optarg); !applied) {
      return refusal(applied.error());
    }
  }
  auto options = check(parsing);
  if (!options) return refusal(options.error());
  return std::move(options.value());
}

}  // namespace rolecall::perf
