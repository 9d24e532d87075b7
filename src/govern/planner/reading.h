// The rows of a question as a table of the privacy engine.
//
// A row whose keys are not among the public ones, and one whose value is missing, is left out; a
// missing key is a key of its own (null) where keys are selected; one that is longer than a public
// key may be, or no UTF-8, leaves its row out. A missing unit is one unit with all others. Whatever
// goes wrong says nothing of a row.
#pragma once

#include "base/base.h"
#include "dataset/private.h"
#include "dp/dp.h"
#include "planner/question.h"

namespace mc::planner {

// Reads all rows through `scan` into a table, then releases it. The secret is the dataset's and the
// tenant's own, the same for each release. `chance` is used by this thread alone.
struct Reading {
  const json::Value* where = nullptr;  // null = every row
  dataset::RowScan& scan;
  const dp::PrivacyUnit& unit;
};
Result<dp::Release> release_of(const Question& question, const dp::Spec& spec,
                               const Reading& reading, dp::Chance chance);

}  // namespace mc::planner
