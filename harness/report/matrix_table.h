// SPDX-License-Identifier: BSD-3-Clause
// The matrix as one table: a row a pair, a group of columns a mode, one short word a cell.
#pragma once

#include <string>
#include <vector>

#include "harness/report/table.h"
#include "harness/scenario/matrix.h"
#include "harness/scenario/run_result.h"

namespace rolecall::report {

// `results`: of the cells' scenarios, one for each lever, in any order. A "!" behind a word says
// that the cell was declared to show something else. Ends with what the words mean and how many
// cells were as declared.
std::string matrix_table(const std::vector<scenario::MatrixPeer>& clients,
                         const std::vector<scenario::MatrixPeer>& servers,
                         const std::vector<scenario::MatrixCell>& cells,
                         const std::vector<scenario::ScenarioResult>& results, const Style& style);

}  // namespace rolecall::report
