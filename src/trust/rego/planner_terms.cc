// Terms: values, refs, and unification of patterns.
#include <charconv>

#include "rego/planner.h"
#include "rego/walk.h"

namespace mc::rego {
namespace {

using Kind = Term::Kind;

bool is_pattern(const Term& term) {
  return term.kind == Kind::array || term.kind == Kind::object;
}

// The value of key `key` in an object written out; null when there is none.
const Term* member_of(const Term& object, const Term& key) {
  for (std::size_t i = 0; i + 1 < object.items.size(); i += 2) {
    if (equal(object.items[i], key)) return &object.items[i + 1];
  }
  return nullptr;
}

bool has_constant_keys(const Term& object) {
  for (std::size_t i = 0; i < object.items.size(); i += 2) {
    if (!is_scalar(object.items[i])) return false;
  }
  return true;
}

}  // namespace

bool is_constant(const Term& term) {
  bool constant = true;
  visit_terms(term, [&](const Term& part) {
    constant = constant && (is_scalar(part) || is_pattern(part) || part.kind == Kind::set);
    return constant;
  });
  return constant;
}

const Operand* Planner::find_var(const std::string& name) const {
  static constexpr Operand kRoots[] = {{Operand::Kind::local, kInput},
                                       {Operand::Kind::local, kData}};
  const auto found = frame_.vars.find(name);
  if (found != frame_.vars.end()) return &found->second;
  if (name == "input") return &kRoots[0];
  if (name == "data") return &kRoots[1];
  return nullptr;
}

bool Planner::is_bound(const Term& term) const {
  bool bound = true;
  auto check = [&](const Term& var) {
    if (find_var(var.text) == nullptr) bound = false;
  };
  each_var(term, kOwnVars, check);
  return bound;
}

void Planner::bind(const std::string& name, Operand value) {
  const auto [at, added] = frame_.vars.try_emplace(name, copied(value));
  if (added) frame_.bound.push_back(name);
}

Operand Planner::plan_number(const std::string& text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code == std::errc() && stop == end && std::to_string(value) == text) return integer(value);
  const Local target = new_local();
  const std::int32_t index = string_index(text);
  Statement& made = add(Op::make_number_ref);
  made.integer = index;
  made.target = target;
  return Operand::local(target);
}

Operand Planner::plan_term(const Term& term) {
  if (++depth_ > kDepthMax) fail("terms nest too deep", term.at);
  Operand value = Operand::boolean(false);
  if (errors_.empty()) {
    switch (term.kind) {
      case Kind::null:
        value = Operand::local(make(Op::make_null));
        break;
      case Kind::boolean:
        value = Operand::boolean(term.flag);
        break;
      case Kind::number:
        value = plan_number(term.text);
        break;
      case Kind::string:
        value = string(term.text);
        break;
      case Kind::var:
        if (const Operand* known = find_var(term.text)) {
          value = *known;
        } else {
          fail_unsafe(term.text, term.at);
        }
        break;
      case Kind::ref:
        value = plan_ref(term);
        break;
      case Kind::array:
      case Kind::set:
      case Kind::object:
        value = plan_composite(term);
        break;
      case Kind::array_comprehension:
      case Kind::set_comprehension:
      case Kind::object_comprehension:
        value = plan_comprehension(term);
        break;
      case Kind::call:
        value = plan_call(term);
        break;
      case Kind::template_string:
        fail("a template string was not rewritten", term.at);
        break;
    }
  }
  --depth_;
  return value;
}

// Parts first: one that iterates opens a block, in which the whole is then made.
Operand Planner::plan_composite(const Term& term) {
  std::vector<Operand> parts;
  parts.reserve(term.items.size());
  for (const Term& item : term.items) parts.push_back(plan_term(item));
  if (term.kind == Kind::object) {
    const Local object = make(Op::make_object);
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2) insert(object, parts[i], parts[i + 1]);
    return Operand::local(object);
  }
  const bool is_array = term.kind == Kind::array;
  const Local made = is_array ? make(Op::make_array, parts.size()) : make(Op::make_set);
  for (const Operand part : parts) assign(made, part, is_array ? Op::array_append : Op::set_add);
  return Operand::local(made);
}

Operand Planner::plan_comprehension(const Term& term) {
  const bool is_object = term.kind == Kind::object_comprehension;
  const bool is_array = term.kind == Kind::array_comprehension;
  const Local made = make(is_object ? Op::make_object : is_array ? Op::make_array : Op::make_set);
  std::vector<Block> blocks;
  blocks.push_back(in_block([&] {
    plan_body(term.body);
    const Operand first = plan_term(term.items[0]);
    if (is_object) {
      insert(made, first, plan_term(term.items[1]), Op::object_insert_once);
    } else {
      assign(made, first, is_array ? Op::array_append : Op::set_add);
    }
  }));
  add_block(std::move(blocks));
  return Operand::local(made);
}

Operand Planner::plan_ref(const Term& ref) {
  const Term& head = ref.items[0];
  if (head.is_var("data") && !frame_.vars.contains("data")) return plan_data_ref(ref);
  const Operand from = plan_term(head);
  if (ref.items.size() == 1) {
    if (head.is_var("input")) is_kind(Op::is_defined, from);
    return from;
  }
  Keys keys(ref.items.size());
  for (std::size_t i = 1; i < keys.size(); ++i) keys[i].term = &ref.items[i];
  return follow(from, keys, 1);
}

