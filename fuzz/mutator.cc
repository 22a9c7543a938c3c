// SPDX-License-Identifier: BSD-3-Clause
// What libFuzzer calls in place of its own mutations, for inputs that are steps: it changes, adds,
// takes away and moves steps, and joins the steps of two inputs. libFuzzer's own mutations work on
// the bytes that a step carries. ROLECALL_FUZZ_PAIR: only the steps of a pair.
#include <algorithm>
#include <cstring>
#include <random>

#include "fuzz/step_words.h"
#include "fuzz/target.h"

using namespace rolecall;
using fuzz::Input;
using fuzz::Step;
using Random = std::mt19937;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

static int below(Random& random, std::size_t limit) {
  return static_cast<int>(random() % limit);
}

#ifdef ROLECALL_FUZZ_PAIR
static constexpr auto kIsOurs = &fuzz::StepWord::in_pair;
#else
static constexpr auto kIsOurs = &fuzz::StepWord::in_sessions;
#endif

// Documents that lead on, so that what follows them is reached from an empty corpus. Each is a step
// like any other afterwards.
static constexpr const char* kResults =
    R"({"cpu_util_total":1,"cpu_util_user":1,"cpu_util_system":0,"sender_has_retransmits":0,)"
    R"("streams":[{"id":1,"bytes":9,"retransmits":0,"jitter":0,"errors":0,"packets":0}]})";
static constexpr const char* kDocuments[] = {
    "{}",
    R"({"tcp":true,"time":1,"parallel":1,"bidirectional":true,"role_flag":2})",
    R"({"tcp":true,"time":1,"parallel":2,"role_flag":1})",
    R"({"udp":true,"time":1,"parallel":1,"len":1460,"role_flag":2})",
    R"({"role_flag":2})",
    R"({"role_flag":1})",
    R"({"error":"why"})",
    kResults,
};

static void draw_text(Step& step, Random& random) {
  if (step.kind == Step::Kind::Frame && random() % 2 == 0) {
    step.text = kDocuments[random() % std::size(kDocuments)];
    return;
  }
  std::uint8_t room[1024];
  const std::size_t size = std::min(step.text.size(), sizeof room / 2);
  std::memcpy(room, step.text.data(), size);
  const std::size_t grown = LLVMFuzzerMutate(room, size, sizeof room);
  step.text.assign(reinterpret_cast<const char*>(room), grown);
}

static void draw_values(Step& step, const fuzz::StepWord& known, Random& random) {
  static constexpr std::uint32_t kCounts[] = {0, 1, 3, 4, 36, 37, 38, 40, 100, 8192, 9999, 10000};
  if (known.most_at > 0) step.at = below(random, static_cast<std::size_t>(known.most_at) + 1);
  if (step.kind == Step::Kind::State && random() % 4 != 0) step.at = below(random, 18);
  if (known.most_count > 0) {
    const auto edge = random() % 8 == 0 ? UINT32_MAX : kCounts[random() % std::size(kCounts)];
    const auto drawn = random() % 2 == 0 ? edge : static_cast<std::uint32_t>(random() % 64);
    step.count = std::min(drawn, known.most_count);
  }
  if (known.has_text) draw_text(step, random);
}

static Step draw_step(Random& random) {
  const fuzz::StepWord* known = nullptr;
  do known = &fuzz::kStepWords.at(random() % fuzz::kStepWords.size());
  while (!(known->*kIsOurs));
  Step step{.kind = known->kind, .at = 0, .count = 0, .text = {}};
  draw_values(step, *known, random);
  return step;
}

static void mutate_settings(Input& input, Random& random) {
  const Input::End end{static_cast<session::FlagMode>(below(random, fuzz::kModes.size())),
                       below(random, 2) + 1};
  switch (random() % 5) {
    case 0:
      input.client = end;
      break;
    case 1:
      input.server = end;
      break;
    case 2:
      input.direction = fuzz::kDirections.at(random() % fuzz::kDirections.size());
      break;
    case 3:
      input.parallel = below(random, fuzz::kMostParallel) + 1;
      break;
    default:
      input.is_lazy = !input.is_lazy;
  }
}

static void mutate_steps(std::vector<Step>& steps, Random& random) {
  const auto place = [&](std::size_t room) { return steps.begin() + below(random, room); };
  const auto kind = steps.empty() ? 0 : random() % 6;
  if (kind <= 1) {
    if (steps.size() < fuzz::kMostSteps) steps.insert(place(steps.size() + 1), draw_step(random));
  } else if (kind == 2) {
    steps.erase(place(steps.size()));
  } else if (kind == 3) {
    std::iter_swap(place(steps.size()), place(steps.size()));
  } else if (kind == 4) {
    *place(steps.size()) = draw_step(random);
  } else {
    Step& step = *place(steps.size());
    draw_values(step, *std::ranges::find(fuzz::kStepWords, step.kind, &fuzz::StepWord::kind),
                random);
  }
}

static std::size_t store(const Input& input, std::uint8_t* out, std::size_t max_size) {
  const std::string text = print(input);
  const std::size_t kept = std::min(text.size(), max_size);
  std::memcpy(out, text.data(), kept);
  return kept;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  Input input = fuzz::read_input(as_text(fuzz::bytes(data, size)));
  Random random(seed);
  const int changes = 1 + below(random, 3);
  for (int i = 0; i < changes; ++i) {
    random() % 6 == 0 ? mutate_settings(input, random) : mutate_steps(input.steps, random);
  }
  return store(input, data, max_size);
}

// The settings and first steps of one, the last steps of the other.
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2,
                                                 std::uint8_t* out, std::size_t max_out,
                                                 unsigned seed);
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2,
                                                 std::uint8_t* out, std::size_t max_out,
                                                 unsigned seed) {
  Input joined = fuzz::read_input(as_text(fuzz::bytes(data1, size1)));
  const Input other = fuzz::read_input(as_text(fuzz::bytes(data2, size2)));
  Random random(seed);
  joined.steps.resize(static_cast<std::size_t>(below(random, joined.steps.size() + 1)));
  const auto from = other.steps.begin() + below(random, other.steps.size() + 1);
  joined.steps.insert(joined.steps.end(), from, other.steps.end());
  joined.steps.resize(std::min(joined.steps.size(), fuzz::kMostSteps));
  return store(joined, out, max_out);
}
