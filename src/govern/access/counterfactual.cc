#include "access/counterfactual.h"

#include <algorithm>

namespace mc::access {
namespace {

using term::Arena;
using term::Value;

constexpr std::size_t kVariationsMax = 64;
constexpr std::size_t kPurposesMax = 32;
constexpr std::int64_t kWarrantMs = 3'600'000;
constexpr identity::Role kRoles[] = {identity::Role::operator_,    identity::Role::oncall,
                                     identity::Role::tenant_admin, identity::Role::analyst,
                                     identity::Role::dpo,          identity::Role::platform,
                                     identity::Role::auditor};

std::string text_at(Value value, std::string_view outer, std::string_view inner = "") {
  const Value found = inner.empty() ? value.find(outer) : value.find(outer).find(inner);
  return found.is_string() ? std::string(found.text()) : "";
}

bool lists(Value list, std::string_view text) {
  return std::any_of(list.items().begin(), list.items().end(),
                     [&](Value item) { return item.is_string() && item.text() == text; });
}

std::string quoted(const std::string& text) {
  return "'" + text + "'";
}

// input.outer.inner = value
void set_at(Arena& arena, Value& input, const char* outer, const char* inner, Value value) {
  Value part = input.find(outer);
  if (!part.is_object()) part = term::object(arena);
  term::insert(arena, part, inner, value);
  term::insert(arena, input, outer, part);
}

void append_at(Arena& arena, Value& input, const char* outer, const char* inner,
               const std::string& text) {
  Value list = term::array(arena);
  for (const Value item : input.find(outer).find(inner).items()) term::append(arena, list, item);
  term::append(arena, list, term::string(arena, text));
  set_at(arena, input, outer, inner, list);
}

class Variations {
 public:
  explicit Variations(Value input) : input_(input) {}

  std::vector<Variation> made() {
    purposes();
    roles();
    warrants();
    places();
    const Value stepped = input_.find("stepped_up");
    if (!stepped.is_true()) {
      add({"step-up", "", "proven", "having just proven who they are"},
          [](Arena& arena, Value& in) {
            term::insert(arena, in, "stepped_up", Value::boolean(true));
          });
    }
    return std::move(out_);
  }

 private:
  void add(Explanation::Change change, std::function<void(Arena&, Value&)> apply) {
    if (out_.size() == kVariationsMax) return;
    out_.push_back({std::move(change), std::move(apply)});
  }

  void purposes() {
    const std::string stated = text_at(input_, "purpose");
    const Value held = input_.find("principal").find("purposes");
    std::size_t count = 0;
    for (const Value one : held.items()) {
      if (!one.is_string() || one.text() == stated || ++count > kPurposesMax) continue;
      const std::string purpose(one.text());
      add({"purpose", stated, purpose, "with the purpose " + quoted(purpose)},
          [purpose](Arena& arena, Value& in) {
            term::insert(arena, in, "purpose", term::string(arena, purpose));
          });
    }
    if (stated.empty() || lists(held, stated)) return;
    add({"granted-purpose", "", stated, "had they been given the purpose " + quoted(stated)},
        [stated](Arena& arena, Value& in) {
          append_at(arena, in, "principal", "purposes", stated);
        });
  }

  void roles() {
    const Value held = input_.find("principal").find("roles");
    std::string from;
    for (const Value one : held.items()) {
      if (!one.is_string()) continue;
      from += from.empty() ? "" : ",";
      from += one.text();
    }
    for (const identity::Role role : kRoles) {
      const std::string name(identity::role_name(role));
      if (lists(held, name)) continue;
      add({"role", from, name, "with the role " + quoted(name)},
          [name](Arena& arena, Value& in) { append_at(arena, in, "principal", "roles", name); });
    }
  }

  void warrants() {
    const std::string principal =
        text_at(input_, "principal", "id") + "@" + text_at(input_, "principal", "tenant");
    const std::string tenant = text_at(input_, "tenant", "id");
    const std::string action = text_at(input_, "action");
    const std::string named = text_at(input_, "warrant", "id");
    const Value time = input_.find("time_ms");
    const std::int64_t now = time.is_small() ? time.small() : 0;
    add({"warrant", named, "active",
         "with a warrant in force for " + quoted(action) + " that names " + quoted(principal)},
        [=](Arena& arena, Value& in) {
          Value warrant = term::object(arena, 8);
          const auto text = [&](const char* name, const std::string& value) {
            term::insert(arena, warrant, name, term::string(arena, value));
          };
          text("id", "wrt_any");
          text("kind", "approval");
          text("reference", "any");
          text("status", "active");
          text("bound_to", principal);
          text("tenant", tenant);
          Value actions = term::array(arena, 1);
          term::append(arena, actions, term::string(arena, action));
          term::insert(arena, warrant, "actions", actions);
          term::insert(arena, warrant, "effective_ms", Value::integer(now));
          term::insert(arena, warrant, "expires_ms", Value::integer(now + kWarrantMs));
          term::insert(arena, in, "warrant", warrant);
        });
    if (input_.find("warrant").is_undefined()) return;
    add({"no-warrant", named, "", "without naming the warrant " + quoted(named)},
        [](Arena& arena, Value& in) {
          Value rest = term::object(arena, in.size());
          for (const term::Entry& one : in.members()) {
            if (one.key.text() != "warrant") term::insert(arena, rest, one.key, one.value);
          }
          in = rest;
        });
  }

  // Where who asks, the data and the server are.
  void places() {
    const auto move = [&](const char* what, const char* outer, const char* inner,
                          const std::string& to, const std::string& text) {
      const std::string from = text_at(input_, outer, inner);
      if (from == to) return;
      add({what, from, to, text + quoted(to)}, [=](Arena& arena, Value& in) {
        set_at(arena, in, outer, inner, term::string(arena, to));
      });
    };
    const std::string tenant = text_at(input_, "tenant", "id");
    const std::string region = text_at(input_, "tenant", "region");
    const std::string data = text_at(input_, "resource", "region");
    if (!tenant.empty()) {
      move("tenant", "principal", "tenant", tenant, "as somebody of the tenant ");
    }
    if (!region.empty()) move("region", "principal", "region", region, "from the region ");
    const std::string& server = data.empty() || data == "local" ? region : data;
    if (!server.empty())
      move("region", "node", "region", server, "through a server in the region ");
  }

  Value input_;
  std::vector<Variation> out_;
};

}  // namespace

std::vector<Variation> variations_of(Value input) {
  return Variations(input).made();
}

}  // namespace mc::access
