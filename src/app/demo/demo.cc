#include "demo/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

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

// The state of one run, shared by the two files it writes.
struct Run {
  const DemoOptions& options;
  const DemoProgress& progress;
  DemoReport report;
  std::int64_t total = 0;
  Digest digest;
};

Status write_rows(Run& run, sql::Connection& connection, const Table& table,
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
    MC_TRY_OK(connection.insert_many(table.name, table.columns, values));
    for (const sql::Param& value : values) run.digest.add(value);
    run.report.rows += end - first;
    if (run.progress) run.progress(run.report.rows, run.total, label);
  }
  run.report.counts.push_back({std::string(tenant.name), std::string(table.name), count});
  return ok();
}

// All tables of one region in one transaction: nobody reads the file before it has its name.
Status fill(Run& run, sql::Connection& connection, std::string_view region) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection));
  for (const Table& table : tables()) {
    MC_TRY_OK(connection.script(table.create));
    for (const DemoTenant& tenant : demo_tenants()) {
      if (tenant.region == region) MC_TRY_OK(write_rows(run, connection, table, tenant));
    }
    MC_TRY_OK(connection.script(table.indexes));
  }
  return transaction.commit();
}

Status remove_if_there(sys::Files& files, const std::string& path) {
  MC_TRY(const bool there, files.exists(path));
  return there ? files.remove(path) : ok();
}

Status write_region(Run& run, const sql::Drivers& drivers, sys::Files& files,
                    std::string_view region) {
  const std::string path = path_of(run.options.folder, region);
  const std::string partial = path + ".partial";
  for (const char* suffix : {"", "-wal", "-shm"}) {
    MC_TRY_OK(remove_if_there(files, partial + suffix));
  }
  {
    MC_TRY(const std::unique_ptr<sql::Connection> connection, drivers.open("sqlite:" + partial));
    // Parents of the foreign keys stay in memory: without it half the time goes into reading back.
    MC_TRY_OK(connection->script("PRAGMA cache_size = -65536;"));
    MC_TRY_OK(fill(run, *connection, region));
    MC_TRY_OK(connection->script("ANALYZE;"));
  }  // closing moves the log into the file
  MC_TRY_OK(files.rename(partial, path));
  run.report.files.push_back(path);
  return ok();
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
  Run run{options, progress, {}, 0, {}};
  for (const DemoTenant& tenant : demo_tenants()) {
    const Counts counts = counts_of(tenant, options.scale);
    for (const Table& table : tables()) run.total += counts.*table.count;
  }
  for (const std::string_view region : kRegions) {
    MC_TRY_OK(write_region(run, drivers, files, region));
  }
  run.report.digest = run.digest.hex();
  return std::move(run.report);
}

Result<std::string> stored_digest(const std::string& folder, const sql::Drivers& drivers) {
  Digest digest;
  for (const std::string_view region : kRegions) {
    MC_TRY(const std::unique_ptr<sql::Connection> connection,
           drivers.open("sqlite:" + path_of(folder, region), {.access = sql::Access::read_only}));
    for (const Table& table : tables()) {
      for (const DemoTenant& tenant : demo_tenants()) {
        if (tenant.region == region) MC_TRY_OK(read_rows(digest, *connection, table, tenant));
      }
    }
  }
  return digest.hex();
}

}  // namespace mc::demo
