// json.filter() and json.remove(): the parts of an object that paths name.
#include <map>
#include <optional>
#include <vector>

#include "builtin/go_json.h"
#include "builtin/json.h"

namespace mc::builtin {
namespace {

// The paths as a tree. A leaf takes everything below.
class PathTree {
 public:
  using Index = std::size_t;
  static constexpr Index kNone = static_cast<Index>(-1);

  PathTree() { nodes_.emplace_back(); }

  void add(std::span<const Value> segments) {
    if (segments.empty()) return;
    Index node = 0;
    for (const Value segment : segments) {
      if (nodes_[node].leaf) return;  // a shorter path is there already
      const auto [at, is_new] = nodes_[node].children.try_emplace(segment, nodes_.size());
      node = at->second;
      if (is_new) nodes_.emplace_back();
    }
    nodes_[node].leaf = true;
  }
  bool is_leaf(Index node) const { return nodes_[node].leaf; }
  std::size_t size(Index node) const { return nodes_[node].children.size(); }
  Index child(Index node, Value segment) const {
    const auto at = nodes_[node].children.find(segment);
    return at == nodes_[node].children.end() ? kNone : at->second;
  }

 private:
  struct Less {
    bool operator()(Value a, Value b) const { return term::compare(a, b) < 0; }
  };
  struct Node {
    bool leaf = false;
    std::map<Value, Index, Less> children;
  };
  std::vector<Node> nodes_;  // by index: children come behind, and none is deep to destroy
};

std::optional<PathTree> read_paths(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::object})) return std::nullopt;
  if (!context.want(operands, 1, {Kind::set, Kind::array})) return std::nullopt;
  PathTree tree;
  std::vector<Value> segments;
  for (const Value path : operands[1].items()) {
    segments.clear();
    if (!append_segments(context, path, segments)) return std::nullopt;
    if (!context.spend(1 + static_cast<std::int64_t>(segments.size()))) return std::nullopt;
    tree.add(segments);
  }
  return tree;
}

// What filter and remove have in common: both go through the value and the paths side by side.
class Walk {
 public:
  Walk(Context& context, const PathTree& tree) : context_(context), tree_(tree) {}
  virtual ~Walk() = default;

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  Value walk(Value value, PathTree::Index node, int depth) {
    if (depth > kValueDepthMax) return context_.fail("the value is nested too deeply");
    if (!context_.spend(1 + static_cast<std::int64_t>(value.size()))) return {};
    switch (value.kind()) {
      case Kind::array:
        return walk_array(value, node, depth);
      case Kind::set:
        return walk_set(value, node, depth);
      case Kind::object:
        return walk_object(value, node, depth);
      default:
        return value;
    }
  }

 protected:
  // `item` as it comes out, with the paths of `child` (kNone: no path goes there); undefined: not
  // at all.
  virtual Value part(Value item, PathTree::Index child, int depth) = 0;

  Context& context_;
  const PathTree& tree_;

 private:
  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  Value walk_array(Value value, PathTree::Index node, int depth) {
    Value out = term::array(context_.arena);
    for (std::size_t i = 0; i < value.size(); ++i) {
      // Indexes are texts in paths; a number names none.
      PathTree::Index child = PathTree::kNone;
      if (tree_.size(node) > 0) {
        child = tree_.child(node, term::string(context_.arena, std::to_string(i)));
      }
      const Value made = part(value.items()[i], child, depth);
      if (context_.fault) return {};
      if (!made.is_undefined()) term::append(context_.arena, out, made);
    }
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  Value walk_set(Value value, PathTree::Index node, int depth) {
    Value out = term::set(context_.arena);
    for (const Value item : value.items()) {
      const Value made = part(item, tree_.child(node, item), depth);
      if (context_.fault) return {};
      if (!made.is_undefined()) term::add(context_.arena, out, made);
    }
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  Value walk_object(Value value, PathTree::Index node, int depth) {
    Value out = term::object(context_.arena);
    for (const term::Entry& entry : value.members()) {
      const Value made = part(entry.value, tree_.child(node, entry.key), depth);
      if (context_.fault) return {};
      if (!made.is_undefined()) term::insert(context_.arena, out, entry.key, made);
    }
    return out;
  }
};

class Filter final : public Walk {
 public:
  using Walk::Walk;

 protected:
  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  Value part(Value item, PathTree::Index child, int depth) override {
    if (child == PathTree::kNone) return {};
    return tree_.is_leaf(child) ? item : walk(item, child, depth + 1);
  }
};

class Remove final : public Walk {
 public:
  using Walk::Walk;

 protected:
  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  Value part(Value item, PathTree::Index child, int depth) override {
    if (child == PathTree::kNone) return item;
    return tree_.is_leaf(child) ? Value() : walk(item, child, depth + 1);
  }
};

template <class Walker>
Value walk_paths(Context& context, Operands operands) {
  const std::optional<PathTree> tree = read_paths(context, operands);
  if (!tree) return {};
  return Walker(context, *tree).walk(operands[0], 0, 0);
}

std::string unescaped(std::string_view segment) {
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const char c = segment[i];
    const char next = i + 1 < segment.size() ? segment[i + 1] : '\0';
    if (c == '~' && (next == '0' || next == '1')) {
      out += next == '0' ? '~' : '/';
      ++i;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

bool append_segments(Context& context, Value path, std::vector<Value>& segments) {
  if (path.is_array()) {
    segments.insert(segments.end(), path.items().begin(), path.items().end());
    return true;
  }
  if (!path.is_string()) {
    fail_operand(context, 1,
                 "must be one of {set, array} containing string paths or array of path segments "
                 "but got " +
                     std::string(term::kind_name(path.kind())));
    return false;
  }
  std::string_view text = path.text();
  if (text.empty()) return true;
  text.remove_prefix(std::min(text.find_first_not_of('/'), text.size()));
  while (true) {
    const std::size_t slash = text.find('/');
    segments.push_back(term::string(context.arena, unescaped(text.substr(0, slash))));
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

Value json_filter(Context& context, Operands operands) {
  return walk_paths<Filter>(context, operands);
}

Value json_remove(Context& context, Operands operands) {
  return walk_paths<Remove>(context, operands);
}

}  // namespace mc::builtin
