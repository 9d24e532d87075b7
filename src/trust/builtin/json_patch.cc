// json.patch(): RFC 6902 on values of Rego. Paths are texts or arrays of keys; members of a set are
// their own keys. All operations hold, or the result is undefined.
#include <optional>
#include <vector>

#include "builtin/go_json.h"
#include "builtin/json.h"

namespace mc::builtin {
namespace {

using Path = std::span<const Value>;

// The index that a segment names in an array of `size`; nothing when it is none. "-" is the place
// behind the last.
std::optional<std::size_t> index_of(Value segment, std::size_t size) {
  std::int64_t index = 0;
  if (segment.is_small()) {
    index = segment.small();
  } else if (segment.is_string()) {
    const std::string_view text = segment.text();
    if (text == "-") return size;
    if (text.empty() || text.size() > 18 || (text.size() > 1 && text[0] == '0')) {
      return std::nullopt;
    }
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      index = index * 10 + (c - '0');
    }
  } else {
    return std::nullopt;
  }
  if (index < 0) return std::nullopt;
  return static_cast<std::size_t>(index);
}

// The value under a segment; undefined when there is none.
Value child_of(Value value, Value segment) {
  if (!value.is_array()) return value.find(segment);
  const std::optional<std::size_t> index = index_of(segment, value.size());
  return index && *index < value.size() ? value.items()[*index] : Value();
}

// Whether nothing lies deeper than `limit` levels, by a walk of bounded length.
class DepthCheck {
 public:
  explicit DepthCheck(Context& context) : context_(context) {}

  // NOLINTNEXTLINE(misc-no-recursion): bounded by the limit
  bool fits(Value value, int limit) {
    if (limit < 0 || !context_.spend(1)) return false;
    for (const Value item : value.items()) {
      if (!fits(item, limit - 1)) return false;
    }
    for (const term::Entry& entry : value.members()) {
      if (!fits(entry.key, limit - 1) || !fits(entry.value, limit - 1)) return false;
    }
    return true;
  }

 private:
  Context& context_;
};

// What happens at the end of a path.
struct Edit {
  bool removes = false;
  bool inserts = false;  // an array makes room for it
  Value value = {};
};

class Patcher {
 public:
  Patcher(Context& context, Value target) : context_(context), root_(target) {}

  // False: the patch does not apply, or a failure is said.
  bool apply(Value operation) {
    const Value name = operation.find("op");
    const Value path = operation.find("path");
    if (!name.is_string() || path.is_undefined()) return false;
    std::vector<Value> segments;
    if (!read_path(path, segments)) return false;
    const std::string_view op = name.text();
    if (op == "remove") return remove(segments);
    if (op == "move" || op == "copy") {
      const Value chunk = source_of(operation, op == "move");
      return !chunk.is_undefined() && add(segments, chunk);
    }
    const Value value = operation.find("value");
    if (value.is_undefined()) return false;
    if (op == "add") return add(segments, value);
    if (op == "replace") return remove(segments) && add(segments, value);
    if (op == "test") {
      const Value found = at(segments);
      return !found.is_undefined() && term::equal(found, value);
    }
    return false;
  }
  Value result() const { return root_; }

 private:
  bool read_path(Value path, std::vector<Value>& segments) {
    return append_segments(context_, path, segments) && segments.size() <= kPathMax;
  }

  Value source_of(Value operation, bool moves) {
    const Value from = operation.find("from");
    std::vector<Value> segments;
    if (from.is_undefined() || !read_path(from, segments)) return {};
    const Value chunk = at(segments);
    return !moves || remove(segments) ? chunk : Value();
  }

  Value at(Path path) const {
    Value value = root_;
    for (const Value segment : path) value = child_of(value, segment);
    return value;
  }

  bool add(Path path, Value value) {
    const int limit = static_cast<int>(kPathMax - path.size());
    if (!DepthCheck(context_).fits(value, limit)) return false;
    if (path.empty()) {
      root_ = value;
      return true;
    }
    return edit(path, {.inserts = true, .value = value});
  }

  bool remove(Path path) {
    if (root_.is_undefined()) return false;
    if (path.empty()) {
      root_ = Value();
      return true;
    }
    return edit(path, {.removes = true});
  }

  // Rebuilds what lies on the path, from its end to the root; the operands stay as they are.
  bool edit(Path path, Edit edit) {
    std::vector<Value> parents{root_};
    for (const Value segment : path.first(path.size() - 1)) {
      parents.push_back(child_of(parents.back(), segment));
      if (parents.back().is_undefined()) return false;
    }
    for (std::size_t i = path.size(); i-- > 0;) {
      const Value made = changed(parents[i], path[i], edit);
      if (made.is_undefined()) return false;
      edit = {.value = made};
    }
    root_ = edit.value;
    return true;
  }

  Value changed(Value parent, Value key, const Edit& edit) {
    if (!context_.spend(1 + static_cast<std::int64_t>(parent.size()))) return {};
    switch (parent.kind()) {
      case Kind::object:
        return changed_object(parent, key, edit);
      case Kind::set:
        return changed_set(parent, key, edit);
      case Kind::array:
        return changed_array(parent, key, edit);
      default:
        return {};
    }
  }

  Value changed_object(Value parent, Value key, const Edit& edit) {
    if (edit.removes && parent.find(key).is_undefined()) return {};
    Value out = term::object(context_.arena, parent.size() + 1);
    for (const term::Entry& entry : parent.members()) {
      if (!term::equal(entry.key, key)) {
        term::insert(context_.arena, out, entry.key, entry.value);
      }
    }
    if (!edit.removes) term::insert(context_.arena, out, key, edit.value);
    return out;
  }

  Value changed_set(Value parent, Value key, const Edit& edit) {
    if (edit.inserts && !term::equal(key, edit.value)) return {};
    if (edit.removes && parent.find(key).is_undefined()) return {};
    Value out = term::set(context_.arena, parent.size() + 1);
    for (const Value item : parent.items()) {
      if (!term::equal(item, key)) term::add(context_.arena, out, item);
    }
    if (!edit.removes) term::add(context_.arena, out, edit.value);
    return out;
  }

  Value changed_array(Value parent, Value key, const Edit& edit) {
    const std::size_t size = parent.size();
    const std::optional<std::size_t> index = index_of(key, size);
    if (!index || *index > size || (!edit.inserts && *index == size)) return {};
    Value out = term::array(context_.arena, size + 1);
    for (std::size_t i = 0; i <= size; ++i) {
      if (i == *index && !edit.removes) term::append(context_.arena, out, edit.value);
      if (i < size && (i != *index || edit.inserts)) {
        term::append(context_.arena, out, parent.items()[i]);
      }
    }
    return out;
  }

  static constexpr std::size_t kPathMax = 1'000;

  Context& context_;
  Value root_;
};

}  // namespace

Value json_patch(Context& context, Operands operands) {
  if (!context.want(operands, 1, {Kind::array})) return {};
  Patcher patcher(context, operands[0]);
  for (const Value operation : operands[1].items()) {
    if (operation.is_object() && patcher.apply(operation)) continue;
    // What does not apply is undefined and no error; a limit that was met stays one.
    if (context.fault && context.fault->failure != Failure::cancelled) context.fault.reset();
    return {};
  }
  return patcher.result();
}

}  // namespace mc::builtin
