// The ledger of a data directory with its key, and the witness that a server may be to others.
#pragma once

#include <memory>
#include <string>

#include "ledger/ledger.h"
#include "maestro/machine.h"
#include "maestro/settings.h"
#include "search/search.h"
#include "transparency/transparency.h"
#include "witness/witness.h"

namespace mc::app {

struct OwnLedger {
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<transparency::Recorder> recorder;
};

std::string ledger_folder(const Settings& settings);

// Where its keys are (ledger/keys.h): the one that signs, and the one before while there is one.
std::string ledger_key_path(const Settings& settings);
std::string previous_key_path(const Settings& settings);

// Makes key and ledger at the first start, and records what is new about its keys. Whoever calls
// holds the lock of the data directory. `corrupt` when the ledger is not the one that was signed,
// or was changed, `conflict` when it has another key: it must not go on.
Result<OwnLedger> open_ledger(Machine& machine, const Settings& settings);

// What was signed last, by what the file of it says; empty when there is none.
Result<tlog::TreeHead> signed_head(const Machine& machine, const Settings& settings);

// What happens without a warrant; the default without a file.
Result<transparency::AccessPolicy> read_access_policy(Machine& machine, const Settings& settings);

// In data_dir/search.db, which is made again when it cannot be read.
Result<std::unique_ptr<search::Index>> open_index(Machine& machine, const Settings& settings,
                                                  const ledger::Ledger& ledger);

// Null when no log is to be witnessed.
Result<std::unique_ptr<witness::Witness>> open_witness(Machine& machine, const Settings& settings);

}  // namespace mc::app
