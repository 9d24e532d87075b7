#include "access/access.h"

#include <algorithm>
#include <array>
#include <set>

#include "json/json.h"
#include "policy/decision_ids.h"

namespace mc::access {
namespace {

using term::Arena;
using term::Value;

constexpr std::size_t kListMax = 256;       // rules or reasons of one verdict
constexpr std::size_t kTextBytesMax = 128;  // of one of them
constexpr std::string_view kObligations[] = {"mask_class", "mask",    "redact",
                                             "filter",     "step_up", "alert"};
constexpr identity::Role kRoles[] = {identity::Role::operator_,    identity::Role::oncall,
                                     identity::Role::tenant_admin, identity::Role::analyst,
                                     identity::Role::dpo,          identity::Role::platform,
                                     identity::Role::auditor};

// What every input says in the same words, made once.
struct Words {
  Words() {
    for (const std::string_view name :
         {"action",  "purpose",    "principal", "tenant", "node",    "resource", "warrant",
          "time_ms", "stepped_up", "id",        "region", "roles",   "kind",     "purposes",
          "person",  "machine",    "reference", "status", "actions", "bound_to", "expires_ms"}) {
      Value word = term::string(arena, name);
      term::freeze(word);
      term::insert(arena, known, word, word);
    }
    for (const identity::Role role : kRoles) {
      roles[static_cast<std::size_t>(role)] = term::string(arena, identity::role_name(role));
    }
    term::freeze(known);
  }
  Value operator[](std::string_view name) const { return known.find(name); }

  Arena arena;
  Value known = term::object(arena, 32);
  std::array<Value, std::size(kRoles)> roles;
};

Value list_of(Arena& arena, const std::vector<std::string>& texts) {
  Value out = term::array(arena, texts.size());
  for (const std::string& text : texts) term::append(arena, out, term::string(arena, text));
  return out;
}

struct Keys {
  explicit Keys(const Words& words)
      : action(words["action"]),
        purpose(words["purpose"]),
        principal(words["principal"]),
        tenant(words["tenant"]),
        node(words["node"]),
        resource(words["resource"]),
        warrant(words["warrant"]),
        time_ms(words["time_ms"]),
        stepped_up(words["stepped_up"]),
        id(words["id"]),
        region(words["region"]),
        roles(words["roles"]),
        kind(words["kind"]),
        purposes(words["purposes"]),
        person(words["person"]),
        machine(words["machine"]) {}
  Value action, purpose, principal, tenant, node, resource, warrant, time_ms, stepped_up, id,
      region, roles, kind, purposes, person, machine;
};

Value warrant_input(Arena& arena, const WarrantFacts& warrant) {
  Value out = term::object(arena, 16);
  term::insert(arena, out, "id", term::string(arena, warrant.id));
  term::insert(arena, out, "kind", term::string(arena, warrant.kind));
  term::insert(arena, out, "reference", term::string(arena, warrant.reference));
  term::insert(arena, out, "status", term::string(arena, warrant.status));
  term::insert(arena, out, "actions", list_of(arena, warrant.actions));
  term::insert(arena, out, "bound_to", term::string(arena, warrant.bound_to));
  term::insert(arena, out, "tenant", term::string(arena, warrant.tenant));
  term::insert(arena, out, "effective_ms", Value::integer(to_unix_ms(warrant.effective)));
  term::insert(arena, out, "expires_ms", Value::integer(to_unix_ms(warrant.expires)));
  return out;
}

Status expect(Value value, term::Kind kind, std::string_view name) {
  if (value.kind() == kind) return ok();
  return fail(Code::invalid, "the policies' answer: " + std::string(name) + " is " +
                                 std::string(term::kind_name(value.kind())) + ", wanted " +
                                 std::string(term::kind_name(kind)));
}

Result<std::vector<std::string>> texts_of(Value answer, std::string_view name) {
  const Value list = answer.find(name);
  MC_TRY_OK(expect(list, term::Kind::array, name));
  if (list.size() > kListMax) {
    return fail(Code::invalid, "the policies' answer: " + std::string(name) + ": more than 256");
  }
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const Value item : list.items()) {
    MC_TRY_OK(expect(item, term::Kind::string, name));
    if (item.text().size() > kTextBytesMax) {
      return fail(Code::invalid,
                  "the policies' answer: " + std::string(name) + ": a text of more than 128 bytes");
    }
    out.emplace_back(item.text());
  }
  return out;
}

// An obligation that is not there asks for nothing; one of another shape is an error.
Result<bool> flag_of(Value obligations, std::string_view name) {
  const Value flag = obligations.find(name);
  if (flag.is_undefined()) return false;
  MC_TRY_OK(expect(flag, term::Kind::boolean, name));
  return flag.is_true();
}

// What nobody knows nobody keeps: a misspelt obligation must not be one less.
Status check_known(Value obligations) {
  for (const term::Entry& one : obligations.members()) {
    const auto* const known =
        std::find(std::begin(kObligations), std::end(kObligations), one.key.text());
    if (known != std::end(kObligations)) continue;
    return fail(Code::invalid, "the policies' answer: obligations has a member '" +
                                   excerpt(one.key.text()) + "' that is not known");
  }
  return ok();
}

// Gathers the masks of the columns of a resource.
class MaskReader {
 public:
  explicit MaskReader(const Resource& resource) : resource_(resource) {}

