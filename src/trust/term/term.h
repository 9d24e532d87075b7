// The values of Rego: JSON with sets, keys of any kind, one total order and numbers that keep their
// text (Rego language reference, "Composite Values"; OPA's ast.Compare for the order).
//
// A Value is 16 bytes and owns nothing: text, items and members lie in an Arena that outlives it.
// Values in an arena of one's own may be built in place (append, add, insert); a frozen value is
// never changed again: sorted, indexed and hashed, it may be read by any number of threads.
// Changing a frozen value through append(), add() or insert() replaces the caller's handle by a
// copy. Numbers compare by value (1 == 1.0); objects and sets list their content in the total order
// undefined < null < boolean < number < string < array < object < set.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/base.h"
#include "term/arena.h"  // IWYU pragma: export

namespace mc::term {

enum class Kind : std::uint8_t { undefined, null, boolean, number, string, array, object, set };
std::string_view kind_name(Kind kind);  // as Rego's type_name(): "null", "boolean", ...

struct Text;        // a string with its hash
struct Decimal;     // a number that is no int64, or is written otherwise: text and long double
struct ListNode;    // items of an array or a set
struct ObjectNode;  // members
struct Entry;

class Value {
 public:
  constexpr Value() = default;  // undefined
  static constexpr Value null() { return Value(Kind::null, 0); }
  static constexpr Value boolean(bool flag) { return Value(Kind::boolean, flag ? 1 : 0); }
  static constexpr Value integer(std::int64_t n) { return Value(Kind::number, n); }

  constexpr Kind kind() const { return kind_; }
  constexpr bool is_undefined() const { return kind_ == Kind::undefined; }
  constexpr bool is_false() const { return kind_ == Kind::boolean && integer_ == 0; }
  constexpr bool is_true() const { return kind_ == Kind::boolean && integer_ == 1; }
  constexpr bool is_number() const { return kind_ == Kind::number; }
  constexpr bool is_string() const { return kind_ == Kind::string; }
  constexpr bool is_array() const { return kind_ == Kind::array; }
  constexpr bool is_object() const { return kind_ == Kind::object; }
  constexpr bool is_set() const { return kind_ == Kind::set; }
  // A number held as int64. One whose text is "1.0" or beyond 64 bits is not (number.h).
  constexpr bool is_small() const { return kind_ == Kind::number && !decimal_flag_; }
  constexpr std::int64_t small() const { return integer_; }  // of is_small()
  constexpr bool flag() const { return integer_ != 0; }      // of a boolean

  // Of a string: UTF-8, but for what base64.decode() and the like made of other bytes. JSON and
  // Rego show each of those as U+FFFD.
  std::string_view text() const { return text_of(*this); }
  std::size_t size() const { return size_of(*this); }  // items or members; 0 of a scalar
  // Of an array in its order, of a set in the total order.
  std::span<const Value> items() const { return items_of(*this); }
  std::span<const Entry> members() const;  // of an object, by key in the total order
  // object[key], array[index], set[member] as Rego's references have it; undefined when absent.
  Value find(Value key) const;
  Value find(std::string_view key) const;  // object["key"]
  const Decimal* decimal() const { return decimal_flag_ ? decimal_ : nullptr; }

 private:
  friend struct Access;  // private to this module
  constexpr Value(Kind kind, std::int64_t integer) : kind_(kind), integer_(integer) {}

  // By value, so that a Value stays in registers: one that is written to the stack in two halves
  // and read as a whole makes the processor wait.
  static std::string_view text_of(Value of);
  static std::size_t size_of(Value of);
  static std::span<const Value> items_of(Value of);
  static std::span<const Entry> members_of(Value of);
  static Value find_in(Value in, Value key);
  static Value find_in(Value in, std::string_view key);

  Kind kind_ = Kind::undefined;
  bool decimal_flag_ = false;
  union {
    std::int64_t integer_ = 0;
    const Decimal* decimal_;
    const Text* text_;
    ListNode* list_;
    ObjectNode* object_;
  };
};
static_assert(sizeof(Value) == 16);

struct Entry {
  Value key, value;
};

inline std::span<const Entry> Value::members() const {
  return members_of(*this);
}
inline Value Value::find(Value key) const {
  return find_in(*this, key);
}
inline Value Value::find(std::string_view key) const {
  return find_in(*this, key);
}

int compare(Value a, Value b);  // -1, 0, 1 in the total order
bool equal(Value a, Value b);
std::uint64_t hash(Value value);  // equal values have equal hashes

// Makers. Nothing here fails; memory past the limit shows in Arena::over_limit(), and so does a
// value that would nest deeper than kDepthMax: it is left out. A collection that was put into
// itself, or into what it holds, is put there as it was before.
inline constexpr int kDepthMax = 2'000;
Value string(Arena& arena, std::string_view text);  // a copy of `text`
Value array(Arena& arena, std::size_t capacity = 0);
Value array(Arena& arena, std::span<const Value> items);
Value set(Arena& arena, std::size_t capacity = 0);
Value object(Arena& arena, std::size_t capacity = 0);
// Changes in place; `to` must be of the kind named.
void append(Arena& arena, Value& array, Value item);
void add(Arena& arena, Value& set, Value item);
void insert(Arena& arena, Value& object, Value key, Value value);  // the last of a key stays
void insert(Arena& arena, Value& object, std::string_view key, Value value);
// object.union(a, b): b's members win, objects under the same key are merged (OPA's ObjectMerge
// keeps a's; see `merge` of vm).
Value merge(Arena& arena, Value a, Value b);
// A deep copy that shares nothing with the arena of `value`.
Value copy(Arena& arena, Value value);
// Sorts, indexes and hashes `value` and all below it, so that it may be shared between threads.
void freeze(Value& value);

// JSON, as Go's encoding/json reads it for OPA: the last of equal keys stays, numbers keep their
// text. `invalid` with the byte offset: bad syntax, bad UTF-8, deeper than depth_max, trailing
// bytes.
struct JsonLimits {
  int depth_max = 1'000;
  std::size_t bytes_max = std::size_t{1} << 30;
};
Result<Value> parse_json(Arena& arena, std::string_view text, const JsonLimits& limits = {});
// Sets are printed as sorted arrays, keys that are no strings as the JSON of the key, in a string.
void append_json(std::string& out, Value value);
std::string to_json(Value value);
std::string to_json_pretty(Value value, int indent = 2);
// As Rego writes a term: {1, 2}, set(), {"a": 1}; what sprintf("%v") and print() show.
void append_rego(std::string& out, Value value);
std::string to_rego(Value value);

// A value that owns its arena, for data, input and results that outlive an evaluation. Frozen.
class Document {
 public:
  Document();                       // an empty object
  static Document of(Value value);  // a copy
  static Result<Document> parse(std::string_view json, const JsonLimits& limits = {});
  Value root() const { return root_; }
  std::size_t bytes() const;  // of the arena

 private:
  std::shared_ptr<const Arena> arena_;  // shared by the copies, which are read by several threads
  Value root_;
};

}  // namespace mc::term
