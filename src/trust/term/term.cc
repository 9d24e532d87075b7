#include "term/term.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "term/node.h"
#include "term/number.h"

namespace mc::term {
namespace {

constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15ULL;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a ^ kMix) * (b ^ 0xd6e8feb86659fd93ULL);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Node>
std::uint32_t slot_of(const Node& node, std::uint64_t h) {
  return static_cast<std::uint32_t>(h) & (node.index_size - 1);
}

Value key_of(const ListNode& node, std::uint32_t i) {
  return node.items[i];
}
Value key_of(const ObjectNode& node, std::uint32_t i) {
  return node.members[i].key;
}

template <class Node>
void build_index(Arena& arena, Node& node) {
  const std::uint32_t wanted = std::bit_ceil(std::max(node.capacity, node.size) * 2);
  if (wanted != node.index_size) {
    node.index = arena.take_array<std::uint32_t>(wanted);
    node.index_size = wanted;
  }
  std::memset(node.index, 0, std::size_t{node.index_size} * sizeof(std::uint32_t));
  for (std::uint32_t i = 0; i < node.size; ++i) {
    std::uint32_t at = slot_of(node, hash(key_of(node, i)));
    while (node.index[at] != 0) at = (at + 1) & (node.index_size - 1);
    node.index[at] = i + 1;
  }
}

// After positions have moved.
template <class Node>
void refill_index(Node& node) {
  if (node.index_size == 0) return;
  std::memset(node.index, 0, std::size_t{node.index_size} * sizeof(std::uint32_t));
  for (std::uint32_t i = 0; i < node.size; ++i) {
    std::uint32_t at = slot_of(node, hash(key_of(node, i)));
    while (node.index[at] != 0) at = (at + 1) & (node.index_size - 1);
    node.index[at] = i + 1;
  }
}

// The position of `key`, or -1.
// Where `is_key` holds, or -1.
template <class Node, class IsKey>
std::int64_t position(const Node& node, std::uint64_t key_hash, const IsKey& is_key) {
  if (node.index_size == 0) {
    for (std::uint32_t i = 0; i < node.size; ++i) {
      if (is_key(key_of(node, i))) return i;
    }
    return -1;
  }
  std::uint32_t at = slot_of(node, key_hash);
  while (node.index[at] != 0) {
    const std::uint32_t i = node.index[at] - 1;
    if (is_key(key_of(node, i))) return i;
    at = (at + 1) & (node.index_size - 1);
  }
  return -1;
}

template <class Node>
std::int64_t position(const Node& node, Value key) {
  if (!key.is_string()) {
    const std::uint64_t h = node.index_size == 0 ? 0 : hash(key);
    return position(node, h, [&](Value own) { return equal(own, key); });
  }
  const Text& text = *Access::text(key);
  return position(node, text.hash, [&](Value own) {  // nearly all of them: without a call
    if (!own.is_string()) return false;
    const Text& other = *Access::text(own);
    return &other == &text || (other.hash == text.hash && other.view() == text.view());
  });
}

template <class T>
void grow(Arena& arena, T*& items, std::uint32_t size, std::uint32_t& capacity) {
  const std::uint32_t wanted = std::max<std::uint32_t>(4, capacity * 2);
  T* const larger = arena.take_array<T>(wanted);
  if (size > 0) std::memcpy(static_cast<void*>(larger), items, sizeof(T) * size);
  items = larger;
  capacity = wanted;
}

template <class Node>
void note_new(Arena& arena, Node& node) {
  node.hashed = false;
  if (node.size <= kLinear) return;
  if (node.index_size < node.size + node.size / 2) {
    build_index(arena, node);
    return;
  }
  std::uint32_t at = slot_of(node, hash(key_of(node, node.size - 1)));
  while (node.index[at] != 0) at = (at + 1) & (node.index_size - 1);
  node.index[at] = node.size;
}

ListNode* new_list(Arena& arena, std::size_t capacity) {
  auto* const node = new (arena.take(sizeof(ListNode))) ListNode;
  node->capacity = static_cast<std::uint32_t>(capacity);
  if (capacity > 0) node->items = arena.take_array<Value>(capacity);
  return node;
}

ObjectNode* new_object(Arena& arena, std::size_t capacity) {
  auto* const node = new (arena.take(sizeof(ObjectNode))) ObjectNode;
  node->capacity = static_cast<std::uint32_t>(capacity);
  if (capacity > 0) node->members = arena.take_array<Entry>(capacity);
  return node;
}

std::uint32_t depth_of(Value value) {
  if (value.is_object()) return Access::object(value)->depth;
  return value.is_array() || value.is_set() ? Access::list(value)->depth : 0;
}

// From now on a node has `value`.
void hold(Value value) {
  if (value.is_object()) {
    ObjectNode& node = *Access::object(value);
    if (!node.frozen) node.held = true;  // a frozen one may be read by other threads
  } else if (value.is_array() || value.is_set()) {
    ListNode& node = *Access::list(value);
    if (!node.frozen) node.held = true;
  }
}

// False when the node must be copied before it takes something of this depth. What holds a node is
// deeper than it; so if a node that is held never becomes deeper, it cannot get what holds it.
template <class Node>
bool may_take(const Node& node, std::uint32_t below) {
  return !node.frozen && !(node.held && below >= node.depth);
}

// False when it would be too deep.
bool may_nest(Arena& arena, std::uint32_t below) {
  if (below < kDepthMax) return true;
  arena.note_too_deep();
  return false;
}

// One's own copy of the topmost node, if it must not change.
void thaw_list(Arena& arena, Value& value, std::uint32_t below) {
  const ListNode& old = *Access::list(value);
  if (may_take(old, below)) return;
  ListNode* const node = new_list(arena, std::max<std::uint32_t>(4, old.size + 1));
  if (old.size > 0)
    std::memcpy(static_cast<void*>(node->items), old.items, sizeof(Value) * old.size);
  node->size = old.size;
  node->sorted = old.sorted;
  node->depth = old.depth;
  if (value.is_set() && node->size > kLinear) build_index(arena, *node);
  value = Access::list(value.kind(), node);
}

void thaw_object(Arena& arena, Value& value, std::uint32_t below) {
  const ObjectNode& old = *Access::object(value);
  if (may_take(old, below)) return;
  ObjectNode* const node = new_object(arena, std::max<std::uint32_t>(4, old.size + 1));
  if (old.size > 0) {
    std::memcpy(static_cast<void*>(node->members), old.members, sizeof(Entry) * old.size);
  }
  node->size = old.size;
  node->sorted = old.sorted;
  node->depth = old.depth;
  if (node->size > kLinear) build_index(arena, *node);
  value = Access::object(node);
}

std::uint64_t hash_list(Value value) {
  ListNode& node = *Access::list(value);
  if (node.hashed) return node.hash;
  std::uint64_t h = mix(static_cast<std::uint64_t>(value.kind()), node.size);
  if (value.is_set()) {  // in any order
    for (std::uint32_t i = 0; i < node.size; ++i) h += mix(hash(node.items[i]), kMix);
  } else {
    for (std::uint32_t i = 0; i < node.size; ++i) h = mix(h, hash(node.items[i]));
  }
  if (node.frozen) return h;  // another thread may read it: its hash was put there by freeze()
  node.hash = h;
  node.hashed = true;
  return h;
}

std::uint64_t hash_object(Value value) {
  ObjectNode& node = *Access::object(value);
  if (node.hashed) return node.hash;
  std::uint64_t h = mix(static_cast<std::uint64_t>(Kind::object), node.size);
  for (std::uint32_t i = 0; i < node.size; ++i) {
    h += mix(hash(node.members[i].key), hash(node.members[i].value));
  }
  if (node.frozen) return h;
  node.hash = h;
  node.hashed = true;
  return h;
}

std::uint64_t hash_number(Value value) {
  if (const auto whole = to_int64(value)) return mix(3, static_cast<std::uint64_t>(*whole));
  const auto number = static_cast<double>(to_long_double(value));
  return mix(4, std::bit_cast<std::uint64_t>(number));
}

int compare_numbers(Value a, Value b) {
  if (a.is_small() && b.is_small()) {
    return a.small() < b.small() ? -1 : a.small() > b.small() ? 1 : 0;
  }
  const long double x = to_long_double(a), y = to_long_double(b);
  if (x != y) return x < y ? -1 : 1;
  // Integers past 64 bits may differ in what the mantissa does not hold.
  const Decimal* const p = a.decimal();
  const Decimal* const q = b.decimal();
  if (p == nullptr || q == nullptr || !p->is_integer || !q->is_integer) return 0;
  if (p->size != q->size) return 0;
  const int order = p->view().compare(q->view());
  return p->value < 0 ? -(order > 0) + (order < 0) : (order > 0) - (order < 0);
}

int compare_lists(std::span<const Value> a, std::span<const Value> b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shorter; ++i) {
    if (const int order = compare(a[i], b[i]); order != 0) return order;
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

int compare_objects(Value a, Value b) {
  const auto x = a.members(), y = b.members();
  const std::size_t shorter = std::min(x.size(), y.size());
  for (std::size_t i = 0; i < shorter; ++i) {
    if (const int order = compare(x[i].key, y[i].key); order != 0) return order;
    if (const int order = compare(x[i].value, y[i].value); order != 0) return order;
  }
  return x.size() < y.size() ? -1 : x.size() > y.size() ? 1 : 0;
}

bool equal_lists(Value a, Value b) {
  const ListNode& x = *Access::list(a);
  const ListNode& y = *Access::list(b);
  if (&x == &y) return true;
  if (x.size != y.size || (x.hashed && y.hashed && x.hash != y.hash)) return false;
  if (a.is_set() && !(x.sorted && y.sorted)) {
    for (std::uint32_t i = 0; i < x.size; ++i) {
      if (position(y, x.items[i]) < 0) return false;
    }
    return true;
  }
  for (std::uint32_t i = 0; i < x.size; ++i) {
    if (!equal(x.items[i], y.items[i])) return false;
  }
  return true;
}

bool equal_objects(Value a, Value b) {
  const ObjectNode& x = *Access::object(a);
  const ObjectNode& y = *Access::object(b);
  if (&x == &y) return true;
  if (x.size != y.size || (x.hashed && y.hashed && x.hash != y.hash)) return false;
  for (std::uint32_t i = 0; i < x.size; ++i) {
    const std::int64_t at = position(y, x.members[i].key);
    if (at < 0 || !equal(x.members[i].value, y.members[at].value)) return false;
  }
  return true;
}

Value copy_list(Arena& arena, Value value) {
  const ListNode& old = *Access::list(value);
  ListNode* const node = new_list(arena, old.size);
  for (std::uint32_t i = 0; i < old.size; ++i) {
    node->items[i] = copy(arena, old.items[i]);
    hold(node->items[i]);
  }
  node->size = old.size;
  node->sorted = old.sorted;
  node->depth = old.depth;
  if (value.is_set() && node->size > kLinear) build_index(arena, *node);
  return Access::list(value.kind(), node);
}

Value copy_object(Arena& arena, Value value) {
  const ObjectNode& old = *Access::object(value);
  ObjectNode* const node = new_object(arena, old.size);
  for (std::uint32_t i = 0; i < old.size; ++i) {
    node->members[i] = {copy(arena, old.members[i].key), copy(arena, old.members[i].value)};
    hold(node->members[i].key);
    hold(node->members[i].value);
  }
  node->size = old.size;
  node->sorted = old.sorted;
  node->depth = old.depth;
  if (node->size > kLinear) build_index(arena, *node);
  return Access::object(node);
}

}  // namespace

std::uint32_t hash_text(std::string_view text) {
  std::uint64_t h = mix(text.size(), kMix);
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    h = mix(h, word);
  }
  if (left >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;  // which overlap
    std::memcpy(&first, at, 4);
    std::memcpy(&last, at + left - 4, 4);
    h = mix(h, std::uint64_t{last} << 32 | first);
  } else if (left > 0) {
    const auto byte = [&](std::size_t i) {
      return std::uint64_t{static_cast<unsigned char>(at[i])};
    };
    h = mix(h, byte(0) << 16 | byte(left / 2) << 8 | byte(left - 1));
  }
  return static_cast<std::uint32_t>(h ^ (h >> 32));
}

