#include "access/input.h"

namespace mc::access {
namespace {

using term::Arena;
using term::Value;

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

}  // namespace

struct InputMaker::Parts {
  Words words;
  Keys keys{words};
};

InputMaker::InputMaker() : parts_(std::make_unique<Parts>()) {}
InputMaker::~InputMaker() = default;

Value list_of(Arena& arena, const std::vector<std::string>& texts) {
  Value out = term::array(arena, texts.size());
  for (const std::string& text : texts) term::append(arena, out, term::string(arena, text));
  return out;
}

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

Value InputMaker::make(Arena& arena, const Request& request, WallTime now) const {
  const Keys& keys = parts_->keys;
  const identity::Caller& caller = request.caller;
  Value roles = term::array(arena, std::size(kRoles));
  for (const identity::Role role : kRoles) {
    if (caller.roles.has(role)) {
      term::append(arena, roles, parts_->words.roles[static_cast<std::size_t>(role)]);
    }
  }
  Value principal = term::object(arena, 8);
  term::insert(arena, principal, keys.id, term::string(arena, caller.principal.get()));
  term::insert(arena, principal, keys.tenant, term::string(arena, caller.tenant.get()));
  term::insert(arena, principal, keys.region, term::string(arena, caller.region));
  term::insert(arena, principal, keys.roles, roles);
  term::insert(arena, principal, keys.purposes, list_of(arena, caller.purposes));
  term::insert(arena, principal, keys.kind, is_person(caller) ? keys.person : keys.machine);
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

}  // namespace mc::access
