// Privacy budgets as they are: what is left, who spent what, how long it will do, and the hash by
// which somebody else can count it again.
#include <algorithm>

#include "accountant/accountant.h"
#include "accountant/replay.h"
#include "api/handlers.h"

namespace mc::api {
namespace {

using accountant::Accountant;
using accountant::ChargeRecord;
using accountant::NanoEpsilon;
using accountant::Standing;
using accountant::Subject;

constexpr int kPageDefault = 50;
constexpr std::int64_t kPageMax = 200;

Result<Accountant*> accountant_of(const AdminWorld& world) {
  if (world.privacy.accountant != nullptr) return world.privacy.accountant;
  return fail(Code::unavailable, "no dataset of this server has privacy budgets");
}

// What the query of an endpoint may say.
struct Query {
  Subject subject;
  std::string by, cursor;
  int limit = kPageDefault;
};
Result<Query> read_query(const AdminWorld& world, const AdminRequest& request,
                         std::initializer_list<std::string_view> names) {
  Query out;
  out.subject.tenant = TenantId(request.path[1]);
  MC_TRY_OK(check_reads(request, out.subject.tenant));
  MC_TRY_OK(check_known(world, out.subject.tenant));
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(names, name) == names.end()) {
      std::string all;
      for (const std::string_view each : names) all.append(all.empty() ? "" : ", ").append(each);
      return fail(Code::invalid, "the query has " + all + ", not '" + excerpt(name) + "'");
    }
    if (name == "dataset") out.subject.dataset = value;
    if (name == "purpose") out.subject.purpose = value;
    if (name == "by") out.by = value;
    if (name == "cursor") out.cursor = value;
    if (name != "limit") continue;
    const Result<std::int64_t> number = parse_int(value);
    if (!number || *number < 1 || *number > kPageMax) {
      return fail(Code::invalid, "limit: it is 1 to " + std::to_string(kPageMax));
    }
    out.limit = static_cast<int>(*number);
  }
  return out;
}

Status need_dataset(const Query& query) {
  if (!query.subject.dataset.empty()) return ok();
  return fail(Code::invalid, "dataset: the query names one");
}

json::Value amount_or_null(const std::optional<NanoEpsilon>& amount) {
  return amount ? json::Value(accountant::to_decimal(*amount)) : json::Value();
}
json::Value time_or_null(const std::optional<WallTime>& time) {
  return time ? json::Value(format_rfc3339(*time)) : json::Value();
}

