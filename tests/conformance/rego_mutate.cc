#include "rego_mutate.h"

#include <algorithm>
#include <map>
#include <set>

namespace mc::conformance {
namespace {

using term::Value;
using vm::plan::Op;
using vm::plan::Operand;

constexpr std::size_t kStringBytesMax = 60;  // longer ones are keys and tokens: no use as a name
constexpr std::size_t kChangesMax = 4, kItemsMax = 4, kWordsMax = 300;
constexpr int kDepthMax = 3;
constexpr vm::plan::Local kInput = 0, kData = 1;

// Follows the references of a plan from input and data down.
class Walker {
 public:
  Walker(const vm::plan::Policy& plan, Vocabulary& into) : plan_(plan), into_(into) {}

  void all() {
    for (const vm::plan::Function& function : plan_.functions) body(function.blocks);
    for (const vm::plan::Plan& plan : plan_.plans) body(plan.blocks);
  }

 private:
  struct Place {
    bool is_input = true;
    Way way;
  };

  void body(const std::vector<vm::plan::Block>& blocks_of_it) {
    places_ = {{kInput, {.is_input = true, .way = {}}}, {kData, {.is_input = false, .way = {}}}};
    blocks(blocks_of_it);
  }

  // NOLINTNEXTLINE(misc-no-recursion): a plan's blocks nest at most 250 deep
  void blocks(const std::vector<vm::plan::Block>& list) {
    for (const vm::plan::Block& block : list) {
      for (const vm::plan::Statement& statement : block.statements) {
        step(statement);
        blocks(statement.blocks);
      }
    }
  }

  void step(const vm::plan::Statement& statement) {
    if (reads_root(statement)) into_.reads_anything = true;
    if (statement.op == Op::dot) {
      const bool is_named = statement.b.kind == Operand::Kind::string;
      go(statement.a, statement.target,
         is_named ? plan_.strings[static_cast<std::size_t>(statement.b.value)] : "");
    } else if (statement.op == Op::scan) {
      go(statement.a, statement.value, "");
    } else if (statement.op == Op::assign_var || statement.op == Op::assign_var_once) {
      const auto from = places_.find(statement.a.value);
      if (statement.a.kind == Operand::Kind::local && from != places_.end()) {
        places_[statement.target] = Place(from->second);
      }
    }
  }

  static bool is_root(const Operand& operand) {
    return operand.kind == Operand::Kind::local && operand.value <= kData;
  }

  // Beyond handing both on to a rule.
  bool reads_root(const vm::plan::Statement& statement) const {
    switch (statement.op) {
      case Op::scan:
      case Op::assign_var:
      case Op::assign_var_once:
      case Op::array_append:
      case Op::set_add:
      case Op::len:
        return is_root(statement.a);
      case Op::dot:
      case Op::equal:
      case Op::not_equal:
        return is_root(statement.a) || is_root(statement.b);
      case Op::object_insert:
      case Op::object_insert_once:
        return is_root(statement.b);
      case Op::call:
      case Op::call_dynamic: {
        const bool is_own = statement.op == Op::call_dynamic || is_rule(statement.name);
        const std::size_t from = is_own ? 2 : 0;
        return std::any_of(statement.operands.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                            from, statement.operands.size())),
                           statement.operands.end(), is_root);
      }
      default:
        return false;
    }
  }

  bool is_rule(const std::string& name) const {
    return std::any_of(plan_.functions.begin(), plan_.functions.end(),
                       [&](const vm::plan::Function& function) { return function.name == name; });
  }

  void go(const Operand& from, vm::plan::Local to, const std::string& name) {
    const auto found = places_.find(from.value);
    if (from.kind != Operand::Kind::local || found == places_.end()) return;
    Place place = found->second;
    place.way.push_back(name);
    auto& ways = place.is_input ? into_.input_ways : into_.data_ways;
    if (std::find(ways.begin(), ways.end(), place.way) == ways.end()) ways.push_back(place.way);
    places_[to] = std::move(place);
  }

