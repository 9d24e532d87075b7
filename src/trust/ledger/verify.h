// Reads a whole ledger and believes nothing: digests and their chain, each leaf's place in its log
// and the hash of the one before it, each commitment whose payload is still there, each head in the
// log of heads, the head of each log at each batch.
//
// Segments are read by several threads; memory is that of one segment a thread. The derived files
// are not looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/base.h"
#include "sys/sys.h"
#include "tlog/tlog.h"

namespace mc::ledger {

struct VerifyReport {
  std::uint64_t segments = 0;
  std::uint64_t batches = 0;
  std::uint64_t records = 0;  // without head leaves
  std::uint64_t erased = 0;
  std::uint64_t torn = 0;  // bytes behind the last batch
  std::map<std::string, tlog::TreeHead> heads;
};

struct VerifyOptions {
  int threads = 1;
  std::function<void(std::size_t done, std::size_t all)> progress;  // between segments
  tlog::TreeHead signed_head;  // that was signed of the log "root": it must be there
};

// The ledger may be open elsewhere: what is appended meanwhile is left out. `corrupt` names the
// first thing that does not hold, with segment, batch or record, and says when a part of what was
// signed is missing.
Result<VerifyReport> verify(sys::Files& files, const std::string& folder,
                            const VerifyOptions& options = {});

}  // namespace mc::ledger
