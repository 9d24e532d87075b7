// A batch on its way to the disk or to the order, and what undoes it. Private to the module.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/store.h"

namespace mc::ledger {

struct Store::Draft {
  Batch batch;  // without its records
  BatchPrinter printer;
  std::string time;   // of the batch, as leaves have it
  std::string bytes;  // of the batch; none when there is nothing to write
  std::vector<Result<Recorded>> answers;
  std::map<std::uint32_t, Growth> growth;  // of the logs that were touched
  std::map<RepeatId, Recorded> repeats;
  std::map<std::uint32_t, LogState> before;  // of those logs that were there already
};

tl::unexpected<Error> stopped();  // after a failed write

}  // namespace mc::ledger
