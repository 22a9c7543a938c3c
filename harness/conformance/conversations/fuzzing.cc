// SPDX-License-Identifier: BSD-3-Clause
#include "harness/conformance/conversations/fuzzing.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "harness/conformance/conversations/mutate.h"

namespace rolecall::conformance {
namespace {

constexpr std::size_t kMostRemembered = 32;
// What takes seconds to be seen is tried less often.
constexpr std::size_t kTries = 150;
constexpr std::size_t kTriesOfAHang = 12;

bool is_raised(const StopToken* stop) {
  return stop != nullptr && stop->is_raised();
}

// Makes a harmful conversation smaller, each time with a fresh program.
class Shrinker {
 public:
  Shrinker(LiveTarget& target, const Harm& harm, const StopToken* stop)
      : target_(target),
        stop_(stop),
        kind_(harm.kind),
        tries_(kind_ == Harm::Kind::Hang ? kTriesOfAHang : kTries) {}

  Checked<bool> harms(const Conversation& conversation) {
    target_.restart();
    TRY(const Heard heard, target_.talk(conversation));
    return heard.harm && heard.harm->kind == kind_;
  }

  Checked<Conversation> shrink(Conversation conversation) {
    TRY(drop_steps(conversation));
    for (std::size_t i = 0; i < conversation.size(); ++i) {
      TRY(shorten(conversation, i));
    }
    return conversation;
  }

 private:
  // Takes what harms as well; whether it did. What says nothing does no harm.
  Checked<bool> try_instead(Conversation& conversation, const Conversation& smaller) {
    if (tries_ == 0 || is_raised(stop_) || !opens_any(smaller)) return false;
    --tries_;
    TRY(const bool harmed, harms(smaller));
    if (harmed) conversation = smaller;
    return harmed;
  }

  // Runs of steps, long ones first.
  Checked<void> drop_steps(Conversation& conversation) {
    for (std::size_t count = conversation.size() / 2; count > 0; count /= 2) {
      for (std::size_t at = 0; at + count <= conversation.size();) {
        Conversation smaller = conversation;
        const auto from = smaller.begin() + static_cast<std::ptrdiff_t>(at);
        smaller.erase(from, from + static_cast<std::ptrdiff_t>(count));
        TRY(const bool harmed, try_instead(conversation, smaller));
        if (!harmed) at += count;
      }
    }
    return ok();
  }

  // Half of what a long step sends, as often as that will do.
  Checked<void> shorten(Conversation& conversation, std::size_t index) {
    while (conversation[index].verb == Verb::Send && conversation[index].bytes.size() > 64) {
      Conversation smaller = conversation;
      smaller[index].bytes.resize(smaller[index].bytes.size() / 2);
      TRY(const bool harmed, try_instead(conversation, smaller));
      if (!harmed) break;
    }
    return ok();
  }

  LiveTarget& target_;
  const StopToken* stop_;
  Harm::Kind kind_;
  std::size_t tries_;
};

// What each step does, and on which connection, counted from the first that is named: their own
// numbers say nothing.
std::vector<std::pair<Verb, std::size_t>> pattern_of(const Conversation& conversation) {
  std::vector<std::pair<Verb, std::size_t>> pattern;
  std::vector<decltype(Step::connection)> named;
  for (const Step& step : conversation) {
    const auto at = std::ranges::find(named, step.connection);
    pattern.emplace_back(step.verb, static_cast<std::size_t>(at - named.begin()));
    if (at == named.end()) named.push_back(step.connection);
  }
  return pattern;
}

class Fuzzing {
 public:
  Fuzzing(LiveTarget& target, const FuzzLimits& limits)
      : target_(target), stop_(limits.stop), random_(limits.seed) {}

