#include "residency/probe.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace mc::residency {
namespace {

constexpr Nanos kPatience = seconds(5);
constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kClaimBytesMax = 64;
constexpr int kTriesToWrite = 2;  // another server may make the table at the same time

constexpr std::string_view kSqliteTable =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'mc_residency_probe'";
constexpr std::string_view kPostgresTable =
    "SELECT 1 WHERE to_regclass('mc_residency_probe') IS NOT NULL";
constexpr std::string_view kCreate =
    "CREATE TABLE IF NOT EXISTS mc_residency_probe (tenant_id TEXT NOT NULL, region TEXT NOT NULL, "
    "period TEXT NOT NULL, nonce TEXT NOT NULL, written_at TEXT NOT NULL, "
    "PRIMARY KEY (tenant_id, region))";
constexpr std::string_view kWrite =
    "INSERT INTO mc_residency_probe (tenant_id, region, period, nonce, written_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant_id, region) DO UPDATE SET "
    "period = excluded.period, nonce = excluded.nonce, written_at = excluded.written_at";
constexpr std::string_view kRead =
    "SELECT nonce, period FROM mc_residency_probe WHERE tenant_id = ?1 AND region = ?2";
// Of any tenant: two regions that are one database, or a copy of one in the other.
constexpr std::string_view kForeign =
    "SELECT DISTINCT region FROM mc_residency_probe WHERE region <> ?1 AND region <> '' "
    "ORDER BY region LIMIT 10";
constexpr std::string_view kClaim = "SELECT coalesce(current_setting('mc.region', true), '')";

Result<std::vector<std::string>> texts_of(sql::Connection& connection, std::string_view statement,
                                          std::initializer_list<sql::Param> params) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows, connection.query(statement, params));
  std::vector<std::string> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    for (int i = 0; i < rows->columns(); ++i) out.emplace_back(rows->text(i));
  }
}

// One source of one tenant.
class SourceProbe {
 public:
  SourceProbe(const ProbeWorld& world, const Regions& regions, const identity::Tenant& tenant,
              const std::string& period, std::size_t source)
      : world_(world),
        regions_(regions),
        tenant_(tenant),
        period_(period),
        index_(source),
        source_(world.model.sources[source]) {
    check_.name = source_.name;
    check_.region = source_.region;
  }

  void run(Probed& out);

 private:
  // `kWrongRegion` as an error, when the server says that it is elsewhere.
  Status check_claim(sql::Connection& connection);
  Status write_once();
  Status write();
  Status read();
  // What becomes of a step, and how long it took.
  std::string outcome(const Status& done);
  void find(std::string_view code, std::string_view action, const std::string& dst, bool denied);

  const ProbeWorld& world_;
  const Regions& regions_;
  const identity::Tenant& tenant_;
  const std::string& period_;
  std::size_t index_;
  const dataset::Source& source_;
  SourceCheck check_;
  std::string nonce_;
  std::string elsewhere_;  // the region that a server names, when it is another
  std::vector<Violation> found_;
};

Status SourceProbe::check_claim(sql::Connection& connection) {
  check_.database = connection.version();
  if (connection.dialect() != sql::Dialect::postgres) return ok();
  MC_TRY(const std::vector<std::string> claim, texts_of(connection, kClaim, {}));
  check_.claim = claim.empty() ? "" : excerpt(claim.front(), kClaimBytesMax);
  if (check_.claim.empty() || !is_stated(source_.region) || check_.claim == source_.region) {
    return ok();
  }
  elsewhere_ = check_.claim;
  return fail(Code::denied, std::string(kWrongRegion));
}

// The claim and the row are of one transaction, and so of one session with one server.
Status SourceProbe::write_once() {
  MC_TRY(dataset::Writers::Lease writer,
         world_.writers.borrow(world_.model.placement(source_), kPatience));
  writer->set_statement_timeout(kPatience);
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*writer));
  MC_TRY_OK(check_claim(*writer));
  const bool sqlite = writer->dialect() == sql::Dialect::sqlite;
  MC_TRY(const std::vector<std::string> table,
         texts_of(*writer, sqlite ? kSqliteTable : kPostgresTable, {}));
  // Who may not make tables can be given this one.
  if (table.empty()) MC_TRY_OK(writer->execute(kCreate, {}));
  MC_TRY_OK(writer->execute(kWrite, {tenant_.id.get(), source_.region, period_, nonce_,
                                     format_rfc3339(world_.clock.wall())}));
  return transaction.commit();
}

