#include "export/rules.h"

#include <algorithm>
#include <array>

namespace mc::exporting {
namespace {

using term::Arena;
using term::Value;

constexpr std::string_view kNames[] = {"mc", "export", "decision"};
constexpr std::size_t kListMax = 64;
constexpr std::size_t kTextBytesMax = 128;
constexpr std::array kRoles = {identity::Role::operator_,    identity::Role::oncall,
                               identity::Role::tenant_admin, identity::Role::analyst,
                               identity::Role::dpo,          identity::Role::platform,
                               identity::Role::auditor};

tl::unexpected<Error> wrong(std::string_view member, std::string_view what) {
  return fail(Code::invalid,
              "the policies' answer: " + std::string(member) + ": " + std::string(what));
}

Result<std::string> text_in(Value of, std::string_view member) {
  const Value found = of.find(member);
  if (!found.is_string() || found.text().size() > kTextBytesMax) {
    return wrong(member, "it is no text of at most 128 bytes");
  }
  return std::string(found.text());
}

Result<std::int64_t> number_in(Value of, std::string_view member, std::int64_t most) {
  const Value found = of.find(member);
  if (!found.is_small() || found.small() < 0 || found.small() > most) {
    return wrong(member, "it is no whole number of 0 to " + std::to_string(most));
  }
  return found.small();
}

Result<std::vector<std::string>> texts_in(Value of, std::string_view member) {
  const Value list = of.find(member);
  if (!list.is_array() || list.size() > kListMax) return wrong(member, "it is no list of 64 texts");
  std::vector<std::string> out;
  for (const Value item : list.items()) {
    if (!item.is_string() || item.text().size() > kTextBytesMax) {
      return wrong(member, "it has what is no text of at most 128 bytes");
    }
    out.emplace_back(item.text());
  }
  return out;
}

Status check_members(Value of, std::initializer_list<std::string_view> known,
                     std::string_view name) {
  if (!of.is_object()) return wrong(name, "it is no object");
  for (const term::Entry& each : of.members()) {
    if (each.key.is_string() && std::ranges::find(known, each.key.text()) != known.end()) continue;
    return wrong(name, "it has a member that is not known");
  }
  return ok();
}

Result<CriterionSettings> read_criterion(Value of) {
  MC_TRY_OK(check_members(of, {"kind", "l", "c", "t"}, "criteria"));
  MC_TRY(const std::string name, text_in(of, "kind"));
  CriterionSettings out;
  bool known = false;
  for (const auto& each : json::Describe<CriterionKind>::names) {
    if (each.text != name) continue;
    out.kind = each.value;
    known = true;
  }
  if (!known) return wrong("criteria", "there is no kind '" + excerpt(name) + "'");
  for (const auto& [member, to] :
       {std::pair("l", &out.l), std::pair("c", &out.c), std::pair("t", &out.t)}) {
    if (of.find(member).is_undefined()) continue;
    MC_TRY(*to, text_in(of, member));
  }
  if (const Status checked = out.check(); !checked) return wrong("criteria", checked.error().what);
  return out;
}

Result<Bound> read_bound(Value of) {
  MC_TRY_OK(check_members(of, {"rule", "k", "suppression_ppm", "criteria"}, "bounds"));
  Bound out;
  MC_TRY(out.rule, text_in(of, "rule"));
  MC_TRY(out.k, number_in(of, "k", kMillion));
  MC_TRY(out.suppression_ppm, number_in(of, "suppression_ppm", kMillion));
  const Value criteria = of.find("criteria");
  if (!criteria.is_array() || criteria.size() > kListMax) {
    return wrong("criteria", "it is no list of 64 at most");
  }
  for (const Value each : criteria.items()) {
    MC_TRY(CriterionSettings one, read_criterion(each));
    out.criteria.push_back(std::move(one));
  }
  return out;
}

Value list_of(Arena& arena, const std::vector<std::string>& texts) {
  Value out = term::array(arena, texts.size());
  for (const std::string& text : texts) term::append(arena, out, term::string(arena, text));
  return out;
}

Value principal_of(Arena& arena, const identity::Caller& caller) {
  Value roles = term::array(arena, kRoles.size());
  for (const identity::Role role : kRoles) {
    if (caller.roles.has(role)) {
      term::append(arena, roles, term::string(arena, identity::role_name(role)));
    }
  }
  const bool person = !caller.session_id.empty() || caller.proof.has_value();
  Value out = term::object(arena, 8);
  term::insert(arena, out, "id", term::string(arena, caller.principal.get()));
  term::insert(arena, out, "tenant", term::string(arena, caller.tenant.get()));
  term::insert(arena, out, "region", term::string(arena, caller.region));
  term::insert(arena, out, "roles", roles);
  term::insert(arena, out, "purposes", list_of(arena, caller.purposes));
  term::insert(arena, out, "kind", term::string(arena, person ? "person" : "machine"));
  return out;
}

Value criterion_of(Arena& arena, const CriterionSettings& criterion) {
  Value out = term::object(arena, 4);
  term::insert(arena, out, "kind", term::string(arena, kind_name(criterion.kind)));
  for (const auto& [name, text] :
       {std::pair("l", &criterion.l), std::pair("c", &criterion.c), std::pair("t", &criterion.t)}) {
    if (!text->empty()) term::insert(arena, out, name, term::string(arena, *text));
  }
  return out;
}

Value export_of(Arena& arena, const Asked& asked) {
  const Profile& profile = asked.settings;
  Value columns = term::object(arena, profile.columns.size());
  for (const auto& [name, column] : profile.columns) {
    Value criteria = term::array(arena, column.criteria.size());
    for (const CriterionSettings& each : column.criteria) {
      term::append(arena, criteria, criterion_of(arena, each));
    }
    Value one = term::object(arena, 2);
    term::insert(arena, one, "role", term::string(arena, role_name(column.role)));
    term::insert(arena, one, "criteria", criteria);
    term::insert(arena, columns, name, one);
  }
  const Result<std::int64_t> share = share_of(profile.suppression);
  Value out = term::object(arena, 8);
  term::insert(arena, out, "kind", term::string(arena, kind_name(asked.kind)));
  term::insert(arena, out, "profile", term::string(arena, asked.profile));
  term::insert(arena, out, "format", term::string(arena, format_name(profile.format)));
  term::insert(arena, out, "purposes", list_of(arena, profile.purposes));
  term::insert(arena, out, "k", Value::integer(profile.k));
  term::insert(arena, out, "suppression_ppm", Value::integer(share ? *share : kMillion));
  term::insert(arena, out, "columns", columns);
  return out;
}

Value place_of(Arena& arena, std::string_view id, std::string_view region) {
  Value out = term::object(arena, 2);
  if (!id.empty()) term::insert(arena, out, "id", term::string(arena, id));
  term::insert(arena, out, "region", term::string(arena, region));
  return out;
}

Value input_of(Arena& arena, const Asked& asked, WallTime now) {
  Value out = term::object(arena, 12);
  term::insert(arena, out, "action", term::string(arena, "export"));
  term::insert(arena, out, "purpose", term::string(arena, asked.purpose));
  term::insert(arena, out, "principal", principal_of(arena, asked.caller));
  term::insert(arena, out, "tenant", place_of(arena, asked.tenant, asked.tenant_region));
  term::insert(arena, out, "node", place_of(arena, "", asked.node_region));
  term::insert(arena, out, "resource", asked.resource.input());
  term::insert(arena, out, "export", export_of(arena, asked));
  term::insert(arena, out, "time_ms", Value::integer(to_unix_ms(now)));
  term::insert(arena, out, "stepped_up", Value::boolean(asked.stepped_up));
  return out;
}

Rules error_rules() {
  Rules out;
  out.reasons = {std::string(access::kPolicyError)};
  return out;
}

// What stands for a sensitive column that names none.
const std::vector<CriterionSettings>& criteria_of(const ColumnSettings& column) {
  static const std::vector<CriterionSettings> kDefault = {
      {.kind = CriterionKind::distinct_l, .l = "2"}};
  return column.criteria.empty() ? kDefault : column.criteria;
}

Status check_criteria(const Profile& profile, const Bound& bound) {
  for (const auto& [name, column] : profile.columns) {
    if (column.role != Role::sensitive) continue;
    for (const CriterionSettings& wanted : bound.criteria) {
      const bool held = std::ranges::any_of(
          criteria_of(column), [&](const auto& asked) { return implies(asked, wanted); });
      if (held) continue;
      return fail(Code::denied, "export-criteria: column '" + excerpt(name) +
                                    "' has none that is at least " + wanted.text() + " (rule " +
                                    bound.rule + ")");
    }
  }
  return ok();
}

}  // namespace

std::string_view kind_name(Kind kind) {
  constexpr std::string_view kKinds[] = {"kanon", "dp", "hold"};
  return kKinds[static_cast<std::size_t>(kind)];
}

Result<Rules> read_rules(Value answer) {
  MC_TRY_OK(check_members(answer, {"allow", "rules", "reasons", "bounds"}, "decision"));
  const Value allow = answer.find("allow");
  if (allow.kind() != term::Kind::boolean) return wrong("allow", "it is neither true nor false");
  Rules out;
  out.allow = allow.is_true();
  MC_TRY(out.rules, texts_in(answer, "rules"));
  MC_TRY(out.reasons, texts_in(answer, "reasons"));
  const Value bounds = answer.find("bounds");
  if (!bounds.is_array() || bounds.size() > kListMax) {
    return wrong("bounds", "it is no list of 64 at most");
  }
  for (const Value each : bounds.items()) {
    MC_TRY(Bound one, read_bound(each));
    out.bounds.push_back(std::move(one));
  }
  if (out.allow && out.bounds.empty()) return wrong("bounds", "there is none, and it allows");
  return out;
}

Status check_bounds(const Profile& profile, const std::vector<Bound>& bounds) {
  MC_TRY(const std::int64_t share, share_of(profile.suppression));
  for (const Bound& bound : bounds) {
    if (profile.k < bound.k) {
      return fail(Code::denied, "export-k: the profile's k is " + std::to_string(profile.k) +
                                    ", and at least " + std::to_string(bound.k) +
                                    " is wanted (rule " + bound.rule + ")");
    }
    if (share > bound.suppression_ppm) {
      return fail(Code::denied, "export-suppression: the profile lets " + profile.suppression +
                                    " of the rows be left out, and " +
                                    std::to_string(bound.suppression_ppm) +
                                    " in a million is the most (rule " + bound.rule + ")");
    }
    MC_TRY_OK(check_criteria(profile, bound));
  }
  return ok();
}

RulesGate::RulesGate(const World& world)
    : world_(world), evaluator_(world.engine, world.clock, world.random) {}

Rules RulesGate::ask(const Asked& asked) {
  evaluator_.reset();
  const Value input = input_of(evaluator_.arena(), asked, world_.clock.wall());
  const auto evaluation = evaluator_.evaluate(policy::Path(kNames), input);
  if (!evaluation) return error_rules();
  Result<Rules> out = read_rules(evaluation->value);
  if (!out) return error_rules();
  out->revision = evaluation->policies->revision();
  return std::move(*out);
}

}  // namespace mc::exporting
