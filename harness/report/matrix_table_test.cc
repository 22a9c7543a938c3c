// SPDX-License-Identifier: BSD-3-Clause
#include "harness/report/matrix_table.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/made_results.h"

namespace rolecall::report {
namespace {

using scenario::MatrixCell;
using scenario::MatrixPeer;
using testing::HasSubstr;

MatrixCell cell_of(std::size_t client, Mode mode, int streams) {
  MatrixCell cell;
  cell.client = client;
  cell.mode = mode;
  cell.streams = streams;
  cell.scenario.name = std::string(1, static_cast<char>('a' + client)) + std::to_string(streams);
  return cell;
}

scenario::ScenarioResult result_of(const MatrixCell& cell) {
  scenario::ScenarioResult result;
  result.scenario = cell.scenario;
  result.controls = {control_of(1)};
  return result;
}

// As --only chooses them: of one pair these tests, of another pair those.
TEST(MatrixTableTest, APairNeedNotHaveTheTestsOfAnother) {
  const std::vector<MatrixPeer> clients(2);
  const std::vector<MatrixCell> cells = {cell_of(0, Mode::Bidir, 1), cell_of(1, Mode::Bidir, 1),
                                         cell_of(1, Mode::Forward, 2)};
  std::vector<scenario::ScenarioResult> results;
  for (const MatrixCell& cell : cells) results.push_back(result_of(cell));
  const std::string text = matrix_table(clients, std::vector<MatrixPeer>(1), cells, results, {});
  EXPECT_THAT(text, HasSubstr("forward P=2: none"));
  EXPECT_THAT(text, HasSubstr("3 of 3 cells as declared"));
}

}  // namespace
}  // namespace rolecall::report
