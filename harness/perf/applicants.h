// SPDX-License-Identifier: BSD-3-Clause
// Clients that have said their cookie and not yet what test they want. All are asked at once, so
// that one that never answers keeps nobody waiting: whose parameters are there first has the test.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>

#include "harness/base/time.h"
#include "harness/perf/farewells.h"
#include "harness/perf/hosting.h"
#include "harness/wire/state.h"

namespace rolecall::perf {

class Applicants {
 public:
  // `farewells` must outlive it.
  Applicants(Farewells& farewells, std::size_t most) : farewells_(farewells), most_(most) {}

  // For one more than `most` the first has to go.
  void add(std::unique_ptr<Hosting> one);
  bool is_empty() const { return waiting_.empty(); }
  // The one that has the test; the others are told that the server is busy. REQUIRES: it is here.
  std::unique_ptr<Hosting> choose(const Hosting& one);
  // One that has failed, if there is any.
  std::unique_ptr<Hosting> take_finished();
  // Nobody gets a test; each is told `why`.
  void dismiss(wire::State why);

  std::optional<TimePoint> wake_at() const;
  void on_time(TimePoint now);

 private:
  using Place = std::list<std::unique_ptr<Hosting>>::iterator;
  std::unique_ptr<Hosting> take(Place place);

  Farewells& farewells_;
  const std::size_t most_;
  std::list<std::unique_ptr<Hosting>> waiting_;  // in order of arrival
};

}  // namespace rolecall::perf
