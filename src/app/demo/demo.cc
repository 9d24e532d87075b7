#include "demo/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <memory>
#include <thread>

#include "demo/rows.h"

namespace mc::demo {
namespace {

constexpr std::int64_t kRowsPerBatch = 2'000;
constexpr std::array kRegions = {std::string_view("eu"), std::string_view("us")};

// SHA-256 chained over pieces of at most 64 KiB, so that no run of rows has to be held.
class Digest {
 public:
  void add(const sql::Param& value) {
    std::visit([this](const auto& held) { put(held); }, value);
    pending_ += '\x1f';
    if (pending_.size() > kPiece) fold();
  }
  std::string hex() {
    fold();
    return to_hex(state_);
  }

 private:
  static constexpr std::size_t kPiece = 64 << 10;
  void fold() {
    state_ = sys::sha256(state_ + pending_);
    pending_.clear();
  }
  void put(std::monostate) { pending_ += 'n'; }
  void put(bool value) { put(std::int64_t{value}); }
  void put(std::int64_t value) { fmt::format_to(std::back_inserter(pending_), "i{}", value); }
  void put(double value) { fmt::format_to(std::back_inserter(pending_), "r{:a}", value); }
  void put(const std::string& value) {
    pending_ += 't';
    pending_ += value;
  }
  void put(const sql::Blob& value) {
    pending_ += 'b';
    pending_ += value.bytes;
  }

  std::string state_ = std::string(32, '\0');
  std::string pending_;
};

std::string path_of(const std::string& folder, std::string_view region) {
  return fmt::format("{}/{}.db", folder, region);
}

std::string partial_of(const std::string& folder, std::string_view region) {
  return path_of(folder, region) + ".partial";
}

// What the threads that write the regions share.
struct Run {
  const DemoOptions& options;
  const DemoProgress& progress;
  std::int64_t total = 0;
  Guarded<std::int64_t> written{};
  std::atomic<bool> failed = false;  // one region did; the others stop
  std::atomic<bool> ended = false;   // by `progress`

  // One call at a time, and with a number that only rises.
  void add(std::int64_t rows, std::string_view label) {
    written.with([&](std::int64_t& sum) {
      sum += rows;
      if (progress && !progress(sum, total, label)) ended = true;
    });
  }
};

// What one region adds to the report.
struct Region {
  std::string_view name;
  std::vector<DemoCount> counts;
  Digest digest;
};

Status write_rows(Run& run, Region& region, sql::Connection& connection, const Table& table,
                  const DemoTenant& tenant) {
  const std::string label = fmt::format("{} {}", tenant.name, table.name);
  const Scope scope{tenant, counts_of(tenant, run.options.scale)};
  const std::int64_t count = scope.counts.*table.count;
  Stream stream(run.options.seed, label);
  std::vector<sql::Param> values;
  values.reserve(static_cast<std::size_t>(kRowsPerBatch) * table.columns.size());
  for (std::int64_t first = 0; first < count; first += kRowsPerBatch) {
    const std::int64_t end = std::min(count, first + kRowsPerBatch);
    values.clear();
    for (std::int64_t number = first; number < end; ++number) {
      table.make(stream, scope, number, values);
    }
    if (run.ended.load(std::memory_order_relaxed)) {
      return fail(Code::unavailable, "the demo was ended before its data was written");
    }
    if (run.failed.load(std::memory_order_relaxed)) {
      return fail(Code::unavailable, "another region could not be written");
    }
    MC_TRY_OK(connection.insert_many(table.name, table.columns, values));
    for (const sql::Param& value : values) region.digest.add(value);
    run.add(end - first, label);
  }
  region.counts.push_back({std::string(tenant.name), std::string(table.name), count});
  return ok();
}

// All tables of one region in one transaction: nobody reads the file before it has its name.
Status fill(Run& run, Region& region, sql::Connection& connection) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection));
  for (const Table& table : tables()) {
    MC_TRY_OK(connection.script(table.create));
    for (const DemoTenant& tenant : demo_tenants()) {
      if (tenant.region != region.name) continue;
      MC_TRY_OK(write_rows(run, region, connection, table, tenant));
    }
    MC_TRY_OK(connection.script(table.indexes));
  }
  return transaction.commit();
}

Status remove_if_there(sys::Files& files, const std::string& path) {
  MC_TRY(const bool there, files.exists(path));
  return there ? files.remove(path) : ok();
}

Status write_region(Run& run, Region& region, const sql::Drivers& drivers, sys::Files& files) {
  const std::string partial = partial_of(run.options.folder, region.name);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    MC_TRY_OK(remove_if_there(files, partial + suffix));
  }
  {
    MC_TRY(const std::unique_ptr<sql::Connection> connection, drivers.open("sqlite:" + partial));
    // Parents of the foreign keys stay in memory: without it half the time goes into reading back.
    MC_TRY_OK(connection->script("PRAGMA cache_size = -65536;"));
    MC_TRY_OK(fill(run, region, *connection));
    MC_TRY_OK(connection->script("ANALYZE;"));
  }  // closing moves the log into the file
  return ok();
}

