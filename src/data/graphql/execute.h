// Execution, level by level: a field is resolved once for all its parents together, so a resolver
// sees every key it needs in one call and N+1 reads cannot happen. Mutation root fields run one
// after another. Results, errors and null propagation follow the specification, section 6.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "graphql/document.h"
#include "graphql/schema.h"
#include "json/json.h"
#include "sys/sys.h"

namespace mc::graphql {

// A value from a resolver. Text is borrowed: it must live until execute() returns (from the
// schema, from a row held by the resolver, or from Arena::keep).
class Arena {
 public:
  std::string_view keep(std::string text);
  template <class T>
  T* array(std::size_t count) {  // value-initialised; T trivially destructible
    static_assert(std::is_trivially_destructible_v<T>);
    auto block = std::make_unique<T[]>(count);
    T* data = block.get();
    blocks_.emplace_back(block.release(), [](void* p) { delete[] static_cast<T*>(p); });
    return data;
  }

 private:
  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<std::unique_ptr<void, void (*)(void*)>> blocks_;
};

// An object as its resolver knows it: opaque to the executor but for its concrete type.
struct Object {
  TypeId type = kNoType;
  const void* data = nullptr;
  std::uint64_t index = 0;
};

struct Datum {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, json, object, list, error };
  Kind kind = Kind::null;
  union {
    bool boolean;
    std::int64_t integer = 0;
    double real;
    const json::Value* json;  // custom scalars; printed as it is
    const Datum* items;       // list
  };
  std::uint32_t count = 0;  // of list items
  std::string_view text;    // text, enum names; of an error: its message
  std::string_view code;    // of an error: extensions.code, may be empty
  Object object;

  static Datum of_bool(bool v) { Datum d; d.kind = Kind::boolean; d.boolean = v; return d; }
  static Datum of_int(std::int64_t v) { Datum d; d.kind = Kind::integer; d.integer = v; return d; }
  static Datum of_real(double v) { Datum d; d.kind = Kind::real; d.real = v; return d; }
  static Datum of_text(std::string_view v) { Datum d; d.kind = Kind::text; d.text = v; return d; }
  static Datum of_json(const json::Value* v) { Datum d; d.kind = Kind::json; d.json = v; return d; }
  static Datum of_object(Object o) { Datum d; d.kind = Kind::object; d.object = o; return d; }
  static Datum of_list(const Datum* items, std::uint32_t n) {
    Datum d; d.kind = Kind::list; d.items = items; d.count = n; return d;
  }
  static Datum of_error(std::string_view message, std::string_view code = {}) {
    Datum d; d.kind = Kind::error; d.text = message; d.code = code; return d;
  }
};

// What is selected below a field, after @skip/@include, fragments merged; for projection and
// look-ahead. Valid during the call.
class Selected {
 public:
  virtual ~Selected() = default;
  struct Item {
    const FieldDef* field = nullptr;
    std::string_view response_name;
    const json::Object* arguments = nullptr;
    const Selected* below = nullptr;  // null for leaves
  };
  // Fields selected for objects of this concrete type.
  virtual const std::vector<Item>& of(TypeId object_type) const = 0;
};

struct FieldCall {
  const Schema& schema;
  TypeId parent_type;
  const FieldDef& field;
  const json::Object& arguments;  // coerced, defaults filled in
  const Selected* selected;       // null for leaves
  Arena& arena;
  OperationKind operation;
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  // Fills out[i] for parents[i]. All parents have the type call.parent_type. Root fields have one
  // parent with data == nullptr. A Datum::error nulls that field and is reported with its path.
  virtual void resolve(const FieldCall& call, std::span<const Object> parents,
                       std::span<Datum> out) = 0;
};

struct ExecuteLimits {
  std::size_t response_bytes_max = 16 << 20;  // code RESPONSE_TOO_LARGE
  std::size_t errors_max = 100;               // further ones are counted, not listed
  std::size_t objects_max = 1'000'000;
};
struct ExecuteRequest {
  const Document& document;
  std::string_view operation_name;  // "" = the only one
  const json::Object& variables;    // as received
  MonoTime deadline{INT64_MAX};
  bool introspection = true;
  ExecuteLimits limits{};
};
struct ExecuteResult {
  std::string body;          // {"errors":[...],"data":{...}} ; errors first as recommended
  bool request_error = false;  // no "data": operation or variables unusable (4xx in draft-2026)
  std::size_t errors = 0;
  std::size_t resolver_calls = 0;
};
// The document must be valid for the schema (validate.h) or parse-only trusted.
ExecuteResult execute(const Schema& schema, const ExecuteRequest& request, Resolver& resolver,
                      sys::Clock& clock);

// The operation that would run, or the request error graphql-js gives.
Result<const OperationNode*> choose_operation(const Document& document, std::string_view name);

}  // namespace mc::graphql
