// What is given to the ledger, and what is made of it before its place is known.
#pragma once

#include <string>

#include "base/base.h"
#include "ledger/batch.h"
#include "ledger/record.h"
#include "ledger/salts.h"

namespace mc::ledger {

// What is to be recorded. Texts as in Header. In the log "sign" there are log, leaf and key alone.
struct Entry {
  std::string log;
  std::string type;
  std::string actor;
  std::string tenant;
  std::string action;
  std::string purpose;
  std::string warrant;
  std::string payload;
  // The same again in this log gives its first record, within the last kRepeatKeysMax of all logs.
  RepeatKey key = {};
  std::string leaf = {};  // of the log "sign"
};

// An entry with its salt drawn, its payload hashed and its leaf made as far as that goes, which any
// thread can do. `invalid` when it cannot stand in the ledger.
struct Prepared {
  std::string log;
  RepeatKey key = {};
  LeafForm leaf;
  Salt salt = {};
  std::string payload;
  // At most, in a batch.
  std::size_t bytes() const { return kRecordOverhead + leaf.size_max() + payload.size(); }
};
Result<Prepared> prepare(Entry&& entry, Salts& salts);

}  // namespace mc::ledger
