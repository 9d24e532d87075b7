#include "budget/override_desk.h"

#include <algorithm>
#include <array>

#include "budget/override_store.h"
#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::budget {
namespace {

constexpr std::string_view kType = "override";
constexpr std::array<std::string_view, 6> kActs = {"ask",    "begin",  "approve",
                                                   "refuse", "revoke", "expire"};
constexpr std::string_view kAction = "budget.override.";
const OverrideActor kTime = {.name = "time@system", .purpose = "", .request_id = ""};

// As transparency::log_of().
std::string log_of(const std::string& tenant) {
  return "audit/" + tenant;
}

void set_number(json::Object& out, const char* name, const std::optional<std::int64_t>& number) {
  out.set(name, number ? json::Value(*number) : json::Value());
}

// What it says; the same before and after its record.
json::Object terms_of(const Override& one) {
  json::Object out;
  out.set("override", one.id);
  out.set("scope", name_of(one.scope));
  out.set("route", one.route);
  out.set("dimension", name_of(one.dimension));
  set_number(out, "amount", one.amount);
  out.set("factor", one.factor ? json::Value(print_factor(*one.factor)) : json::Value());
  out.set("from", format_rfc3339(one.from));
  out.set("until", format_rfc3339(one.until));
  return out;
}

bool is_open(const Override& one) {
  return one.state == OverrideState::pending || one.state == OverrideState::active;
}

// As it is by the time, whether somebody has written that down or not.
Override seen_at(Override one, WallTime now) {
  if (is_open(one) && one.until <= now) one.state = OverrideState::expired;
  return one;
}

template <class T, class Use>
Result<T> with_store(identity::Directory& directory, const Use& use) {
  std::optional<Result<T>> out;
  MC_TRY_OK(directory.lend([&](sql::Connection& connection) -> Status {
    OverrideStore store(connection);
    out.emplace(use(store));
    return ok();
  }));
  return std::move(*out);
}

ledger::RepeatKey key_of(std::string_view act, const std::string& id) {
  const crypto::Digest digest = crypto::Sha256().add(kAction).add(act).add(" ").add(id).finish();
  ledger::RepeatKey out{};
  std::transform(digest.begin(), digest.begin() + out.size(), out.begin(),
                 [](std::uint8_t byte) { return static_cast<char>(byte); });
  return out;
}

}  // namespace

WallTime OverrideDesk::now() {
  latest_ = std::max(latest_, whole_ms(world_.clock.wall()));
  return latest_;
}

Moment OverrideDesk::moment() const {
  return Moment::of(world_.clock.mono() - start_, world_.clock.wall());
}

Result<std::string> OverrideDesk::plan_of(const std::string& tenant) {
  MC_TRY(const identity::Tenant held, world_.directory.tenant(TenantId(tenant)));
  return held.plan;
}

Status OverrideDesk::record(Act act, const OverrideActor& by, Override& one) {
  const std::string_view name = kActs[static_cast<std::size_t>(act)];
  json::Object payload = terms_of(one);
  set_number(payload, "limit_before", one.before);
  set_number(payload, "limit_after", one.after);
  payload.set("reason", one.reason);
  payload.set("note", one.note);
  payload.set("ticket", one.ticket);
  payload.set("asked_by", one.asked_by);
  payload.set("approved_by", one.approved_by);
  payload.set("request_id", by.request_id);
  ledger::Entry entry;
  entry.log = log_of(one.tenant);
  entry.type = kType;
  entry.actor = by.name;
  entry.tenant = one.tenant;
  entry.action = std::string(kAction) + std::string(name);
  entry.purpose = by.purpose.empty() ? "not stated" : by.purpose;
  entry.warrant = one.ticket;
  entry.payload = json::canonical(payload);
  // Whoever of several servers sees the end first records it.
  if (act == Act::expire) entry.key = key_of(name, one.id);
  const Result<ledger::Recorded> recorded = world_.ledger.append(std::move(entry));
  if (!recorded) {
    return fail(Code::unavailable, "no budget is changed without a record, and the ledger says: " +
                                       recorded.error().what);
  }
  if (act == Act::ask || act == Act::begin || act == Act::approve) {
    one.record = static_cast<std::int64_t>(recorded->seq);
  }
  return ok();
}

template <class Write>
Status OverrideDesk::write(const Override& one, const Write& write) {
  const Status written = world_.directory.lend([&](sql::Connection& connection) {
    OverrideStore store(connection);
    return write(store);
  });
  if (written || written.error().code == Code::conflict) return written;
  const Result<Override> found = with_store<Override>(
      world_.directory, [&](OverrideStore& store) { return store.find(one.tenant, one.id); });
  if (found && *found == one) return ok();
  return fail(Code::unavailable,
              "the override is recorded, and not stored: " + written.error().what);
}