  Status classes(Value wanted) {
    if (wanted.is_undefined()) return ok();
    MC_TRY_OK(expect(wanted, term::Kind::object, "mask_class"));
    for (const term::Entry& one : wanted.members()) {
      MC_TRY_OK(expect(one.key, term::Kind::string, "mask_class"));
      MC_TRY_OK(expect(one.value, term::Kind::string, "mask_class"));
      MC_TRY(const mask::Mask mask, mask::parse_mask(one.value.text()));
      const auto& columns = resource_.facts().columns;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].sensitivity == one.key.text()) take(i, mask);
      }
    }
    return ok();
  }

  Status columns(Value wanted) {
    if (wanted.is_undefined()) return ok();
    MC_TRY_OK(expect(wanted, term::Kind::object, "mask"));
    for (const term::Entry& one : wanted.members()) {
      MC_TRY_OK(expect(one.key, term::Kind::string, "mask"));
      MC_TRY_OK(expect(one.value, term::Kind::string, "mask"));
      MC_TRY(const mask::Mask mask, mask::parse_mask(one.value.text()));
      MC_TRY_OK(take_named(one.key.text(), mask));
    }
    return ok();
  }

  Status redact(Value names) {
    if (names.is_undefined()) return ok();
    MC_TRY_OK(expect(names, term::Kind::array, "redact"));
    for (const Value name : names.items()) {
      MC_TRY_OK(expect(name, term::Kind::string, "redact"));
      MC_TRY_OK(take_named(name.text(), {.strategy = mask::Strategy::drop}));
    }
    return ok();
  }

  std::vector<mask::Mask> masks;

 private:
  Status take_named(std::string_view name, const mask::Mask& mask) {
    const int column = resource_.column(name);
    if (column < 0) {
      return fail(Code::invalid, "the policies' answer: '" + resource_.facts().name +
                                     "' has no column '" + excerpt(name) + "' to mask");
    }
    take(static_cast<std::size_t>(column), mask);
    return ok();
  }
  void take(std::size_t column, const mask::Mask& mask) {
    if (!mask.masks()) return;
    if (masks.empty()) masks.resize(resource_.facts().columns.size());
    masks[column] = mask::stricter(masks[column], mask);
  }

  const Resource& resource_;
};

Result<Obligations> read_obligations(Value value, const Resource& resource) {
  Obligations out;
  if (value.is_undefined()) return out;
  MC_TRY_OK(expect(value, term::Kind::object, "obligations"));
  MC_TRY_OK(check_known(value));
  MaskReader reader(resource);
  MC_TRY_OK(reader.classes(value.find("mask_class")));
  MC_TRY_OK(reader.columns(value.find("mask")));
  MC_TRY_OK(reader.redact(value.find("redact")));
  out.masks = std::move(reader.masks);
  if (const Value names = value.find("filter"); !names.is_undefined()) {
    MC_TRY_OK(expect(names, term::Kind::array, "filter"));
    for (const Value name : names.items()) {
      MC_TRY_OK(expect(name, term::Kind::string, "filter"));
      const int column = resource.column(name.text());
      if (column >= 0) out.filterable.push_back(column);
    }
  }
  MC_TRY(out.step_up, flag_of(value, "step_up"));
  MC_TRY(out.alert, flag_of(value, "alert"));
  return out;
}

}  // namespace

std::string_view action_name(Action action) {
  constexpr std::string_view kNames[] = {"read",    "aggregate", "write", "introspect",
                                         "forward", "export",    "admin"};
  return kNames[static_cast<std::size_t>(action)];
}

