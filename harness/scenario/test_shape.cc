// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/test_shape.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace rolecall::scenario {
namespace {

// The options with an argument, and those that mean something here: short letter (0 for none), long
// word, and whether an argument follows.
struct Word {
  char letter;
  std::string_view word;
  bool has_argument;
};

constexpr Word kWords[] = {
    {'p', "port", true},
    {'f', "format", true},
    {'i', "interval", true},
    {'I', "pidfile", true},
    {'F', "file", true},
    {'A', "affinity", true},
    {'B', "bind", true},
    {0, "bind-dev", true},
    {0, "logfile", true},
    {0, "rcv-timeout", true},
    {0, "snd-timeout", true},
    {0, "cport", true},
    {'X', "xbind", true},
    {0, "server-bitrate-limit", true},
    {0, "idle-timeout", true},
    {0, "server-max-duration", true},
    {0, "rsa-private-key-path", true},
    {0, "authorized-users-path", true},
    {0, "time-skew-threshold", true},
    {'c', "client", true},
    {0, "nstreams", true},
    {0, "connect-timeout", true},
    {'b', "bitrate", true},
    {'b', "bandwidth", true},
    {0, "pacing-timer", true},
    {0, "fq-rate", true},
    {'t', "time", true},
    {'n', "bytes", true},
    {'k', "blockcount", true},
    {'l', "length", true},
    {'P', "parallel", true},
    {'w', "window", true},
    {'C', "congestion", true},
    {0, "linux-congestion", true},
    {'M', "set-mss", true},
    {'S', "tos", true},
    {0, "dscp", true},
    {'L', "flowlabel", true},
    {'O', "omit", true},
    {'T', "title", true},
    {0, "extra-data", true},
    {0, "username", true},
    {0, "rsa-public-key-path", true},
    {0, "role-flag", true},
    {0, "role-flag-level", true},
    {0, "stream-connect", true},
    {0, "bind-roles", true},
    {'s', "server", false},
    {'1', "one-off", false},
    {'D', "daemon", false},
    {'J', "json", false},
    {0, "json-stream", false},
    {0, "json-stream-full-output", false},
    {'R', "reverse", false},
    {0, "bidir", false},
    {'u', "udp", false},
    {0, "sctp", false},
    {'m', "mptcp", false},
    {'v', "version", false},
    {'h', "help", false},
};

struct Given {
  const Word* word;  // null: not in the table, so without an argument as far as we know
  std::string_view argument;
};

// The only word that `beginning` can stand for.
const Word* find_long(std::string_view beginning) {
  const Word* found = nullptr;
  for (const Word& w : kWords) {
    if (w.word == beginning) return &w;
    if (!w.word.starts_with(beginning)) continue;
    if (found != nullptr) return nullptr;
    found = &w;
  }
  return found;
}

const Word* find_short(char letter) {
  for (const Word& w : kWords)
    if (w.letter == letter) return &w;
  return nullptr;
}

Result<std::vector<Given>> read_words(const std::vector<std::string>& args) {
  std::vector<Given> given;
  for (std::size_t i = 0; i < args.size(); ++i) {
    std::string_view arg = args[i];
    const auto take_next = [&](const Word& w) -> Result<std::string_view> {
      if (i + 1 < args.size()) return std::string_view(args[++i]);
      return Error{Errc::Config, fmt::format("\"{}\" needs an argument (--{})", args[i], w.word)};
    };
    if (arg.starts_with("--")) {
      const std::size_t equals = arg.find('=');
      const Word* w = find_long(arg.substr(2, equals - 2));
      std::string_view value = equals == std::string_view::npos ? "" : arg.substr(equals + 1);
      if (w != nullptr && w->has_argument && equals == std::string_view::npos) {
        TRY(value, take_next(*w));
      }
      given.push_back({w, value});
    } else if (arg.starts_with("-")) {
      for (arg.remove_prefix(1); !arg.empty();) {
        const Word* w = find_short(arg.front());
        arg.remove_prefix(1);
        std::string_view value;
        if (w != nullptr && w->has_argument) {
          value = std::exchange(arg, std::string_view());
          if (value.empty()) {
            TRY(value, take_next(*w));
          }
        }
        given.push_back({w, value});
      }
    }
  }
  return given;
}

// iperf3's SIZE: a decimal with an optional k, m, g or t of 1024; a negative one becomes huge
// there.
Result<std::uint64_t> read_size(const Given& g) {
  const std::string text(g.argument);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !(value >= 0)) {
    return Error{Errc::Config,
                 fmt::format("--{} {}: write a size such as 256M", g.word->word, text)};
  }
  constexpr std::string_view kSuffixes = "kmgt";
  const auto lower = static_cast<char>(*end | 0x20);
  const std::size_t power = *end == '\0' ? std::string_view::npos : kSuffixes.find(lower);
  double scale = 1;
  if (power != std::string_view::npos)
    for (std::size_t i = 0; i <= power; ++i) scale *= 1024;
  return static_cast<std::uint64_t>(std::min(value * scale, 1e18));
}

Result<int> read_int(const Given& g, int least, int most) {
  int n = 0;
  const char* const end = g.argument.data() + g.argument.size();
  const auto [at, error] = std::from_chars(g.argument.data(), end, n);
  if (error != std::errc{} || at != end || n < least || n > most) {
    return Error{Errc::Config, fmt::format("--{} {}: write a number from {} to {}", g.word->word,
                                           g.argument, least, most)};
  }
  return n;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Result<void> apply(const Given& g, TestShape& shape) {
  const std::string_view word = g.word->word;
  if (is_one_of(word, {"server", "client", "port", "json", "one-off"})) {
    return Error{Errc::Config, fmt::format("--{} is set by the runner itself; leave it out", word)};
  }
  if (is_one_of(word, {"daemon", "logfile", "json-stream", "json-stream-full-output", "version",
                       "help"})) {
    return Error{Errc::Config,
                 fmt::format("--{} hides what a run has to watch; leave it out", word)};
  }
  if (is_one_of(word, {"udp", "sctp", "mptcp"}))
    return Error{Errc::Config, fmt::format("--{}: there are verdicts for TCP tests only", word)};
  if (word == "bidir") shape.mode = Mode::Bidir;
  if (word == "reverse") shape.mode = Mode::Reverse;
  if (word == "role-flag") shape.role_flag = g.argument;
  if (word == "role-flag-level") {
    TRY(shape.role_flag_level, read_int(g, 1, 2));
  }
  if (word == "parallel") {
    TRY(shape.streams, read_int(g, 1, 128));
  }
  if (word == "omit") shape.omits_start = true;
  if (word == "length") {
    TRY(shape.block_bytes, read_size(g));
  }
  if (word == "window") {
    TRY(shape.window_bytes, read_size(g));
  }
  if (word == "bytes" || word == "blockcount") {
    TRY(auto goal, read_size(g));
    shape.has_size_goal = shape.has_size_goal || goal > 0;
  }
  return ok();
}

}  // namespace

Result<TestShape> read_shape(const std::vector<std::string>& args) {
  TRY(auto given, read_words(args));
  TestShape shape;
  for (const Given& g : given) {
    if (g.word == nullptr) continue;
    TRY(apply(g, shape));
  }
  if (shape.block_bytes == 0) shape.block_bytes = TestShape().block_bytes;
  return shape;
}

}  // namespace rolecall::scenario
