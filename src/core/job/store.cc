#include <algorithm>

#include "job/job.h"

namespace mc::job {
namespace {

constexpr std::string_view kColumns =
    "tenant_id, job_id, kind, state, input, checkpoint, progress_done, progress_total, "
    "progress_unit, progress_message, failure, steps, attempts, created_at, updated_at, "
    "lease_epoch";
constexpr int kEpochColumn = 15;
constexpr std::size_t kTextBytesMax = 4096;  // of unit, message and failure

struct StateName {
  State state;
  std::string_view name;
};
constexpr StateName kStates[] = {{State::queued, "queued"}, {State::running, "running"},
                                 {State::paused, "paused"}, {State::done, "done"},
                                 {State::failed, "failed"}, {State::cancelled, "cancelled"}};

Result<std::string> document(const json::Value& value, const char* what) {
  std::string text = json::print(value);
  if (text.size() <= kDocumentBytesMax) return text;
  return fail(Code::invalid, std::string(what) + " of a job is longer than " +
                                 std::to_string(kDocumentBytesMax) + " bytes");
}

Result<json::Value> stored_document(std::string_view text, std::string_view job_id) {
  Result<json::Value> value = json::parse(text);
  if (value) return value;
  return fail(Code::corrupt, "job " + std::string(job_id) + ": " + value.error().what);
}

Result<Job> read_job(const sql::Rows& row) {
  Job job;
  job.tenant = TenantId(std::string(row.text(0)));
  job.id = row.text(1);
  job.kind = row.text(2);
  MC_TRY(job.state, parse_state(row.text(3)));
  MC_TRY(job.input, stored_document(row.text(4), job.id));
  MC_TRY(job.checkpoint, stored_document(row.text(5), job.id));
  job.progress = {row.integer(6), row.integer(7), std::string(row.text(8)),
                  std::string(row.text(9))};
  job.failure = row.text(10);
  job.steps = row.integer(11);
  job.attempts = row.integer(12);
  job.created_at = from_unix_ms(row.integer(13));
  job.updated_at = from_unix_ms(row.integer(14));
  return job;
}

std::string select_jobs(std::string_view condition) {
  return "SELECT " + std::string(kColumns) + " FROM job WHERE " + std::string(condition);
}

tl::unexpected<Error> not_found(const std::string& id) {
  return fail(Code::not_found, "no job " + excerpt(id));
}

tl::unexpected<Error> lease_lost(const Lease& lease) {
  return fail(Code::conflict, "the lease of job " + lease.job_id + " was taken over");
}

}  // namespace

std::string_view state_name(State state) {
  for (const StateName& row : kStates) {
    if (row.state == state) return row.name;
  }
  return "";
}

Result<State> parse_state(std::string_view name) {
  for (const StateName& row : kStates) {
    if (row.name == name) return row.state;
  }
  return fail(Code::invalid, "no job state \"" + excerpt(name) + "\"");
}

Result<Job> Store::create(const NewJob& job) {
  if (job.tenant.get().empty() || job.kind.empty()) {
    return fail(Code::invalid, "a job needs a tenant and a kind");
  }
  MC_TRY(const std::string input, document(job.input, "input"));
  const std::string id = sys::make_id("job", *clock_, *random_);
  const std::int64_t now = to_unix_ms(clock_->wall());
  MC_TRY([[maybe_unused]] const std::int64_t rows,
         connection_->execute(
             "INSERT INTO job (tenant_id, job_id, kind, state, input, checkpoint, progress_done, "
             "progress_total, progress_unit, progress_message, failure, steps, attempts, "
             "lease_owner, lease_until, lease_epoch, created_at, updated_at) VALUES "
             "(?1, ?2, ?3, 'queued', ?4, 'null', ?5, ?6, ?7, ?8, '', 0, 0, '', 0, 0, ?9, ?9)",
             {job.tenant.get(), id, job.kind, input, job.progress.done, job.progress.total,
              job.progress.unit, job.progress.message, now}));
  return get(job.tenant, id);
}

Result<Job> Store::get(const TenantId& tenant, const std::string& id) {
  static const std::string sql = select_jobs("tenant_id = ?1 AND job_id = ?2");
  MC_TRY(const std::unique_ptr<sql::Rows> rows, connection_->query(sql, {tenant.get(), id}));
  MC_TRY(const bool found, rows->next());
  if (!found) return not_found(id);
  return read_job(*rows);
}

Result<Page> Store::list(const ListQuery& query) {
  if (query.limit < 1 || query.limit > 200) {
    return fail(Code::invalid, "limit of a job list is not in 1..200");
  }
  // Ids begin with their time, so their order is that of creation.
  static const std::string sql = select_jobs(
      "tenant_id = ?1 AND (?2 = '' OR job_id < ?2) AND (?3 = '' OR state = ?3) "
      "ORDER BY job_id DESC LIMIT ?4");
  const std::string state(query.state ? state_name(*query.state) : "");
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(
             sql, {query.tenant.get(), query.before, state, std::int64_t{query.limit} + 1}));
  Page page;
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (!more) return page;
    if (page.jobs.size() == static_cast<std::size_t>(query.limit)) {
      page.next = page.jobs.back().id;
      return page;
    }
    MC_TRY(Job job, read_job(*rows));
    page.jobs.push_back(std::move(job));
  }
}

