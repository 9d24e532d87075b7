#include "export/store.h"

#include <algorithm>

namespace mc::exporting {
namespace {

constexpr std::string_view kPrefix = "exp_";
constexpr std::size_t kIdBytes = 4 + 26;
constexpr std::size_t kFileNameBytesMax = 64;
constexpr std::array<std::string_view, 7> kStates = {"running",   "ready",   "refused", "failed",
                                                     "cancelled", "expired", "pending"};

const std::string kColumns =
    "tenant_id, export_id, job_id, kind, dataset, profile, format, purpose, requester, state, "
    "asked_at, changed_at, expires_at, idempotency_key, request_hash, decision, salt, result, "
    "reason, record, legal_hold";
const std::string kHeldStates = "('running', 'ready', 'expired')";

Result<Kind> parse_kind(std::string_view name) {
  for (const Kind each : {Kind::kanon, Kind::dp, Kind::hold}) {
    if (kind_name(each) == name) return each;
  }
  return fail(Code::corrupt, "there is no kind '" + excerpt(name) + "' of an export");
}

Result<Run> read_run(const sql::Rows& row) {
  Run out;
  out.tenant = TenantId(std::string(row.text(0)));
  out.id = row.text(1);
  out.job = row.text(2);
  MC_TRY(out.kind, parse_kind(row.text(3)));
  out.dataset = row.text(4);
  out.profile = row.text(5);
  out.format = row.text(6) == format_name(Format::jsonl) ? Format::jsonl : Format::csv;
  out.purpose = row.text(7);
  out.requester = row.text(8);
  MC_TRY(out.state, parse_state(row.text(9)));
  out.asked = from_unix_ms(row.integer(10));
  out.changed = from_unix_ms(row.integer(11));
  out.expires = from_unix_ms(row.integer(12));
  out.idempotency_key = row.text(13);
  out.request_hash = row.text(14);
  out.decision = row.text(15);
  out.salt = row.text(16);
  const Result<json::Value> result = json::parse(row.text(17));
  Result<Outcome> outcome = result ? json::read<Outcome>(*result)
                                   : Result<Outcome>(fail(Code::corrupt, "its result is no JSON"));
  if (!outcome) {
    return fail(Code::corrupt, "export " + excerpt(out.id) + ": its row is not understood");
  }
  out.outcome = std::move(*outcome);
  out.reason = row.text(18);
  out.record = row.integer(19);
  if (row.text(20).empty()) return out;
  const Result<json::Value> held = json::parse(row.text(20));
  Result<Hold> hold =
      held ? json::read<Hold>(*held) : Result<Hold>(fail(Code::corrupt, "its hold is no JSON"));
  if (!hold) {
    return fail(Code::corrupt, "export " + excerpt(out.id) + ": its hold is not understood");
  }
  out.hold = std::move(*hold);
  return out;
}

Result<std::vector<Run>> read_all(sql::Rows& rows) {
  std::vector<Run> out;
  for (;;) {
    MC_TRY(const bool more, rows.next());
    if (!more) return out;
    MC_TRY(Run one, read_run(rows));
    out.push_back(std::move(one));
  }
}

std::string result_text(const Run& run) {
  return json::print(json::to_value(run.outcome));
}
std::string hold_text(const Run& run) {
  return run.hold ? json::print(json::to_value(*run.hold)) : "";
}

}  // namespace

std::string_view state_name(State state) {
  return kStates[static_cast<std::size_t>(state)];
}

Result<State> parse_state(std::string_view name) {
  const auto* const found = std::find(kStates.begin(), kStates.end(), name);
  if (found != kStates.end()) return static_cast<State>(found - kStates.begin());
  return fail(Code::invalid, "there is no state '" + excerpt(name) + "' of an export");
}

bool is_export_id(std::string_view text) {
  return text.size() == kIdBytes && text.starts_with(kPrefix) &&
         std::all_of(text.begin() + kPrefix.size(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); });
}

bool is_file_name(std::string_view text) {
  return !text.empty() && text.size() <= kFileNameBytesMax && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
         });
}

Status Store::insert(const Run& run) {
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_.execute("INSERT INTO export_run (" + kColumns +
                                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                                 "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
                             {run.tenant.get(),
                              run.id,
                              run.job,
                              std::string(kind_name(run.kind)),
                              run.dataset,
                              run.profile,
                              std::string(format_name(run.format)),
                              run.purpose,
                              run.requester,
                              std::string(state_name(run.state)),
                              to_unix_ms(run.asked),
                              to_unix_ms(run.changed),
                              to_unix_ms(run.expires),
                              run.idempotency_key,
                              run.request_hash,
                              run.decision,
                              run.salt,
                              result_text(run),
                              run.reason,
                              run.record,
                              hold_text(run)}));
  return ok();
}

Result<Run> Store::find(const TenantId& tenant, const std::string& id) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query(
             "SELECT " + kColumns + " FROM export_run WHERE tenant_id = ?1 AND export_id = ?2",
             {tenant.get(), id}));
  MC_TRY(const bool found, rows->next());
  if (!found) return fail(Code::not_found, "no export '" + excerpt(id) + "'");
  return read_run(*rows);
}

Result<std::optional<Run>> Store::find_again(const TenantId& tenant, const std::string& key) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns +
                               " FROM export_run WHERE tenant_id = ?1 AND idempotency_key = ?2 AND "
                               "idempotency_key <> ''",
                           {tenant.get(), key}));
  MC_TRY(const bool found, rows->next());
  if (!found) return std::optional<Run>();
  MC_TRY(Run out, read_run(*rows));
  return std::optional<Run>(std::move(out));
}

