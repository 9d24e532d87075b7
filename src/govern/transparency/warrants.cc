#include "transparency/warrants.h"

#include <algorithm>
#include <array>

#include "json/json.h"
#include "notify/notify.h"

namespace mc::transparency {
namespace {

constexpr std::array<std::string_view, 4> kClasses = {"legal", "support-ticket", "incident",
                                                      "approval"};
constexpr std::array<std::string_view, 6> kStates = {"requested", "active",  "denied",
                                                     "revoked",   "expired", "lapsed"};
constexpr std::string_view kColumns =
    "tenant_id, warrant_id, class, reference, reason, principals, actions, state, issued_by, "
    "issued_at, expires_at, deadline_at, decided_by, decided_at, uses, used_at, version, ended_at";
// Once note_ends() has run.
constexpr std::string_view kIsOpen = "state IN ('requested', 'active') AND ended_at IS NULL";
constexpr std::string_view kAnybody = "*";

bool lists(std::string_view names, std::string_view name) {
  const std::vector<std::string_view> all = split(names, ',');
  return std::find(all.begin(), all.end(), name) != all.end();
}

// One of "read", "change", "read,change".
bool are_actions(std::string_view text) {
  return text == "read" || text == "change" || text == "read,change";
}

std::optional<WallTime> read_time(const sql::Rows& row, int column) {
  if (row.type(column) == sql::Type::null) return std::nullopt;
  return from_unix_ms(row.integer(column));
}

Result<WarrantState> parse_state(std::string_view name) {
  const auto* found = std::find(kStates.begin(), kStates.end(), name);
  if (found == kStates.end()) return fail(Code::corrupt, "a warrant's state is not known");
  return static_cast<WarrantState>(found - kStates.begin());
}

enum class End : std::uint8_t { not_seen, seen };

WarrantState state_at(const Warrant& warrant, WallTime now, End end) {
  const bool ended = end == End::seen;
  if (warrant.state == WarrantState::active && (ended || warrant.expires <= now)) {
    return WarrantState::expired;
  }
  if (warrant.state == WarrantState::requested && (ended || warrant.deadline <= now)) {
    return WarrantState::lapsed;
  }
  return warrant.state;
}

Result<Warrant> read_warrant(const sql::Rows& row, WallTime now) {
  Warrant out;
  out.tenant = TenantId(std::string(row.text(0)));
  out.id = row.text(1);
  MC_TRY(out.kind, parse_class(row.text(2)));
  out.reference = row.text(3);
  out.reason = row.text(4);
  out.principals = row.text(5);
  out.actions = row.text(6);
  MC_TRY(out.state, parse_state(row.text(7)));
  out.issued_by = row.text(8);
  out.issued = from_unix_ms(row.integer(9));
  out.expires = from_unix_ms(row.integer(10));
  out.deadline = from_unix_ms(row.integer(11));
  out.decided_by = row.text(12);
  out.decided = read_time(row, 13);
  out.uses = row.integer(14);
  out.used = read_time(row, 15);
  out.version = row.integer(16);
  out.state = state_at(out, now, read_time(row, 17) ? End::seen : End::not_seen);
  return out;
}

Result<std::vector<Warrant>> read_warrants(sql::Rows& rows, WallTime now) {
  std::vector<Warrant> out;
  for (;;) {
    MC_TRY(const bool more, rows.next());
    if (!more) return out;
    MC_TRY(Warrant one, read_warrant(rows, now));
    out.push_back(std::move(one));
  }
}

Status check_principals(const std::string& text) {
  if (text == kAnybody) return ok();
  const std::vector<std::string_view> all = split(text, ',');
  if (all.size() > kPrincipalsMax) {
    return fail(Code::invalid, "principals: there are more than " + std::to_string(kPrincipalsMax));
  }
  for (const std::string_view one : all) {
    if (one.empty() || one.size() > 63 || !is_readable_line(one)) {
      return fail(Code::invalid, "principals: '" + excerpt(one) + "' is no name of a principal");
    }
  }
  return ok();
}

bool is_open(WarrantState state) {
  return state == WarrantState::active || state == WarrantState::requested;
}

// Of an active one: whether the tenant decided that it is.
bool is_approved(const Warrant& warrant) {
  return !warrant.decided_by.empty();
}

std::string event_of(const Warrant& warrant) {
  if (warrant.state != WarrantState::active) {
    return "mc.warrant." + std::string(state_name(warrant.state));
  }
  return is_approved(warrant) ? "mc.warrant.approved" : "mc.warrant.issued";
}

}  // namespace

std::string_view class_name(WarrantClass value) {
  return kClasses[static_cast<std::size_t>(value)];
}

Result<WarrantClass> parse_class(std::string_view name) {
  const auto* found = std::find(kClasses.begin(), kClasses.end(), name);
  if (found != kClasses.end()) return static_cast<WarrantClass>(found - kClasses.begin());
  return fail(Code::invalid, "class: '" + excerpt(name) +
                                 "' is none of legal, support-ticket, incident, approval");
}

std::string_view state_name(WarrantState state) {
  return kStates[static_cast<std::size_t>(state)];
}

Status check_warrant(const NewWarrant& wanted) {
  if (wanted.reference.empty() || wanted.reference.size() > kReferenceBytesMax ||
      !is_readable_line(wanted.reference)) {
    return fail(Code::invalid,
                "reference: it must be one line of 1 to 64 bytes, without direction marks");
  }
  if (wanted.reason.empty() || wanted.reason.size() > kReasonBytesMax ||
      !is_readable_line(wanted.reason)) {
    return fail(Code::invalid,
                "reason: it must be one line of 1 to 300 bytes, without direction marks");
  }
  if (!are_actions(wanted.actions)) {
    return fail(Code::invalid, "actions: they are read, change or read,change");
  }
  if (wanted.lifetime < seconds(60) || wanted.lifetime > kWarrantLifetimeMax) {
    return fail(Code::invalid, "lifetime: it is 1 minute to 90 days");
  }
  if (wanted.deadline < seconds(60) || wanted.deadline > kDeadlineMax) {
    return fail(Code::invalid, "deadline: it is 1 minute to 7 days");
  }
  return check_principals(wanted.principals);
}

Result<Warrant> Warrants::create(const NewWarrant& wanted, bool dry_run) {
  MC_TRY_OK(check_warrant(wanted));
  MC_TRY(const WallTime now, note_ends(wanted.tenant));
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY_OK(check_room(wanted.tenant));
  MC_TRY(const AccessSetting held, setting(wanted.tenant));
  Warrant out;
  out.tenant = wanted.tenant;
  out.id = sys::make_id("wrt", clock_, random_);
  out.kind = wanted.kind;
  out.reference = wanted.reference;
  out.reason = wanted.reason;
  out.principals = wanted.principals;
  out.actions = wanted.actions;
  const bool asks = held.approval_required || wanted.kind == WarrantClass::approval;
  out.state = asks ? WarrantState::requested : WarrantState::active;
  out.issued_by = wanted.issued_by;
  out.issued = whole_ms(now);
  out.expires = out.issued + wanted.lifetime;
  // An approval after that would open nothing.
  out.deadline = std::min(out.issued + wanted.deadline, out.expires);
  if (dry_run) return out;
  MC_TRY_OK(insert(out));
  MC_TRY_OK(tell(out));
  MC_TRY_OK(transaction.commit());
  return out;
}

Status Warrants::check_room(const TenantId& tenant) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query(
             "SELECT COUNT(*) FROM warrant WHERE tenant_id = ?1 AND " + std::string(kIsOpen),
             {tenant.get()}));
  MC_TRY([[maybe_unused]] const bool found, rows->next());
  if (rows->integer(0) < kOpenWarrantsMax) return ok();
  return fail(Code::exhausted, "tenant " + tenant.get() + " has " +
                                   std::to_string(kOpenWarrantsMax) +
                                   " open warrants, which is the limit; revoke some");
}