Status SourceProbe::write() {
  Status done = ok();
  for (int i = 0; i < kTriesToWrite; ++i) {
    done = write_once();
    // A connection that was idle while its server went away is only made anew behind the failure.
    if (done || (done.error().code != Code::conflict && done.error().code != Code::unavailable)) {
      break;
    }
  }
  return done;
}

// With a connection of its own, so that it goes where a new one would go now.
Status SourceProbe::read() {
  dataset::ConnectionSet connections(world_.drivers, world_.model, world_.writers);
  MC_TRY(sql::Connection * reader, connections.reader(index_, kPatience));
  reader->set_statement_timeout(kPatience);
  MC_TRY_OK(check_claim(*reader));
  MC_TRY(const std::vector<std::string> row,
         texts_of(*reader, kRead, {tenant_.id.get(), source_.region}));
  if (is_stated(source_.region)) {
    MC_TRY(const std::vector<std::string> foreign, texts_of(*reader, kForeign, {source_.region}));
    for (const std::string& region : foreign) find(kForeignSentinel, "read", region, false);
  }
  // A server beside this one may have written its own in between; of another time it is none.
  const bool ours = row.size() == 2 && (row[0] == nonce_ || row[1] == period_);
  return ours ? ok() : fail(Code::corrupt, std::string(kMismatch));
}

std::string SourceProbe::outcome(const Status& done) {
  if (done) return std::string(kHolds);
  const std::string& what = done.error().what;
  if (what == kWrongRegion || what == kMismatch) return what;
  if (const std::string region = sql::wrong_region(done.error()); !region.empty()) {
    elsewhere_ = region;
    check_.claim = region;
    return std::string(kWrongRegion);
  }
  return std::string(code_name(done.error().code));
}

void SourceProbe::find(std::string_view code, std::string_view action, const std::string& dst,
                       bool denied) {
  Violation out;
  out.at = whole_ms(world_.clock.wall());
  out.code = code;
  out.action = action;
  out.source = source_.name;
  out.src = regions_.node();
  out.dst = dst;
  out.denied = denied;
  found_.push_back(std::move(out));
}

void SourceProbe::run(Probed& out) {
  if (regions_.judge(tenant_.id, tenant_.region, source_.region) != Answer::permitted) {
    check_.write = kNotPermitted;
    check_.read = kNotPermitted;
    out.sources.push_back(std::move(check_));
    return;
  }
  std::array<std::uint8_t, kNonceBytes> bytes{};
  world_.random.fill(bytes);
  nonce_ = to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const auto timed = [&](std::string_view action, const Status& done, MonoTime begun) {
    const std::string result = outcome(done);
    if (result == kWrongRegion) find(kWrongRegion, action, elsewhere_, true);
    return std::pair(result, to_millis(world_.clock.mono() - begun));
  };
  MonoTime begun = world_.clock.mono();
  std::tie(check_.write, check_.write_ms) = timed("write", write(), begun);
  begun = world_.clock.mono();
  std::tie(check_.read, check_.read_ms) = timed("read", read(), begun);
  out.sources.push_back(std::move(check_));
  std::move(found_.begin(), found_.end(), std::back_inserter(out.violations));
}

}  // namespace

std::vector<std::size_t> sources_of(const dataset::Model& model, std::string_view tenant_region) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < model.sources.size(); ++i) {
    const dataset::Source& source = model.sources[i];
    const bool used =
        std::any_of(model.datasets.begin(), model.datasets.end(),
                    [&](const dataset::Dataset& dataset) { return dataset.source == source.name; });
    if (used && (!model.placed(source.name) || source.region == tenant_region)) out.push_back(i);
  }
  return out;
}

const dataset::Source* source_of(const dataset::Model& model, std::string_view name,
                                 std::string_view tenant_region) {
  const bool placed = model.placed(name);
  for (const dataset::Source& source : model.sources) {
    if (source.name == name && (!placed || source.region == tenant_region)) return &source;
  }
  return nullptr;
}

Probed probe(const ProbeWorld& world, const Regions& regions, const identity::Tenant& tenant,
             const std::string& period) {
  Probed out;
  for (const std::size_t source : sources_of(world.model, tenant.region)) {
    SourceProbe(world, regions, tenant, period, source).run(out);
  }
  return out;
}

}  // namespace mc::residency
