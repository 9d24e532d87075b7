// Logged decisions: listed, and explained.
#include <algorithm>
#include <array>

#include "api/policy_wire.h"

namespace mc::api {
namespace {

using access::DecisionFacts;
using access::DecisionQuery;
using access::LoggedDecision;

constexpr std::int64_t kLimitMax = 200;
constexpr std::string_view kIdBegin = "dec_";
constexpr std::size_t kIdBytes = 30;
constexpr std::size_t kTextMax = 200;

struct TextFilter {
  std::string_view name;
  std::string DecisionQuery::* place;
};
constexpr std::array<TextFilter, 4> kTexts = {{{"tenant", &DecisionQuery::tenant},
                                               {"principal", &DecisionQuery::principal},
                                               {"rule", &DecisionQuery::rule},
                                               {"reason", &DecisionQuery::reason}}};

bool is_id(std::string_view text) {
  return text.size() == kIdBytes && text.starts_with(kIdBegin);
}

Status read_text(const TextFilter& filter, const std::string& value, DecisionQuery& out) {
  if (value.empty() || value.size() > kTextMax) {
    return fail(Code::invalid, std::string(filter.name) + ": it has 1 to 200 bytes");
  }
  out.*(filter.place) = value;
  return ok();
}

Status read_one(const std::string& name, const std::string& value, DecisionQuery& out) {
  const auto* text = std::find_if(kTexts.begin(), kTexts.end(),
                                  [&](const TextFilter& each) { return each.name == name; });
  if (text != kTexts.end()) return read_text(*text, value, out);
  if (name == "allowed") {
    if (value != "true" && value != "false") {
      return fail(Code::invalid, "allowed: it is true or false");
    }
    out.allowed = value == "true";
  } else if (name == "from") {
    MC_TRY(out.from, time_in(name, value));
  } else if (name == "to") {
    MC_TRY(out.to, time_in(name, value));
  } else if (name == "limit") {
    const Result<std::int64_t> number = parse_int(value);
    if (!number || *number < 1 || *number > kLimitMax) {
      return fail(Code::invalid, "limit: it is 1 to 200");
    }
    out.limit = static_cast<std::size_t>(*number);
  } else if (name == "cursor") {
    if (!is_id(value)) return fail(Code::invalid, "cursor: it is not of a page");
    out.before = value;
  } else {
    return fail(Code::invalid,
                "the query has tenant, principal, rule, reason, allowed, from, to, limit and "
                "cursor, not '" +
                    excerpt(name) + "'");
  }
  return ok();
}

Result<DecisionQuery> read_asked(const AdminRequest& request) {
  DecisionQuery out;
  for (const auto& [name, value] : request.query) MC_TRY_OK(read_one(name, value, out));
  if (out.from >= out.to) return fail(Code::invalid, "from: it is not before to");
  if (out.tenant.empty()) out.tenant = request.caller->tenant.get();
  return out;
}

tl::unexpected<Error> unknown(std::string_view id) {
  return fail(Code::not_found, "no decision '" + excerpt(id) + "'");
}

}  // namespace

Reply list_decisions(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(DecisionQuery query, read_asked(request));
  MC_TRY_OK(check_reads(request, TenantId(query.tenant)));
  MC_TRY_OK(check_known(world, TenantId(query.tenant)));
  MC_TRY(const PolicyDesk* desk, desk_of(world));
  const std::size_t limit = query.limit++;  // one more tells whether there is another page
  MC_TRY(const std::vector<LoggedDecision> found, desk->decisions.search(query));
  json::Array items;
  for (std::size_t i = 0; i < std::min(limit, found.size()); ++i) {
    MC_TRY(const DecisionFacts facts, access::read_decision(found[i]));
    items.emplace_back(to_json(facts));
  }
  json::Object out;
  out.set("items", std::move(items));
  out.set("next_cursor", found.size() > limit ? json::Value(found[limit - 1].id) : json::Value());
  return json_reply(200, json::Value(std::move(out)));
}

// Who may not know the tenant does not learn that there is such a decision.
Reply get_decision(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_reads(request, request.caller->tenant));
  MC_TRY(const PolicyDesk* desk, desk_of(world));
  const std::string& id = request.path[1];
  if (!request.query.empty()) {
    return fail(Code::invalid, "there is no query here, not '" +
                                   excerpt(request.query.front().first) + "' either");
  }
  if (!is_id(id)) return unknown(id);
  MC_TRY(const auto found, desk->decisions.find(id));
  if (!found) return unknown(id);
  MC_TRY(const DecisionFacts facts, access::read_decision(*found));
  if (!check_reads(request, TenantId(facts.tenant))) return unknown(id);
  const auto policies = desk->remote == nullptr ? desk->engine.current() : nullptr;
  MC_TRY(const access::Explanation explanation,
         access::explain({policies, world.clock, desk->random, desk->find}, *found));
  json::Object out = to_json(facts);
  MC_TRY(const json::Value line, json::parse(found->json));
  const json::Value* const input = line.find("input");
  out.set("input", input == nullptr ? json::Value(json::Object()) : *input);
  out.set("explanation", to_json(explanation));
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
