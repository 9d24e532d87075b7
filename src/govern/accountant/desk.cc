#include "accountant/desk.h"

#include <algorithm>
#include <set>
#include <utility>

namespace mc::accountant {
namespace {

constexpr std::size_t kAccountsKept = 200'000;

std::pair<std::string, std::string> key_of(const ChargeRef& ref) {
  return {ref.tenant.get(), ref.id.get()};
}

// The charge that an operation is about; null when it makes one, or is about none.
const ChargeRef* ref_of(const Operation& operation) {
  return std::visit(
      [](const auto& one) -> const ChargeRef* {
        if constexpr (requires { one.charge.id; }) {
          return &one.charge;
        } else {
          return nullptr;
        }
      },
      operation);
}

// The charge that an operation wants to make; null when it wants none, or an end of a shard.
const Charge* asked_by(const Operation& operation) {
  if (const auto* reserve = std::get_if<Reserve>(&operation)) return &reserve->charge;
  const auto* open = std::get_if<OpenShard>(&operation);
  return open != nullptr ? &open->charge : nullptr;
}

Error gone_back(WallTime wall, WallTime latest) {
  return {Code::unavailable, "the clock went back: it says " + format_rfc3339(wall) +
                                 ", and the last charge was at " + format_rfc3339(latest) +
                                 "; nothing is spent until it has caught up"};
}

}  // namespace

std::vector<AccountKey> keys_of(const Charge& charge, const Window& window,
                                const std::vector<WallTime>& blocks) {
  const std::string& tenant = charge.tenant.get();
  std::vector<AccountKey> out;
  out.push_back({tenant, charge.dataset, charge.purpose, Scope::window, window.start});
  const bool both = charge.reach != Reach::tenant;
  if (both) out.push_back({"", charge.dataset, "", Scope::dataset, window.start});
  out.push_back({tenant, charge.dataset, "", Scope::lifetime, WallTime{}});
  for (const WallTime start : blocks) {
    out.push_back({"", charge.dataset, "", Scope::block, start});
  }
  return out;
}

Result<std::vector<WallTime>> blocks_of(const Charge& charge, const DatasetRules& rules) {
  std::vector<WallTime> out;
  if (rules.block_days == 0 || charge.reach == Reach::tenant) return out;
  if (!charge.events) {
    return fail(Code::invalid,
                "charge: dataset '" + excerpt(charge.dataset) +
                    "' has budgets by event time, and the query does not say which it reaches");
  }
  const std::int64_t first = day_of(charge.events->start) / rules.block_days;
  const std::int64_t last = day_of(charge.events->end - Nanos{1}) / rules.block_days;
  if (last - first >= static_cast<std::int64_t>(kBlocksMax)) {
    return fail(Code::invalid, "charge: the query reaches more than " + std::to_string(kBlocksMax) +
                                   " blocks of event time");
  }
  for (std::int64_t block = first; block <= last; ++block) {
    out.push_back(WallTime{} + seconds(86'400) * (block * rules.block_days));
  }
  return out;
}

WallTime end_of(const AccountKey& key, const Window& window) {
  const bool ends = key.scope == Scope::window || key.scope == Scope::dataset;
  return ends ? window.end : kAllTime.end;
}

Limit limit_of(const AccountKey& key, const std::string& plan, const Settings& settings) {
  const DatasetRules& rules = settings.dataset(key.dataset);
  if (!settings.grants.empty()) {
    if (key.scope != Scope::window) return {};
    const Grant* grant = settings.grant(key.tenant, key.dataset, key.purpose, key.start);
    const Shard& shard = grant != nullptr ? grant->shard : Shard{};
    return Limit{.epsilon = shard.epsilon, .delta = shard.delta}.under(rules.filter);
  }
  switch (key.scope) {
    case Scope::window:
      return settings.plan(plan).window.under(rules.filter);
    case Scope::dataset:
      return rules.all_tenants;
    case Scope::lifetime:
      return rules.lifetime;
    case Scope::block:
      break;
  }
  return rules.block;
}

Account new_account(const AccountKey& key, Filter filter, WallTime end) {
  Account out;
  out.key = key;
  out.filter = filter;
  out.end = end;
  return out;
}

Status check_policy(const Charge& charge, const Settings& settings) {
  MC_TRY_OK(charge.check());
  const Plan& plan = settings.plan(charge.plan);
  if (charge.cost.epsilon > plan.query_max && charge.reach != Reach::shard) {
    return fail(Code::invalid, "charge: epsilon " + to_decimal(charge.cost.epsilon) + " is over " +
                                   to_decimal(plan.query_max) + ", the most of one query");
  }
  return ok();
}

Status Desk::begin(std::span<const Operation* const> batch) {
  broken_.reset();
  changed_.clear();
  if (memory_ == Memory::forgets || accounts_.size() > kAccountsKept) forget();
  wall_ = whole_ms(world_.clock.wall());
  now_ = std::max(wall_, latest_);
  // Alone there is nobody to wait for, so all is read when it is needed.
  if (memory_ == Memory::keeps) return ok();
  MC_TRY_OK(load_charges(batch));
  return load_accounts(batch);
}

void Desk::forget() {
  changed_.clear();
  accounts_.clear();
  charges_.clear();
}

Status Desk::load_charges(std::span<const Operation* const> batch) {
  std::vector<ChargeRef> refs;
  for (const Operation* each : batch) {
    if (const ChargeRef* ref = ref_of(*each)) refs.push_back(*ref);
  }
  std::sort(refs.begin(), refs.end(),
            [](const ChargeRef& a, const ChargeRef& b) { return key_of(a) < key_of(b); });
  for (const ChargeRef& ref : refs) {
    const Result<ChargeRecord*> found = find(ref);
    if (!found && broken_) return tl::unexpected<Error>(*broken_);
  }
  return ok();
}

Status Desk::load_accounts(std::span<const Operation* const> batch) {
  // Lifetime accounts first: they say how late it is, and that says the windows.
  std::set<AccountKey> lifetimes;
  for (const Operation* each : batch) {
    if (const Charge* asked = asked_by(*each)) {
      lifetimes.insert(keys_of(*asked, {}, {}).back());
    }
    if (const auto* add = std::get_if<AddTopUp>(each)) {
      const TopUp& top_up = add->top_up;
      lifetimes.insert({top_up.tenant.get(), top_up.dataset, "", Scope::lifetime, WallTime{}});
    }
  }
  for (const auto& [id, record] : charges_) lifetimes.insert(keys_of(record.charge, {}, {}).back());
  for (const AccountKey& key : lifetimes) {
    const Filter filter = world_.settings.dataset(key.dataset).filter;
    MC_TRY(const Held* const held, of_store(hold(key, kAllTime.end, filter)));
    const WallTime changed_at = held->account.changed_at;
    const bool near = changed_at <= wall_ + world_.settings.clock_tolerance;
    if (near) now_ = std::max(now_, changed_at);
  }
  std::map<AccountKey, WallTime> others;
  for (const auto& [id, record] : charges_) {
    for (const AccountKey& key : keys_of(record.charge, record.window, record.blocks)) {
      others.emplace(key, end_of(key, record.window));
    }
  }
  for (const Operation* each : batch) {
    const Charge* asked = asked_by(*each);
    if (asked == nullptr) continue;
    const DatasetRules& rules = world_.settings.dataset(asked->dataset);
    const Window window = window_at(rules.length, now_);
    const auto blocks = blocks_of(*asked, rules);
    if (!blocks) continue;
    for (const AccountKey& key : keys_of(*asked, window, *blocks)) {
      others.emplace(key, end_of(key, window));
    }
  }
  for (const auto& [key, end] : others) {
    const Filter filter = world_.settings.dataset(key.dataset).filter;
    MC_TRY_OK(of_store(hold(key, end, filter)).map([](Held*) { return std::monostate(); }));
  }
  return ok();
}

Result<Desk::Held*> Desk::hold(const AccountKey& key, WallTime end, Filter filter) {
  const auto found = accounts_.find(key);
  if (found != accounts_.end()) return &found->second;
  MC_TRY(std::optional<Account> stored, of_store(world_.store.account(key)));
  Held held{stored ? std::move(*stored) : new_account(key, filter, end), false};
  held.account.end = end;
  return &accounts_.emplace(key, std::move(held)).first->second;
}

// With the limit that is configured now, and without top-ups that are over.
Result<Desk::Held*> Desk::touch(const AccountKey& key, const Charge& charge, WallTime end) {
  const DatasetRules& rules = world_.settings.dataset(charge.dataset);
  MC_TRY(Held* const held, hold(key, end, rules.filter));
  MC_TRY_OK(expire(*held));
  const Limit limit = limit_of(key, charge.plan, world_.settings);
  MC_TRY_OK(held->account.follow(rules.filter, limit));
  return held;
}

Status Desk::expire(Held& held) {
  for (const std::string& id : held.account.expired(now_)) {
    const TopUp top_up = held.account.top_ups.at(id);
    const NanoEpsilon taken = held.account.end_top_up(id);
    mark(held);
    const Status ended = world_.store.end(top_up, TopUpState::expired, taken, now_);
    if (!ended) {
      broken_ = ended.error();
      return ended;
    }
  }
  return ok();
}

Result<ChargeRecord*> Desk::find(const ChargeRef& ref) {
  const auto found = charges_.find(key_of(ref));
  if (found != charges_.end()) return &found->second;
  MC_TRY(std::optional<ChargeRecord> stored, of_store(world_.store.charge(ref)));
  if (!stored) return fail(Code::not_found, "there is no charge " + excerpt(ref.id.get()));
  return &charges_.emplace(key_of(ref), std::move(*stored)).first->second;
}

Status Desk::check_clock(const Account& lifetime) const {
  const WallTime latest = std::max(latest_, lifetime.changed_at);
  if (wall_ + world_.settings.clock_tolerance >= latest) return ok();
  return tl::unexpected<Error>(gone_back(wall_, latest));
}

Result<Outcome> Desk::apply(const Operation& operation) {
  Result<Outcome> out = std::visit([this](const auto& one) { return run(one); }, operation);
  // Only open charges are worth keeping.
  if (const ChargeRef* ref = ref_of(operation)) {
    const auto found = charges_.find(key_of(*ref));
    const bool open = found != charges_.end() && found->second.settled_at == WallTime{};
    if (found != charges_.end() && !open) charges_.erase(found);
  }
  return out;
}

void Desk::mark(Held& held) {
  if (!held.dirty) changed_.push_back(&held);
  held.dirty = true;
}

Status Desk::finish() {
  // In one order for all servers.
  std::sort(changed_.begin(), changed_.end(),
            [](const Held* a, const Held* b) { return a->account.key < b->account.key; });
  for (Held* held : changed_) {
    MC_CHECK(held->account.holds());
    MC_TRY_OK(world_.store.save(held->account));
    held->dirty = false;
  }
  return ok();
}

std::vector<const Account*> Desk::changed() const {
  std::vector<const Account*> out;
  out.reserve(changed_.size());
  for (const Held* held : changed_) out.push_back(&held->account);
  return out;
}

}  // namespace mc::accountant
