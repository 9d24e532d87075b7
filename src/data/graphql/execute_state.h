// The state of one execution: batches of objects, the cells between them, limits and counters.
//
// A Batch is all objects of one concrete type below one response field (over all parents). Leaf
// fields keep what the resolver returned; composite fields are turned into Cells that point at rows
// of batches of the next level. Nothing is nulled while levels run: the writer walks the cells
// depth first and applies null propagation there, so errors come out in response order.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graphql/execute.h"
#include "graphql/execute_plan.h"

namespace mc::graphql {

struct Batch;

struct CellError {
  std::string_view message;
  std::string_view code;
  const Fault* fault = nullptr;  // where it points, when not at the field
  const json::Object* extensions = nullptr;
};

struct Cell {
  enum class Kind : std::uint8_t { null, object, list, error };
  Kind kind = Kind::null;
  std::uint32_t count = 0;  // list: of items; object: its row in `batch`
  union {
    const Cell* items = nullptr;
    const Batch* batch;
    const CellError* error;
  };
};

struct FieldState {
  const Datum* data = nullptr;   // leaves: one for each row
  const Cell* cells = nullptr;   // composite types: one for each row
  const Fault* fault = nullptr;  // the arguments were unusable; no values then
  std::span<const FieldNote> notes;
};

struct Batch {
  const TypePlan* plan = nullptr;
  std::vector<Object> objects;
  FieldState* fields = nullptr;  // one for each field of the plan
};

// Coerced arguments of a field whose literals name variables, for this execution.
struct BoundArguments {
  json::Object values;
  std::optional<Fault> fault;
};

struct Fatal {
  std::string_view message;
  std::string_view code;
};
inline constexpr Fatal kTooLarge{"The response is too large.", "RESPONSE_TOO_LARGE"};

class Run {
 public:
  Run(const Schema& schema, const ExecuteRequest& request, const OperationNode& operation,
      Variables variables);
  ~Run();

  const TypePlan& fields(const SetPlan& set, const TypeDef& type) {
    return plan_->fields(set, type, variables);
  }
  Plan& plan() { return *plan_; }
  // Null when they cannot be coerced; `fault` says why.
  const json::Object* arguments(const FieldPlan& field, const Fault** fault = nullptr);
  // Look-ahead below a field; lives as long as the run.
  const Selected* selected(const SetPlan& set);

  const Schema& schema;
  const ExecuteRequest& request;
  const OperationNode& operation;
  const Variables variables;
  Arena arena;
  std::list<Batch> batches;
  std::list<std::vector<FieldNote>> notes;
  std::size_t objects = 0;
  std::size_t value_count = 0;  // fields of objects, leaves too
  std::size_t resolver_calls = 0;
  // Ends the execution with "data": null.
  std::optional<Fatal> fatal;

 private:
  class Ahead;

  Plan* plan_ = nullptr;
  std::unique_ptr<Plan> own_plan_;
  InputBudget budget_;
  std::unordered_map<const FieldPlan*, BoundArguments> bound_;
  std::unordered_map<const SetPlan*, std::unique_ptr<Ahead>> ahead_;
};

// Resolves the fields [first, last) of `root` and everything below them. Stops when run.fatal is
// set.
void run_levels(Run& run, Batch& root, std::span<const std::size_t> fields, Resolver& resolver,
                sys::Clock& clock);

}  // namespace mc::graphql
