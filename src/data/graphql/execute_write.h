// From a finished run to text: the depth-first walk that completes values (specification 6.4.3),
// propagates nulls (6.4.4) and writes data and errors as JSON, each value once, no tree between.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graphql/execute_state.h"

namespace mc::graphql {

// Lines and columns of offsets. Asking in rising order is linear in the source.
class Locator {
 public:
  explicit Locator(std::string_view source) : source_(source) {}
  Location find(std::uint32_t at);

 private:
  std::string_view source_;
  std::uint32_t at_ = 0;
  Location location_;
};

// A JSON array of error objects, and how many there were beyond what it lists.
class ErrorList {
 public:
  ErrorList(const Document& document, const ExecuteLimits& limits)
      : limits_(limits), locator_(document.source) {}

  struct Step {
    std::string_view name;    // of a field
    std::uint32_t index = 0;  // of a list item, when the name is empty
  };
  struct Entry {
    std::string_view message;
    std::span<const std::uint32_t> at;  // offsets
    std::span<const Step> path;         // none when empty
    std::string_view code;
    const json::Object* extensions = nullptr;  // beside the code
  };
  void add(const Entry& entry);
  std::size_t count() const { return count_; }
  const std::string& json() const { return json_; }  // "[...]" without the closing bracket

 private:
  static constexpr std::size_t kLocationsMax = 100;  // of one error
  const ExecuteLimits& limits_;
  Locator locator_;
  std::string json_ = "[";
  std::size_t count_ = 0;
};

class Writer {
 public:
  Writer(Run& run, std::string& out)
      : run_(run), out_(out), errors_(run.request.document, run.request.limits) {}

  // Appends `"name":value` of one field of the root object; commas are the caller's. False when
  // the error reaches the root, whose data is null then; the error is in errors().
  bool root_field(const Batch& root, std::size_t field);
  ErrorList& errors() { return errors_; }

 private:
  // Below, false means that an error is pending for the enclosing position.
  bool object(const Batch& batch, std::uint32_t row);
  bool field(const Batch& batch, std::size_t index, std::uint32_t row);
  bool plain_text(const Batch& batch, std::size_t index, std::uint32_t row);  // false: field()
  bool cell(TypeRef type, const Cell& cell);
  bool cell_inner(TypeRef type, const Cell& cell);
  bool datum(TypeRef type, const Datum& datum);
  bool datum_inner(TypeRef type, const Datum& datum);
  bool list_of_json(TypeRef item_type, const json::Array& items);
  void field_notes(const FieldState& state, std::uint32_t row);

  // Settles a position: null and non-null, pending errors. `start` is where its text began.
  bool settle(TypeRef type, bool done, std::size_t start);
  bool fail(std::string_view message) { return fail(CellError{message, {}}); }
  bool fail(const CellError& error);
  void report(std::span<const ErrorList::Step> path);

  struct Pending {
    std::string message;
    std::string code;
    const FieldPlan* field = nullptr;
    const Fault* fault = nullptr;
    std::vector<ErrorList::Step> path;
    const json::Object* extensions = nullptr;
  };

  Run& run_;
  std::string& out_;
  ErrorList errors_;
  std::vector<ErrorList::Step> path_;
  Pending pending_;
  bool wrote_null_ = false;  // by the last value
  // The field whose value is being written.
  const FieldPlan* plan_ = nullptr;
  const TypeDef* parent_ = nullptr;
};

// Appends a leaf value as its type wants it (serialize of graphql-js). Returns the error message,
// empty when it fits. `datum` is neither null, error nor list.
std::string append_leaf(std::string& out, const FieldPlan& field, const Datum& datum);

}  // namespace mc::graphql