Result<Book::Change> OverrideDesk::change_by(const Override& wanted) {
  MC_TRY_OK(check_limit(wanted));
  const std::lock_guard lock(mutex_);
  MC_TRY(const std::string plan, plan_of(wanted.tenant));
  return world_.book.change_by(wanted, plan, now());
}

bool OverrideDesk::takes_two(const Book::Change& change) const {
  return change.takes_two() || (slo_guard_.load(std::memory_order_relaxed) && change.is_more());
}

Result<Override> OverrideDesk::create(Override wanted, const OverrideActor& by, Run run) {
  const std::lock_guard lock(mutex_);
  const WallTime time = now();
  if (wanted.from == WallTime{}) wanted.from = time;
  MC_TRY_OK(check(wanted, time));
  MC_TRY(const std::string plan, plan_of(wanted.tenant));
  MC_TRY(const Book::Change change, world_.book.change_by(wanted, plan, time));
  wanted.id = sys::make_id("ovr", world_.clock, world_.random);
  wanted.state = takes_two(change) ? OverrideState::pending : OverrideState::active;
  wanted.before = change.before;
  wanted.after = change.after;
  wanted.asked_by = by.name;
  wanted.asked = time;
  wanted.changed = time;
  wanted.version = 1;
  MC_TRY(const std::int64_t open,
         with_store<std::int64_t>(world_.directory, [&](OverrideStore& store) {
           return store.count_open(wanted.tenant);
         }));
  if (open >= kOverridesOpenMax) {
    return fail(Code::exhausted, "tenant " + wanted.tenant + " has " +
                                     std::to_string(kOverridesOpenMax) +
                                     " open overrides, which is the limit; revoke some");
  }
  if (run == Run::dry) return wanted;
  const bool begins = wanted.state == OverrideState::active;
  MC_TRY_OK(record(begins ? Act::begin : Act::ask, by, wanted));
  const Status stored = write(wanted, [&](OverrideStore& store) { return store.insert(wanted); });
  if (!stored) {
    failed_.insert(wanted.id);
    return tl::unexpected<Error>(stored.error());
  }
  recorded_[wanted.id] = wanted.version;
  hold(wanted);
  return wanted;
}

Result<std::vector<Override>> OverrideDesk::list(const TenantId& tenant) {
  MC_TRY(std::vector<Override> out,
         with_store<std::vector<Override>>(
             world_.directory, [&](OverrideStore& store) { return store.list(tenant.get()); }));
  const std::lock_guard lock(mutex_);
  for (Override& one : out) one = seen_at(std::move(one), now());
  return out;
}

Result<Override> OverrideDesk::decide(const TenantId& tenant, const std::string& id,
                                      const Verdict& verdict, const OverrideActor& by) {
  const std::lock_guard lock(mutex_);
  MC_TRY(Override held, with_store<Override>(world_.directory, [&](OverrideStore& store) {
           return store.find(tenant.get(), id);
         }));
  MC_TRY(Override out, decided(std::move(held), verdict, by));
  if (verdict.run == Run::dry) return out;
  const Act act = verdict.to == OverrideState::active    ? Act::approve
                  : verdict.to == OverrideState::refused ? Act::refuse
                                                         : Act::revoke;
  MC_TRY_OK(record(act, by, out));
  const Status stored = write(out, [&](OverrideStore& store) { return store.change(out); });
  if (!stored) return tl::unexpected<Error>(stored.error());
  recorded_[out.id] = out.version;
  hold(out);
  return out;
}

Result<Override> OverrideDesk::decided(Override one, const Verdict& verdict,
                                       const OverrideActor& by) {
  const WallTime time = now();
  const OverrideState state = seen_at(one, time).state;
  const bool fits = state == OverrideState::pending ||
                    (state == OverrideState::active && verdict.to == OverrideState::revoked);
  if (!fits) return fail(Code::conflict, "the override is " + std::string(name_of(state)));
  MC_TRY(const std::string plan, plan_of(one.tenant));
  if (verdict.to == OverrideState::active) {
    if (by.name == one.asked_by) {
      return fail(Code::denied,
                  "an override of this size is approved by somebody else than who "
                  "asked for it");
    }
    one.from = std::max(one.from, time);
    one.approved_by = by.name;
    MC_TRY(const Book::Change change, world_.book.change_by(one, plan, time));
    one.before = change.before;
    one.after = change.after;
  } else {
    const Book::Change change = world_.book.change_without(one, plan, time);
    one.before = change.before;
    one.after = change.after;
    one.ended_by = by.name;
  }
  one.state = verdict.to;
  one.changed = time;
  ++one.version;
  return one;
}