// A thread for each region, as SQLite has one writer a file. Gives the failure that came first.
Status write_regions(Run& run, std::span<Region> regions, const sql::Drivers& drivers,
                     sys::Files& files) {
  Guarded<Status> outcome{ok()};
  const auto write = [&](Region& region) {
    Status done = write_region(run, region, drivers, files);
    if (done || run.failed.exchange(true)) return;
    outcome.with([&](Status& first) { first = std::move(done); });
  };
  std::vector<std::thread> threads;
  for (Region& region : regions) threads.emplace_back([&] { write(region); });
  for (std::thread& thread : threads) thread.join();
  MC_TRY_OK(outcome.with([](Status& first) { return std::move(first); }));
  // The first region's file comes last: where it is, the world is complete.
  for (std::size_t i = regions.size(); i-- > 0;) {
    MC_TRY_OK(files.rename(partial_of(run.options.folder, regions[i].name),
                           path_of(run.options.folder, regions[i].name)));
  }
  return ok();
}

// Of all regions, each with its rows in the order they were written.
std::string digest_of(std::span<Region> regions) {
  std::string all;
  for (Region& region : regions) all += region.digest.hex();
  return to_hex(sys::sha256(all));
}

std::array<Region, kRegions.size()> all_regions() {
  return {Region{kRegions[0], {}, {}}, Region{kRegions[1], {}, {}}};
}

Status check(const DemoOptions& options, sys::Files& files) {
  if (options.scale < 1 || options.scale > kScaleMax) {
    return fail(Code::invalid,
                fmt::format("scale is {} percent, but must be 1 to {}", options.scale, kScaleMax));
  }
  if (!options.folder.starts_with('/')) {
    return fail(Code::invalid, "the folder of the demo world must be an absolute path");
  }
  MC_TRY_OK(files.make_folders(options.folder));
  for (const std::string_view region : kRegions) {
    const std::string path = path_of(options.folder, region);
    MC_TRY(const bool there, files.exists(path));
    if (there) return fail(Code::conflict, path + " is already there");
  }
  return ok();
}

sql::Param value_of(const sql::Rows& rows, int column) {
  switch (rows.type(column)) {
    case sql::Type::integer:
      return rows.integer(column);
    case sql::Type::real:
      return rows.real(column);
    case sql::Type::text:
      return std::string(rows.text(column));
    case sql::Type::blob:
      return sql::Blob{std::string(rows.text(column))};
    case sql::Type::null:
      break;
  }
  return std::monostate();
}

Status read_rows(Digest& digest, sql::Connection& connection, const Table& table,
                 const DemoTenant& tenant) {
  std::string names;
  for (const std::string& column : table.columns) {
    names += (names.empty() ? "" : ", ") + sql::quoted(column);
  }
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection.query(fmt::format("SELECT {} FROM {} WHERE tenant_id = ?1 ORDER BY id", names,
                                      sql::quoted(table.name)),
                          {sql::Param(std::string(tenant.name))}));
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (!more) return ok();
    for (int column = 0; column < rows->columns(); ++column) digest.add(value_of(*rows, column));
  }
}

}  // namespace

std::span<const DemoTenant> demo_tenants() {
  static constexpr std::array tenants = {
      DemoTenant{"alpha", "pro", "eu", 45}, DemoTenant{"bravo", "starter", "eu", 20},
      DemoTenant{"cosmos", "ST-DED", "us", 25}, DemoTenant{"nimbus", "Black-Cell", "us", 10}};
  return tenants;
}

Result<DemoReport> generate(const DemoOptions& options, const sql::Drivers& drivers,
                            sys::Files& files, const DemoProgress& progress) {
  MC_TRY_OK(check(options, files));
  Run run{options, progress};
  for (const DemoTenant& tenant : demo_tenants()) {
    const Counts counts = counts_of(tenant, options.scale);
    for (const Table& table : tables()) run.total += counts.*table.count;
  }
  std::array regions = all_regions();
  MC_TRY_OK(write_regions(run, regions, drivers, files));
  DemoReport report;
  for (Region& region : regions) {
    std::move(region.counts.begin(), region.counts.end(), std::back_inserter(report.counts));
    report.files.push_back(path_of(options.folder, region.name));
  }
  report.rows = run.total;
  report.digest = digest_of(regions);
  return report;
}

Result<std::string> stored_digest(const std::string& folder, const sql::Drivers& drivers) {
  std::array regions = all_regions();
  for (Region& region : regions) {
    MC_TRY(
        const std::unique_ptr<sql::Connection> connection,
        drivers.open("sqlite:" + path_of(folder, region.name), {.access = sql::Access::read_only}));
    for (const Table& table : tables()) {
      for (const DemoTenant& tenant : demo_tenants()) {
        if (tenant.region != region.name) continue;
        MC_TRY_OK(read_rows(region.digest, *connection, table, tenant));
      }
    }
  }
  return digest_of(regions);
}

}  // namespace mc::demo
