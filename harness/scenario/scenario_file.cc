// SPDX-License-Identifier: BSD-3-Clause
#include "harness/scenario/scenario_file.h"

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/base/files.h"
#include "harness/scenario/conversation_fields.h"
#include "harness/scenario/file_fields.h"
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

// Reads one document.
class Reader {
 public:
  explicit Reader(const fs::path& path) : fields_(path) {}

  Result<Scenario> read(const JsonNode& root);

 private:
  Error wrong(const JsonNode& at, std::string_view what) const { return fields_.wrong(at, what); }
  Result<void> read_peers(const JsonNode& root, Scenario& into) const;
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
  Result<void> read_limit(const JsonNode& root, Duration& into) const;
  Result<void> read_test(const JsonNode& root, Scenario& into) const;

  FileFields fields_;
};

Result<void> Reader::read_peers(const JsonNode& root, Scenario& into) const {
  for (const char* key : {"server", "client"}) {
    const bool is_client = key == std::string_view("client");
    PeerSpec& spec = is_client ? into.client : into.server;
    TRY(spec, read_peer_spec(fields_, root, key));
    auto shape = read_shape(spec.args);
    if (!shape) return wrong(*root.member(key), fmt::format("{}: {}", key, shape.error().what));
    (is_client ? into.shape : into.server_shape) = shape.value();
  }
  return ok();
}

Result<void> Reader::read_outcome(const JsonNode& object, std::string_view key,
                                  std::optional<Outcome>& into) const {
  TRY(const auto* node, fields_.typed(object, key, Kind::String));
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
  TRY(const auto* node, fields_.typed(object, key, Kind::String));
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
  TRY(fields_.read_texts(root, "levers", words));
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
  TRY(fields_.read_text(root, "schedule", text));
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
  TRY(fields_.check_object(node, "expect"));
  TRY(read_outcome(node, "above", into.expect.above));
  TRY(read_outcome(node, "below", into.expect.below));
  TRY(fields_.read_text(node, "client_says", into.expect.client_says));
  if (const auto* verdict = node.member("verdict"))
    return wrong(*verdict,
                 R"("verdict" is for a conversation; here it is "above" or "below" the queue)");
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
        expect, R"(lever "link" acts below the accept queue, but "expect" names no verdict there)");
  return ok();
}

// Verdicts that are right beside the stated one: of a test that may end in several ways.
Result<void> Reader::read_also_expected(const JsonNode& expect,
                                        std::vector<VerdictKind>& into) const {
  TRY(const auto* node, fields_.typed(expect, "or", Kind::Array));
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
  TRY(fields_.check_object(node, "control"));
  TRY(fields_.read_number(node, "repeat", 0, kMaxRepeat, into.repeat));
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
  TRY(fields_.check_object(*node, "link"));
  double delay_ms = 0;
  int hold_ms = 0;
  int rto_min_ms = 0;
  int seed = static_cast<int>(into.seed);
  TRY(fields_.read_number(*node, "mtu", kLeastMtu, 65'535, into.mtu));
  TRY(fields_.read_real(*node, "delay_ms", 0, 10'000, delay_ms));
  TRY(fields_.read_real(*node, "loss_percent", 0, 99, into.loss_percent));
  TRY(fields_.read_number(*node, "seed", 0, 2'000'000'000, seed));
  TRY(fields_.read_number(*node, "hold_ms", 1, kMaxLimitMs, hold_ms));
  TRY(fields_.read_number(*node, "rto_min_ms", 1, kMaxLimitMs, rto_min_ms));
  TRY(const auto* proxy, fields_.typed(*node, "proxy", Kind::Boolean));
  into.has_proxy = proxy != nullptr && proxy->boolean;
  if (into.has_proxy && levers.size() > 1)
    return wrong(*node, R"(a proxy stands on the link: "levers" may be ["link"] only)");
  into.delay = Duration{std::llround(delay_ms * 1e6)};
  into.seed = static_cast<std::uint64_t>(seed);
  if (hold_ms != 0) into.hold_limit = milliseconds(hold_ms);
  if (rto_min_ms != 0) into.shortest_timer = milliseconds(rto_min_ms);
  return ok();
}

Result<void> Reader::read_address(const JsonNode& root, std::string& into) const {
  TRY(fields_.read_text(root, "address", into));
  if (into != "127.0.0.1" && into != "::1")
    return wrong(*root.member("address"),
                 fmt::format("\"address\" is \"{}\"; peers run on this machine: write 127.0.0.1 or "
                             "::1",
                             into));
  return ok();
}

Result<void> Reader::read_limit(const JsonNode& root, Duration& into) const {
  int limit_ms = static_cast<int>(into.in_ms());
  TRY(fields_.read_number(root, "limit_ms", 1, kMaxLimitMs, limit_ms));
  into = milliseconds(limit_ms);
  return ok();
}

// What two programs that meet are asked, beside who they are.
Result<void> Reader::read_test(const JsonNode& root, Scenario& into) const {
  for (const char* key : {"server", "client"})
    if (const auto* command = root.member(key)->member("command"))
      return wrong(*command,
                   "a \"command\" is for a conversation with it; two programs that meet are "
                   "peers, each a \"peer\"");
  TRY(fields_.require(root, "", "schedule"));
  TRY(read_address(root, into.address));
  TRY(read_levers(root, into.levers));
  TRY(read_schedule(root, into));
  TRY(read_expect(root, into));
  TRY(read_link(root, into.levers, into.link));
  return read_limit(root, into.limit);
}

Result<Scenario> Reader::read(const JsonNode& root) {
  TRY(fields_.check_object(root, ""));
  Scenario scenario;
  int schema = 0;
  TRY(fields_.read_number(root, "schema", kSchema, kSchema, schema));
  TRY(fields_.read_text(root, "claim", scenario.claim));
  TRY(fields_.read_texts(root, "why", scenario.why));
  TRY(read_peers(root, scenario));
  if (scenario.has_conversation()) {
    TRY(read_beside_conversation(fields_, root, scenario));
  } else {
    TRY(read_test(root, scenario));
  }
  TRY(fields_.read_number(root, "repeat", 1, kMaxRepeat, scenario.repeat));
  TRY(read_control(root, scenario.schedule, scenario.control));
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
