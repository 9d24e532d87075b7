#include "graphql/execute_state.h"

#include "graphql/introspect.h"

namespace mc::graphql {

// Selected over a SetPlan; items are computed when asked for and kept by type.
class Run::Ahead final : public Selected {
 public:
  Ahead(Run& run, const SetPlan& set) : run_(run), set_(set) {}
  const std::vector<Item>& of(TypeId object_type) const override {
    const auto [at, added] = items_.try_emplace(object_type);
    if (added) fill(at->second, object_type);
    return at->second;
  }

 private:
  void fill(std::vector<Item>& items, TypeId object_type) const {
    if (object_type >= run_.schema.types().size()) return;
    const TypePlan& plan = run_.fields(set_, run_.schema.type(object_type));
    items.reserve(plan.fields.size());
    for (const FieldPlan& field : plan.fields) {
      items.push_back({field.field, field.response_name, run_.arguments(field),
                       field.below ? run_.selected(*field.below) : nullptr});
    }
  }

  Run& run_;
  const SetPlan& set_;
  mutable std::unordered_map<TypeId, std::vector<Item>> items_;
};

Run::Run(const Schema& schema_in, const ExecuteRequest& request_in,
         const OperationNode& operation_in, Variables variables_in)
    : schema(schema_in),
      request(request_in),
      operation(operation_in),
      variables(std::move(variables_in)),
      budget_(request_in.limits.input_bytes_max) {
  // A plan of its own costs about a microsecond for a small query.
  if (request.prepared != nullptr) plan_ = request.prepared->inner().plan(variables);
  if (plan_ != nullptr) return;
  own_plan_ = std::make_unique<Plan>(schema, request.document, operation);
  plan_ = own_plan_.get();
}

Run::~Run() = default;

// Arguments are the same for all parents, so they are coerced once and the fault, if any, is told
// for each parent by the writer.
const json::Object* Run::arguments(const FieldPlan& field, const Fault** fault) {
  const std::optional<Fault>* problem = &field.fault;
  const json::Object* values = &field.arguments;
  if (field.variable_arguments) {
    const auto [at, added] = bound_.try_emplace(&field);
    if (added) {
      const SelectionNode& node = request.document.selections[field.nodes.front()];
      auto made = coerce_arguments({schema, request.document, variables, budget_},
                                   {field.field->arguments, node.arguments, node.at});
      if (made) {
        at->second.values = std::move(*made);
      } else {
        at->second.fault = std::move(made).error();
      }
    }
    problem = &at->second.fault;
    values = &at->second.values;
  }
  if (!problem->has_value()) return values;
  if (fault != nullptr) *fault = &**problem;
  return nullptr;
}

const Selected* Run::selected(const SetPlan& set) {
  std::unique_ptr<Ahead>& ahead = ahead_[&set];
  if (!ahead) ahead = std::make_unique<Ahead>(*this, set);
  return ahead.get();
}

namespace {

// Look-ahead that costs nothing until a resolver asks.
class LazySelected final : public Selected {
 public:
  LazySelected(Run& run, const SetPlan* set) : run_(run), set_(set) {}
  const std::vector<Item>& of(TypeId object_type) const override {
    return run_.selected(*set_)->of(object_type);
  }

 private:
  Run& run_;
  const SetPlan* set_;
};

// Turns the values of one composite field into cells and the batches of the next level.
class Completer {
 public:
  Completer(Run& run, const FieldPlan& field, const TypeDef& parent, std::vector<Batch*>& next)
      : run_(run), field_(field), parent_(parent), next_(next) {}

  void complete(std::span<const Datum> data, Cell* cells) {
    expected_ = data.size();  // for a list the length of the first is a better guess
    for (std::size_t i = 0; i < data.size(); ++i) cells[i] = cell(field_.field->type, data[i]);
  }