void sort(ListNode& set) {
  if (set.sorted) return;
  const auto less = [](Value a, Value b) { return compare(a, b) < 0; };
  std::sort(set.items, set.items + set.size, less);
  set.sorted = true;
  refill_index(set);
}

void sort(ObjectNode& object) {
  if (object.sorted) return;
  const auto less = [](const Entry& a, const Entry& b) { return compare(a.key, b.key) < 0; };
  std::sort(object.members, object.members + object.size, less);
  object.sorted = true;
  refill_index(object);
}

std::string_view kind_name(Kind kind) {
  constexpr std::string_view kNames[] = {"undefined", "null",  "boolean", "number",
                                         "string",    "array", "object",  "set"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view Value::text_of(Value of) {
  return of.is_string() ? of.text_->view() : std::string_view();
}

std::size_t Value::size_of(Value of) {
  if (of.is_object()) return of.object_->size;
  return of.is_array() || of.is_set() ? of.list_->size : 0;
}

std::span<const Value> Value::items_of(Value of) {
  if (!of.is_array() && !of.is_set()) return {};
  if (of.is_set()) sort(*of.list_);
  return {of.list_->items, of.list_->size};
}

std::span<const Entry> Value::members_of(Value of) {
  if (!of.is_object()) return {};
  sort(*of.object_);
  return {of.object_->members, of.object_->size};
}

Value Value::find_in(Value in, Value key) {
  if (in.is_object()) {
    const std::int64_t at = position(*in.object_, key);
    return at < 0 ? Value() : in.object_->members[at].value;
  }
  if (in.is_array()) {
    if (!key.is_number()) return {};
    const auto at = to_int64(key);
    return !at || *at < 0 || *at >= in.list_->size ? Value() : in.list_->items[*at];
  }
  if (in.is_set()) return position(*in.list_, key) < 0 ? Value() : key;
  return {};
}

Value Value::find_in(Value in, std::string_view key) {
  if (!in.is_object()) return {};
  const ObjectNode& node = *in.object_;
  const auto matches = [&](std::uint32_t i) {
    const Value own = node.members[i].key;
    return own.is_string() && own.text() == key;
  };
  if (node.index_size == 0) {
    for (std::uint32_t i = 0; i < node.size; ++i) {
      if (matches(i)) return node.members[i].value;
    }
    return {};
  }
  std::uint32_t at = slot_of(node, hash_text(key));
  for (; node.index[at] != 0; at = (at + 1) & (node.index_size - 1)) {
    if (matches(node.index[at] - 1)) return node.members[node.index[at] - 1].value;
  }
  return {};
}

int compare(Value a, Value b) {
  if (a.kind() != b.kind()) return a.kind() < b.kind() ? -1 : 1;
  switch (a.kind()) {
    case Kind::undefined:
    case Kind::null:
      return 0;
    case Kind::boolean:
      return static_cast<int>(a.flag()) - static_cast<int>(b.flag());
    case Kind::number:
      return compare_numbers(a, b);
    case Kind::string: {
      const int order = a.text().compare(b.text());
      return (order > 0) - (order < 0);
    }
    case Kind::array:
    case Kind::set:
      return compare_lists(a.items(), b.items());
    case Kind::object:
      return compare_objects(a, b);
  }
  return 0;
}

bool equal(Value a, Value b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::string: {
      const Text* const x = Access::text(a);
      const Text* const y = Access::text(b);
      return x == y || (x->hash == y->hash && x->view() == y->view());
    }
    case Kind::array:
    case Kind::set:
      return equal_lists(a, b);
    case Kind::object:
      return equal_objects(a, b);
    default:
      return compare(a, b) == 0;
  }
}

std::uint64_t hash(Value value) {
  switch (value.kind()) {
    case Kind::string:
      return Access::text(value)->hash;
    case Kind::number:
      return hash_number(value);
    case Kind::array:
    case Kind::set:
      return hash_list(value);
    case Kind::object:
      return hash_object(value);
    default:
      return mix(static_cast<std::uint64_t>(value.kind()), value.is_true() ? 1 : 0);
  }
}

Value string(Arena& arena, std::string_view text) {
  auto* const node = new (arena.take(sizeof(Text) + text.size())) Text;
  node->size = static_cast<std::uint32_t>(text.size());
  node->hash = hash_text(text);
  if (!text.empty()) std::memcpy(static_cast<void*>(node + 1), text.data(), text.size());
  return Access::text(node);
}

Value array(Arena& arena, std::size_t capacity) {
  return Access::list(Kind::array, new_list(arena, capacity));
}

Value array(Arena& arena, std::span<const Value> items) {
  Value made = array(arena, items.size());
  for (const Value item : items) append(arena, made, item);
  return made;
}

Value set(Arena& arena, std::size_t capacity) {
  return Access::list(Kind::set, new_list(arena, capacity));
}

Value object(Arena& arena, std::size_t capacity) {
  return Access::object(new_object(arena, capacity));
}

void append(Arena& arena, Value& array, Value item) {
  const std::uint32_t below = depth_of(item);
  if (!may_nest(arena, below)) return;
  hold(item);
  thaw_list(arena, array, below);
  ListNode& node = *Access::list(array);
  node.depth = std::max(node.depth, below + 1);
  if (node.size == node.capacity) grow(arena, node.items, node.size, node.capacity);
  node.items[node.size++] = item;
  node.hashed = false;
}

void add(Arena& arena, Value& set, Value item) {
  if (position(*Access::list(set), item) >= 0) return;
  const std::uint32_t below = depth_of(item);
  if (!may_nest(arena, below)) return;
  hold(item);
  thaw_list(arena, set, below);
  ListNode& node = *Access::list(set);
  node.depth = std::max(node.depth, below + 1);
  if (node.size == node.capacity) grow(arena, node.items, node.size, node.capacity);
  if (node.sorted && node.size > 0) node.sorted = compare(node.items[node.size - 1], item) < 0;
  node.items[node.size++] = item;
  note_new(arena, node);
}

void insert(Arena& arena, Value& object, Value key, Value value) {
  const std::uint32_t below = std::max(depth_of(key), depth_of(value));
  if (!may_nest(arena, below)) return;
  hold(key);
  hold(value);
  thaw_object(arena, object, below);
  ObjectNode& node = *Access::object(object);
  node.depth = std::max(node.depth, below + 1);
  if (const std::int64_t at = position(node, key); at >= 0) {
    node.members[at].value = value;
    node.hashed = false;
    return;
  }
  if (node.size == node.capacity) grow(arena, node.members, node.size, node.capacity);
  if (node.sorted && node.size > 0) {
    node.sorted = compare(node.members[node.size - 1].key, key) < 0;
  }
  node.members[node.size++] = {key, value};
  note_new(arena, node);
}

void insert(Arena& arena, Value& object, std::string_view key, Value value) {
  insert(arena, object, string(arena, key), value);
}

Value merge(Arena& arena, Value a, Value b) {
  if (!a.is_object() || !b.is_object()) return b;
  Value out = object(arena, a.size() + b.size());
  for (const Entry& member : a.members()) {
    const Value other = b.find(member.key);
    insert(arena, out, member.key,
           other.is_undefined() ? member.value : merge(arena, member.value, other));
  }
  for (const Entry& member : b.members()) {
    if (a.find(member.key).is_undefined()) insert(arena, out, member.key, member.value);
  }
  return out;
}

Value copy(Arena& arena, Value value) {
  switch (value.kind()) {
    case Kind::string:
      return string(arena, value.text());
    case Kind::number:
      return value.is_small() ? value : number(arena, number_text(value));
    case Kind::array:
    case Kind::set:
      return copy_list(arena, value);
    case Kind::object:
      return copy_object(arena, value);
    default:
      return value;
  }
}

void freeze(Value& value) {
  if (value.is_array() || value.is_set()) {
    ListNode& node = *Access::list(value);
    if (node.frozen) return;
    for (std::uint32_t i = 0; i < node.size; ++i) freeze(node.items[i]);
    if (value.is_set()) sort(node);
    hash_list(value);
    node.frozen = true;
  } else if (value.is_object()) {
    ObjectNode& node = *Access::object(value);
    if (node.frozen) return;
    for (std::uint32_t i = 0; i < node.size; ++i) {
      freeze(node.members[i].key);
      freeze(node.members[i].value);
    }
    sort(node);
    hash_object(value);
    node.frozen = true;
  }
}

}  // namespace mc::term
