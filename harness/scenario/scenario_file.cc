// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/scenario_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/base/check.h"
#include "harness/base/files.h"
#include "harness/scenario/json_tree.h"
#include "harness/scenario/nearest_word.h"

namespace rolecall::scenario {
namespace {

namespace fs = std::filesystem;
using Kind = JsonNode::Kind;

constexpr int kSchema = 1;
constexpr int kMaxRepeat = 10'000;
constexpr int kMaxLimitMs = 600'000;
constexpr int kLeastMtu = 1280;  // IPv6's
constexpr char kNotRealisableName[] = "not realisable";

struct Place {
  std::string_view name;
  std::vector<std::string_view> keys;
  std::vector<std::string_view> required;
};

const std::vector<Place>& places() {
  static const std::vector<Place> kPlaces = {
      {"",
       {"$schema", "schema", "claim", "why", "address", "server", "client", "schedule", "levers",
        "expect", "repeat", "control", "link", "limit_ms"},
       {"schema", "claim", "why", "server", "client", "schedule", "expect", "control"}},
      {"server", {"peer", "args"}, {"peer"}},
      {"client", {"peer", "args", "retrofit"}, {"peer"}},
      {"expect", {"above", "below", "or", "client_says"}, {}},
      {"control", {"repeat", "expect"}, {}},
      {"link", {"mtu", "delay_ms", "loss_percent", "seed", "hold_ms", "proxy"}, {}},
  };
  return kPlaces;
}

const Place& place_named(std::string_view name) {
  const auto& all = places();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const Place& p) { return p.name == name; });
  CHECK(it != all.end());
  return *it;
}

// Reads one document; every error says file and line.
class Reader {
 public:
  explicit Reader(const fs::path& path) : file_(path.string()) {}

  Result<Scenario> read(const JsonNode& root);

 private:
  Error wrong(const JsonNode& at, std::string what) const {
    return Error{Errc::Config, fmt::format("{}:{}: {}", file_, at.line, what)};
  }
  Result<void> check_object(const JsonNode& node, std::string_view place) const;
  Result<const JsonNode*> typed(const JsonNode& object, std::string_view key, Kind kind) const;
  Result<void> read_text(const JsonNode& object, std::string_view key, std::string& into) const;
  Result<void> read_number(const JsonNode& object, std::string_view key, int least, int most,
                           int& into) const;
  Result<void> read_real(const JsonNode& object, std::string_view key, double least, double most,
                         double& into) const;
  Result<void> read_texts(const JsonNode& object, std::string_view key,
                          std::vector<std::string>& into) const;
  Result<PeerSpec> read_peer(const JsonNode& root, std::string_view key) const;
  Result<void> read_outcome(const JsonNode& object, std::string_view key,
                            std::optional<Outcome>& into) const;
  Result<void> read_verdict(const JsonNode& object, std::string_view key,
                            std::vector<std::string_view> known,
                            std::optional<VerdictKind>& into) const;
  // `known`: as for read_verdict().
  Result<void> check_verdict(const JsonNode& node, std::vector<std::string_view> known,
                             std::optional<VerdictKind>& into) const;
  Result<void> read_levers(const JsonNode& root, std::vector<Lever>& into) const;
  Result<void> read_schedule(const JsonNode& root, Scenario& into) const;
  Result<void> read_expect(const JsonNode& root, Scenario& into) const;
  Result<void> check_natural(const JsonNode& expect, const Scenario& into) const;
  Result<void> read_also_expected(const JsonNode& expect, std::vector<VerdictKind>& into) const;
  Result<void> read_control(const JsonNode& root, const Schedule& schedule, Control& into) const;
  Result<void> read_link(const JsonNode& root, const std::vector<Lever>& levers,
                         LinkShape& into) const;
  Result<void> read_address(const JsonNode& root, std::string& into) const;

  std::string file_;
};

Result<void> Reader::check_object(const JsonNode& node, std::string_view place) const {
  const Place& known = place_named(place);
  const std::string where = place.empty() ? "a scenario" : fmt::format("\"{}\"", place);
  if (node.kind != Kind::Object)
    return wrong(node, fmt::format("{} is {}, an object is needed", where, name(node.kind)));
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const std::string& key = node.keys[i];
    if (std::find(known.keys.begin(), known.keys.end(), key) != known.keys.end()) continue;
    return wrong(node.items[i],
                 fmt::format("unknown key \"{}\" in {}; {}", key, where, suggest(key, known.keys)));
  }
  for (const std::string_view key : known.required)
    if (node.member(key) == nullptr)
      return wrong(node, fmt::format("{} has no key \"{}\"", where, key));
  return ok();
}