 private:
  // Recursion is bounded by the 15 wrappers of a type.
  Cell cell(TypeRef type, const Datum& datum) {
    if (datum.kind == Datum::Kind::null) return {};
    if (datum.kind == Datum::Kind::error) {
      return failed({datum.failure.message, datum.code, nullptr, datum.failure.extensions});
    }
    type = type.nullable();
    if (type.is_list()) return list(type.inner(), datum);
    if (datum.kind != Datum::Kind::object) {
      return failed_text("Expected value of type \"" + field_.named->name + "\".");
    }
    return object(datum.object);
  }

  Cell list(TypeRef item_type, const Datum& datum) {
    if (datum.kind != Datum::Kind::list) {
      return failed_text("Expected Iterable, but did not find one for field \"" + parent_.name +
                         "." + field_.field->name + "\".");
    }
    Cell* items = run_.arena.array<Cell>(datum.count);
    expected_ = datum.count;
    for (std::uint32_t i = 0; i < datum.count; ++i) items[i] = cell(item_type, datum.items[i]);
    Cell made;
    made.kind = Cell::Kind::list;
    made.count = datum.count;
    made.items = items;
    return made;
  }

  // ResolveAbstractType, and the row of the object in the batch of its type. Parents keep their
  // order within a type. Checks are skipped when the type is that of the object before.
  Cell object(Object object) {
    const TypeDef& declared = *field_.named;
    if (object.type == kNoType && declared.kind == NamedKind::object) object.type = declared.id;
    if (batch_ == nullptr || batch_->plan->type->id != object.type) {
      if (object.type >= run_.schema.types().size()) {
        return failed_text("Abstract type \"" + declared.name +
                           "\" must resolve to an Object type at runtime for field \"" +
                           parent_.name + "." + field_.field->name + "\". Either the \"" +
                           declared.name +
                           "\" type should provide a \"resolveType\" function or each possible "
                           "type should provide an \"isTypeOf\" function.");
      }
      const TypeDef& type = run_.schema.type(object.type);
      if (type.kind != NamedKind::object || !run_.schema.is_possible(declared.id, type.id)) {
        return failed_text("Runtime Object type \"" + type.name +
                           "\" is not a possible type for \"" + declared.name + "\".");
      }
      batch_ = &batch_for(type);
    }
    // @skip or @include below this field cannot be decided: an error of every object here.
    if (batch_->plan->fault) {
      return failed({batch_->plan->fault->message, {}, &*batch_->plan->fault});
    }
    if (++run_.objects > run_.request.limits.objects_max) {
      run_.fatal = Fatal{"The result has too many objects.", "OBJECTS_LIMIT_EXCEEDED"};
      return {};
    }
    Cell cell;
    cell.kind = Cell::Kind::object;
    cell.count = static_cast<std::uint32_t>(batch_->objects.size());
    cell.batch = batch_;
    batch_->objects.push_back(object);
    return cell;
  }

  // A batch whose fields cannot be collected is made, so that its fault is found, but not run.
  Batch& batch_for(const TypeDef& type) {
    const bool is_abstract = field_.named->is_abstract();
    if (is_abstract) {
      if (const auto found = by_type_.find(type.id); found != by_type_.end()) return *found->second;
    }
    Batch& batch = run_.batches.emplace_back();
    batch.plan = &run_.fields(*field_.below, type);
    if (!batch.plan->fault) next_.push_back(&batch);
    if (is_abstract) {
      by_type_.emplace(type.id, &batch);
    } else {
      batch.objects.reserve(expected_);
    }
    return batch;
  }

  Cell failed(const CellError& error) {
    CellError* kept = run_.arena.array<CellError>(1);
    *kept = error;
    Cell cell;
    cell.kind = Cell::Kind::error;
    cell.error = kept;
    return cell;
  }
  Cell failed_text(const std::string& message) { return failed({run_.arena.keep(message), {}}); }