  // The first `seeds` conversations are had as they are.
  Checked<void> begin(std::vector<Conversation> seeds) {
    for (Conversation& seed : seeds) {
      TRY(const Heard heard, target_.talk(seed));
      if (heard.harm) {
        return Failure{"a test in which everything is right does no harm",
                       fmt::format("{}: {}\n{}{}", name(heard.harm->kind), heard.harm->what,
                                   heard.time_line, target_.output()),
                       Blame::Environment};
      }
      ways_.insert(heard.answers);
      corpus_.push_back(std::move(seed));
    }
    return ok();
  }

  Checked<void> go_on() {
    Conversation next = mutate(corpus_[random_() % corpus_.size()], random_);
    TRY(Heard heard, target_.talk(next));
    ++outcome_.conversations;
    recent_.push_back(next);
    if (heard.harm) {
      TRY(keep(std::move(heard)));
      recent_.clear();
    } else if (ways_.insert(heard.answers).second) {
      corpus_.push_back(std::move(next));
    }
    if (recent_.size() > kMostRemembered) {
      recent_.erase(recent_.begin());
    }
    outcome_.ways = ways_.size();
    return ok();
  }

  FuzzOutcome& outcome() { return outcome_; }

 private:
  // The last so many conversations as one.
  Conversation last(std::size_t count) const {
    Conversation all;
    for (std::size_t i = recent_.size() - count; i < recent_.size(); ++i) {
      all.insert(all.end(), recent_[i].begin(), recent_[i].end());
    }
    return all;
  }

  Checked<void> keep(Heard heard) {
    Finding finding{.harm = *heard.harm,
                    .conversation = last(recent_.size()),
                    .is_repeatable = false,
                    .time_line = std::move(heard.time_line),
                    .output = target_.output()};
    Shrinker shrinker(target_, finding.harm, stop_);
    for (std::size_t count = 1; count <= recent_.size() && !finding.is_repeatable; count *= 2) {
      TRY(finding.is_repeatable, shrinker.harms(last(count)));
      if (!finding.is_repeatable) continue;
      TRY(finding.conversation, shrinker.shrink(last(count)));
      TRY(see_again(finding));
    }
    target_.restart();
    if (is_new(finding)) outcome_.findings.push_back(std::move(finding));
    return ok();
  }

  // What the small one does is what is told.
  Checked<void> see_again(Finding& finding) {
    target_.restart();
    TRY(Heard heard, target_.talk(finding.conversation));
    if (!heard.harm) return ok();
    finding.harm = *heard.harm;
    finding.time_line = std::move(heard.time_line);
    finding.output = target_.output();
    return ok();
  }

  // Two of a kind whose steps are of the same kinds are one bug, as far as can be seen from here.
  bool is_new(const Finding& finding) const {
    return std::ranges::none_of(outcome_.findings, [&](const Finding& known) {
      return known.harm.kind == finding.harm.kind &&
             pattern_of(known.conversation) == pattern_of(finding.conversation);
    });
  }

  LiveTarget& target_;
  const StopToken* stop_;
  Random random_;
  std::vector<Conversation> corpus_;
  std::set<std::string> ways_;
  std::vector<Conversation> recent_;  // since the program was started
  FuzzOutcome outcome_;
};

}  // namespace

Checked<FuzzOutcome> fuzz(LiveTarget& target, std::vector<Conversation> seeds,
                          const FuzzLimits& limits,
                          const std::function<void(const FuzzOutcome&)>& told) {
  const TimePoint begin = now();
  Fuzzing fuzzing(target, limits);
  TRY(fuzzing.begin(std::move(seeds)));
  FuzzOutcome& outcome = fuzzing.outcome();
  const auto goes_on = [&] {
    outcome.took = now() - begin;
    return outcome.conversations < limits.conversations && outcome.took < limits.time &&
           outcome.findings.size() < limits.findings && !is_raised(limits.stop);
  };
  while (goes_on()) {
    TRY(fuzzing.go_on());
    told(outcome);
  }
  return std::move(outcome);
}

}  // namespace rolecall::conformance
