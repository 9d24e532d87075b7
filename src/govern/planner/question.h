// A question: what is asked of a dataset, apart from how exactly; and its price, once that is said.
//
// Pure functions of what the caller wrote and the model says. Two callers who mean the same have
// the same digest, whatever the order, spelling and aliases they chose: it is taken over the
// canonical form of docs/formats/dp-answer.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accountant/accountant.h"
#include "base/base.h"
#include "dataset/model.h"
#include "dataset/private.h"
#include "dp/dp.h"
#include "json/json.h"
#include "planner/grid.h"
#include "planner/settings.h"

namespace mc::planner {

struct Question {
  const dataset::Dataset* dataset = nullptr;
  dataset::PrivateAggregate aggregate = dataset::PrivateAggregate::count;
  std::vector<int> columns;         // to be scanned: the unit, then keys, then the value
  std::vector<int> keys;            // columns of the groups, in the caller's order
  std::vector<std::size_t> sorted;  // the places of `keys`, by name: the canonical order
  std::optional<Grid> grid;         // of the value
  std::vector<std::string> known;   // canonical keys of all groups; empty = they are selected
  dp::Spec spec;                    // without noise and budget
  std::string snapshot;
  std::string digest;  // "sha256:...", of everything above and of which noise
};

// Errors (`invalid`, `exhausted`) name the argument: "of: income is not a number of this dataset".
// `snapshot` names the moment: snapshot_at().
Result<Question> question_of(const dataset::Dataset& dataset, const dataset::PrivateCall& call,
                             const Settings& settings, std::string snapshot);

// The name of the snapshot that is answered at a time: "2026-11-30T00:00:00Z".
std::string snapshot_at(Nanos span, WallTime time);

// The key of a group: a JSON array of texts, numbers, booleans and nulls.
std::string group_key(const std::vector<json::Value>& values);
// A value of a key column as JSON, as a row has it, or as a public key is written.
json::Value key_value(const dataset::Column& column, const sql::Rows::Value& value);
json::Value key_value(const dataset::Column& column, const std::string& written);

struct Priced {
  dp::Spec spec;
  dp::Quote quote;
  accountant::Cost cost;
};
// With all of epsilon: half of it selects keys that are not public. Without either the cost has no
// delta.
Result<Priced> priced(const Question& question, accountant::NanoEpsilon epsilon,
                      const Settings& settings);

}  // namespace mc::planner