bool Planner::needs_scan(const Term& key) const {
  return (key.kind == Kind::var || is_pattern(key)) && !is_bound(key);
}

Operand Planner::follow(Operand from, const Keys& keys, std::size_t next) {
  for (; next < keys.size(); ++next) {
    const Key& key = keys[next];
    if (key.value) {
      from = dot(from, *key.value);
    } else if (needs_scan(*key.term)) {
      Local at = 0, value = 0;
      scan(from, at, value);
      unify_value(Operand::local(at), *key.term);
      from = Operand::local(value);
    } else {
      from = dot(from, plan_term(*key.term));
    }
  }
  return from;
}

void Planner::unify(const Term& a, const Term& b) {
  const auto is_open_var = [&](const Term& term) { return is_var(term) && !is_bound(term); };
  if (is_open_var(a)) {
    if (is_open_var(b)) return fail_unsafe(b.text, b.at);
    const Operand value = plan_term(b);
    return unify_value(value, a);
  }
  if (is_open_var(b)) return unify_value(plan_term(a), b);
  if (!is_pattern(a)) return unify_value(plan_term(a), b);
  if (!is_pattern(b)) return unify_value(plan_term(b), a);
  if (is_bound(a)) return unify_value(plan_term(a), b);
  if (is_bound(b)) return unify_value(plan_term(b), a);
  if (++depth_ > kDepthMax) fail("terms nest too deep", a.at);
  if (errors_.empty()) unify_patterns(a, b);
  --depth_;
}

// Both sides with variables: pairs of parts, each as soon as it can be planned.
void Planner::unify_patterns(const Term& a, const Term& b) {
  std::vector<std::pair<const Term*, const Term*>> pairs;
  const bool is_array = a.kind == Kind::array;
  if (a.kind != b.kind || a.items.size() != b.items.size()) {
    fail_here();
    bind_rest(a);
    return bind_rest(b);
  }
  if (is_array) {
    for (std::size_t i = 0; i < a.items.size(); ++i) pairs.emplace_back(&a.items[i], &b.items[i]);
  } else {
    if (!has_constant_keys(a) || !has_constant_keys(b)) {
      return fail("objects with variables on both sides and computed keys cannot be unified", a.at);
    }
    for (std::size_t i = 0; i + 1 < a.items.size(); i += 2) {
      const Term* other = member_of(b, a.items[i]);
      if (other == nullptr) {
        fail_here();
        bind_rest(a);
        return bind_rest(b);
      }
      pairs.emplace_back(&a.items[i + 1], other);
    }
  }
  while (!pairs.empty()) {
    const std::size_t before = pairs.size();
    std::vector<std::pair<const Term*, const Term*>> later;
    for (const auto& [left, right] : pairs) {
      const bool left_open = is_var(*left) && !is_bound(*left);
      const bool right_open = is_var(*right) && !is_bound(*right);
      if ((left_open && !is_bound(*right)) || (right_open && !is_bound(*left))) {
        later.emplace_back(left, right);
      } else {
        unify(*left, *right);
      }
    }
    pairs = std::move(later);
    if (pairs.size() == before) return unify(*pairs[0].first, *pairs[0].second);
  }
}

void Planner::unify_value(Operand value, const Term& term) {
  if (++depth_ > kDepthMax) fail("terms nest too deep", term.at);
  if (errors_.empty()) {
    if (is_var(term) && find_var(term.text) == nullptr) {
      bind(term.text, value);
    } else if (is_pattern(term) && !is_bound(term)) {
      if (value.kind != Operand::Kind::local) {
        fail_here();
        bind_rest(term);
      } else if (term.kind == Kind::array) {
        unify_array(value, term);
      } else {
        unify_object(value, term);
      }
    } else {
      const Operand other = plan_term(term);
      equal(value, other);
    }
  }
  --depth_;
}

void Planner::unify_array(Operand value, const Term& array) {
  is_kind(Op::is_array, value);
  const Local length = new_local();
  assign(length, value, Op::len);
  equal(Operand::local(length), integer(static_cast<std::int64_t>(array.items.size())));
  for (std::size_t i = 0; i < array.items.size(); ++i) {
    const Term& item = array.items[i];
    if (is_var(item) && is_wildcard(item.text)) continue;
    unify_value(dot(value, integer(static_cast<std::int64_t>(i))), item);
  }
}

void Planner::unify_object(Operand value, const Term& object) {
  is_kind(Op::is_object, value);
  const Local length = new_local();
  assign(length, value, Op::len);
  equal(Operand::local(length), integer(static_cast<std::int64_t>(object.items.size() / 2)));
  for (std::size_t i = 0; i + 1 < object.items.size(); i += 2) {
    const Operand key = plan_term(object.items[i]);
    unify_value(dot(value, key), object.items[i + 1]);
  }
}

void Planner::bind_rest(const Term& term) {
  auto add_var = [&](const Term& var) {
    if (find_var(var.text) == nullptr) bind(var.text, Operand::boolean(false));
  };
  each_var(term, kOwnVars, add_var);
}

}  // namespace mc::rego
