// What a session may see of a dataset, and who says so.
//
// A gate is asked before the first statement that touches a dataset, once for each dataset and use
// of a session. What it denies is a field error, and nothing of the dataset is read. Values of a
// masked column leave as mask::apply makes them, or as null where the GraphQL type cannot hold
// that (Int, Long, Float, Boolean, JSON hold no text; Date and DateTime only a generalised date);
// they are summed for nobody, and stand in no filter, order, group or key unless the gate says so.
// Relations join by masked columns, and pages are in the order of a masked key: neither shows one.
#pragma once

#include <cstdint>
#include <vector>

#include "base/base.h"
#include "mask/mask.h"

namespace mc::dataset {

// What the caller may do; decided by policy, never by this module.
struct Capabilities {
  bool aggregates = false;  // totalCount, personsAggregate
  bool writes = false;      // mutations
  bool noised = false;      // personsDP
};

struct DatasetAccess {
  Capabilities may{};
  std::vector<mask::Mask> masks = {};  // by column of the model; empty = none is masked
  // Masked columns that may be filtered, ordered, grouped and looked up by anyhow; by column of
  // the model, empty = none.
  std::vector<bool> filterable = {};
};

// read: rows. aggregate: totalCount, personsAggregate and its groups. write: mutations; one that
// answers with the row is a read as well, and shows what both uses show. noised: personsDP, whose
// answers are differentially private.
enum class Use : std::uint8_t { read, aggregate, write, noised };

class DatasetGate {
 public:
  virtual ~DatasetGate() = default;
  // What may be seen, or an error with a message for the caller; `denied` becomes FORBIDDEN.
  // `dataset` and `column` are indices of the model.
  virtual Result<DatasetAccess> enter(int dataset, Use use) = 0;
  // Asked when the first value of a column that is hashed or tokenised is shown.
  virtual mask::ColumnKey key(int dataset, int column) = 0;
};

}  // namespace mc::dataset
