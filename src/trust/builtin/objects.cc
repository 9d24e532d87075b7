#include <algorithm>
#include <unordered_set>

#include "builtin/operands.h"

namespace mc::builtin {
namespace {

using term::Entry;

std::int64_t size_of(Value collection) {
  return static_cast<std::int64_t>(collection.size());
}

Value array_concat(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array})) return {};
  if (!context.want(operands, 1, {Kind::array})) return {};
  const std::size_t size = operands[0].size() + operands[1].size();
  if (!context.reserve(size * sizeof(Value))) return {};
  if (!context.spend(static_cast<std::int64_t>(size / 8))) return {};
  Value result = term::array(context.arena, size);
  for (const Value operand : operands) {
    for (const Value item : operand.items()) term::append(context.arena, result, item);
  }
  return result;
}

// Arrays among the items give their items, one level deep.
Value array_flatten(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array})) return {};
  Value result = term::array(context.arena, operands[0].size());
  for (const Value item : operands[0].items()) {
    if (!context.spend(1 + size_of(item) / 8)) return {};
    if (!item.is_array()) {
      term::append(context.arena, result, item);
      continue;
    }
    if (!context.reserve(item.size() * sizeof(Value))) return {};
    for (const Value each : item.items()) term::append(context.arena, result, each);
  }
  return result;
}

Value array_reverse(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array})) return {};
  const auto items = operands[0].items();
  if (!context.reserve(items.size() * sizeof(Value))) return {};
  if (!context.spend(size_of(operands[0]) / 8)) return {};
  Value result = term::array(context.arena, items.size());
  for (std::size_t i = items.size(); i > 0; --i) term::append(context.arena, result, items[i - 1]);
  return result;
}

Value array_slice(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array})) return {};
  const auto from = want_int(context, operands, 1);
  if (!from) return {};
  const auto to = want_int(context, operands, 2);
  if (!to) return {};
  const std::int64_t stop = std::clamp<std::int64_t>(*to, 0, size_of(operands[0]));
  const std::int64_t start = std::clamp<std::int64_t>(*from, 0, stop);
  const auto slice = operands[0].items().subspan(static_cast<std::size_t>(start),
                                                 static_cast<std::size_t>(stop - start));
  if (!context.reserve(slice.size() * sizeof(Value))) return {};
  if (!context.spend((stop - start) / 8)) return {};
  return term::array(context.arena, slice);
}

Value object_get(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::object})) return {};
  Value found = operands[0];
  if (!operands[1].is_array()) {
    found = found.find(operands[1]);
  } else {
    if (!context.spend(size_of(operands[1]))) return {};
    for (const Value key : operands[1].items()) {
      found = found.find(key);
      if (found.is_undefined()) break;
    }
  }
  return found.is_undefined() ? operands[2] : found;
}

Value object_keys(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::object})) return {};
  if (!context.reserve(operands[0].size() * sizeof(Value) * 2)) return {};
  if (!context.spend(size_of(operands[0]))) return {};
  Value keys = term::set(context.arena, operands[0].size());
  for (const Entry& entry : operands[0].members()) term::add(context.arena, keys, entry.key);
  return keys;
}

// The second operand of filter and remove, as what has() can ask.
class Keys {
 public:
  explicit Keys(Context& context, Value operand) : keys_(operand) {
    if (!operand.is_array()) return;
    keys_ = term::set(context.arena, operand.size());
    for (const Value key : operand.items()) term::add(context.arena, keys_, key);
  }
  bool has(Value key) const { return !keys_.find(key).is_undefined(); }

 private:
  Value keys_;
};

Value keep_members(Context& context, Operands operands, bool listed) {
  if (!context.want(operands, 0, {Kind::object})) return {};
  if (!context.want(operands, 1, {Kind::object, Kind::set, Kind::array})) return {};
  if (!context.reserve(operands[1].size() * sizeof(Value))) return {};
  if (!context.spend(size_of(operands[0]) + size_of(operands[1]))) return {};
  const Keys keys(context, operands[1]);
  Value result = term::object(context.arena);
  for (const Entry& entry : operands[0].members()) {
    if (keys.has(entry.key) == listed) {
      term::insert(context.arena, result, entry.key, entry.value);
    }
  }
  return context.spend(0) ? result : Value();
}

Value object_filter(Context& context, Operands operands) {
  return keep_members(context, operands, true);
}
Value object_remove(Context& context, Operands operands) {
  return keep_members(context, operands, false);
}

Value object_union(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::object})) return {};
  if (!context.want(operands, 1, {Kind::object})) return {};
  const std::size_t size = operands[0].size() + operands[1].size();
  if (!context.reserve(size * sizeof(Entry))) return {};
  if (!context.spend(static_cast<std::int64_t>(size))) return {};
  const Value result = term::merge(context.arena, operands[0], operands[1]);
  return context.spend(0) ? result : Value();
}

