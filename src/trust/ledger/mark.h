// What the ledger knows of its logs without reading them: enough to append, to give heads, and to
// begin the next start here instead of at the first batch.
//
// The mark is a file, written when a segment is full and the files of the trees are on the disk.
// It is derived: when it is damaged or gone, a start reads all batches.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "ledger/segments.h"
#include "tlog/tlog.h"

namespace mc::ledger {

// Ids are the places in the list of logs.
struct LogState {
  std::string name;
  tlog::Frontier tree;
  tlog::Hash last = {};  // of the last leaf; zeros before the first
};

struct Known {
  Mark mark;
  WallTime time;  // of the last batch
  std::vector<LogState> logs;
};

// magic "MCmark01", number 8, prev 32, segment 8, offset 8, time 8, logs 4, for each: name (length
// 2, bytes), size 8, last 32, the hashes of the tree's right edge (as many as its size has bits
// set); SHA-256 of all before.
std::string print_known(const Known& known);
Result<Known> parse_known(std::string_view bytes);

}  // namespace mc::ledger