  Run& run_;
  const FieldPlan& field_;
  const TypeDef& parent_;
  std::vector<Batch*>& next_;
  Batch* batch_ = nullptr;  // of the object before, most often also of this one
  std::unordered_map<TypeId, Batch*> by_type_;
  std::size_t expected_ = 1;
};

// Breadth first: `now_` is the level being resolved, `next_` what it has found. Sub-selections of
// all fields of a level wait for the whole level, so a resolver may load ahead.
class Levels {
 public:
  Levels(Run& run, Resolver& resolver, sys::Clock& clock)
      : run_(run), resolver_(resolver), clock_(clock) {}

  void resolve(Batch& batch, std::size_t index) {
    const FieldPlan& field = batch.plan->fields[index];
    FieldState& state = batch.fields[index];
    if (field.source == Source::type_name) return;  // the writer knows it from the batch
    const json::Object* arguments = run_.arguments(field, &state.fault);
    if (arguments == nullptr) return;
    const std::span<const Object> parents(batch.objects);
    // No value is shorter than `"a":1`, so this response cannot fit; do not even fetch it.
    run_.value_count += parents.size();
    if (run_.value_count > run_.request.limits.response_bytes_max / 5) {
      run_.fatal = kTooLarge;
      return;
    }
    const std::span<Datum> out(run_.arena.array<Datum>(parents.size()), parents.size());
    const LazySelected selected(run_, field.below.get());
    const FieldCall call{run_.schema,
                         batch.plan->type->id,
                         *field.field,
                         *arguments,
                         field.below ? &selected : nullptr,
                         field.below ? &field.below->kept : nullptr,
                         run_.arena,
                         run_.operation.kind,
                         notes_};
    // The owner of the resolver never sees introspection.
    if (field.source == Source::introspection) {
      introspector_.resolve(call, parents, out);
    } else {
      ++run_.resolver_calls;
      resolver_.resolve(call, parents, out);
    }
    // Rare, so they cost a run nothing until there are some.
    if (!notes_.empty()) {
      run_.notes.push_back(std::move(notes_));
      notes_.clear();
      state.notes = run_.notes.back();
    }
    state.data = out.data();
    const std::size_t objects_before = run_.objects;
    if (field.below) {
      Cell* cells = run_.arena.array<Cell>(parents.size());
      Completer(run_, field, *batch.plan->type, next_).complete(out, cells);
      state.cells = cells;
    }
    if (run_.request.tally == nullptr || field.source == Source::introspection) return;
    run_.request.tally->resolved(call, out, run_.objects - objects_before);
  }

  void below() {
    for (std::size_t level = 1; !next_.empty() && !run_.fatal; ++level) {
      if (level >= run_.request.limits.levels_max) {
        run_.fatal = Fatal{"The result has too many levels.", "DEPTH_LIMIT_EXCEEDED"};
        return;
      }
      if (is_late()) return;
      now_.clear();
      now_.swap(next_);
      for (Batch* batch : now_) {
        batch->fields = run_.arena.array<FieldState>(batch->plan->fields.size());
        for (std::size_t i = 0; i < batch->plan->fields.size(); ++i) {
          resolve(*batch, i);
          if (run_.fatal) return;
        }
      }
    }
  }

  bool is_late() {
    if (run_.request.deadline.nanos == INT64_MAX) return false;
    if (clock_.mono() < run_.request.deadline) return false;
    run_.fatal =
        Fatal{"The deadline passed before the operation was complete.", "DEADLINE_EXCEEDED"};
    return true;
  }

 private:
  Run& run_;
  Resolver& resolver_;
  sys::Clock& clock_;
  Introspector introspector_;
  std::vector<FieldNote> notes_;
  std::vector<Batch*> now_;
  std::vector<Batch*> next_;
};

}  // namespace

void run_levels(Run& run, Batch& root, std::span<const std::size_t> fields, Resolver& resolver,
                sys::Clock& clock) {
  Levels levels(run, resolver, clock);
  if (levels.is_late()) return;
  for (std::size_t field : fields) {
    levels.resolve(root, field);
    if (run.fatal) return;
  }
  levels.below();
  // What was resolved late is of no use to anybody.
  if (!run.fatal) levels.is_late();
}

}  // namespace mc::graphql
