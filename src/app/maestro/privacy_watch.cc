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

// Of limit and top-ups; nothing without a limit.
std::optional<std::int64_t> permille_left(const Standing& standing) {
  if (!standing.limit.epsilon || !standing.epsilon_left) return std::nullopt;
  const __int128 all = __int128{standing.limit.epsilon->get()} + standing.top_up.get();
  if (all <= 0) return std::nullopt;
  return static_cast<std::int64_t>(__int128{standing.epsilon_left->get()} * 1'000 / all);
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

Status PrivacyWatch::step() {
  std::set<Budget> touched;
  {
    const std::lock_guard lock(mutex_);
    touched.swap(touched_);
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
    const auto* const level =
        std::ranges::find_if(kPrivacyLevels, [&](std::int64_t at) { return *permille <= at * 10; });
    if (level == std::end(kPrivacyLevels)) continue;
    std::int64_t& told = told_.try_emplace({budget, standing.key.start}, INT64_MAX).first->second;
    if (*level >= told) continue;
    MC_TRY_OK(tell(standing, *level, *permille));
    told = *level;
  }
  return ok();
}

Status PrivacyWatch::tell(const Standing& standing, std::int64_t level, std::int64_t permille) {
  json::Object data;
  data.set("dataset", standing.key.dataset);
  data.set("purpose", standing.key.purpose);
  data.set("level", level);
  data.set("left_permille", permille);
  data.set("epsilon_left", accountant::to_decimal(*standing.epsilon_left));
  data.set("epsilon_limit", accountant::to_decimal(*standing.limit.epsilon));
  data.set("epsilon_top_up", accountant::to_decimal(standing.top_up));
  data.set("window_start", format_rfc3339(standing.key.start));
  data.set("resets_at",
           standing.resets_at ? json::Value(format_rfc3339(*standing.resets_at)) : json::Value());
  ledger::Entry entry;
  entry.log = transparency::log_of(TenantId(standing.key.tenant));
  entry.type = kLowType;
  entry.actor = "maestro@system";
  entry.tenant = standing.key.tenant;
  entry.action = "dp.budget.low";
  entry.purpose = standing.key.purpose;
  entry.payload = json::canonical(json::Value(json::Object(data)));
  entry.key = key_of("low " + std::to_string(level) + " " + standing.key.tenant + " " +
                     standing.key.dataset + " " + standing.key.purpose + " " +
                     format_rfc3339(standing.key.start));
  MC_TRY(const ledger::Recorded recorded, world_.ledger.append(std::move(entry)));
  const std::tuple low{standing.key, level};
  // Another process was first, or this one before a restart: unless it could not tell it then.
  if (recorded.repeated && !untold_.contains(low)) return ok();
  untold_.insert(low);
  if (!recorded.repeated)
    world_.log.warn("privacy.low", {{"tenant", standing.key.tenant},
                                    {"dataset", standing.key.dataset},
                                    {"purpose", standing.key.purpose},
                                    {"level", level},
                                    {"left_permille", permille}});
  MC_TRY_OK(world_.directory.announce(TenantId(standing.key.tenant), "mc.privacy.low",
                                      standing.key.dataset, std::move(data)));
  untold_.erase(low);
  return ok();
}

}  // namespace mc::app