// The member, null when it is absent.
Result<const JsonNode*> Reader::typed(const JsonNode& object, std::string_view key,
                                      Kind kind) const {
  const JsonNode* node = object.member(key);
  if (node == nullptr || node->kind == kind) return node;
  return wrong(*node, fmt::format("\"{}\" is {}, {} is needed", key, name(node->kind), name(kind)));
}

Result<void> Reader::read_text(const JsonNode& object, std::string_view key,
                               std::string& into) const {
  TRY(const auto* node, typed(object, key, Kind::String));
  if (node == nullptr) return ok();
  if (node->text.empty()) return wrong(*node, fmt::format("\"{}\" is empty", key));
  into = node->text;
  return ok();
}

Result<void> Reader::read_number(const JsonNode& object, std::string_view key, int least, int most,
                                 int& into) const {
  TRY(const auto* node, typed(object, key, Kind::Integer));
  if (node == nullptr) return ok();
  if (node->integer < least || node->integer > most)
    return wrong(*node,
                 fmt::format("\"{}\" is {}, it may be {} to {}", key, node->integer, least, most));
  into = static_cast<int>(node->integer);
  return ok();
}

Result<void> Reader::read_real(const JsonNode& object, std::string_view key, double least,
                               double most, double& into) const {
  const JsonNode* node = object.member(key);
  if (node == nullptr) return ok();
  if (node->kind != Kind::Integer && node->kind != Kind::Real)
    return wrong(*node, fmt::format("\"{}\" is {}, a number is needed", key, name(node->kind)));
  if (node->real < least || node->real > most)
    return wrong(*node,
                 fmt::format("\"{}\" is {}, it may be {} to {}", key, node->real, least, most));
  into = node->real;
  return ok();
}

Result<void> Reader::read_texts(const JsonNode& object, std::string_view key,
                                std::vector<std::string>& into) const {
  TRY(const auto* node, typed(object, key, Kind::Array));
  if (node == nullptr) return ok();
  for (const JsonNode& item : node->items) {
    if (item.kind != Kind::String)
      return wrong(item, fmt::format("\"{}\" holds {}, strings are needed", key, name(item.kind)));
    into.push_back(item.text);
  }
  return ok();
}

Result<PeerSpec> Reader::read_peer(const JsonNode& root, std::string_view key) const {
  const JsonNode& node = *root.member(key);
  TRY(check_object(node, key));
  PeerSpec spec;
  TRY(read_text(node, "peer", spec.peer));
  TRY(read_texts(node, "args", spec.args));
  TRY(const auto* retrofit, typed(node, "retrofit", Kind::Boolean));
  spec.has_retrofit = retrofit != nullptr && retrofit->boolean;
  return spec;
}

Result<void> Reader::read_outcome(const JsonNode& object, std::string_view key,
                                  std::optional<Outcome>& into) const {
  TRY(const auto* node, typed(object, key, Kind::String));
  if (node != nullptr && node->text == kNotRealisableName) {
    into = kNotRealisable;
    return ok();
  }
  std::optional<VerdictKind> verdict;
  TRY(read_verdict(object, key, {kNotRealisableName}, verdict));
  if (verdict) into = Outcome{*verdict};
  return ok();
}

// `known`: what may stand there beside a verdict.
Result<void> Reader::read_verdict(const JsonNode& object, std::string_view key,
                                  std::vector<std::string_view> known,
                                  std::optional<VerdictKind>& into) const {
  TRY(const auto* node, typed(object, key, Kind::String));
  return node == nullptr ? ok() : check_verdict(*node, std::move(known), into);
}

Result<void> Reader::check_verdict(const JsonNode& node, std::vector<std::string_view> known,
                                   std::optional<VerdictKind>& into) const {
  for (const VerdictKind kind : kAllVerdicts) known.emplace_back(name(kind));
  into = verdict_named(node.text);
  if (!into)
    return wrong(node,
                 fmt::format("unknown verdict \"{}\"; {}", node.text, suggest(node.text, known)));
  if (*into == VerdictKind::Stuck || *into == VerdictKind::Inconclusive)
    return wrong(node, fmt::format("\"{}\" says that nothing was learned: no run can be expected "
                                   "to end so",
                                   node.text));
  return ok();
}

Result<void> Reader::read_levers(const JsonNode& root, std::vector<Lever>& into) const {
  std::vector<std::string> words;
  TRY(read_texts(root, "levers", words));
  const JsonNode* node = root.member("levers");
  if (node == nullptr) return ok();
  into.clear();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto lever = lever_named(words[i]);
    if (!lever)
      return wrong(node->items[i], fmt::format("unknown lever \"{}\"; {}", words[i],
                                               suggest(words[i], {"swap", "defer", "link"})));
    if (std::find(into.begin(), into.end(), *lever) != into.end())
      return wrong(node->items[i], fmt::format("lever \"{}\" stands here twice", words[i]));
    into.push_back(*lever);
  }
  return ok();
}

