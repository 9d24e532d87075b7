#include <algorithm>
#include <utility>

#include "accountant/store.h"

namespace mc::accountant {
namespace {

using sql::Param;

constexpr std::string_view kColumns =
    "tenant_id, charge_id, state, holder, dataset, purpose, plan, analyst, query_type, mechanism, "
    "query, request_key, reach, events_from, events_to, blocks, epsilon, delta, rho, window_from, "
    "window_to, reserved_at, settled_at, seq, why, result_hash";

std::string blocks_text(const std::vector<WallTime>& blocks) {
  std::string out;
  for (const WallTime each : blocks) {
    if (!out.empty()) out += ' ';
    out += std::to_string(day_of(each));
  }
  return out;
}

Result<std::vector<WallTime>> parse_blocks(std::string_view text) {
  std::vector<WallTime> out;
  if (text.empty()) return out;
  for (const std::string_view part : split(text, ' ')) {
    MC_TRY(const std::int64_t day, parse_int(part));
    out.push_back(WallTime{} + seconds(86'400) * day);
  }
  return out;
}

std::string_view bytes_of(const crypto::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Result<ChargeRecord> read_charge(const sql::Rows& row) {
  const auto text = [&](int column) { return std::string(row.text(column)); };
  ChargeRecord out;
  out.charge.tenant = TenantId(text(0));
  out.id = ChargeId(text(1));
  MC_TRY(out.state, parse_state(row.text(2)));
  out.holder = text(3);
  out.charge.dataset = text(4);
  out.charge.purpose = text(5);
  out.charge.plan = text(6);
  out.charge.analyst = PrincipalId(text(7));
  out.charge.query_type = text(8);
  out.charge.mechanism = text(9);
  out.charge.query = text(10);
  out.charge.key = text(11);
  const std::int64_t reach = row.integer(12);
  if (reach < 0 || reach > static_cast<std::int64_t>(Reach::shard_rest)) {
    return fail(Code::corrupt, "a reach of dp_charge is not understood");
  }
  out.charge.reach = static_cast<Reach>(reach);
  if (row.type(13) != sql::Type::null) {
    out.charge.events = Window{from_unix_ms(row.integer(13)), from_unix_ms(row.integer(14))};
  }
  MC_TRY(out.blocks, parse_blocks(row.text(15)));
  out.charge.cost = {NanoEpsilon(row.integer(16)), AttoDelta(row.integer(17)),
                     PicoRho(row.integer(18))};
  out.window = {from_unix_ms(row.integer(19)), from_unix_ms(row.integer(20))};
  out.reserved_at = from_unix_ms(row.integer(21));
  out.settled_at = from_unix_ms(row.integer(22));
  out.seq = row.integer(23);
  out.why = text(24);
  const std::string_view hash = row.text(25);
  if (!hash.empty() && hash.size() != out.result_hash.size()) {
    return fail(Code::corrupt, "a result_hash of dp_charge does not have 32 bytes");
  }
  std::copy(hash.begin(), hash.end(), out.result_hash.begin());
  return out;
}

}  // namespace

Result<std::vector<ChargeRecord>> Store::read_charges(std::string_view where,
                                                      std::span<const Param> params) {
  MC_TRY(const auto rows,
         connection_.query(
             "SELECT " + std::string(kColumns) + " FROM dp_charge " + std::string(where), params));
  std::vector<ChargeRecord> out;
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    MC_TRY(ChargeRecord one, read_charge(*rows));
    out.push_back(std::move(one));
  }
}

Result<bool> Store::insert(const ChargeRecord& record) {
  const Charge& charge = record.charge;
  const auto event = [&](WallTime Window::* end) {
    return charge.events ? Param(to_unix_ms((*charge.events).*end)) : Param();
  };
  MC_TRY(const std::int64_t changed,
         connection_.execute(
             "INSERT INTO dp_charge (tenant_id, charge_id, state, holder, dataset, purpose, plan, "
             "analyst, query_type, mechanism, query, request_key, reach, events_from, events_to, "
             "blocks, epsilon, delta, rho, window_from, window_to, reserved_at, settled_at, why) "
             "VALUES (?1, ?2, ?22, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
             "?15, ?16, ?17, ?18, ?19, ?20, ?21, 0, '') ON CONFLICT (tenant_id, request_key) "
             "DO NOTHING",
             {charge.tenant.get(),
              record.id.get(),
              record.holder,
              charge.dataset,
              charge.purpose,
              charge.plan,
              charge.analyst.get(),
              charge.query_type,
              charge.mechanism,
              charge.query,
              charge.key,
              static_cast<std::int64_t>(charge.reach),
              event(&Window::start),
              event(&Window::end),
              blocks_text(record.blocks),
              charge.cost.epsilon.get(),
              charge.cost.delta.get(),
              charge.cost.rho.get(),
              to_unix_ms(record.window.start),
              to_unix_ms(record.window.end),
              to_unix_ms(record.reserved_at),
              std::string(name_of(record.state))}));
  return changed == 1;
}

Result<std::optional<ChargeRecord>> Store::charge(const ChargeRef& ref) {
  const Param params[] = {ref.tenant.get(), ref.id.get()};
  MC_TRY(std::vector<ChargeRecord> found,
         read_charges(locking("WHERE tenant_id = ?1 AND charge_id = ?2"), params));
  std::optional<ChargeRecord> out;
  if (!found.empty()) out = std::move(found.front());
  return out;
}

Result<std::optional<ChargeRecord>> Store::by_key(const TenantId& tenant, const std::string& key) {
  const Param params[] = {tenant.get(), key};
  MC_TRY(std::vector<ChargeRecord> found,
         read_charges("WHERE tenant_id = ?1 AND request_key = ?2", params));
  std::optional<ChargeRecord> out;
  if (found.empty()) return out;
  out = std::move(found.front());
  if (out->state == State::committed) {
    MC_TRY(out->result, result({tenant, out->id}));
  }
  return out;
}

Result<std::optional<ChargeRecord>> Store::released(const TenantId& tenant,
                                                    const std::string& query) {
  const Param params[] = {tenant.get(), query};
  // In the order of the index dp_charge_query, so that one row is read.
  MC_TRY(std::vector<ChargeRecord> found,
         read_charges("WHERE tenant_id = ?1 AND query = ?2 AND state = 'committed' "
                      "ORDER BY epsilon DESC, charge_id DESC LIMIT 1",
                      params));
  std::optional<ChargeRecord> out;
  if (found.empty()) return out;
  out = std::move(found.front());
  MC_TRY(out->result, result({tenant, out->id}));
  return out;
}

Result<std::string> Store::result(const ChargeRef& ref) {
  MC_TRY(const auto rows,
         connection_.query("SELECT result FROM dp_charge WHERE tenant_id = ?1 AND charge_id = ?2",
                           {ref.tenant.get(), ref.id.get()}));
  MC_TRY(const bool found, rows->next());
  if (!found) return fail(Code::not_found, "there is no such charge");
  return std::string(rows->text(0));
}

Result<bool> Store::execute(const ChargeRef& ref, const std::string& holder) {
  MC_TRY(const std::int64_t changed,
         connection_.execute("UPDATE dp_charge SET state = 'executing', holder = ?3 WHERE "
                             "tenant_id = ?1 AND charge_id = ?2 AND state = 'reserved'",
                             {ref.tenant.get(), ref.id.get(), holder}));
  return changed == 1;
}

Status Store::settle(const ChargeRecord& record) {
  const bool committed = record.state == State::committed;
  const auto blob = [&](std::string_view bytes) {
    return committed ? Param(sql::Blob{std::string(bytes)}) : Param();
  };
  MC_TRY(const std::int64_t changed,
         connection_.execute(
             "UPDATE dp_charge SET state = ?3, seq = ?4, settled_at = ?5, why = ?6, "
             "result_hash = ?7, result = ?8 WHERE tenant_id = ?1 AND charge_id = ?2 AND "
             "state IN ('reserved', 'executing')",
             {record.charge.tenant.get(), record.id.get(), std::string(name_of(record.state)),
              record.seq > 0 ? Param(record.seq) : Param(), to_unix_ms(record.settled_at),
              record.why, blob(bytes_of(record.result_hash)), blob(record.result)}));
  if (changed == 1) return ok();
  return fail(Code::conflict,
              "charge " + excerpt(record.id.get()) + " was settled by somebody else");
}

Result<std::vector<ChargeRef>> Store::open(const std::string& holder, WallTime before, int limit) {
  std::vector<Param> params = {to_unix_ms(before), std::int64_t{limit}};
  if (!holder.empty()) params.emplace_back(holder);
  MC_TRY(const auto rows,
         connection_.query(
             "SELECT tenant_id, charge_id FROM dp_charge WHERE state IN ('reserved', 'executing') "
             "AND reserved_at < ?1" +
                 std::string(holder.empty() ? "" : " AND holder = ?3") +
                 " ORDER BY reserved_at, tenant_id, charge_id LIMIT ?2",
             params));
  std::vector<ChargeRef> out;
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    out.push_back({TenantId(std::string(rows->text(0))), ChargeId(std::string(rows->text(1)))});
  }
}

Result<std::vector<ChargeRecord>> Store::settled(const TenantId& tenant, const std::string& dataset,
                                                 std::int64_t after, int limit) {
  const Param params[] = {tenant.get(), dataset, after, std::int64_t{limit}};
  return read_charges("WHERE tenant_id = ?1 AND dataset = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4",
                      params);
}

Result<std::vector<ChargeRecord>> Store::page(const TenantId& tenant, const PageOf& page,
                                              int limit) {
  std::vector<Param> params = {tenant.get(), page.dataset, page.before_ms, page.before_id,
                               std::int64_t{limit}};
  if (!page.purpose.empty()) params.emplace_back(page.purpose);
  return read_charges(
      "WHERE tenant_id = ?1 AND dataset = ?2 AND (reserved_at, charge_id) < (?3, ?4)" +
          std::string(page.purpose.empty() ? "" : " AND purpose = ?6") +
          " ORDER BY reserved_at DESC, charge_id DESC LIMIT ?5",
      params);
}

}  // namespace mc::accountant