Value object_union_n(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array})) return {};
  const auto objects = operands[0].items();
  for (std::size_t i = objects.size(); i > 0; --i) {
    if (!objects[i - 1].is_object()) {
      return fail_element(context, 0, Kind::array, objects[i - 1].kind(), "object");
    }
  }
  Value result = term::object(context.arena);
  for (const Value object : objects) {
    for (const Entry& entry : object.members()) {
      const Value old = entry.value.is_object() ? result.find(entry.key) : Value();
      const bool both = old.is_object();
      if (!context.spend(both ? 1 + size_of(old) + size_of(entry.value) : 1)) return {};
      term::insert(context.arena, result, entry.key,
                   both ? term::merge(context.arena, old, entry.value) : entry.value);
    }
  }
  return result;
}

bool has_all(Value super_set, Value sub_set) {
  const auto items = sub_set.items();
  return std::all_of(items.begin(), items.end(),
                     [&](Value item) { return !super_set.find(item).is_undefined(); });
}

// Of an array: in one piece and in order.
bool has_run(Value super_array, Value sub_array) {
  const auto items = super_array.items(), run = sub_array.items();
  return std::search(items.begin(), items.end(), run.begin(), run.end(),
                     [](Value a, Value b) { return term::equal(a, b); }) != items.end() ||
         run.empty();
}

bool has_each(Value super_array, Value sub_set) {
  const auto items = super_array.items(), wanted = sub_set.items();
  return std::all_of(wanted.begin(), wanted.end(), [&](Value each) {
    return std::any_of(items.begin(), items.end(),
                       [each](Value item) { return term::equal(item, each); });
  });
}

// Pairs still to be compared, instead of a recursion.
Value object_subset(Context& context, Operands operands) {
  std::vector<std::pair<Value, Value>> pairs{{operands[0], operands[1]}};
  for (bool top = true; !pairs.empty(); top = false) {
    const auto [super_value, sub] = pairs.back();
    pairs.pop_back();
    const bool same_kind = super_value.kind() == sub.kind();
    const std::int64_t cost = sub.is_object() || (same_kind && sub.is_set())
                                  ? size_of(sub)
                                  : size_of(super_value) * size_of(sub);
    if (!context.spend(1 + cost)) return {};
    bool holds = false;
    if (same_kind && sub.is_object()) {
      holds = true;
      for (const Entry& entry : sub.members()) {
        const Value other = super_value.find(entry.key);
        if (other.is_undefined()) return Value::boolean(false);
        pairs.emplace_back(other, entry.value);
      }
    } else if (same_kind && sub.is_set()) {
      holds = has_all(super_value, sub);
    } else if (same_kind && sub.is_array()) {
      holds = has_run(super_value, sub);
    } else if (top && super_value.is_array() && sub.is_set()) {
      holds = has_each(super_value, sub);
    } else if (top) {
      return context.fail(Failure::type,
                          "both arguments object.subset must be of the same type or array and set");
    } else {
      holds = term::equal(super_value, sub);
    }
    if (!holds) return Value::boolean(false);
  }
  return Value::boolean(true);
}

// What walk() is still to visit: the children of one collection, in order.
struct Level {
  Value collection;
  std::size_t next = 0;
};

// [path, value] of a value and of all below it, each before what it holds.
Value walk(Context& context, Operands operands) {
  Value result = term::array(context.arena);
  std::vector<Value> path;
  std::vector<Level> levels;
  const auto visit = [&](Value value) {
    if (!context.spend(1 + static_cast<std::int64_t>(path.size() / 4))) return false;
    const Value pair[] = {term::array(context.arena, path), value};
    term::append(context.arena, result, term::array(context.arena, pair));
    levels.push_back({value});
    return true;
  };
  if (!visit(operands[0])) return {};
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.next >= level.collection.size()) {
      levels.pop_back();
      if (!path.empty()) path.pop_back();
      continue;
    }
    const std::size_t at = level.next++;
    const Value collection = level.collection;
    if (collection.is_object()) {
      const Entry& entry = collection.members()[at];
      path.push_back(entry.key);
      if (!visit(entry.value)) return {};
    } else {
      const Value item = collection.items()[at];
      path.push_back(collection.is_set() ? item : Value::integer(static_cast<std::int64_t>(at)));
      if (!visit(item)) return {};
    }
  }
  return result;
}

std::span<const Value> vertices(Value edges) {
  return edges.is_array() || edges.is_set() ? edges.items() : std::span<const Value>();
}

bool want_graph(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::object})) return false;
  if (operands[1].is_array() || operands[1].is_set()) return true;
  fail_operand(context, 1,
               "must be {array, set} but got " + std::string(term::kind_name(operands[1].kind())));
  return false;
}

