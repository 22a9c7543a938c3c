// SPDX-License-Identifier: BSD-3-Clause
#include "harness/perf/applicants.h"

#include <algorithm>
#include <utility>

#include "harness/base/check.h"
#include "harness/base/earlier.h"

namespace rolecall::perf {

void Applicants::add(std::unique_ptr<Hosting> one) {
  if (waiting_.size() >= most_) {
    farewells_.deny(waiting_.front()->take_control());
    waiting_.pop_front();
  }
  waiting_.push_back(std::move(one));
}

std::unique_ptr<Hosting> Applicants::take(Place place) {
  std::unique_ptr<Hosting> taken = std::move(*place);
  waiting_.erase(place);
  return taken;
}

std::unique_ptr<Hosting> Applicants::choose(const Hosting& one) {
  const auto place =
      std::ranges::find_if(waiting_, [&](const auto& waiting) { return waiting.get() == &one; });
  CHECK(place != waiting_.end());
  std::unique_ptr<Hosting> chosen = take(place);
  dismiss(wire::State::AccessDenied);
  return chosen;
}

std::unique_ptr<Hosting> Applicants::take_finished() {
  const auto place = std::ranges::find_if(waiting_, &Hosting::finished);
  return place == waiting_.end() ? nullptr : take(place);
}

void Applicants::dismiss(wire::State why) {
  for (const auto& one : waiting_) farewells_.deny(one->take_control(), why);
  waiting_.clear();
}

std::optional<TimePoint> Applicants::wake_at() const {
  std::optional<TimePoint> first;
  for (const auto& one : waiting_) first = earlier(first, one->wake_at());
  return first;
}

void Applicants::on_time(TimePoint now) {
  for (const auto& one : waiting_) one->on_time(now);
}

}  // namespace rolecall::perf
