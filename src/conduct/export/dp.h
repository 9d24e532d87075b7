// Differentially private answers that leave as a report. The planner, which made and charged them,
// implements this; an export only writes down what it says. Part of export.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/base.h"
#include "export/manifest.h"
#include "json/json.h"

namespace mc::exporting {

inline constexpr std::size_t kDpRowsMax = 1'000'000;  // of all answers of a report

struct DpRow {
  std::vector<std::string> key;          // of its group; empty when there are no groups
  std::string value;                     // exact decimal, as it was released
  std::optional<std::string> low, high;  // of the 95 % interval
};
struct DpAnswer {
  DpPartAnswer costs;  // release, epsilon, delta, mechanism, snapshot
  std::string query;   // canonical
  std::vector<DpRow> rows;
};
struct DpReport {
  std::string epsilon, delta;  // of all answers together, as the accountant charged them
  std::string unit;
  std::string accountant;  // "sha256:HEX"
  std::vector<DpAnswer> answers;
};

// Any number of threads, one call each.
class DpReports {
 public:
  virtual ~DpReports() = default;
  // Answers that were released to this tenant of this dataset before; nothing is charged for them
  // again, and their noise is never drawn anew. `not_found` for a release that is not the tenant's.
  virtual Result<DpReport> report(const TenantId& tenant, const std::string& dataset,
                                  const std::vector<std::string>& releases) = 0;
};

// A row a line: release, query, key, value, low, high.
std::string print_csv(const DpReport& report);
std::string print_jsonl(const DpReport& report);
std::int64_t rows_of(const DpReport& report);
DpPart part_of(const DpReport& report);
// What is signed for the answers' snapshots together: SHA-256 over their names, in their order.
std::string snapshot_of(const DpReport& report);
// `invalid` for what no manifest can say: no answer, too many rows, an accountant that is no
// digest.
Status check_report(const DpReport& report);

}  // namespace mc::exporting