// Nothing = no limit: then nothing is used up.
json::Value share_left(const Standing& standing) {
  const auto limit = standing.limit.epsilon;
  if (!limit || !standing.epsilon_left) return {};
  const __int128 all = __int128{limit->get()} + standing.top_up.get();
  if (all <= 0) return {};
  return static_cast<std::int64_t>(__int128{standing.epsilon_left->get()} * 1'000 / all);
}

json::Object to_json(const Standing& standing) {
  json::Object out;
  const bool windowed = standing.key.scope == accountant::Scope::window ||
                        standing.key.scope == accountant::Scope::dataset;
  out.set("scope", accountant::name_of(standing.key.scope));
  out.set("dataset", standing.key.dataset);
  out.set("purpose",
          standing.key.purpose.empty() ? json::Value() : json::Value(standing.key.purpose));
  out.set("filter", accountant::name_of(standing.filter));
  out.set("window_start",
          windowed ? json::Value(format_rfc3339(standing.key.start)) : json::Value());
  out.set("resets_at", time_or_null(standing.resets_at));
  out.set("epsilon_limit", amount_or_null(standing.limit.epsilon));
  out.set("epsilon_spent", accountant::to_decimal(standing.spent.epsilon));
  out.set("epsilon_reserved", accountant::to_decimal(standing.reserved.epsilon));
  out.set("epsilon_top_up", accountant::to_decimal(standing.top_up));
  out.set("epsilon_left", amount_or_null(standing.epsilon_left));
  out.set("left_permille", share_left(standing));
  out.set("delta_spent", accountant::to_decimal(standing.spent.delta));
  out.set("delta_limit", standing.limit.delta
                             ? json::Value(accountant::to_decimal(*standing.limit.delta))
                             : json::Value());
  out.set("rho_spent", accountant::to_decimal(standing.spent.rho));
  out.set("rho_limit", standing.limit.rho ? json::Value(accountant::to_decimal(*standing.limit.rho))
                                          : json::Value());
  return out;
}

json::Object to_json(const ChargeRecord& charge) {
  json::Object out;
  out.set("id", charge.id.get());
  out.set("dataset", charge.charge.dataset);
  out.set("purpose", charge.charge.purpose);
  out.set("analyst", charge.charge.analyst.get());
  out.set("query_type", charge.charge.query_type);
  out.set("mechanism", charge.charge.mechanism);
  out.set("query", charge.charge.query);
  out.set("state", accountant::name_of(charge.state));
  out.set("epsilon", accountant::to_decimal(charge.charge.cost.epsilon));
  out.set("delta", accountant::to_decimal(charge.charge.cost.delta));
  out.set("rho", accountant::to_decimal(charge.charge.cost.rho));
  out.set("window_start", format_rfc3339(charge.window.start));
  out.set("reserved_at", format_rfc3339(charge.reserved_at));
  out.set("settled_at", charge.settled_at == WallTime{}
                            ? json::Value()
                            : json::Value(format_rfc3339(charge.settled_at)));
  out.set("seq", charge.seq == 0 ? json::Value() : json::Value(charge.seq));
  return out;
}

json::Object to_json(const accountant::Spend& spend) {
  json::Object out;
  out.set("name", spend.name);
  out.set("epsilon", accountant::to_decimal(spend.epsilon));
  out.set("delta", accountant::to_decimal(spend.delta));
  out.set("rho", accountant::to_decimal(spend.rho));
  out.set("charges", spend.charges);
  return out;
}

Result<std::string> plan_of(const AdminWorld& world, const TenantId& tenant) {
  MC_TRY(const identity::Tenant held, world.directory.tenant(tenant));
  return held.plan;
}

template <class T>
net::Response list_reply(const std::vector<T>& all, const std::string& next = "") {
  json::Array items;
  for (const T& one : all) items.emplace_back(to_json(one));
  json::Object out;
  out.set("items", std::move(items));
  out.set("next_cursor", next.empty() ? json::Value() : json::Value(next));
  return json_reply(200, json::Value(std::move(out)));
}

accountant::Window window_of(const AdminWorld& world, const Accountant& accountant,
                             const std::string& dataset) {
  return accountant::window_at(accountant.settings().dataset(dataset).length, world.clock.wall());
}

// The purposes that a dataset's budgets are told for: those that it may be used for, else the
// caller's; and those that something was spent for in the present window.
Result<std::vector<std::string>> purposes_of(const AdminWorld& world, Accountant& accountant,
                                             const dataset::Dataset& dataset, const Query& query,
                                             const identity::Caller& caller) {
  if (!query.subject.purpose.empty()) return std::vector{query.subject.purpose};
  std::vector<std::string> out = dataset.purposes.empty() ? caller.purposes : dataset.purposes;
  MC_TRY(const std::vector<accountant::Spend> spent,
         accountant.reports().spend({query.subject.tenant, dataset.name, ""},
                                    accountant::SpendBy::purpose,
                                    window_of(world, accountant, dataset.name)));
  for (const accountant::Spend& each : spent) {
    if (std::ranges::find(out, each.name) == out.end()) out.push_back(each.name);
  }
  return out;
}

}  // namespace

Reply get_privacy_budgets(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Query query, read_query(world, request, {"dataset", "purpose"}));
  MC_TRY(Accountant * accountant, accountant_of(world));
  MC_TRY(const std::string plan, plan_of(world, query.subject.tenant));
  std::vector<Standing> all;
  for (const dataset::Dataset& dataset : world.catalog->model().datasets) {
    const bool other = !query.subject.dataset.empty() && query.subject.dataset != dataset.name;
    if (!dataset.privacy || other) continue;
    MC_TRY(const std::vector<std::string> purposes,
           purposes_of(world, *accountant, dataset, query, *request.caller));
    for (const std::string& purpose : purposes) {
      MC_TRY(const std::vector<Standing> found,
             accountant->reports().standings({query.subject.tenant, dataset.name, purpose}, plan));
      for (const Standing& standing : found) {
        const bool told = std::ranges::any_of(
            all, [&](const Standing& each) { return each.key == standing.key; });
        // What all tenants together spent is the operator's to know.
        const bool others = standing.key.scope == accountant::Scope::dataset &&
                            !request.caller->reads_other_tenants();
        if (!told && !others) all.push_back(standing);
      }
    }
  }
  return list_reply(all);
}