Result<void> Reader::read_schedule(const JsonNode& root, Scenario& into) const {
  std::string text;
  TRY(read_text(root, "schedule", text));
  const JsonNode& node = *root.member("schedule");
  auto schedule = parse_schedule(text);
  if (!schedule) return wrong(node, schedule.error().what);
  if (auto fits = check_fits(schedule.value(), into.connections()); !fits)
    return wrong(node, fits.error().what);
  into.schedule = std::move(schedule.value());
  if (!into.schedule.is_natural() && into.levers.empty())
    return wrong(node, "a schedule that is not natural needs a lever in \"levers\"");
  return ok();
}

Result<void> Reader::read_expect(const JsonNode& root, Scenario& into) const {
  const JsonNode& node = *root.member("expect");
  TRY(check_object(node, "expect"));
  TRY(read_outcome(node, "above", into.expect.above));
  TRY(read_outcome(node, "below", into.expect.below));
  TRY(read_text(node, "client_says", into.expect.client_says));
  if (!into.expect.above && !into.expect.below)
    return wrong(node, R"("expect" names no verdict, neither "above" nor "below" the queue)");
  TRY(read_also_expected(node, into.also_expected));
  if (into.schedule.is_natural()) return check_natural(node, into);
  if (into.schedule.needs_link())
    for (const Lever lever : into.levers)
      if (lever != Lever::Link)
        return wrong(
            *root.member("schedule"),
            fmt::format("lever \"{}\" sees no packets: rules on packets, and a stranger, need "
                        "\"levers\": [\"link\"]",
                        name(lever)));
  for (const Lever lever : into.levers)
    if (!into.expect.under(lever))
      return wrong(node, fmt::format("lever \"{}\" acts {} the accept queue, but \"expect\" names "
                                     "no verdict there",
                                     name(lever), acts_above_queue(lever) ? "above" : "below"));
  return ok();
}

// Where no order is imposed none can be impossible. Of the levers only the link acts then.
Result<void> Reader::check_natural(const JsonNode& expect, const Scenario& into) const {
  for (const auto* outcome : {&into.expect.above, &into.expect.below})
    if (*outcome && !(*outcome)->is_realisable)
      return wrong(expect, fmt::format("\"{}\" is said of an order, and the schedule is natural",
                                       kNotRealisableName));
  const bool is_on_link =
      std::find(into.levers.begin(), into.levers.end(), Lever::Link) != into.levers.end();
  if (is_on_link && !into.expect.below)
    return wrong(
        expect,
        "lever \"link\" acts below the accept queue, but \"expect\" names no verdict there");
  return ok();
}

// Verdicts that are right beside the stated one: of a test that may end in several ways.
Result<void> Reader::read_also_expected(const JsonNode& expect,
                                        std::vector<VerdictKind>& into) const {
  TRY(const auto* node, typed(expect, "or", Kind::Array));
  if (node == nullptr) return ok();
  for (const JsonNode& item : node->items) {
    if (item.text == kAnythingName) {
      into.assign(kAllVerdicts.begin(), kAllVerdicts.end());
      return ok();
    }
    std::optional<VerdictKind> verdict;
    TRY(check_verdict(item, {kAnythingName}, verdict));
    into.push_back(*verdict);
  }
  return ok();
}

Result<void> Reader::read_control(const JsonNode& root, const Schedule& schedule,
                                  Control& into) const {
  const JsonNode& node = *root.member("control");
  TRY(check_object(node, "control"));
  TRY(read_number(node, "repeat", 0, kMaxRepeat, into.repeat));
  if (into.repeat == 0 && !schedule.is_natural())
    return wrong(
        node,
        "a claim about an order says nothing without its control, the same test in natural "
        "order: \"repeat\" is 0, it may be 1 and more");
  std::optional<VerdictKind> expected;
  TRY(read_verdict(node, "expect", {}, expected));
  into.expect = expected.value_or(VerdictKind::Completed);
  return ok();
}