Status Warrants::insert(const Warrant& warrant) {
  MC_TRY([[maybe_unused]] const std::int64_t added,
         connection_.execute(
             "INSERT INTO warrant (" + std::string(kColumns) +
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, '', NULL, 0, NULL, "
                 "1, NULL)",
             {warrant.tenant.get(), warrant.id, std::string(class_name(warrant.kind)),
              warrant.reference, warrant.reason, warrant.principals, warrant.actions,
              std::string(state_name(warrant.state)), warrant.issued_by, to_unix_ms(warrant.issued),
              to_unix_ms(warrant.expires), to_unix_ms(warrant.deadline)}));
  return ok();
}

Status Warrants::tell(const Warrant& warrant) {
  json::Object data;
  data.set("actions", warrant.actions);
  data.set("class", class_name(warrant.kind));
  data.set("deadline_at", format_rfc3339(warrant.deadline));
  data.set("decided_by", warrant.decided_by);
  data.set("expires_at", format_rfc3339(warrant.expires));
  data.set("issued_by", warrant.issued_by);
  data.set("principals", warrant.principals);
  data.set("reason", warrant.reason);
  data.set("reference", warrant.reference);
  data.set("state", state_name(warrant.state));
  MC_TRY([[maybe_unused]] const std::string event,
         notify::Store(connection_, clock_, random_)
             .append({warrant.tenant, event_of(warrant), warrant.id, std::move(data)}));
  return ok();
}

