#include "topup/store.h"

namespace mc::topup {
namespace {

const std::string kColumns =
    "tenant_id, top_up_id, dataset, purpose, epsilon, expires_at, warrant, ticket, reason, state, "
    "asked_by, asked_at, approved_by, ended_by, changed_at, window_from, taken, record, version";
const std::string kIsOpen = "state IN ('pending', 'active')";

Result<Request> read_request(const sql::Rows& row) {
  Request out;
  out.tenant = row.text(0);
  out.id = row.text(1);
  out.dataset = row.text(2);
  out.purpose = row.text(3);
  out.epsilon = accountant::NanoEpsilon(row.integer(4));
  out.expires = from_unix_ms(row.integer(5));
  out.warrant = row.text(6);
  out.ticket = row.text(7);
  out.reason = row.text(8);
  const auto state = state_of(row.text(9));
  out.asked_by = row.text(10);
  out.asked = from_unix_ms(row.integer(11));
  out.approved_by = row.text(12);
  out.ended_by = row.text(13);
  out.changed = from_unix_ms(row.integer(14));
  if (row.type(15) != sql::Type::null) out.window_start = from_unix_ms(row.integer(15));
  if (row.type(16) != sql::Type::null) out.taken = accountant::NanoEpsilon(row.integer(16));
  out.record = row.integer(17);
  out.version = row.integer(18);
  if (!state) {
    return fail(Code::corrupt, "top-up " + excerpt(out.id) + ": its row is not understood");
  }
  out.state = *state;
  return out;
}

Result<std::vector<Request>> read_all(sql::Rows& rows) {
  std::vector<Request> out;
  for (;;) {
    MC_TRY(const bool more, rows.next());
    if (!more) return out;
    MC_TRY(Request one, read_request(rows));
    out.push_back(std::move(one));
  }
}

sql::Param window_of(const Request& one) {
  return one.window_start ? sql::Param(to_unix_ms(*one.window_start)) : sql::Param();
}
sql::Param taken_of(const Request& one) {
  return one.taken ? sql::Param(one.taken->get()) : sql::Param();
}

}  // namespace

Result<std::vector<Request>> Store::open() {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns + " FROM dp_top_up_request WHERE " + kIsOpen +
                               " OR (state = 'revoked' AND taken IS NULL) "
                               "ORDER BY tenant_id, top_up_id",
                           {}));
  return read_all(*rows);
}

Result<std::vector<Request>> Store::list(const std::string& tenant) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns +
                               " FROM dp_top_up_request WHERE tenant_id = ?1 ORDER BY CASE WHEN " +
                               kIsOpen + " THEN 0 ELSE 1 END, top_up_id DESC LIMIT ?2",
                           {tenant, kShownMax}));
  return read_all(*rows);
}

Result<Request> Store::find(const std::string& tenant, const std::string& id) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + kColumns +
                               " FROM dp_top_up_request WHERE tenant_id = ?1 AND top_up_id = ?2",
                           {tenant, id}));
  MC_TRY(const bool found, rows->next());
  if (!found) return fail(Code::not_found, "no top-up " + excerpt(id) + " of tenant " + tenant);
  return read_request(*rows);
}

Result<std::int64_t> Store::count_open(const std::string& tenant) {
  MC_TRY(
      const std::unique_ptr<sql::Rows> rows,
      connection_.query(
          "SELECT COUNT(*) FROM dp_top_up_request WHERE tenant_id = ?1 AND " + kIsOpen, {tenant}));
  MC_TRY(const bool found, rows->next());
  return found ? rows->integer(0) : 0;
}

Status Store::insert(const Request& one) {
  MC_TRY(
      [[maybe_unused]] const std::int64_t rows,
      connection_.execute(
          "INSERT INTO dp_top_up_request (" + kColumns +
              ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
              "?17, ?18, ?19)",
          {one.tenant, one.id, one.dataset, one.purpose, one.epsilon.get(), to_unix_ms(one.expires),
           one.warrant, one.ticket, one.reason, std::string(name_of(one.state)), one.asked_by,
           to_unix_ms(one.asked), one.approved_by, one.ended_by, to_unix_ms(one.changed),
           window_of(one), taken_of(one), one.record, one.version}));
  return ok();
}

Status Store::change(const Request& one) {
  MC_TRY(const std::int64_t rows,
         connection_.execute(
             "UPDATE dp_top_up_request SET state = ?3, approved_by = ?4, ended_by = ?5, changed_at "
             "= ?6, window_from = ?7, taken = ?8, record = ?9, version = ?10 WHERE tenant_id = ?1 "
             "AND top_up_id = ?2 AND version = ?11",
             {one.tenant, one.id, std::string(name_of(one.state)), one.approved_by, one.ended_by,
              to_unix_ms(one.changed), window_of(one), taken_of(one), one.record, one.version,
              one.version - 1}));
  if (rows == 1) return ok();
  return fail(Code::conflict, "the top-up was changed meanwhile");
}

}  // namespace mc::topup
