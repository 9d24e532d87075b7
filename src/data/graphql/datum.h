// A value as a resolver gives it to the executor.
#pragma once

#include <cstdint>
#include <new>
#include <string_view>

#include "graphql/schema.h"
#include "json/json.h"

namespace mc::graphql {

// An object as its resolver knows it: opaque to the executor but for its concrete type. kNoType
// means the declared type of the field, which must then be an object type.
struct Object {
  TypeId type = kNoType;
  const void* data = nullptr;
  std::uint64_t index = 0;
};

// Why a field has no value. Borrowed, as the values of a Datum are.
struct Failure {
  std::string_view message;
  const json::Object* extensions = nullptr;  // members beside "code", which it must not have
};

// A value from a resolver. Text, lists and JSON are borrowed: they must live until execute()
// returns (in the schema, in a row held by the resolver, or in the Arena of the call).
struct Datum {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, json, object, list, error };
  Kind kind = Kind::null;
  std::uint32_t count = 0;  // of list items
  union {                   // by kind
    bool boolean;
    std::int64_t integer;
    double real;
    std::string_view text;    // text, enum names
    const json::Value* json;  // custom scalars; printed as it is
    const Datum* items;       // list
    Object object;
    Failure failure;  // error
  };
  std::string_view code;  // of an error: extensions.code, may be empty

  Datum() : integer(0) {}
  // clang-format off
  static Datum of_bool(bool v) { Datum d; d.kind = Kind::boolean; d.boolean = v; return d; }
  static Datum of_int(std::int64_t v) { Datum d; d.kind = Kind::integer; d.integer = v; return d; }
  static Datum of_real(double v) { Datum d; d.kind = Kind::real; d.real = v; return d; }
  static Datum of_text(std::string_view v) {
    Datum d; d.kind = Kind::text; new (&d.text) std::string_view(v); return d;
  }
  static Datum of_json(const json::Value* v) { Datum d; d.kind = Kind::json; d.json = v; return d; }
  static Datum of_object(const Object& o) {
    Datum d; d.kind = Kind::object; new (&d.object) Object(o); return d;
  }
  static Datum of_list(const Datum* items, std::uint32_t n) {
    Datum d; d.kind = Kind::list; d.items = items; d.count = n; return d;
  }
  static Datum of_error(std::string_view message, std::string_view code = {},
                        const json::Object* extensions = nullptr) {
    Datum d; d.kind = Kind::error; d.code = code;
    new (&d.failure) Failure{message, extensions}; return d;
  }
  // clang-format on
};

}  // namespace mc::graphql