Resource::Resource(Facts facts) : facts_(std::move(facts)) {
  Arena arena;
  Value out = term::object(arena, 8);
  term::insert(arena, out, "kind", term::string(arena, facts_.kind));
  term::insert(arena, out, "name", term::string(arena, facts_.name));
  term::insert(arena, out, "purposes", list_of(arena, facts_.purposes));
  term::insert(arena, out, "licence", term::string(arena, facts_.licence_class));
  term::insert(arena, out, "region", term::string(arena, facts_.region));
  std::set<std::string> sensitivities;
  Value columns = term::object(arena, facts_.columns.size());
  for (const ColumnFacts& column : facts_.columns) {
    Value one = term::object(arena, 4);
    term::insert(arena, one, "sensitivity", term::string(arena, column.sensitivity));
    term::insert(arena, one, "licence", term::string(arena, column.licence_class));
    term::insert(arena, one, "quasi_identifier", Value::boolean(column.quasi_identifier));
    term::insert(arena, columns, column.name, one);
    sensitivities.insert(column.sensitivity);
  }
  term::insert(arena, out, "columns", columns);
  // Each once: rules about classes of columns need not look at all columns.
  term::insert(arena, out, "sensitivities",
               list_of(arena, {sensitivities.begin(), sensitivities.end()}));
  document_ = term::Document::of(out);
}