Status Store::move(const TenantId& tenant, const std::string& id, State to,
                   const std::vector<State>& from) {
  std::vector<sql::Param> params = {std::string(state_name(to)), to_unix_ms(clock_->wall()),
                                    tenant.get(), id};
  std::string states;
  for (const State state : from) {
    params.emplace_back(std::string(state_name(state)));
    states += (states.empty() ? "?" : ", ?") + std::to_string(params.size());
  }
  MC_TRY(const std::int64_t changed,
         connection_->execute("UPDATE job SET state = ?1, updated_at = ?2 WHERE tenant_id = ?3 "
                              "AND job_id = ?4 AND state IN (" +
                                  states + ")",
                              params));
  if (changed == 1) return ok();
  MC_TRY(const Job job, get(tenant, id));
  const bool already = job.state == to || (to == State::queued && job.state == State::running);
  if (already) return ok();
  return fail(Code::conflict, "job " + id + " is " + std::string(state_name(job.state)));
}

Status Store::pause(const TenantId& tenant, const std::string& id) {
  return move(tenant, id, State::paused, {State::queued, State::running});
}
Status Store::resume(const TenantId& tenant, const std::string& id) {
  return move(tenant, id, State::queued, {State::paused});
}
Status Store::cancel(const TenantId& tenant, const std::string& id) {
  return move(tenant, id, State::cancelled, {State::queued, State::running, State::paused});
}

Result<std::optional<Claim>> Store::claim(const std::vector<std::string>& kinds,
                                          const std::string& owner, Nanos lease) {
  if (kinds.empty()) return std::nullopt;
  const WallTime now = clock_->wall();
  std::vector<sql::Param> params = {to_unix_ms(now)};
  std::string marks;
  for (const std::string& kind : kinds) {
    params.emplace_back(kind);
    marks += (marks.empty() ? "?" : ", ?") + std::to_string(params.size());
  }
  MC_TRY(std::unique_ptr<sql::Rows> rows,
         connection_->query(select_jobs("state IN ('queued', 'running') AND lease_until <= ?1 AND "
                                        "kind IN (" +
                                        marks +
                                        ") ORDER BY created_at, job_id "
                                        "LIMIT 1"),
                            params));
  MC_TRY(const bool found, rows->next());
  if (!found) return std::nullopt;
  MC_TRY(Job job, read_job(*rows));
  const std::int64_t epoch = rows->integer(kEpochColumn);
  rows.reset();

  // Others may look at the same row; the epoch decides who gets it.
  const WallTime until = now + lease;
  MC_TRY(const std::int64_t changed,
         connection_->execute("UPDATE job SET state = 'running', lease_owner = ?1, lease_until = "
                              "?2, lease_epoch = lease_epoch + 1 WHERE tenant_id = ?3 AND job_id = "
                              "?4 AND lease_epoch = ?5 AND state IN ('queued', 'running')",
                              {owner, to_unix_ms(until), job.tenant.get(), job.id, epoch}));
  if (changed != 1) return std::nullopt;
  job.state = State::running;
  Lease taken{job.tenant, job.id, owner, epoch + 1, until};
  return Claim{std::move(job), std::move(taken)};
}

