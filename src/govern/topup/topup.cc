#include "topup/topup.h"

#include <algorithm>
#include <array>

#include "json/json.h"
#include "topup/store.h"
#include "transparency/transparency.h"

namespace mc::topup {
namespace {

using accountant::NanoEpsilon;

constexpr std::string_view kType = "dp.top_up";
constexpr std::array<std::string_view, 5> kActs = {"ask", "approve", "refuse", "revoke", "expire"};
constexpr std::string_view kAction = "dp.top_up.";
constexpr std::array<std::string_view, 5> kStates = {"pending", "active", "refused", "revoked",
                                                     "expired"};
const Actor kTime = {.name = "time@system", .purpose = "", .request_id = ""};

bool is_open(const Request& one) {
  return one.state == State::pending || one.state == State::active;
}

// As it is by the time, whether somebody has written that down or not.
Request seen_at(Request one, WallTime now) {
  if (is_open(one) && one.expires <= now) one.state = State::expired;
  return one;
}

template <class T, class Use>
Result<T> with_store(identity::Directory& directory, const Use& use) {
  std::optional<Result<T>> out;
  MC_TRY_OK(directory.lend([&](sql::Connection& connection) -> Status {
    Store store(connection);
    out.emplace(use(store));
    return ok();
  }));
  return std::move(*out);
}

Status unless_conflict(const Status& done) {
  return !done && done.error().code == Code::conflict ? ok() : done;
}

Status check_line(std::string_view name, const std::string& text, std::size_t least,
                  std::size_t most) {
  if (text.size() < least || text.size() > most) {
    return fail(Code::invalid, std::string(name) + ": has from " + std::to_string(least) + " to " +
                                   std::to_string(most) + " bytes");
  }
  if (text.empty() || is_readable_line(text)) return ok();
  return fail(Code::invalid, std::string(name) + ": is one line of text");
}

}  // namespace

std::string_view name_of(State state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<State> state_of(std::string_view name) {
  const auto* const found = std::ranges::find(kStates, name);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<State>(found - kStates.begin());
}

Status check(const Request& wanted, WallTime now) {
  MC_TRY_OK(check_line("dataset", wanted.dataset, 1, accountant::kNameBytesMax));
  MC_TRY_OK(check_line("purpose", wanted.purpose, 1, accountant::kNameBytesMax));
  MC_TRY_OK(check_line("warrant", wanted.warrant, 1, accountant::kNameBytesMax));
  MC_TRY_OK(check_line("ticket", wanted.ticket, 0, kTicketBytesMax));
  MC_TRY_OK(check_line("reason", wanted.reason, kReasonBytesMin, kReasonBytesMax));
  if (wanted.epsilon.get() < 1) return fail(Code::invalid, "epsilon: is above 0");
  if (wanted.expires <= now || wanted.expires > now + kLifetimeMax) {
    return fail(Code::invalid, "expires: is from now to " + format_duration(kLifetimeMax));
  }
  return ok();
}

Result<std::string> Desk::plan_of(const std::string& tenant) {
  MC_TRY(const identity::Tenant held, world_.directory.tenant(TenantId(tenant)));
  return held.plan;
}

Status Desk::check_warrant(const Request& one) {
  return world_.directory.lend([&](sql::Connection& connection) -> Status {
    transparency::Warrants warrants(connection, world_.clock, world_.random);
    const auto found = warrants.find(TenantId(one.tenant), one.warrant);
    if (!found && found.error().code != Code::not_found) {
      return tl::unexpected<Error>(found.error());
    }
    if (found && found->state == transparency::WarrantState::active) return ok();
    return fail(Code::denied,
                "warrant: " + excerpt(one.warrant) + " is no active warrant of the tenant");
  });
}

Status Desk::check_caps(const Request& one) {
  MC_TRY(const std::string name, plan_of(one.tenant));
  const accountant::Plan& plan = world_.accountant.settings().plan(name);
  MC_TRY(const std::vector<accountant::TopUp> held,
         world_.accountant.reports().top_ups({TenantId(one.tenant), one.dataset, one.purpose}));
  NanoEpsilon sum = one.epsilon;
  for (const accountant::TopUp& each : held) {
    const std::optional<NanoEpsilon> more = accountant::add(sum, each.epsilon);
    if (!more) return fail(Code::invalid, "epsilon: is too large");
    sum = *more;
  }
  if (sum <= plan.top_up_window_max) return ok();
  return fail(Code::denied, "epsilon: top-ups of a window are at most " +
                                accountant::to_decimal(plan.top_up_window_max) + " in plan " +
                                name + ", and would be " + accountant::to_decimal(sum));
}

Status Desk::record(Act act, const Actor& by, Request& one) {
  const std::string_view name = kActs[static_cast<std::size_t>(act)];
  json::Object payload;
  payload.set("top_up", one.id);
  payload.set("dataset", one.dataset);
  payload.set("budget_purpose", one.purpose);
  payload.set("epsilon", accountant::to_decimal(one.epsilon));
  payload.set("expires", format_rfc3339(one.expires));
  payload.set("window_start",
              one.window_start ? json::Value(format_rfc3339(*one.window_start)) : json::Value());
  payload.set("taken", one.taken ? json::Value(accountant::to_decimal(*one.taken)) : json::Value());
  payload.set("warrant", one.warrant);
  payload.set("ticket", one.ticket);
  payload.set("reason", one.reason);
  payload.set("asked_by", one.asked_by);
  payload.set("approved_by", one.approved_by);
  payload.set("request_id", by.request_id);
  ledger::Entry entry;
  entry.log = transparency::log_of(TenantId(one.tenant));
  entry.type = kType;
  entry.actor = by.name;
  entry.tenant = one.tenant;
  entry.action = std::string(kAction) + std::string(name);
  entry.purpose = by.purpose.empty() ? "not stated" : by.purpose;
  entry.warrant = one.warrant;
  entry.payload = json::canonical(payload);
  const Result<ledger::Recorded> recorded = world_.ledger.append(std::move(entry));
  if (!recorded) {
    return fail(Code::unavailable,
                "no privacy budget is changed without a record, and the ledger "
                "says: " +
                    recorded.error().what);
  }
  one.record = static_cast<std::int64_t>(recorded->seq);
  return ok();
}

// What was written with an unknown outcome is read again.
Status Desk::store(const Request& one) {
  const Status written = world_.directory.lend([&](sql::Connection& connection) -> Status {
    Store store(connection);
    return one.version == 1 ? store.insert(one) : store.change(one);
  });
  if (written || written.error().code == Code::conflict) return written;
  const Result<Request> found = with_store<Request>(
      world_.directory, [&](Store& store) { return store.find(one.tenant, one.id); });
  if (found && *found == one) return ok();
  return fail(Code::unavailable, "the top-up is recorded, and not stored: " + written.error().what);
}

Result<Request> Desk::ask(Request wanted, const Actor& by, Run run) {
  const std::lock_guard lock(mutex_);
  const WallTime time = now();
  MC_TRY_OK(check(wanted, time));
  MC_TRY_OK(check_warrant(wanted));
  MC_TRY_OK(check_caps(wanted));
  MC_TRY(const std::int64_t open, with_store<std::int64_t>(world_.directory, [&](Store& store) {
           return store.count_open(wanted.tenant);
         }));
  if (open >= kOpenMax) {
    return fail(Code::exhausted, "tenant " + wanted.tenant + " has " + std::to_string(kOpenMax) +
                                     " open top-ups, which is the limit; revoke some");
  }
  wanted.id = sys::make_id("top", world_.clock, world_.random);
  wanted.state = State::pending;
  wanted.asked_by = by.name;
  wanted.asked = time;
  wanted.changed = time;
  wanted.version = 1;
  if (run == Run::dry) return wanted;
  MC_TRY_OK(record(Act::ask, by, wanted));
  MC_TRY_OK(store(wanted));
  return wanted;
}

Result<Request> Desk::decide(const TenantId& tenant, const std::string& id, const Verdict& verdict,
                             const Actor& by) {
  const std::lock_guard lock(mutex_);
  MC_TRY(Request held, with_store<Request>(world_.directory, [&](Store& store) {
           return store.find(tenant.get(), id);
         }));
  const State state = seen_at(held, now()).state;
  const bool fits =
      state == State::pending || (state == State::active && verdict.to == State::revoked);
  if (!fits) return fail(Code::conflict, "the top-up is " + std::string(name_of(state)));
  if (verdict.to == State::active) return approved(std::move(held), by, verdict.run);
  return ended(std::move(held), verdict.to, by, verdict.run);
}

Result<Request> Desk::approved(Request one, const Actor& by, Run run) {
  if (by.name == one.asked_by) {
    return fail(Code::denied, "a top-up is approved by somebody else than who asked for it");
  }
  MC_TRY_OK(check_warrant(one));
  MC_TRY_OK(check_caps(one));
  const WallTime time = now();
  const accountant::DatasetRules& rules = world_.accountant.settings().dataset(one.dataset);
  one.window_start = accountant::window_at(rules.length, time).start;
  one.state = State::active;
  one.approved_by = by.name;
  one.changed = time;
  ++one.version;
  if (run == Run::dry) return one;
  MC_TRY_OK(record(Act::approve, by, one));
  MC_TRY_OK(store(one));
  const Status added = hand_over(one);
  if (!added && added.error().code == Code::denied) {
    MC_TRY([[maybe_unused]] const Request refused, ended(one, State::refused, kTime, Run::real));
  }
  MC_TRY_OK(added);
  return one;
}

Result<Request> Desk::ended(Request one, State to, const Actor& by, Run run) {
  one.state = to;
  one.ended_by = by.name;
  one.changed = now();
  ++one.version;
  // What was never in force has nothing to be taken away.
  if (to == State::revoked && !one.window_start) one.taken = NanoEpsilon(0);
  if (run == Run::dry) return one;
  MC_TRY_OK(record(to == State::refused ? Act::refuse : Act::revoke, by, one));
  MC_TRY_OK(store(one));
  if (to == State::revoked) MC_TRY_OK(take_away(one));
  return one;
}

// An approval that another server has stored, and not handed over yet, is used up first, so that it
// cannot come after this.
Status Desk::take_away(Request& one) {
  if (one.taken) return ok();
  const TenantId tenant(one.tenant);
  Result<NanoEpsilon> taken = world_.accountant.revoke_top_up(tenant, one.id);
  if (!taken && taken.error().code == Code::not_found) {
    const Status added = hand_over(one);
    if (!added && added.error().code != Code::denied) return added;
    taken = added ? world_.accountant.revoke_top_up(tenant, one.id) : NanoEpsilon(0);
  }
  const bool gone = !taken && taken.error().code == Code::conflict;
  if (!taken && !gone) return tl::unexpected<Error>(taken.error());
  one.taken = taken ? *taken : NanoEpsilon(0);
  ++one.version;
  return store(one);
}

// Handed over before, it is there, and counts in the caps that it is held against: those who have
// it do not get it again.
Status Desk::hand_over(const Request& one) {
  const TenantId tenant(one.tenant);
  MC_TRY(const std::string plan, plan_of(one.tenant));
  MC_TRY(const std::vector<accountant::TopUp> held,
         world_.accountant.reports().top_ups({tenant, one.dataset, one.purpose}));
  const auto same = [&](const accountant::TopUp& each) { return each.id == one.id; };
  if (std::ranges::any_of(held, same)) return ok();
  const Status added = world_.accountant.add_top_up({.tenant = tenant,
                                                     .id = one.id,
                                                     .dataset = one.dataset,
                                                     .purpose = one.purpose,
                                                     .plan = plan,
                                                     .epsilon = one.epsilon,
                                                     .window_start = *one.window_start,
                                                     .expires_at = one.expires,
                                                     .record = std::to_string(one.record)});
  if (added || added.error().code == Code::conflict) return ok();
  return added;
}

Result<Preview> Desk::preview(const Request& wanted) {
  MC_TRY(const std::string plan, plan_of(wanted.tenant));
  const TenantId tenant(wanted.tenant);
  MC_TRY(const std::vector<accountant::Standing> all,
         world_.accountant.reports().standings({tenant, wanted.dataset, wanted.purpose}, plan));
  const auto account = std::ranges::find_if(all, [](const accountant::Standing& each) {
    return each.key.scope == accountant::Scope::window;
  });
  if (account == all.end()) return fail(Code::not_found, "no such budget");
  MC_TRY(const accountant::Standing lifetime,
         world_.accountant.reports().odometer(tenant, wanted.dataset));
  const accountant::DatasetRules& rules = world_.accountant.settings().dataset(wanted.dataset);
  return preview_of(*account, lifetime, wanted.epsilon, accountant::window_at(rules.length, now()));
}

Result<std::vector<Request>> Desk::list(const TenantId& tenant) {
  MC_TRY(std::vector<Request> out,
         with_store<std::vector<Request>>(world_.directory,
                                          [&](Store& store) { return store.list(tenant.get()); }));
  for (Request& one : out) one = seen_at(std::move(one), now());
  return out;
}

Result<Request> Desk::find(const TenantId& tenant, const std::string& id) {
  MC_TRY(Request out, with_store<Request>(world_.directory, [&](Store& store) {
           return store.find(tenant.get(), id);
         }));
  return seen_at(std::move(out), now());
}

// Another server was first: that is fine.
Status Desk::expire(Request& one) {
  one.state = State::expired;
  one.changed = now();
  ++one.version;
  MC_TRY_OK(record(Act::expire, kTime, one));
  return unless_conflict(store(one));
}

// What is stored, and not done yet.
Status Desk::go_on(Request& one) {
  if (one.state == State::revoked) return unless_conflict(take_away(one));
  const WallTime time = now();
  const accountant::DatasetRules& rules = world_.accountant.settings().dataset(one.dataset);
  const bool window_over =
      one.window_start && accountant::window_at(rules.length, time).start > *one.window_start;
  if (one.expires <= time || window_over) return expire(one);
  if (one.state != State::active) return ok();
  const Status added = hand_over(one);
  if (added || added.error().code != Code::denied) return added;
  const Result<Request> refused = ended(one, State::refused, kTime, Run::real);
  return unless_conflict(refused ? ok() : Status(tl::unexpected<Error>(refused.error())));
}

Status Desk::tick() {
  const std::lock_guard lock(mutex_);
  MC_TRY(std::vector<Request> open,
         with_store<std::vector<Request>>(world_.directory,
                                          [](Store& store) { return store.open(); }));
  Status out = ok();
  for (Request& one : open) {
    const Status done = go_on(one);
    if (!done && out) out = done;
  }
  return out;
}

}  // namespace mc::topup
