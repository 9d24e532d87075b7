// JSON: a strict reader for foreign text, a value tree, an append-only writer, the RFC 8785
// canonical form, and one field list per struct (describe.h) from which all of these follow.
//
// The reader refuses what RFC 8259 leaves open: duplicate keys, invalid UTF-8, lone surrogates,
// trailing bytes, depth and size past the limits. Values are plain copyable data; no thread rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/base.h"

namespace mc::json {

class Value;
struct Member;
using Array = std::vector<Value>;

// Members keep the order of the text; keys are unique.
class Object {
 public:
  Object() noexcept;
  Object(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&&) noexcept;
  ~Object();
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  Value& set(std::string key, Value value);  // replaces or appends
  bool erase(std::string_view key);
  const std::vector<Member>& members() const { return members_; }
  std::vector<Member>& members() { return members_; }
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  bool operator==(const Object&) const;

 private:
  std::vector<Member> members_;
};

class Value {
 public:
  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  Value(std::int64_t value) : data_(value) {}
  Value(int value) : data_(static_cast<std::int64_t>(value)) {}
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(Array value) : data_(std::move(value)) {}
  Value(Object value) : data_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  // Null pointers when the value has another type.
  const bool* as_bool() const { return std::get_if<bool>(&data_); }
  const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&data_); }
  const double* as_double() const { return std::get_if<double>(&data_); }
  const std::string* as_string() const { return std::get_if<std::string>(&data_); }
  const Array* as_array() const { return std::get_if<Array>(&data_); }
  const Object* as_object() const { return std::get_if<Object>(&data_); }
  std::string* as_string() { return std::get_if<std::string>(&data_); }
  Array* as_array() { return std::get_if<Array>(&data_); }
  Object* as_object() { return std::get_if<Object>(&data_); }
  // The member of an object, or null when this is no object or has no such key.
  const Value* find(std::string_view key) const;
  std::string_view type_name() const;  // "null", "boolean", "integer", "number", "string", ...
  bool operator==(const Value&) const = default;

 private:
  // Integers that fit 64 bits stay integers; every other number is a double.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

struct Member {
  std::string name;
  Value value;
  bool operator==(const Member&) const = default;
};
inline std::size_t Object::size() const {
  return members_.size();
}

struct Limits {
  std::size_t bytes_max = 1 << 20;
  int depth_max = 64;
  std::size_t values_max = 1'000'000;
};

// Error text gives the byte offset, or the path for a duplicate key ("$.a.b").
Result<Value> parse(std::string_view text, const Limits& limits = {});

// Compact, members in their order, strings escaped as little as RFC 8259 allows.
std::string print(const Value& value);
std::string print_pretty(const Value& value);  // two spaces, for people

// RFC 8785. Numbers are taken as IEEE 754 doubles; NaN and infinities cannot occur in a Value.
std::string canonical(const Value& value);

// Appends JSON to a string without building a tree. Commas are placed by the writer; the caller
// keeps begin/end balanced (checked by MC_CHECK at destruction in tests only through `balanced`).
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(const std::string& text) { return value(std::string_view(text)); }
  Writer& value(std::int64_t number);
  Writer& value(int number) { return value(static_cast<std::int64_t>(number)); }
  Writer& value(double number);  // shortest form that reads back; NaN and infinity become null
  Writer& value(bool flag);
  Writer& value(const Value& tree);
  Writer& null();
  Writer& raw(std::string_view json);  // already JSON
  template <class T>
  Writer& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  bool balanced() const { return depth_ == 0; }

 private:
  void separate();
  std::string& out_;
  int depth_ = 0;
  bool comma_ = false;
};

void append_quoted(std::string& out, std::string_view text);
// The shortest decimal that reads back as the same double, as ECMAScript prints it.
void append_double(std::string& out, double number);

}  // namespace mc::json
