// What tenants ask for and what comes of it; what was turned away, with a proof.
#include <algorithm>

#include "api/handlers.h"
#include "api/receipt_forms.h"
#include "budget/denial.h"
#include "budget/explained.h"
#include "burn/burn.h"
#include "proof/proof.h"

namespace mc::api {
namespace {

constexpr std::int64_t kWindowSeconds =
    burn::kStep.count / 1'000'000'000 * static_cast<std::int64_t>(burn::kStepsShown);
constexpr std::size_t kRowsMax = 500;  // those with the most requests

void set_counts(json::Object& out, const burn::Counts& counts) {
  out.set("admitted", counts.served + counts.failed);
  out.set("rejected", counts.rejected);
  out.set("shed", counts.shed);
}

json::Object to_json(const burn::Usage::Row& row) {
  json::Object out;
  out.set("tenant", row.tenant);
  out.set("route", row.route);
  set_counts(out, row.total);
  out.set("failed", row.total.failed);
  out.set("slow", row.total.slow);
  out.set("wait_p95_ms", row.wait_p95_ms);
  json::Array series;
  for (const burn::Counts& step : row.steps) {
    json::Object one;
    set_counts(one, step);
    series.emplace_back(std::move(one));
  }
  out.set("series", std::move(series));
  return out;
}

std::string_view unit_of(budget::Dimension dimension) {
  switch (dimension) {
    case budget::Dimension::day_credits:
      return "per_day";
    case budget::Dimension::month_credits:
      return "per_month";
    default:
      return "per_s";
  }
}

json::Object to_json(const burn::QuotaBurn& burn) {
  json::Object out;
  out.set("tenant", burn.tenant);
  out.set("dimension", budget::name_of(burn.dimension));
  out.set("limit", burn.quota);
  out.set("unit", unit_of(burn.dimension));
  out.set("burn", burn.burn);
  out.set("level", burn.level == 0 ? json::Value() : json::Value(burn.level));
  out.set("exhausted_at",
          burn.exhausted_at ? json::Value(format_rfc3339(*burn.exhausted_at)) : json::Value());
  return out;
}

std::int64_t all_of(const burn::Usage::Row& row) {
  return row.total.events() + row.total.rejected;
}

Result<const budget::Journal*> journal_for(const AdminWorld& world, const AdminRequest& request,
                                           const TenantId& tenant) {
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  if (world.budgets.journal != nullptr) return world.budgets.journal;
  return fail(Code::unavailable, "nothing is limited here, so that nothing is turned away");
}

Result<json::Object> denial_in(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY(const budget::Journal* const journal, journal_for(world, request, tenant));
  return budget::denial_of(*journal, tenant.get(), request.path[4]);
}

}  // namespace

// Of the operator's people all tenants, of others their own.
Reply get_budget_usage(const AdminWorld& world, const AdminRequest& request) {
  std::optional<std::string> tenant;
  for (const auto& [name, value] : request.query) {
    if (name == "tenant") {
      tenant = value;
    } else if (name != "window" || value != std::to_string(kWindowSeconds)) {
      return fail(Code::invalid, name == "window" ? "window: it is 300, in seconds"
                                                  : "the query has tenant and window, not '" +
                                                        excerpt(name) + "'");
    }
  }
  if (!tenant && !request.caller->reads_other_tenants()) tenant = request.caller->tenant.get();
  MC_TRY_OK(check_reads(request, tenant ? TenantId(*tenant) : request.caller->tenant));
  if (tenant) MC_TRY_OK(check_known(world, TenantId(*tenant)));
  if (world.budgets.usage == nullptr || world.budgets.quotas == nullptr) {
    return fail(Code::unavailable, "only a running server counts requests");
  }
  std::vector<burn::Usage::Row> rows = world.budgets.usage->rows(tenant, world.clock.mono());
  const bool more = rows.size() > kRowsMax || (!tenant && world.budgets.usage->is_full());
  if (rows.size() > kRowsMax) {
    std::ranges::nth_element(rows, rows.begin() + kRowsMax, std::greater(), all_of);
    rows.resize(kRowsMax);
    std::ranges::sort(rows, [](const auto& a, const auto& b) {
      return std::tie(a.tenant, a.route) < std::tie(b.tenant, b.route);
    });
  }
  json::Array items, budgets;
  for (const burn::Usage::Row& row : rows) items.emplace_back(to_json(row));
  for (const burn::QuotaBurn& burn : world.budgets.quotas->burns(tenant)) {
    budgets.emplace_back(to_json(burn));
  }
  json::Object out;
  out.set("at", format_rfc3339(world.clock.wall()));
  out.set("window_s", kWindowSeconds);
  out.set("step_s", burn::kStep.count / 1'000'000'000);
  out.set("rows", std::move(items));
  out.set("budgets", std::move(budgets));
  out.set("more", more);
  return json_reply(200, json::Value(std::move(out)));
}

// Of the caller's own tenant unless another one is named. The operator's people are told all that
// the admission log has, others what is theirs.
Reply explain_budget(const AdminWorld& world, const AdminRequest& request) {
  TenantId tenant = request.caller->tenant;
  std::string_view form = "json";
  for (const auto& [name, value] : request.query) {
    if (name == "tenant") {
      tenant = TenantId(value);
    } else if (name == "form" && (value == "json" || value == "text")) {
      form = value;
    } else {
      return fail(Code::invalid,
                  name == "form" ? "form: it is json or text"
                                 : "the query has tenant and form, not '" + excerpt(name) + "'");
    }
  }
  MC_TRY(const budget::Journal* const journal, journal_for(world, request, tenant));
  MC_TRY(budget::Explanation found, budget::explain(*journal, tenant.get(), request.path[2]));
  if (!request.caller->reads_other_tenants()) found = budget::for_tenant(std::move(found));
  if (form == "text") {
    return as_file(to_text(found), "explanation-" + request.path[2] + ".txt",
                   "text/plain; charset=utf-8");
  }
  MC_TRY(const json::Value told, json::parse(to_json(found)));
  return json_reply(200, told);
}

Reply get_denial(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const json::Object denial, denial_in(world, request));
  // These bytes are what a receipt is about.
  return as_file(json::canonical(denial), "denial-" + request.path[4] + ".json");
}

// Signed, logged and time-stamped, with the document in it: for maestro verify.
Reply sign_denial(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(const json::Object denial, denial_in(world, request));
  if (world.signing == nullptr) {
    return fail(Code::unavailable, "this server signs nothing (signing)");
  }
  MC_TRY(const proof::Statement statement, budget::statement_of(denial));
  MC_TRY(const proof::Bundle bundle, world.signing->sign(statement));
  return as_file(proof::print_bundle(bundle), "denial-" + request.path[4] + ".sigstore.json",
                 kBundleType);
}

}  // namespace mc::api