Result<void> Reader::read_link(const JsonNode& root, const std::vector<Lever>& levers,
                               LinkShape& into) const {
  const JsonNode* node = root.member("link");
  if (node == nullptr) return ok();
  if (std::find(levers.begin(), levers.end(), Lever::Link) == levers.end())
    return wrong(*node, R"("link" says what the link is like, and "levers" does not name it)");
  TRY(check_object(*node, "link"));
  double delay_ms = 0;
  int hold_ms = 0;
  int seed = static_cast<int>(into.seed);
  TRY(read_number(*node, "mtu", kLeastMtu, 65'535, into.mtu));
  TRY(read_real(*node, "delay_ms", 0, 10'000, delay_ms));
  TRY(read_real(*node, "loss_percent", 0, 99, into.loss_percent));
  TRY(read_number(*node, "seed", 0, 2'000'000'000, seed));
  TRY(read_number(*node, "hold_ms", 1, kMaxLimitMs, hold_ms));
  TRY(const auto* proxy, typed(*node, "proxy", Kind::Boolean));
  into.has_proxy = proxy != nullptr && proxy->boolean;
  if (into.has_proxy && levers.size() > 1)
    return wrong(*node, R"(a proxy stands on the link: "levers" may be ["link"] only)");
  into.delay = Duration{std::llround(delay_ms * 1e6)};
  into.seed = static_cast<std::uint64_t>(seed);
  if (hold_ms != 0) into.hold_limit = milliseconds(hold_ms);
  return ok();
}

Result<void> Reader::read_address(const JsonNode& root, std::string& into) const {
  TRY(read_text(root, "address", into));
  if (into != "127.0.0.1" && into != "::1")
    return wrong(*root.member("address"),
                 fmt::format("\"address\" is \"{}\"; peers run on this machine: write 127.0.0.1 or "
                             "::1",
                             into));
  return ok();
}

Result<Scenario> Reader::read(const JsonNode& root) {
  TRY(check_object(root, ""));
  Scenario scenario;
  int schema = 0;
  TRY(read_number(root, "schema", kSchema, kSchema, schema));
  TRY(read_text(root, "claim", scenario.claim));
  TRY(read_texts(root, "why", scenario.why));
  TRY(read_address(root, scenario.address));
  TRY(scenario.server, read_peer(root, "server"));
  TRY(scenario.client, read_peer(root, "client"));
  for (const auto* spec : {&scenario.server, &scenario.client}) {
    const char* key = spec == &scenario.server ? "server" : "client";
    auto shape = read_shape(spec->args);
    if (!shape) return wrong(*root.member(key), fmt::format("{}: {}", key, shape.error().what));
    (spec == &scenario.server ? scenario.server_shape : scenario.shape) = shape.value();
  }
  TRY(read_levers(root, scenario.levers));
  TRY(read_schedule(root, scenario));
  TRY(read_expect(root, scenario));
  TRY(read_number(root, "repeat", 1, kMaxRepeat, scenario.repeat));
  TRY(read_control(root, scenario.schedule, scenario.control));
  TRY(read_link(root, scenario.levers, scenario.link));
  int limit_ms = static_cast<int>(scenario.limit.in_ms());
  TRY(read_number(root, "limit_ms", 1, kMaxLimitMs, limit_ms));
  scenario.limit = milliseconds(limit_ms);
  return scenario;
}

}  // namespace

const char* name(Lever lever) {
  switch (lever) {
    case Lever::Swap:
      return "swap";
    case Lever::Defer:
      return "defer";
    case Lever::Link:
      return "link";
  }
  return "?";
}

std::optional<Lever> lever_named(std::string_view name) {
  for (const Lever lever : {Lever::Swap, Lever::Defer, Lever::Link})
    if (name == scenario::name(lever)) return lever;
  return std::nullopt;
}

const char* name(const Outcome& outcome) {
  return outcome.is_realisable ? name(outcome.verdict) : kNotRealisableName;
}

std::vector<std::string_view> known_keys(std::string_view place) {
  return place_named(place).keys;
}

Result<Scenario> parse_scenario(std::string_view text, const fs::path& path) {
  TRY(auto root, parse_json_tree(text, path.string()));
  TRY(auto scenario, Reader(path).read(root));
  scenario.name = path.stem().string();
  return scenario;
}

Result<Scenario> load_scenario(const fs::path& path) {
  TRY(auto text, read_file(path));
  TRY(auto scenario, parse_scenario(text, path));
  scenario.path = path;
  return scenario;
}

Result<std::vector<fs::path>> find_scenarios(const fs::path& path) {
  std::error_code failure;
  if (!fs::is_directory(path, failure)) {
    if (fs::is_regular_file(path, failure)) return std::vector{path};
    return Error{Errc::System, fmt::format("{}: no such scenario file or folder", path.string())};
  }
  std::vector<fs::path> files;
  for (fs::directory_iterator it(path, failure), end; !failure && it != end; it.increment(failure))
    if (it->path().extension() == ".json" && it->path().filename() != "schema.json")
      files.push_back(it->path());
  if (failure) return Error{Errc::System, "list " + path.string(), failure.value()};
  if (files.empty())
    return Error{Errc::System,
                 fmt::format("{}: no scenario (*.json) in this folder", path.string())};
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace rolecall::scenario