Result<WallTime> Warrants::note_ends(const TenantId& tenant) {
  const WallTime now = clock_.wall();
  MC_TRY([[maybe_unused]] const std::int64_t ended,
         connection_.execute(
             "UPDATE warrant SET ended_at = ?2 WHERE tenant_id = ?1 AND ended_at IS NULL AND "
             "((state = 'active' AND expires_at <= ?2) OR "
             "(state = 'requested' AND deadline_at <= ?2))",
             {tenant.get(), to_unix_ms(now)}));
  return now;
}

Result<std::vector<Warrant>> Warrants::list(const TenantId& tenant) {
  MC_TRY(const WallTime now, note_ends(tenant));
  MC_TRY(
      const std::unique_ptr<sql::Rows> rows,
      connection_.query("SELECT " + std::string(kColumns) +
                            " FROM warrant WHERE tenant_id = ?1 ORDER BY CASE WHEN " +
                            std::string(kIsOpen) + " THEN 0 ELSE 1 END, warrant_id DESC LIMIT ?2",
                        {tenant.get(), kWarrantsShownMax}));
  return read_warrants(*rows, now);
}

Result<Warrant> Warrants::find(const TenantId& tenant, const std::string& id) {
  MC_TRY(const WallTime now, note_ends(tenant));
  return read(tenant, id, now);
}

Result<Warrant> Warrants::read(const TenantId& tenant, const std::string& id, WallTime now) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + std::string(kColumns) +
                               " FROM warrant WHERE tenant_id = ?1 AND warrant_id = ?2",
                           {tenant.get(), id}));
  MC_TRY(const bool found, rows->next());
  if (!found) return fail(Code::not_found, "no warrant '" + excerpt(id) + "'");
  return read_warrant(*rows, now);
}

Status Warrants::write(Warrant& warrant) {
  MC_TRY(
      const std::int64_t changed,
      connection_.execute(
          "UPDATE warrant SET actions = ?3, state = ?4, expires_at = ?5, decided_by = ?6, "
          "decided_at = ?7, version = version + 1 WHERE tenant_id = ?1 AND warrant_id = ?2 AND "
          "version = ?8",
          {warrant.tenant.get(), warrant.id, warrant.actions,
           std::string(state_name(warrant.state)), to_unix_ms(warrant.expires), warrant.decided_by,
           to_unix_ms(warrant.decided.value_or(WallTime{})), warrant.version}));
  if (changed != 1) return fail(Code::conflict, "the warrant was changed meanwhile");
  ++warrant.version;
  return ok();
}

