#include "budget/denial.h"

#include <algorithm>

#include "budget/explained.h"
#include "crypto/crypto.h"

namespace mc::budget {
namespace {

constexpr std::size_t kDimensionsAsked = static_cast<std::size_t>(Dimension::day_credits);

json::Object asked_in(const Amounts& amounts) {
  json::Object out;
  for (std::size_t i = 0; i < kDimensionsAsked; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    if (amounts[dimension] != 0) out.set(std::string(name_of(dimension)), amounts[dimension]);
  }
  return out;
}

// When the request is let in, as far as its answer said: of its own budgets, if any stood against
// it.
Ticks again_at(const Explained& one) {
  return one.shared ? one.decision.eligible_at : own_eligible_at(one.decision.against);
}

// As the request was answered.
std::int64_t status_of(const Explained& one) {
  if (again_at(one) == kNever) return 400;
  return one.shared ? 503 : 429;
}

void add_decision(json::Object& out, const Explained& one) {
  const Decision& decision = one.decision;
  out.set("at", format_rfc3339(decision.wall));
  out.set("run", one.run);  // without its number there, which counts everybody's
  out.set("plan", decision.plan);
  out.set("user", decision.user);
  out.set("route", decision.route);
  if (!decision.class_name.empty()) out.set("class", decision.class_name);
  if (!decision.exempt.empty()) {
    json::Array exempt;
    for (const std::string_view name : decision.exempt.names()) exempt.emplace_back(name);
    out.set("exempt", std::move(exempt));
  }
  out.set("asked", asked_in(decision.asked));
  json::Array policies;
  for (const Mark& mark : decision.against) {
    if (is_own(mark.scope) && !mark.warns) policies.emplace_back(policy_of(mark));
  }
  out.set("policies", std::move(policies));
  if (!decision.admitted) {
    out.set("status", status_of(one));
    out.set("why", one.shared ? "shared" : "budget");
    if (one.mark && !one.shared) {
      json::Object limit;
      limit.set("policy", policy_of(*one.mark));
      limit.set("quota", one.mark->quota);
      limit.set("left", one.mark->left);
      limit.set("asked", one.mark->amount);
      out.set("limit", std::move(limit));
      const Ticks again = again_at(one);
      const Nanos wait = nanos_of(std::max<Ticks>(again - ticks_of(decision.at), 0));
      const bool timed = again != 0 && again != kNever;
      out.set("again_at",
              timed ? json::Value(format_rfc3339(decision.wall + wait)) : json::Value());
    }
  }
}

}  // namespace

Result<json::Object> denial_of(const Journal& journal, std::string_view tenant,
                               std::string_view request) {
  const auto none = [&] {
    return fail(Code::not_found,
                "no request " + excerpt(request) + " of tenant " + excerpt(tenant) +
                    " was turned away in the last minutes that the server has in memory");
  };
  const Result<Explanation> found = explain(journal, tenant, request);
  if (!found) return found.error().code == Code::not_found ? none() : tl::unexpected(found.error());

  const auto denied = std::ranges::find_if(
      found->decisions, [](const Explained& one) { return !one.decision.admitted; });
  const auto shed =
      std::ranges::find_if(found->queue, [](const QueueFact& fact) { return !fact.shed.empty(); });
  json::Object out;
  out.set("kind", kDenialKind);
  out.set("tenant", tenant);
  out.set("request", request);
  if (denied != found->decisions.end()) {
    add_decision(out, *denied);
    return out;
  }
  if (shed == found->queue.end()) return none();
  if (!found->decisions.empty()) add_decision(out, found->decisions.back());
  out.set("status", 503);
  out.set("why", "overload");
  out.set("waited_us", shed->waited.count / 1'000);
  return out;
}

Result<proof::Statement> statement_of(const json::Object& denial) {
  MC_TRY(const std::string digest, crypto::digest("sha256", json::canonical(denial)));
  const auto text = [&](std::string_view name) {
    const json::Value* value = denial.find(name);
    return value == nullptr || value->as_string() == nullptr ? std::string() : *value->as_string();
  };
  proof::Statement out;
  out.subjects.push_back(
      {"denial/" + text("tenant") + "/" + text("request"), {{"sha256", to_hex(digest)}}});
  out.predicate_type = kDenialPredicate;
  out.predicate = denial;
  return out;
}

}  // namespace mc::budget
