// The demo world: an intelligence graph of four tenants, written into SQLite files.
//
// Deterministic: the same seed and scale give the same rows in the same order on every machine and
// compiler, shown by `DemoReport::digest`. Only integer arithmetic decides values, and all times
// are counted back from kDemoEnd. Everybody and everything in it is invented: names are drawn from
// lists, mail addresses end in .example (RFC 2606), addresses are documentation ones (RFC 5737),
// telephone numbers come from ranges reserved for fiction, identity numbers from no country.
//
// Files: FOLDER/eu.db (tenants alpha, bravo) and FOLDER/us.db (cosmos, nimbus). Tables: person,
// organisation, asset, event, relation; `tenant_id` leads each primary key and foreign key.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::demo {

// The end of the told history; events lie in the 90 days before it. 2026-01-01T00:00:00Z.
inline constexpr WallTime kDemoEnd{1'767'225'600'000'000'000};
inline constexpr int kScaleMax = 3'000;

struct DemoTenant {
  std::string_view name;
  std::string_view plan;    // as in the budget plans: "pro", "starter", "ST-DED", "Black-Cell"
  std::string_view region;  // "eu" or "us": also the stem of its database file
  int share;                // percent of all rows
};
std::span<const DemoTenant> demo_tenants();

struct DemoOptions {
  std::string folder;  // absolute; made when missing
  std::uint64_t seed = 42;
  int scale = 100;  // percent of the standard size of 220,000 rows; 1 to kScaleMax
};

struct DemoCount {
  std::string tenant;
  std::string table;
  std::int64_t rows = 0;
  bool operator==(const DemoCount&) const = default;
};

struct DemoReport {
  std::vector<DemoCount> counts;
  std::int64_t rows = 0;
  std::string digest;              // hexadecimal SHA-256 over all values of all rows, by region
  std::vector<std::string> files;  // absolute paths
};

// Called after each batch, by one thread at a time but not always the same: rows written, rows in
// all, and what is being written ("alpha person"). False ends the run with `unavailable`.
using DemoProgress = std::function<bool(std::int64_t, std::int64_t, std::string_view)>;

// Writes both files, a thread each. A file appears under its name only when it is complete, so an
// interrupted run can be started again. Errors: invalid (scale, folder), conflict (a file is
// already there), and what the database or disk reports.
Result<DemoReport> generate(const DemoOptions& options, const sql::Drivers& drivers,
                            sys::Files& files, const DemoProgress& progress);

// The digest of what stands in the files of `folder`, computed from the tables alone; equal to
// the report's digest as long as nobody wrote to them.
Result<std::string> stored_digest(const std::string& folder, const sql::Drivers& drivers);

}  // namespace mc::demo