  const vm::plan::Policy& plan_;
  Vocabulary& into_;
  std::map<vm::plan::Local, Place> places_;
};

// NOLINTNEXTLINE(misc-no-recursion): as deep as the path
Value without(term::Arena& arena, Value value, std::span<const std::string> path, bool is_rule) {
  const Value held = value.find(path.front());
  if (held.is_undefined()) return value;
  const bool is_last = path.size() == 1;
  if (!held.is_object() || (is_last && is_rule)) {
    Value out = term::object(arena);
    for (const term::Entry& entry : value.members()) {
      if (entry.key.is_string() && entry.key.text() == path.front()) continue;
      term::insert(arena, out, entry.key, entry.value);
    }
    return out;
  }
  if (!is_last) {
    term::insert(arena, value, path.front(), without(arena, held, path.subspan(1), is_rule));
  }
  return value;
}

}  // namespace

Vocabulary Vocabulary::of(const vm::plan::Policy& plan) {
  Vocabulary made;
  made.strings = {"", "a", "b", "x", "\xc3\xa9", "10"};
  made.numbers = {"0", "1", "-1", "2", "3", "1.5", "1.0", "1e3", "9007199254740993", "0.1"};
  for (const std::string& text : plan.strings) {
    if (text.size() <= kStringBytesMax && made.strings.size() < kWordsMax) {
      made.strings.push_back(text);
    }
  }
  Walker(plan, made).all();
  return made;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the document
void Vocabulary::add(Value document) {
  if (strings.size() > kWordsMax || numbers.size() > kWordsMax) return;
  if (document.is_string() && document.text().size() <= kStringBytesMax) {
    strings.emplace_back(document.text());
  }
  if (document.is_number()) numbers.push_back(term::to_json(document));
  for (const term::Entry& entry : document.members()) {
    add(entry.key);
    add(entry.value);
  }
  for (const Value item : document.items()) add(item);
}

const std::string& Mutator::a_string() {
  return vocabulary_.strings[below(vocabulary_.strings.size())];
}

Value Mutator::a_leaf() {
  switch (below(8)) {
    case 0:
      return Value::null();
    case 1:
      return Value::boolean(true);
    case 2:
      return Value::boolean(false);
    case 3:
    case 4: {
      const auto& numbers = vocabulary_.numbers;
      const auto number = term::parse_json(arena_, numbers[below(numbers.size())]);
      return number ? *number : Value::integer(7);
    }
    default:
      return term::string(arena_, a_string());
  }
}

// NOLINTNEXTLINE(misc-no-recursion): kDepthMax deep
Value Mutator::a_value(int depth) {
  if (depth >= kDepthMax || !chance(2)) return a_leaf();
  const std::size_t size = below(kItemsMax);
  if (chance(2)) {
    Value out = term::array(arena_);
    for (std::size_t i = 0; i < size; ++i) term::append(arena_, out, a_value(depth + 1));
    return out;
  }
  Value out = term::object(arena_);
  for (std::size_t i = 0; i < size; ++i) {
    term::insert(arena_, out, a_string(), a_value(depth + 1));
  }
  return out;
}

Value Mutator::change_leaf(Value leaf) {
  if (leaf.is_string() && chance(2)) {
    std::string text(leaf.text());
    if (chance(2) || text.empty()) {
      text += a_string();
    } else {
      text.resize(text.size() - 1);
    }
    if (is_valid_utf8(text)) return term::string(arena_, text);
  }
  if (leaf.is_small() && std::abs(leaf.small()) < 1'000'000 && chance(2)) {
    return Value::integer(leaf.small() + (chance(2) ? 1 : -1));
  }
  return a_leaf();
}

Value Mutator::change_object(Value object) {
  const std::size_t size = object.size();
  const std::size_t at = below(size);
  const std::uint64_t how = below(size == 0 ? 1 : 3);
  Value out = term::object(arena_);
  std::size_t i = 0;
  for (const term::Entry& entry : object.members()) {
    const bool is_it = i++ == at;
    if (is_it && how == 1) continue;  // removed
    if (is_it && how == 2) {          // renamed
      term::insert(arena_, out, a_string(), entry.value);
    } else {
      term::insert(arena_, out, entry.key, entry.value);
    }
  }
  if (how == 0) term::insert(arena_, out, a_string(), a_value(1));
  return out;
}

Value Mutator::change_list(Value list) {
  std::vector<Value> items(list.items().begin(), list.items().end());
  const std::uint64_t how = below(items.empty() ? 1 : 4);
  if (how == 0) items.push_back(a_value(1));
  if (how == 1) items.erase(items.begin() + static_cast<std::ptrdiff_t>(below(items.size())));
  if (how == 2) std::swap(items[below(items.size())], items[below(items.size())]);
  if (how == 3) items.push_back(Value(items[below(items.size())]));
  if (list.is_array()) return term::array(arena_, items);
  Value out = term::set(arena_);
  for (const Value item : items) term::add(arena_, out, item);
  return out;
}

Value Mutator::change_here(Value value) {
  switch (below(8)) {
    case 0:
      return a_value(0);
    case 1: {
      Value out = term::array(arena_);
      term::append(arena_, out, value);
      return out;
    }
    case 2: {
      Value out = term::object(arena_);
      term::insert(arena_, out, a_string(), value);
      return out;
    }
    default:
      break;
  }
  if (value.is_object()) return change_object(value);
  if (value.is_array() || value.is_set()) return change_list(value);
  return change_leaf(value);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the document
Value Mutator::change(Value value, int depth) {
  if (value.size() == 0 || chance(depth == 0 ? 6 : 3)) return change_here(value);
  const std::size_t at = below(value.size());
  if (value.is_object()) {
    Value out = term::object(arena_);
    std::size_t i = 0;
    for (const term::Entry& entry : value.members()) {
      term::insert(arena_, out, entry.key,
                   i++ == at ? change(entry.value, depth + 1) : entry.value);
    }
    return out;
  }
  std::vector<Value> items(value.items().begin(), value.items().end());
  items[at] = change(items[at], depth + 1);
  if (value.is_array()) return term::array(arena_, items);
  Value out = term::set(arena_);
  for (const Value item : items) term::add(arena_, out, item);
  return out;
}

Value Mutator::changed(Value document) {
  const std::size_t changes = 1 + below(kChangesMax);
  for (std::size_t i = 0; i < changes; ++i) document = change(document, 0);
  return document;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the way
Value Mutator::with_way(Value value, const Way& way, std::size_t from) {
  if (from == way.size()) return a_value(1);
  const std::string& name = way[from].empty() ? a_string() : way[from];
  if (way[from].empty() && chance(3)) {
    Value out = value.is_array() ? value : term::array(arena_);
    term::append(arena_, out, with_way(Value(), way, from + 1));
    return out;
  }
  Value out = value.is_object() ? value : term::object(arena_);
  term::insert(arena_, out, name, with_way(out.find(name), way, from + 1));
  return out;
}

Value Mutator::made(const std::vector<Way>& ways) {
  if (ways.empty() || chance(8)) return a_value(0);
  Value out = term::object(arena_);
  const std::size_t count = 1 + below(kItemsMax);
  for (std::size_t i = 0; i < count; ++i) out = with_way(out, ways[below(ways.size())], 0);
  return out;
}

Value without_conflicts(term::Arena& arena, Value data, const std::vector<Way>& rules,
                        const std::vector<Way>& packages) {
  if (!data.is_object()) data = term::object(arena);
  for (const Way& path : rules) data = without(arena, data, path, true);
  for (const Way& path : packages) data = without(arena, data, path, false);
  return data;
}

}  // namespace mc::conformance
