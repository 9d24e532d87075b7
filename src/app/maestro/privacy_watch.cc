#include "maestro/privacy_watch.h"

#include <algorithm>

#include "accountant/charge_json.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "transparency/transparency.h"

namespace mc::app {
namespace {

using accountant::ChargeRecord;
using accountant::Standing;

constexpr std::string_view kChargeType = "dp.charge";
constexpr std::string_view kLowType = "dp.budget";
constexpr std::string_view kRefusalType = "dp.refusal";
constexpr std::string_view kExhaustedType = "dp.exhausted";
constexpr std::string_view kUsedUp = "used up";
constexpr std::string_view kSoonUsedUp = "used up within a day at the present rate";
constexpr int kAtOnce = 200;

ledger::RepeatKey key_of(std::string_view text) {
  const crypto::Digest digest = crypto::Sha256().add("mc.dp ").add(text).finish();
  ledger::RepeatKey out{};
  std::transform(digest.begin(), digest.begin() + out.size(), out.begin(),
                 [](std::uint8_t byte) { return static_cast<char>(byte); });
  return out;
}

std::string charge_action(const std::string& dataset) {
  return "dp.charge." + dataset;
}

ledger::Entry entry_of(const ChargeRecord& charge) {
  ledger::Entry out;
  out.log = transparency::log_of(charge.charge.tenant);
  out.type = kChargeType;
  out.actor = charge.charge.analyst.get() + "@" + charge.charge.tenant.get();
  out.tenant = charge.charge.tenant.get();
  out.action = charge_action(charge.charge.dataset);
  out.purpose = charge.charge.purpose.empty() ? "not stated" : charge.charge.purpose;
  out.payload = accountant::settled_json(charge);
  out.key = key_of(charge.id.get());
  return out;
}

json::Value time_or_null(const std::optional<WallTime>& time) {
  return time ? json::Value(format_rfc3339(*time)) : json::Value();
}
json::Value member_or_null(const json::Object& from, std::string_view name) {
  const json::Value* const found = from.find(name);
  return found != nullptr ? json::Value(*found) : json::Value();
}

// Of limit and top-ups; nothing without a limit.
std::optional<std::int64_t> permille_left(const Standing& standing) {
  if (!standing.limit.epsilon || !standing.epsilon_left) return std::nullopt;
  const __int128 all = __int128{standing.limit.epsilon->get()} + standing.top_up.get();
  if (all <= 0) return std::nullopt;
  return static_cast<std::int64_t>(__int128{standing.epsilon_left->get()} * 1'000 / all);
}

std::string limit_text(const Standing& standing) {
  return accountant::to_decimal(*standing.limit.epsilon + standing.top_up);
}

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* const found = object.find(name);
  const std::string* const text = found != nullptr ? found->as_string() : nullptr;
  return text != nullptr ? *text : "";
}

double as_number(accountant::NanoEpsilon amount) {
  return static_cast<double>(amount.get()) / 1e9;
}

}  // namespace

void PrivacyWatch::touch(const TenantId& tenant, const std::string& dataset,
                         const std::string& purpose) {
  const std::lock_guard lock(mutex_);
  touched_.insert({tenant.get(), dataset, purpose});
}

std::vector<PrivacyWatch::Left> PrivacyWatch::left() const {
  const std::lock_guard lock(mutex_);
  std::vector<Left> out;
  for (const auto& [budget, left] : left_) out.push_back(left);
  return out;
}

void PrivacyWatch::refused(const accountant::Charge& charge, const accountant::Refusal& by,
                           const dataset::PrivateRefusal& told) {
  const std::lock_guard lock(mutex_);
  if (refused_.size() >= kRefusalsQueued) return;
  refused_.push_back({charge, by, told.error.what, json::Object(told.extensions)});
}

Status PrivacyWatch::step() {
  std::set<Budget> touched;
  std::vector<Refused> refused;
  {
    const std::lock_guard lock(mutex_);
    touched.swap(touched_);
    refused.swap(refused_);
  }
  Status out = ok();
  for (const Budget& budget : touched) {
    const auto& [tenant, dataset, purpose] = budget;
    Status done = record({tenant, dataset});
    if (done && !purpose.empty()) done = look(budget);
    if (done) continue;
    const std::lock_guard lock(mutex_);
    touched_.insert(budget);
    out = done;
  }
  for (Refused& one : refused) {
    Status done = record(one);
    if (done) done = look_at_refused(one);
    if (done) continue;
    const std::lock_guard lock(mutex_);
    if (refused_.size() < kRefusalsQueued) refused_.push_back(std::move(one));
    out = done;
  }
  return out;
}

// The seq of the newest charge that the log has; 0 = none.
Result<std::int64_t> PrivacyWatch::recorded(const Journal& journal) {
  const std::string log = transparency::log_of(TenantId(journal.first));
  search::Query query;
  query.type = kChargeType;
  query.action = charge_action(journal.second);
  query.limit = 1;
  const Result<search::Found> found = world_.index.find(log, query);
  if (!found && found.error().code == Code::not_found) return 0;  // there is no such log yet
  if (!found) return tl::unexpected<Error>(found.error());
  if (found->records.empty()) return 0;
  MC_TRY(const ledger::ReadRecord read, world_.ledger.store().read(log, found->records.front()));
  MC_TRY(const json::Value payload, json::parse(read.payload));
  const json::Value* const seq = payload.find("seq");
  if (seq == nullptr || seq->as_int() == nullptr) {
    return fail(Code::corrupt, "the newest record of a charge has no seq");
  }
  return *seq->as_int();
}

Status PrivacyWatch::record(const Journal& journal) {
  auto at = recorded_.find(journal);
  if (at == recorded_.end()) {
    MC_TRY(const std::int64_t last, recorded(journal));
    at = recorded_.emplace(journal, last).first;
  }
  for (;;) {
    MC_TRY(const std::vector<ChargeRecord> settled,
           world_.accountant.reports().settled(TenantId(journal.first), journal.second, at->second,
                                               kAtOnce));
    for (const ChargeRecord& charge : settled) {
      MC_TRY([[maybe_unused]] const ledger::Recorded done, world_.ledger.append(entry_of(charge)));
      at->second = charge.seq;
    }
    if (settled.size() < kAtOnce) return ok();
  }
}

Status PrivacyWatch::record(const Refused& one) {
  const accountant::Charge& charge = one.charge;
  const Budget budget{charge.tenant.get(), charge.dataset, charge.purpose};
  // A lifetime has no window: its refusals are counted by the day.
  constexpr Nanos kDay = seconds(86'400);
  const std::int64_t days = (world_.clock.wall() - WallTime{}).count / kDay.count;
  const WallTime begin =
      one.by.account.start == WallTime{} ? WallTime{} + kDay * days : one.by.account.start;
  std::int64_t& recorded = refusals_[{budget, begin}];
  if (recorded >= kRefusalsRecorded) return ok();
  json::Object payload;
  payload.set("kind", "mc.dp-refusal/v1");
  payload.set("tenant", charge.tenant.get());
  payload.set("dataset", charge.dataset);
  payload.set("purpose", charge.purpose);
  payload.set("analyst", charge.analyst.get());
  payload.set("query_type", charge.query_type);
  payload.set("query", charge.query);
  for (const char* name : {"budget", "requested", "remaining", "nearest"}) {
    payload.set(name, member_or_null(one.told, name));
  }
  payload.set("resets_at", time_or_null(one.by.resets_at));
  payload.set("message", one.message);
  ledger::Entry entry;
  entry.log = transparency::log_of(charge.tenant);
  entry.type = kRefusalType;
  entry.actor = charge.analyst.get() + "@" + charge.tenant.get();
  entry.tenant = charge.tenant.get();
  entry.action = "dp.refusal." + charge.dataset;
  entry.purpose = charge.purpose.empty() ? "not stated" : charge.purpose;
  entry.payload = json::canonical(json::Value(std::move(payload)));
  entry.key =
      key_of("refusal " + entry.actor + " " + charge.purpose + " " + charge.query + " " +
             accountant::to_decimal(one.by.requested) + " " + format_rfc3339(one.by.account.start));
  MC_TRY(const ledger::Recorded done, world_.ledger.append(std::move(entry)));
  if (!done.repeated) ++recorded;
  return ok();
}

Status PrivacyWatch::look(const Budget& budget) {
  const auto& [tenant, dataset, purpose] = budget;
  MC_TRY(const identity::Tenant held, world_.directory.tenant(TenantId(tenant)));
  MC_TRY(const std::vector<Standing> all,
         world_.accountant.reports().standings({TenantId(tenant), dataset, purpose}, held.plan));
  for (const Standing& standing : all) {
    if (standing.key.scope != accountant::Scope::window) continue;
    const std::optional<std::int64_t> permille = permille_left(standing);
    if (!permille) continue;
    {
      const std::lock_guard lock(mutex_);
      left_[budget] = {tenant,
                       dataset,
                       purpose,
                       *permille,
                       as_number(*standing.limit.epsilon) + as_number(standing.top_up),
                       as_number(standing.spent.epsilon),
                       as_number(standing.reserved.epsilon),
                       as_number(standing.top_up)};
    }
    MC_TRY_OK(tell_level(standing, *permille));
    if (*permille <= kForecastPermille) MC_TRY_OK(foresee(budget, standing, held.plan));
  }
  return ok();
}

Status PrivacyWatch::tell_level(const Standing& standing, std::int64_t permille) {
  const auto* const level =
      std::ranges::find_if(kPrivacyLevels, [&](std::int64_t at) { return permille <= at * 10; });
  if (level == std::end(kPrivacyLevels)) return ok();
  const Budget budget{standing.key.tenant, standing.key.dataset, standing.key.purpose};
  std::int64_t& told = told_.try_emplace({budget, standing.key.start}, INT64_MAX).first->second;
  if (*level >= told) return ok();
  json::Object data;
  data.set("dataset", standing.key.dataset);
  data.set("purpose", standing.key.purpose);
  data.set("level", *level);
  data.set("left_permille", permille);
  data.set("epsilon_left", accountant::to_decimal(*standing.epsilon_left));
  data.set("epsilon_limit", accountant::to_decimal(*standing.limit.epsilon));
  data.set("epsilon_top_up", accountant::to_decimal(standing.top_up));
  data.set("window_start", format_rfc3339(standing.key.start));
  data.set("resets_at", time_or_null(standing.resets_at));
  MC_TRY_OK(tell({.type = kLowType,
                  .action = "dp.budget.low",
                  .event = "mc.privacy.low",
                  .log = "privacy.low",
                  .key = "low " + std::to_string(*level) + " " + standing.key.tenant + " " +
                         standing.key.dataset + " " + standing.key.purpose + " " +
                         format_rfc3339(standing.key.start),
                  .budget = budget,
                  .left_permille = permille,
                  .data = std::move(data)}));
  told = *level;
  return ok();
}

Status PrivacyWatch::foresee(const Budget& budget, const Standing& standing,
                             const std::string& plan) {
  if (noticed_.contains({budget, standing.key.start})) return ok();
  const auto& [tenant, dataset, purpose] = budget;
  MC_TRY(accountant::BurnDown burn,
         world_.accountant.reports().burn_down({TenantId(tenant), dataset, purpose}, plan));
  const bool none = *standing.epsilon_left <= accountant::NanoEpsilon();
  const bool soon = burn.forecast && burn.forecast->exhausted_at &&
                    *burn.forecast->exhausted_at - world_.clock.wall() < kForecastTold;
  if (!none && !soon) return ok();
  return tell(Exhausted{.standing = standing,
                        .budget = budget,
                        .why = std::string(none ? kUsedUp : kSoonUsedUp),
                        .burn = std::move(burn)});
}

// What is short of delta alone, or of a budget of all tenants, says nothing of this one.
Status PrivacyWatch::look_at_refused(const Refused& one) {
  const accountant::Charge& charge = one.charge;
  const accountant::AccountKey& key = one.by.account;
  const Budget budget{charge.tenant.get(), charge.dataset, charge.purpose};
  const bool enough =
      one.by.epsilon_left >= world_.accountant.settings().plan(charge.plan).query_default;
  if (!one.by.own() || enough || noticed_.contains({budget, key.start})) return ok();
  const accountant::Subject subject{charge.tenant, charge.dataset, charge.purpose};
  MC_TRY(const std::vector<Standing> all,
         world_.accountant.reports().standings(subject, charge.plan));
  const auto standing =
      std::ranges::find(all, key.scope, [](const Standing& each) { return each.key.scope; });
  if (standing == all.end() || !standing->limit.epsilon) return ok();
  std::optional<accountant::BurnDown> burn;
  if (key.scope == accountant::Scope::window) {
    MC_TRY(burn, world_.accountant.reports().burn_down(subject, charge.plan));
  }
  return tell(Exhausted{.standing = *standing,
                        .budget = budget,
                        .why = std::string(kUsedUp),
                        .burn = std::move(burn),
                        .nearest = one.told.find("nearest")});
}

NoticeValues PrivacyWatch::words_of(const Exhausted& what, std::optional<WallTime> gone) const {
  const auto& [tenant, dataset, purpose] = what.budget;
  const Standing& standing = what.standing;
  const std::string left = accountant::to_decimal(*standing.epsilon_left);
  std::string nearest = "none";
  if (what.nearest != nullptr) {
    nearest = "epsilon " + text_of(*what.nearest, "epsilon") + ", off by " +
              text_of(*what.nearest, "rmse") + " (RMSE)";
  } else if (what.why == kSoonUsedUp) {
    nearest = "any of at most epsilon " + left;
  }
  std::string forecast = "none, this budget is for good";
  if (what.burn) {
    forecast = gone ? "gone on " + format_rfc3339(*gone) + " at the present rate"
                    : "what is left lasts until the reset at the present rate";
    if (*standing.epsilon_left <= accountant::NanoEpsilon()) forecast = "nothing is left";
  }
  const std::string start = format_rfc3339(standing.key.start);
  return {{"tenant", tenant},
          {"dataset", dataset},
          {"purpose", purpose},
          {"why", what.why},
          {"left", left},
          {"limit", limit_text(standing)},
          {"window_start", what.burn ? start : "never"},
          {"resets_at", standing.resets_at ? format_rfc3339(*standing.resets_at) : "never"},
          {"forecast", std::move(forecast)},
          {"nearest", std::move(nearest)},
          {"ask_at", notice_.ask_at},
          {"ask_command", "maestro privacy top-up ask --tenant " + shell_argument(tenant) +
                              " --dataset " + shell_argument(dataset) + " --purpose " +
                              shell_argument(purpose) +
                              " --epsilon 1 --for 24h --warrant wrt_... "
                              "--reason '...'"}};
}

Status PrivacyWatch::tell(const Exhausted& what) {
  const auto& [tenant, dataset, purpose] = what.budget;
  const Standing& standing = what.standing;
  const std::optional<WallTime> gone =
      what.burn && what.burn->forecast ? what.burn->forecast->exhausted_at : std::nullopt;
  const bool windowed = standing.key.scope == accountant::Scope::window;
  json::Object data;
  data.set("dataset", dataset);
  data.set("purpose", purpose);
  data.set("budget", accountant::name_of(standing.key.scope));
  data.set("why", what.why);
  data.set("epsilon_left", accountant::to_decimal(*standing.epsilon_left));
  data.set("epsilon_limit", limit_text(standing));
  data.set("window_start",
           windowed ? json::Value(format_rfc3339(standing.key.start)) : json::Value());
  data.set("resets_at", time_or_null(standing.resets_at));
  data.set("exhausted_at", time_or_null(gone));
  data.set("nearest", what.nearest != nullptr ? json::Value(*what.nearest) : json::Value());
  data.set("ask_at", notice_.ask_at);
  const NoticeValues values = words_of(what, gone);
  data.set("title", notice_.title.fill(values));
  data.set("text", notice_.text.fill(values));
  const std::string start = format_rfc3339(standing.key.start);
  MC_TRY_OK(tell({.type = kExhaustedType,
                  .action = "dp.budget.exhausted",
                  .event = "mc.privacy.exhausted",
                  .log = "privacy.exhausted",
                  .key = "exhausted " + tenant + " " + dataset + " " + purpose + " " + start,
                  .budget = what.budget,
                  .left_permille = permille_left(standing).value_or(0),
                  .data = std::move(data)}));
  noticed_.insert({what.budget, standing.key.start});
  return ok();
}

Status PrivacyWatch::tell(Notice notice) {
  const auto& [tenant, dataset, purpose] = notice.budget;
  ledger::Entry entry;
  entry.log = transparency::log_of(TenantId(tenant));
  entry.type = notice.type;
  entry.actor = "maestro@system";
  entry.tenant = tenant;
  entry.action = notice.action;
  entry.purpose = purpose.empty() ? "not stated" : purpose;
  entry.payload = json::canonical(json::Value(json::Object(notice.data)));
  entry.key = key_of(notice.key);
  MC_TRY(const ledger::Recorded recorded, world_.ledger.append(std::move(entry)));
  // Another process was first, or this one before a restart: unless it could not tell it then.
  if (recorded.repeated && !untold_.contains(notice.key)) return ok();
  untold_.insert(notice.key);
  if (!recorded.repeated) {
    world_.log.warn(notice.log, {{"tenant", tenant},
                                 {"dataset", dataset},
                                 {"purpose", purpose},
                                 {"left_permille", notice.left_permille}});
  }
  MC_TRY_OK(
      world_.directory.announce(TenantId(tenant), notice.event, dataset, std::move(notice.data)));
  untold_.erase(notice.key);
  return ok();
}

}  // namespace mc::app
