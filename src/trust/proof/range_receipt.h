// Range receipts: all records of a log between two times, with the proof that none was left out.
//
// A log is dense, its times do not go back, and each record has the hash of the one before it. So
// consecutive records whose last is proven in the log leave no room between them; the one before
// the range and the one behind it are there to show where it ends. The times of the range are what
// is asked, and nobody signs them: changed ones hold when the same records answer them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "ledger/ledger.h"
#include "proof/receipt_parts.h"
#include "proof/report.h"
#include "tlog/tlog.h"

namespace mc::proof {

inline constexpr std::size_t kRangeRecordsMax = 10'000;
inline constexpr std::size_t kRangeBytesMax = 64 << 20;

struct TimeRange {
  WallTime from;  // inside
  WallTime to;    // outside
  bool contains(WallTime at) const { return from <= at && at < to; }
  bool operator==(const TimeRange&) const = default;
};

struct RangeReceipt {
  TimeRange range;  // whole milliseconds
  struct Record {
    std::string leaf;
    std::optional<Opened> opened;  // of those in the range that were not erased
    bool operator==(const Record&) const = default;
  };
  std::vector<Record> records;  // with the one before the range, unless it begins with the log
  Anchor anchor;                // of the last
  bool operator==(const RangeReceipt&) const = default;
};

// Under `checkpoint`. `not_found` without such a log; `exhausted` for more than kRangeRecordsMax
// records; `conflict` when the log has no record at or after range.to yet, or the checkpoint does
// not have it.
Result<RangeReceipt> make_range_receipt(const ledger::Store& store, const std::string& log,
                                        TimeRange range, std::string checkpoint);

std::string print_range_receipt(const RangeReceipt& receipt);  // RFC 8785, one line
// Only what print_range_receipt() writes.
Result<RangeReceipt> parse_range_receipt(std::string_view json);

// Steps: records, chain, complete, payloads, head, inclusion, checkpoint, head_inclusion.
Report check_range_receipt(const RangeReceipt& receipt, const tlog::Policy& policy);

}  // namespace mc::proof