Result<std::vector<Run>> Store::list(const TenantId& tenant, const std::string& before,
                                     std::int64_t limit) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns +
                               " FROM export_run WHERE tenant_id = ?1 AND (?2 = '' OR export_id < "
                               "?2) ORDER BY export_id DESC LIMIT ?3",
                           {tenant.get(), before, limit}));
  return read_all(*rows);
}

Result<std::int64_t> Store::count(const TenantId& tenant, State state) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT COUNT(*) FROM export_run WHERE tenant_id = ?1 AND state = ?2",
                           {tenant.get(), std::string(state_name(state))}));
  MC_TRY([[maybe_unused]] const bool found, rows->next());
  return rows->integer(0);
}

Result<std::vector<Run>> Store::due(WallTime now, std::int64_t limit) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns +
                               " FROM export_run WHERE state = 'ready' AND expires_at <= ?1 ORDER "
                               "BY expires_at, tenant_id, export_id LIMIT ?2",
                           {to_unix_ms(now), limit}));
  return read_all(*rows);
}

Result<std::vector<Run>> Store::running() {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns +
                               " FROM export_run WHERE state = 'running' ORDER BY tenant_id, "
                               "export_id LIMIT 1000",
                           {}));
  return read_all(*rows);
}

Result<std::vector<Run>> Store::lapsed(WallTime now, std::int64_t limit) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns +
                               " FROM export_run WHERE state = 'pending' AND expires_at <= ?1 "
                               "ORDER BY expires_at, tenant_id, export_id LIMIT ?2",
                           {to_unix_ms(now), limit}));
  return read_all(*rows);
}

Result<std::vector<Run>> Store::ended(std::int64_t limit) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query(
             "SELECT " + kColumns +
                 " FROM export_run WHERE state NOT IN ('running', 'ready', 'pending') ORDER BY "
                 "changed_at DESC, tenant_id, export_id LIMIT ?1",
             {limit}));
  return read_all(*rows);
}

Status Store::change(const Run& run, State from) {
  MC_TRY(const std::int64_t changed,
         connection_.execute(
             "UPDATE export_run SET state = ?3, changed_at = ?4, expires_at = ?5, "
             "result = ?6, reason = ?7, record = ?8, decision = ?9, legal_hold = ?11 "
             "WHERE tenant_id = ?1 AND export_id = ?2 AND state = ?10",
             {run.tenant.get(), run.id, std::string(state_name(run.state)), to_unix_ms(run.changed),
              to_unix_ms(run.expires), result_text(run), run.reason, run.record, run.decision,
              std::string(state_name(from)), hold_text(run)}));
  if (changed == 1) return ok();
  return fail(Code::conflict, "the export was changed meanwhile");
}

Result<std::vector<std::string>> Store::held(const TenantId& tenant, const std::string& dataset,
                                             const std::string& but) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT c.export_id FROM export_classes c JOIN export_run r ON "
                           "r.tenant_id = c.tenant_id AND r.export_id = c.export_id WHERE "
                           "c.tenant_id = ?1 AND c.dataset = ?2 AND c.export_id <> ?3 AND r.state "
                           "IN " +
                               kHeldStates + " ORDER BY c.place",
                           {tenant.get(), dataset, but}));
  std::vector<std::string> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    out.emplace_back(rows->text(0));
  }
}

Result<std::optional<Classes>> Store::classes(const TenantId& tenant, const std::string& id) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT place, classes FROM export_classes WHERE tenant_id = ?1 AND "
                           "export_id = ?2",
                           {tenant.get(), id}));
  MC_TRY(const bool found, rows->next());
  if (!found) return std::optional<Classes>();
  return std::optional(Classes{id, rows->integer(0), std::string(rows->text(1))});
}

Result<std::int64_t> Store::last_place(const TenantId& tenant, const std::string& dataset) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT COALESCE(MAX(place), 0) FROM export_classes WHERE tenant_id = "
                           "?1 AND dataset = ?2",
                           {tenant.get(), dataset}));
  MC_TRY([[maybe_unused]] const bool found, rows->next());
  return rows->integer(0);
}

Status Store::keep(const TenantId& tenant, const std::string& dataset, const Classes& classes) {
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_.execute(
             "INSERT INTO export_classes (tenant_id, dataset, place, export_id, "
             "classes) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant_id, export_id) DO UPDATE "
             "SET place = excluded.place, classes = excluded.classes",
             {tenant.get(), dataset, classes.place, classes.id, sql::Blob{classes.bytes}}));
  return ok();
}

Result<std::string> Store::secret(const TenantId& tenant, const std::string& dataset,
                                  const std::string& made) {
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_.execute("INSERT INTO export_guard (tenant_id, dataset, secret) VALUES (?1, "
                             "?2, ?3) ON CONFLICT (tenant_id, dataset) DO NOTHING",
                             {tenant.get(), dataset, made}));
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT secret FROM export_guard WHERE tenant_id = ?1 AND dataset = ?2",
                           {tenant.get(), dataset}));
  MC_TRY(const bool found, rows->next());
  if (!found) return fail(Code::unavailable, "the secret of the dataset's exports is not there");
  return std::string(rows->text(0));
}

Status Store::forget(const TenantId& tenant, const std::string& id) {
  MC_TRY([[maybe_unused]] const std::int64_t changed,
         connection_.execute(
             "UPDATE export_classes SET classes = ?3 WHERE tenant_id = ?1 AND export_id = ?2",
             {tenant.get(), id, sql::Blob{""}}));
  return ok();
}

}  // namespace mc::exporting