Reply get_privacy_burn_down(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Query query, read_query(world, request, {"dataset", "purpose"}));
  MC_TRY_OK(need_dataset(query));
  if (query.subject.purpose.empty()) return fail(Code::invalid, "purpose: the query names one");
  MC_TRY(Accountant * accountant, accountant_of(world));
  MC_TRY(const std::string plan, plan_of(world, query.subject.tenant));
  MC_TRY(const accountant::BurnDown burn, accountant->reports().burn_down(query.subject, plan));
  json::Array points;
  for (const accountant::BurnPoint& point : burn.points) {
    json::Object one;
    one.set("day", format_rfc3339(point.day));
    one.set("spent", accountant::to_decimal(point.spent));
    points.emplace_back(std::move(one));
  }
  json::Object out;
  out.set("window_start", format_rfc3339(burn.window.start));
  out.set("window_end", format_rfc3339(burn.window.end));
  out.set("limit", amount_or_null(burn.limit));
  out.set("points", std::move(points));
  json::Value forecast;
  if (burn.forecast) {
    json::Object seen;
    seen.set("left", accountant::to_decimal(burn.forecast->left));
    seen.set("per_day", accountant::to_decimal(burn.forecast->per_day));
    seen.set("exhausted_at", time_or_null(burn.forecast->exhausted_at));
    seen.set("earliest", time_or_null(burn.forecast->earliest));
    seen.set("latest", time_or_null(burn.forecast->latest));
    forecast = std::move(seen);
  }
  out.set("forecast", std::move(forecast));
  return json_reply(200, json::Value(std::move(out)));
}

Reply get_privacy_spend(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Query query, read_query(world, request, {"dataset", "purpose", "by"}));
  MC_TRY_OK(need_dataset(query));
  accountant::SpendBy by = accountant::SpendBy::analyst;
  if (query.by == "query_type") {
    by = accountant::SpendBy::query_type;
  } else if (query.by == "day") {
    by = accountant::SpendBy::day;
  } else if (!query.by.empty() && query.by != "analyst") {
    return fail(Code::invalid, "by: is one of analyst, query_type, day");
  }
  MC_TRY(Accountant * accountant, accountant_of(world));
  MC_TRY(const std::vector<accountant::Spend> all,
         accountant->reports().spend(query.subject, by,
                                     window_of(world, *accountant, query.subject.dataset)));
  return list_reply(all);
}

Reply list_privacy_charges(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Query query, read_query(world, request, {"dataset", "purpose", "cursor", "limit"}));
  MC_TRY_OK(need_dataset(query));
  MC_TRY(Accountant * accountant, accountant_of(world));
  MC_TRY(const accountant::ChargePage page,
         accountant->reports().charges(query.subject, query.cursor, query.limit));
  return list_reply(page.charges, page.next);
}

Reply get_privacy_charge(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Query query, read_query(world, request, {}));
  MC_TRY(Accountant * accountant, accountant_of(world));
  MC_TRY(
      const ChargeRecord charge,
      accountant->reports().charge({query.subject.tenant, accountant::ChargeId(request.path[4])}));
  json::Object out = to_json(charge);
  // The answer itself is for who may ask for it: with the gate and the masks of the query.
  out.set("result", charge.result.empty()
                        ? json::Value()
                        : json::Value(accountant::digest_text(charge.result_hash)));
  return json_reply(200, json::Value(std::move(out)));
}

Reply get_accountant(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const Query query, read_query(world, request, {"dataset"}));
  MC_TRY_OK(need_dataset(query));
  MC_TRY(Accountant * accountant, accountant_of(world));
  MC_TRY(const accountant::Reports::Ledger ledger,
         accountant->reports().accountant_hash(query.subject.tenant, query.subject.dataset));
  json::Object out;
  out.set("dataset", query.subject.dataset);
  out.set("policy_version", accountant->settings().policy_version);
  out.set("hash", accountant::digest_text(ledger.hash));
  out.set("charges", ledger.charges);
  out.set("epsilon", accountant::to_decimal(ledger.spent.epsilon));
  out.set("delta", accountant::to_decimal(ledger.spent.delta));
  out.set("rho", accountant::to_decimal(ledger.spent.rho));
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
