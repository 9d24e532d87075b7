#include "graphrego/tree.h"

namespace mc::graphrego {

namespace {

bool is_empty_collection(Value value) {
  return (value.is_array() || value.is_object()) && value.size() == 0;
}

bool is_shallow(Value tree, int depth_left) {
  if (depth_left == 0) return false;
  for (const Value item : tree.items()) {
    if (!is_shallow(item, depth_left - 1)) return false;
  }
  for (const term::Entry& member : tree.members()) {
    if (!is_shallow(member.value, depth_left - 1)) return false;
  }
  return true;
}

}  // namespace

Value place_value(Place at) {
  return Value::integer((static_cast<std::int64_t>(at.line) << 32) | at.column);
}

Place place_of(Value node) {
  const Value at = node.find("Position");
  if (!at.is_small()) return {};
  return {static_cast<std::uint32_t>(at.small() >> 32), static_cast<std::uint32_t>(at.small())};
}

// The depth is bounded by is_shallow() and the parser.
Value prune(term::Arena& arena, Value tree) {
  if (tree.is_array()) {
    Value kept = term::array(arena, tree.size());
    for (const Value item : tree.items()) {
      const Value pruned = prune(arena, item);
      if (pruned.kind() == term::Kind::null || is_empty_collection(pruned)) continue;
      term::append(arena, kept, pruned);
    }
    return kept;
  }
  if (!tree.is_object()) return tree;
  Value kept = term::object(arena, tree.size());
  for (const term::Entry& member : tree.members()) {
    if (member.key.is_string() && member.key.text() == "Position") continue;
    const Value pruned = prune(arena, member.value);
    if (pruned.kind() == term::Kind::null || is_empty_collection(pruned)) continue;
    term::insert(arena, kept, member.key, pruned);
  }
  return kept;
}

// A level of nesting in text is four in a tree: a list's items lie in "Children", in "Value".
bool is_shallow(Value tree) {
  return is_shallow(tree, 4 * kDepthMax + 16);
}

}  // namespace mc::graphrego
