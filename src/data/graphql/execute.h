// Execution, level by level: a field is resolved once for all its parents together, so a resolver
// sees every key it needs in one call and N+1 reads cannot happen. Mutation root fields run one
// after another. Results, errors and null propagation follow the specification, section 6; errors
// come in the order of the response, as a depth-first executor would meet them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "graphql/arena.h"
#include "graphql/datum.h"  // IWYU pragma: export
#include "graphql/document.h"
#include "graphql/schema.h"
#include "json/json.h"
#include "sys/sys.h"

namespace mc::graphql {

// What is selected below a field, after @skip/@include, fragments merged; for projection and
// look-ahead. Computed when asked for; everything it returns lives until execute() returns.
class Selected {
 public:
  virtual ~Selected() = default;
  struct Item {
    const FieldDef* field = nullptr;
    std::string_view response_name;
    const json::Object* arguments = nullptr;  // null when they cannot be coerced
    const Selected* below = nullptr;          // null for leaves
  };
  // Fields selected for objects of this concrete type.
  virtual const std::vector<Item>& of(TypeId object_type) const = 0;
};

// Errors beside the values of a field: reported with the path of the field, which keeps its value.
struct FieldNote {
  std::size_t parent = 0;  // index into the parents of the call
  std::string message;
  std::string code;
};

// What a resolver works out from a field and the selection below it (as Selected::of gives it, but
// for arguments), kept with the plan of the operation for its next executions.
class Kept {
 public:
  virtual ~Kept() = default;
};
// Thread-safe.
class KeptSlot {
 public:
  KeptSlot() = default;
  KeptSlot(const KeptSlot&) = delete;
  KeptSlot& operator=(const KeptSlot&) = delete;
  ~KeptSlot() { delete kept_.load(std::memory_order_acquire); }
  const Kept* get() const { return kept_.load(std::memory_order_acquire); }  // null = nothing yet
  // Gives what stays: the first one that was kept.
  const Kept* keep(std::unique_ptr<const Kept> made) {
    const Kept* expected = nullptr;
    if (!kept_.compare_exchange_strong(expected, made.get(), std::memory_order_acq_rel)) {
      return expected;
    }
    return made.release();
  }

 private:
  std::atomic<const Kept*> kept_{nullptr};
};

struct FieldCall {
  const Schema& schema;
  TypeId parent_type;
  const FieldDef& field;
  const json::Object& arguments;  // coerced, defaults filled in
  const Selected* selected;       // null for leaves
  KeptSlot* kept;                 // null for leaves
  Arena& arena;
  OperationKind operation;
  std::vector<FieldNote>& notes;
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  // Fills out[i] for parents[i]. All parents have the type call.parent_type. Root fields have one
  // parent with data == nullptr. A Datum::error nulls that field and is reported with its path.
  virtual void resolve(const FieldCall& call, std::span<const Object> parents,
                       std::span<Datum> out) = 0;
};

// Told what a run does, field by field, introspection apart.
class Tally {
 public:
  virtual ~Tally() = default;
  // `values` has one for each parent; `objects` of them, or in them, are objects.
  virtual void resolved(const FieldCall& call, std::span<const Datum> values,
                        std::size_t objects) = 0;
};

// The plan of one operation, kept with a cached document: fields collected, constant arguments
// coerced. Built lazily by its first users; many threads may share one. Optional.
class PreparedOperation {
 public:
  struct Inner;
  // Schema and document must outlive it; `operation` is one of the document's.
  PreparedOperation(const Schema& schema, const Document& document, const OperationNode& operation);
  PreparedOperation(const PreparedOperation&) = delete;
  PreparedOperation& operator=(const PreparedOperation&) = delete;
  ~PreparedOperation();
  const OperationNode& operation() const;
  Inner& inner() const { return *inner_; }

 private:
  std::unique_ptr<Inner> inner_;
};

struct ExecuteLimits {
  std::size_t response_bytes_max = 16 << 20;  // code RESPONSE_TOO_LARGE
  std::size_t errors_max = 100;               // further ones are counted, not listed
  std::size_t objects_max = 1'000'000;        // code OBJECTS_LIMIT_EXCEEDED
  std::size_t levels_max = 200;               // of the result; code DEPTH_LIMIT_EXCEEDED
  std::size_t input_bytes_max = 16 << 20;     // of all coerced arguments together
};
enum class Subscriptions { refuse, one_event };
struct ExecuteRequest {
  const Document& document;
  std::string_view operation_name;  // "" = the only one
  const json::Object& variables;    // as received
  MonoTime deadline{INT64_MAX};     // checked between levels; code DEADLINE_EXCEEDED
  bool introspection = true;        // false: __schema and __type give INTROSPECTION_DISABLED
  ExecuteLimits limits{};
  const PreparedOperation* prepared = nullptr;  // of this schema, document and operation
  Tally* tally = nullptr;
  // one_event: the operation runs once like a query (specification 6.2.3.2).
  Subscriptions subscriptions = Subscriptions::refuse;
};
struct ExecuteResult {
  std::string body;            // {"errors":[...],"data":{...}} ; errors first as recommended
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