Result<State> Store::save(Lease& lease, const Step& step, Nanos extend) {
  MC_TRY(const std::string checkpoint, document(step.checkpoint, "checkpoint"));
  const WallTime now = clock_->wall();
  const WallTime until = now + extend;
  // A pause or cancel that came during the step keeps its state, but the checkpoint counts; a
  // pause and resume during the step goes on here.
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(
             "UPDATE job SET checkpoint = ?1, progress_done = ?2, progress_total = ?3, "
             "progress_unit = ?4, progress_message = ?5, steps = steps + 1, attempts = 0, "
             "updated_at = ?6, "
             "lease_until = CASE WHEN ?7 = 0 AND state IN ('queued', 'running') THEN CAST(?8 AS "
             "BIGINT) ELSE 0 END,"
             "lease_owner = CASE WHEN ?7 = 0 AND state IN ('queued', 'running') THEN lease_owner "
             "ELSE '' END, "
             "state = CASE WHEN state = 'cancelled' THEN state WHEN ?7 <> 0 THEN 'done' "
             "WHEN state = 'queued' THEN 'running' ELSE state END "
             "WHERE tenant_id = ?9 AND job_id = ?10 AND lease_epoch = ?11 AND lease_owner = ?12 "
             "RETURNING state",
             {checkpoint, step.progress.done, step.progress.total,
              excerpt(step.progress.unit, kTextBytesMax),
              excerpt(step.progress.message, kTextBytesMax), to_unix_ms(now),
              std::int64_t{step.done ? 1 : 0}, to_unix_ms(until), lease.tenant.get(), lease.job_id,
              lease.epoch, lease.owner}));
  MC_TRY(const bool found, rows->next());
  if (!found) return lease_lost(lease);
  MC_TRY(const State state, parse_state(rows->text(0)));
  MC_TRY([[maybe_unused]] const bool more, rows->next());  // to the end: that is when it commits
  lease.until = until;
  return state;
}

Status Store::give_up(std::string_view sql, std::initializer_list<sql::Param> params,
                      const Lease& lease) {
  std::vector<sql::Param> all = {lease.tenant.get(), lease.job_id, lease.epoch, lease.owner,
                                 to_unix_ms(clock_->wall())};
  all.insert(all.end(), params.begin(), params.end());
  MC_TRY(
      const std::int64_t changed,
      connection_->execute("UPDATE job SET lease_owner = '', updated_at = ?5, " + std::string(sql) +
                               " WHERE tenant_id = ?1 AND job_id = ?2 AND lease_epoch = ?3 "
                               "AND lease_owner = ?4",
                           all));
  if (changed != 1) return lease_lost(lease);
  return ok();
}

Status Store::fail_job(const Lease& lease, const Error& error) {
  const std::string failure =
      excerpt(std::string(code_name(error.code)) + ": " + error.what, kTextBytesMax);
  return give_up(
      "lease_until = 0, failure = ?6, "
      "state = CASE WHEN state = 'cancelled' THEN state ELSE 'failed' END",
      {failure}, lease);
}

Status Store::retry_later(const Lease& lease, WallTime retry_at) {
  return give_up(
      "lease_until = ?6, attempts = attempts + 1, "
      "state = CASE WHEN state = 'running' THEN 'queued' ELSE state END",
      {to_unix_ms(retry_at)}, lease);
}

Status Store::release(const Lease& lease) {
  return give_up(
      "lease_until = 0, "
      "state = CASE WHEN state = 'running' THEN 'queued' ELSE state END",
      {}, lease);
}

Result<Job> Store::reload(const Lease& lease) {
  static const std::string sql =
      select_jobs("tenant_id = ?1 AND job_id = ?2 AND lease_epoch = ?3 AND lease_owner = ?4");
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_->query(sql, {lease.tenant.get(), lease.job_id, lease.epoch, lease.owner}));
  MC_TRY(const bool found, rows->next());
  if (!found) return lease_lost(lease);
  return read_job(*rows);
}

}  // namespace mc::job