int Resource::column(std::string_view name) const {
  for (std::size_t i = 0; i < facts_.columns.size(); ++i) {
    if (facts_.columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

Result<Verdict> read_verdict(Value answer, const Resource& resource) {
  MC_TRY_OK(expect(answer, term::Kind::object, "decision"));
  Verdict verdict;
  const Value allow = answer.find("allow");
  MC_TRY_OK(expect(allow, term::Kind::boolean, "allow"));
  verdict.allow = allow.is_true();
  MC_TRY(verdict.rule_ids, texts_of(answer, "rules"));
  MC_TRY(verdict.reasons, texts_of(answer, "reasons"));
  MC_TRY(verdict.obligations, read_obligations(answer.find("obligations"), resource));
  return verdict;
}

struct Gate::State {
  explicit State(const World& world_in)
      : world(world_in),
        keys(words),
        evaluator(world_in.engine, world_in.clock, world_in.random),
        ids(world_in.clock, world_in.random) {}

  Value input_of(const Request& request, WallTime now);
  void keep(const Request& request, const Verdict& verdict, WallTime now);

  World world;
  Words words;
  Keys keys;
  policy::Evaluator evaluator;
  policy::DecisionIds ids;
  std::string line;
};

Gate::Gate(const World& world) : state_(std::make_unique<State>(world)) {}
Gate::~Gate() = default;

Value Gate::State::input_of(const Request& request, WallTime now) {
  Arena& arena = evaluator.arena();
  const identity::Caller& caller = request.caller;
  Value roles = term::array(arena, std::size(kRoles));
  for (const identity::Role role : kRoles) {
    if (caller.roles.has(role)) {
      term::append(arena, roles, words.roles[static_cast<std::size_t>(role)]);
    }
  }
  Value principal = term::object(arena, 8);
  term::insert(arena, principal, keys.id, term::string(arena, caller.principal.get()));
  term::insert(arena, principal, keys.tenant, term::string(arena, caller.tenant.get()));
  term::insert(arena, principal, keys.region, term::string(arena, caller.region));
  term::insert(arena, principal, keys.roles, roles);
  term::insert(arena, principal, keys.purposes, list_of(arena, caller.purposes));
  const bool person = !caller.session_id.empty() || caller.proof.has_value();
  term::insert(arena, principal, keys.kind, person ? keys.person : keys.machine);
  Value tenant = term::object(arena, 2);
  term::insert(arena, tenant, keys.id, term::string(arena, request.tenant));
  term::insert(arena, tenant, keys.region, term::string(arena, request.tenant_region));
  Value node = term::object(arena, 1);
  term::insert(arena, node, keys.region, term::string(arena, request.node_region));
  Value out = term::object(arena, 12);
  term::insert(arena, out, keys.action, term::string(arena, action_name(request.action)));
  term::insert(arena, out, keys.purpose, term::string(arena, request.purpose));
  term::insert(arena, out, keys.principal, principal);
  term::insert(arena, out, keys.tenant, tenant);
  term::insert(arena, out, keys.node, node);
  term::insert(arena, out, keys.resource, request.resource.input());
  term::insert(arena, out, keys.time_ms, Value::integer(to_unix_ms(now)));
  term::insert(arena, out, keys.stepped_up, Value::boolean(request.stepped_up));
  if (request.warrant != nullptr) {
    term::insert(arena, out, keys.warrant, warrant_input(arena, *request.warrant));
  }
  return out;
}

// One line of the decision log: OPA's members first, then what searches look for. The resource
// stands there by name; its columns are those of the model.
void Gate::State::keep(const Request& request, const Verdict& verdict, WallTime now) {
  line.clear();
  json::Writer writer(line);
  const identity::Caller& caller = request.caller;
  writer.begin_object().member("decision_id", verdict.decision_id);
  writer.member("path", kDecisionPath).member("revision", verdict.revision);
  writer.member("at_ms", to_unix_ms(now)).member("request_id", request.request_id);
  writer.member("allowed", verdict.allow).member("tenant", request.tenant);
  writer.member("principal", caller.principal.get()).key("rules").begin_array();
  for (const std::string& rule : verdict.rule_ids) writer.value(rule);
  writer.end_array().key("reasons").begin_array();
  for (const std::string& reason : verdict.reasons) writer.value(reason);
  writer.end_array().key("masked").begin_object();
  const auto& columns = request.resource.facts().columns;
  for (std::size_t i = 0; i < verdict.obligations.masks.size(); ++i) {
    const mask::Mask& mask = verdict.obligations.masks[i];
    if (mask.masks()) writer.member(columns[i].name, mask::to_text(mask));
  }
  writer.end_object().key("input").begin_object();
  writer.member("action", action_name(request.action)).member("purpose", request.purpose);
  writer.key("principal").begin_object().member("id", caller.principal.get());
  writer.member("tenant", caller.tenant.get()).member("region", caller.region);
  writer.key("roles").begin_array();
  for (const identity::Role role : kRoles) {
    if (caller.roles.has(role)) writer.value(identity::role_name(role));
  }
  writer.end_array().key("purposes").begin_array();
  for (const std::string& purpose : caller.purposes) writer.value(purpose);
  const bool person = !caller.session_id.empty() || caller.proof.has_value();
  writer.end_array().member("kind", person ? "person" : "machine").end_object();
  writer.key("tenant").begin_object().member("id", request.tenant);
  writer.member("region", request.tenant_region).end_object();
  writer.key("node").begin_object().member("region", request.node_region).end_object();
  writer.key("resource").begin_object().member("kind", request.resource.facts().kind);
  writer.member("name", request.resource.facts().name).end_object();
  writer.member("time_ms", to_unix_ms(now)).member("stepped_up", request.stepped_up);
  if (request.warrant != nullptr) {
    Arena arena;
    writer.key("warrant").raw(term::to_json(warrant_input(arena, *request.warrant)));
  }
  writer.end_object().end_object();
  world.log->add({verdict.decision_id, now, verdict.allow, line});
}

Verdict Gate::decide(const Request& request) {
  State& state = *state_;
  state.evaluator.reset();
  const WallTime now = state.world.clock.wall();
  const auto evaluation = state.evaluator.evaluate(kDecisionPath, state.input_of(request, now));
  Result<Verdict> read = fail(Code::invalid, "the policies have no answer");
  if (evaluation && !evaluation->value.is_undefined()) {
    read = read_verdict(evaluation->value, request.resource);
  }
  Verdict verdict;
  if (read) {
    verdict = std::move(*read);
  } else {
    verdict.reasons.emplace_back(kPolicyError);
  }
  verdict.revision = state.evaluator.policies().revision();
  verdict.decision_id = policy::view(state.ids.next());
  if (state.world.log != nullptr && state.world.log->wants(verdict.allow)) {
    state.keep(request, verdict, now);
  }
  return verdict;
}

Value input_of(Arena& arena, const LoggedDecision& decision, const FindResource& find) {
  const auto line = term::parse_json(arena, decision.json);
  if (!line) return {};
  Value input = line->find("input");
  const Value named = input.find("resource");
  const Resource* const resource = find(named.find("kind").text(), named.find("name").text());
  if (resource == nullptr || !input.is_object()) return {};
  term::insert(arena, input, "resource", resource->input());
  return input;
}

}  // namespace mc::access