Result<Warrant> Warrants::decide(const TenantId& tenant, const std::string& id,
                                 const Verdict& verdict) {
  MC_TRY(const WallTime now, note_ends(tenant));
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection_));
  MC_TRY(Warrant out, read(tenant, id, now));
  const bool fits = verdict.to == WarrantState::revoked ? is_open(out.state)
                                                        : out.state == WarrantState::requested;
  if (!fits) {
    return fail(Code::conflict, "the warrant is " + std::string(state_name(out.state)));
  }
  if (verdict.to == WarrantState::active && out.expires <= now) {
    return fail(Code::conflict, "expires_at: what was asked for ended at " +
                                    format_rfc3339(out.expires) + "; it has to be asked anew");
  }
  if (!verdict.actions.empty()) {
    if (!are_actions(verdict.actions)) {
      return fail(Code::invalid, "actions: they are read, change or read,change");
    }
    for (const std::string_view action : split(verdict.actions, ',')) {
      if (!lists(out.actions, action)) {
        return fail(Code::invalid, "actions: '" + excerpt(action) + "' was not asked for");
      }
    }
    out.actions = verdict.actions;
  }
  if (verdict.expires) {
    if (*verdict.expires > out.expires || *verdict.expires <= now) {
      return fail(Code::invalid, "expires_at: it must be in the future, and no later than asked");
    }
    out.expires = whole_ms(*verdict.expires);
  }
  out.state = verdict.to;
  out.decided_by = verdict.by;
  out.decided = whole_ms(now);
  if (verdict.dry_run) return out;
  MC_TRY_OK(write(out));
  MC_TRY_OK(tell(out));
  MC_TRY_OK(transaction.commit());
  return out;
}

Result<std::vector<Warrant>> Warrants::active(const TenantId& tenant) {
  MC_TRY(const WallTime now, note_ends(tenant));
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query("SELECT " + std::string(kColumns) +
                               " FROM warrant WHERE tenant_id = ?1 AND state = 'active' AND "
                               "ended_at IS NULL ORDER BY warrant_id DESC",
                           {tenant.get()}));
  return read_warrants(*rows, now);
}

Result<std::optional<Warrant>> Warrants::use(const TenantId& tenant, const std::string& principal,
                                             std::string_view action, const std::string& named,
                                             Opens opens) {
  MC_TRY(std::vector<Warrant> all, active(tenant));
  MC_TRY(const AccessSetting held, setting(tenant));
  const auto is_let = [&](const Warrant& warrant) {
    if (opens == Opens::any) return !held.approval_required || is_approved(warrant);
    return warrant.kind == WarrantClass::approval && is_approved(warrant);
  };
  const auto found = std::find_if(all.begin(), all.end(), [&](const Warrant& warrant) {
    return is_let(warrant) && (named.empty() || warrant.id == named) &&
           lists(warrant.actions, action) &&
           (warrant.principals == kAnybody || lists(warrant.principals, principal));
  });
  if (found == all.end()) return std::optional<Warrant>();
  MC_TRY(
      [[maybe_unused]] const std::int64_t counted,
      connection_.execute("UPDATE warrant SET uses = uses + 1, used_at = ?3 WHERE tenant_id = ?1 "
                          "AND warrant_id = ?2",
                          {tenant.get(), found->id, to_unix_ms(clock_.wall())}));
  return std::optional<Warrant>(std::move(*found));
}

Result<AccessSetting> Warrants::setting(const TenantId& tenant) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection_.query(
             "SELECT approval_required, version FROM access_setting WHERE tenant_id = ?1",
             {tenant.get()}));
  MC_TRY(const bool found, rows->next());
  if (!found) return AccessSetting{};
  return AccessSetting{rows->integer(0) != 0, rows->integer(1)};
}

Result<AccessSetting> Warrants::change(const TenantId& tenant, const AccessSetting& setting) {
  const std::int64_t required = setting.approval_required ? 1 : 0;
  Result<std::int64_t> changed =
      setting.version == 0
          ? connection_.execute(
                "INSERT INTO access_setting (tenant_id, approval_required, version) "
                "VALUES (?1, ?2, 1) ON CONFLICT (tenant_id) DO NOTHING",
                {tenant.get(), required})
          : connection_.execute(
                "UPDATE access_setting SET approval_required = ?2, version = version "
                "+ 1 WHERE tenant_id = ?1 AND version = ?3",
                {tenant.get(), required, setting.version});
  if (!changed) return tl::unexpected<Error>(changed.error());
  if (*changed != 1) return fail(Code::conflict, "the setting was changed meanwhile");
  return AccessSetting{setting.approval_required, setting.version + 1};
}

}  // namespace mc::transparency
