// What operations cost: before they run, by the model of the route's schema, and what they did.
#include "gateway/costs.h"

#include <algorithm>

namespace mc::gateway {
namespace {

constexpr std::int64_t kCreditsMax = cost::kCostMax / cost::kMilli;

std::size_t operation_of(const Compiled& compiled, std::string_view name) {
  const auto chosen = graphql::choose_operation(*compiled.document, name);
  MC_CHECK(chosen.has_value());  // check_operations() has asked
  return static_cast<std::size_t>(*chosen - compiled.document->operations.data());
}

// Of one item. Where no schema is known every selected field is a credit.
Result<std::int64_t> credits_of(const Compiled& compiled, const Params& params) {
  if (compiled.costs.empty()) {
    const auto fields = static_cast<std::int64_t>(std::min<std::uint64_t>(
        compiled.measure.selections, static_cast<std::uint64_t>(kCreditsMax)));
    return std::max<std::int64_t>(fields, 1);
  }
  const auto& program = compiled.costs[operation_of(compiled, params.operation_name)];
  if (!program) return tl::unexpected<Error>(program.error());
  MC_TRY(const cost::Cost cost, (*program)->price(params.variables));
  return cost.credits();
}

}  // namespace

bool Gateway::Core::take_costs(const CallPtr& call) {
  if (!budgets.limits_costs() && !call->tells_cost) return true;
  Costs& priced = call->budget.priced;
  for (std::size_t i = 0; i < call->documents.size(); ++i) {
    const Result<std::int64_t> credits = credits_of(*call->documents[i], call->graphql.items[i]);
    if (!credits) {
      const bool complex = credits.error().code == Code::exhausted;
      refuse(call, Stage::prepare,
             {{credits.error().what, {}, complex ? "COST_LIMIT_EXCEEDED" : "BAD_USER_INPUT", ""}});
      return false;
    }
    priced.credits = std::min(priced.credits + *credits, kCreditsMax);
    ++priced.fanout;
  }
  Budgets::Verdict verdict = budgets.take_costs(
      payer_of(*call), call->budget,
      [this, call](auto denial) { go_on(call, std::move(denial), &Core::run_paid); });
  if (verdict.denial) refuse(call, verdict.denial->error, std::move(verdict.denial->headers));
  return !verdict.waits && !verdict.denial;
}

// A run that is to be told of, and `spent` of it when it is over.
CostWatch::CostWatch(const Gateway::Core& core, Call& call, std::size_t item)
    : call_(call), item_(item) {
  if (call.route->costs == nullptr) return;
  if (!core.budgets.limits_costs() && !call.tells_cost) return;
  const Compiled& compiled = *call.documents[item];
  const std::size_t at = operation_of(compiled, call.graphql.items[item].operation_name);
  spent_.emplace(*call.route->costs, compiled.document->operations[at].kind);
}

void CostWatch::end(std::string& body) {
  if (!spent_) return;
  BudgetUse& budget = call_.budget;
  if (!budget.used) budget.used.emplace();
  const std::int64_t actual = spent_->total().credits();
  budget.used->credits += actual;
  if (!call_.tells_cost) return;
  const Result<std::int64_t> requested =
      credits_of(*call_.documents[item_], call_.graphql.items[item_]);
  body.pop_back();
  body += ",\"extensions\":{\"cost\":";
  json::Writer writer(body);
  writer.begin_object().member("requested", requested.value_or(0)).member("actual", actual);
  if (budget.credits_left) writer.member("remaining", *budget.credits_left);
  writer.end_object();
  body += "}}";
}

std::optional<std::int64_t> requested_credits(const Call& call) {
  if (call.route->costs == nullptr) return std::nullopt;
  std::int64_t all = 0;
  for (std::size_t i = 0; i < call.documents.size(); ++i) {
    const Result<std::int64_t> credits = credits_of(*call.documents[i], call.graphql.items[i]);
    if (!credits) return std::nullopt;
    all = std::min(all + *credits, kCreditsMax);
  }
  return all;
}

void add_cost(const Call& call, net::FieldLines& fields) {
  if (!call.tells_cost) return;
  std::string told = "requested=" + std::to_string(call.budget.priced.credits);
  if (call.budget.credits_left) told += ", remaining=" + std::to_string(*call.budget.credits_left);
  fields.add("X-MC-Cost", told);
}

}  // namespace mc::gateway