Result<std::vector<Book::Line>> OverrideDesk::effective(const TenantId& tenant,
                                                        const std::string& path,
                                                        const std::string& user) {
  MC_TRY(const std::string plan, plan_of(tenant.get()));
  std::size_t route = Book::kAllRoutes;
  if (!path.empty()) {
    MC_TRY(route, world_.book.route_of(path));
  }
  return world_.book.effective({tenant.get(), plan, user, route}, moment());
}

void OverrideDesk::put(const std::string& tenant, std::vector<Override> rules) {
  sort_by_beginning(rules);
  const auto held = active_.find(tenant);
  if (held == active_.end() ? rules.empty() : held->second == rules) return;
  {
    std::optional<Journal::Turn> turn;
    if (world_.journal != nullptr) turn.emplace(world_.journal->turn());
    world_.book.set_overrides(tenant, rules);
    if (turn) turn->overridden(tenant, rules, moment());
  }
  if (rules.empty()) {
    active_.erase(tenant);
  } else {
    active_.insert_or_assign(tenant, std::move(rules));
  }
}

void OverrideDesk::hold(const Override& one) {
  std::vector<Override> rules;
  if (const auto held = active_.find(one.tenant); held != active_.end()) rules = held->second;
  std::erase_if(rules, [&](const Override& rule) { return rule.id == one.id; });
  if (one.state == OverrideState::active) rules.push_back(one);
  put(one.tenant, std::move(rules));
}

// Not of a row that says something else than its record, nor of one whose record was erased.
bool OverrideDesk::is_recorded(const Override& one) {
  const auto known = recorded_.find(one.id);
  if (known != recorded_.end() && known->second == one.version) return true;
  const Result<ledger::ReadRecord> read =
      world_.ledger.store().read(log_of(one.tenant), static_cast<std::uint64_t>(one.record));
  bool same = read.has_value() && !read->erased;
  if (same) {
    const Result<ledger::Header> header = ledger::parse_leaf(read->leaf);
    const Result<json::Value> payload = json::parse(read->payload);
    same = header && payload && header->type == kType &&
           (header->action == std::string(kAction) + "begin" ||
            header->action == std::string(kAction) + "approve");
    const json::Object terms = terms_of(one);
    for (const json::Member& term : terms.members()) {
      const json::Value* const said = same ? payload->find(term.name) : nullptr;
      same = said != nullptr && *said == term.value;
    }
  }
  if (same) {
    recorded_[one.id] = one.version;
  } else if (unrecorded_.insert(one.id).second) {
    world_.log.warn("budget.override_unrecorded", {{"tenant", one.tenant}, {"override", one.id}});
  }
  return same;
}

Status OverrideDesk::expire(Override& one) {
  MC_TRY(const std::string plan, plan_of(one.tenant));
  const Book::Change change = world_.book.change_without(one, plan, now());
  one.before = one.state == OverrideState::active ? one.after : change.before;
  one.after = change.after;
  one.state = OverrideState::expired;
  one.changed = now();
  ++one.version;
  MC_TRY_OK(record(Act::expire, kTime, one));
  const Status stored = write(one, [&](OverrideStore& store) { return store.change(one); });
  // Another server was first.
  return !stored && stored.error().code == Code::conflict ? ok() : stored;
}

// What was answered with a failure, and was stored nevertheless.
Status OverrideDesk::withdraw(Override& one) {
  one.state = OverrideState::refused;
  one.changed = now();
  ++one.version;
  MC_TRY_OK(record(Act::refuse, kTime, one));
  MC_TRY_OK(write(one, [&](OverrideStore& store) { return store.change(one); }));
  failed_.erase(one.id);
  return ok();
}

void OverrideDesk::take_over(std::vector<Override> open) {
  std::map<std::string, std::vector<Override>> next;
  for (Override& one : open) {
    if (one.state == OverrideState::active) next[one.tenant].push_back(std::move(one));
  }
  for (const auto& [tenant, rules] : active_) next.try_emplace(tenant);
  for (auto& [tenant, rules] : next) put(tenant, std::move(rules));
}

Status OverrideDesk::tick() {
  const std::lock_guard lock(mutex_);
  MC_TRY(std::vector<Override> open,
         with_store<std::vector<Override>>(world_.directory,
                                           [](OverrideStore& store) { return store.open(); }));
  Status out = ok();
  const WallTime time = now();
  std::vector<Override> held;
  std::erase_if(recorded_, [&](const auto& known) {
    return std::ranges::find(open, known.first, &Override::id) == open.end();
  });
  for (Override& one : open) {
    Status done = ok();
    if (failed_.contains(one.id)) {
      done = withdraw(one);
    } else if (one.until <= time) {
      done = expire(one);
    } else if (one.state != OverrideState::active || is_recorded(one)) {
      held.push_back(std::move(one));
    }
    if (!done && out) out = done;
  }
  take_over(std::move(held));
  return out;
}

}  // namespace mc::budget