Value graph_reachable(Context& context, Operands operands) {
  if (!want_graph(context, operands)) return {};
  const Value graph = operands[0];
  std::vector<Value> queue(operands[1].items().begin(), operands[1].items().end());
  Value reached = term::set(context.arena);
  while (!queue.empty()) {
    const Value node = queue.back();
    queue.pop_back();
    const Value edges = graph.find(node);
    if (!context.spend(1 + size_of(edges))) return {};
    if (edges.is_undefined() || !reached.find(node).is_undefined()) continue;
    term::add(context.arena, reached, node);
    for (const Value neighbour : vertices(edges)) {
      if (reached.find(neighbour).is_undefined()) queue.push_back(neighbour);
    }
  }
  return reached;
}

struct HashOf {
  std::size_t operator()(Value value) const { return term::hash(value); }
};
struct SameAs {
  bool operator()(Value a, Value b) const { return term::equal(a, b); }
};

// All paths from one node on, without a node twice; each as long as it gets.
class Paths {
 public:
  Paths(Context& context, Value graph, Value& found)
      : context_(context), graph_(graph), found_(found) {}

  bool from(Value start) {
    const Value edges = graph_.find(start);
    if (edges.is_undefined()) return true;
    path_ = {start};
    if (vertices(edges).empty()) return keep();
    on_path_ = {start};
    // As in OPA, an edge of the first node to itself is taken once.
    for (const Value neighbour : vertices(edges)) {
      if (!enter(neighbour) || !finish()) return false;
    }
    return true;
  }

 private:
  bool keep() {
    if (!context_.spend(1 + static_cast<std::int64_t>(path_.size() / 4))) return false;
    term::add(context_.arena, found_, term::array(context_.arena, path_));
    return true;
  }

  // Adds a node to the path, and what it leads to to the levels.
  bool enter(Value node) {
    const Value edges = graph_.find(node);
    if (edges.is_undefined()) return keep();
    path_.push_back(node);
    if (vertices(edges).empty()) {
      const bool kept = keep();
      path_.pop_back();
      return kept;
    }
    levels_.push_back({edges, 0, on_path_.insert(node).second});
    return true;
  }

  bool finish() {
    while (!levels_.empty()) {
      Step& level = levels_.back();
      const auto neighbours = vertices(level.edges);
      if (level.next >= neighbours.size()) {
        if (level.marked) on_path_.erase(path_.back());
        path_.pop_back();
        levels_.pop_back();
        continue;
      }
      if (!context_.spend(1)) return false;
      const Value neighbour = neighbours[level.next++];
      if (on_path_.contains(neighbour) ? !keep() : !enter(neighbour)) return false;
    }
    return true;
  }

  struct Step {
    Value edges;
    std::size_t next = 0;
    bool marked = false;  // the node came onto the path here
  };

  Context& context_;
  Value graph_;
  Value& found_;
  std::vector<Value> path_;
  std::vector<Step> levels_;
  std::unordered_set<Value, HashOf, SameAs> on_path_;
};

Value graph_reachable_paths(Context& context, Operands operands) {
  if (!want_graph(context, operands)) return {};
  Value found = term::set(context.arena);
  Paths paths(context, operands[0], found);
  for (const Value start : operands[1].items()) {
    if (!paths.from(start)) return {};
  }
  return found;
}

constexpr std::string_view kKeysOf =
    "(object: object[any: any], keys: array[any] | object[any: any] | set[any]) => any";

constexpr Builtin kTable[] = {
    {"array.concat", "(x: array[any], y: array[any]) => array[any]", array_concat},
    {"array.flatten", "(arr: array[any]) => array[any]", array_flatten},
    {"array.reverse", "(arr: array[any]) => array[any]", array_reverse},
    {"array.slice", "(arr: array[any], start: number, stop: number) => array[any]", array_slice},
    {"graph.reachable",
     "(graph: object[any: array[any] | set[any]], initial: array[any] | set[any]) => set[any]",
     graph_reachable},
    {"graph.reachable_paths",
     "(graph: object[any: array[any] | set[any]], initial: array[any] | set[any])"
     " => set[array[any]]",
     graph_reachable_paths},
    {"object.filter", kKeysOf, object_filter},
    {"object.get", "(object: object[any: any], key: any, default: any) => any", object_get},
    {"object.keys", "(object: object[any: any]) => set[any]", object_keys},
    {"object.remove", kKeysOf, object_remove},
    {"object.subset",
     "(super: array[any] | object[any: any] | set[any],"
     " sub: array[any] | object[any: any] | set[any]) => any",
     object_subset},
    {"object.union", "(a: object[any: any], b: object[any: any]) => any", object_union},
    {"object.union_n", "(objects: array[object[any: any]]) => any", object_union_n},
    {"walk", "(x: any) => array<array[any], any>", walk},
};

}  // namespace

std::span<const Builtin> object_builtins() {
  return kTable;
}

}  // namespace mc::builtin
