#include "graphql/execute_write.h"

#include <algorithm>

namespace mc::graphql {

// Goes on from where it last stopped, or from the start for an earlier offset.
Location Locator::find(std::uint32_t at) {
  if (at < at_) {
    at_ = 0;
    location_ = {};
  }
  const std::size_t end = std::min<std::size_t>(at, source_.size());
  while (at_ < end) {
    const unsigned char c = static_cast<unsigned char>(source_[at_]);
    const bool ends_line =
        c == '\n' || (c == '\r' && (at_ + 1 == source_.size() || source_[at_ + 1] != '\n'));
    if (ends_line) {
      ++location_.line;
      location_.column = 1;
    } else if ((c & 0xC0) != 0x80) {
      location_.column += c >= 0xF0 ? 2 : 1;  // UTF-16 code units
    }
    ++at_;
  }
  return location_;
}

namespace {

void write_extensions(json::Writer& writer, const ErrorList::Entry& entry) {
  const bool more = entry.extensions != nullptr && entry.extensions->size() > 0;
  if (entry.code.empty() && !more) return;
  writer.key("extensions").begin_object();
  if (!entry.code.empty()) writer.member("code", entry.code);
  for (std::size_t i = 0; more && i < entry.extensions->size(); ++i) {
    const json::Member& member = entry.extensions->members()[i];
    if (member.name != "code") writer.member(member.name, member.value);
  }
  writer.end_object();
}

}  // namespace

// Members in the order of graphql-js: message, locations, path, extensions. Errors that are not
// listed are still counted, for logs and metrics.
void ErrorList::add(const Entry& entry) {
  ++count_;
  if (count_ > limits_.errors_max || json_.size() > limits_.response_bytes_max) return;
  if (json_.size() > 1) json_ += ',';
  json::Writer writer(json_);
  writer.begin_object().member("message", entry.message);
  if (!entry.at.empty()) {
    writer.key("locations").begin_array();
    for (std::uint32_t at : entry.at.first(std::min(entry.at.size(), kLocationsMax))) {
      const Location location = locator_.find(at);
      writer.begin_object();
      writer.member("line", static_cast<std::int64_t>(location.line));
      writer.member("column", static_cast<std::int64_t>(location.column));
      writer.end_object();
    }
    writer.end_array();
  }
  if (!entry.path.empty()) {
    writer.key("path").begin_array();
    for (const Step& step : entry.path) {
      if (step.name.empty()) {
        writer.value(static_cast<std::int64_t>(step.index));
      } else {
        writer.value(step.name);
      }
    }
    writer.end_array();
  }
  write_extensions(writer, entry);
  writer.end_object();
}

// The root object has no position of its own: an error that gets here makes "data" null.
bool Writer::root_field(const Batch& root, std::size_t index) {
  if (field(root, index, 0)) return true;
  report(pending_.path);
  return false;
}

// On false `out_` holds half an object; settle() of a nullable position cuts it off.
bool Writer::object(const Batch& batch, std::uint32_t row) {
  out_ += '{';
  const std::size_t count = batch.plan->fields.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out_ += ',';
    if (!plain_text(batch, i, row) && !field(batch, i, row)) return false;
  }
  out_ += '}';
  wrote_null_ = false;
  return true;
}

// Most fields are text for a String or an ID: nothing about them can fail, so they need no path.
bool Writer::plain_text(const Batch& batch, std::size_t index, std::uint32_t row) {
  const FieldPlan& plan = batch.plan->fields[index];
  const FieldState& state = batch.fields[index];
  if (!plan.plain_text || state.data == nullptr || !state.notes.empty() ||
      out_.size() > run_.request.limits.response_bytes_max) {
    return false;
  }
  const Datum& value = state.data[row];
  if (value.kind != Datum::Kind::text) return false;
  out_ += plan.key;
  json::append_quoted(out_, value.text);
  return true;
}

bool Writer::field(const Batch& batch, std::size_t index, std::uint32_t row) {
  const FieldPlan& plan = batch.plan->fields[index];
  const FieldState& state = batch.fields[index];
  out_ += plan.key;
  if (plan.source == Source::type_name) {
    out_ += '"';
    out_ += batch.plan->type->name;
    out_ += '"';
    return true;
  }
  // Looked at before each field, so that the text is never much longer than allowed.
  if (out_.size() > run_.request.limits.response_bytes_max) {
    run_.fatal = kTooLarge;
    return fail(CellError{});
  }
  // Values below change these; messages about this field come after them.
  const FieldPlan* const plan_before = plan_;
  const TypeDef* const parent_before = parent_;
  plan_ = &plan;
  parent_ = batch.plan->type;
  path_.push_back({plan.response_name, 0});
  if (!state.notes.empty()) field_notes(state, row);
  bool done = false;
  if (state.fault != nullptr) {
    const std::size_t start = out_.size();
    done = settle(plan.field->type, fail(CellError{state.fault->message, {}, state.fault}), start);
  } else if (state.cells != nullptr) {
    done = cell(plan.field->type, state.cells[row]);
  } else {
    done = datum(plan.field->type, state.data[row]);
  }
  path_.pop_back();
  plan_ = plan_before;
  parent_ = parent_before;
  return done;
}

void Writer::field_notes(const FieldState& state, std::uint32_t row) {
  for (const FieldNote& note : state.notes) {
    if (note.parent != row) continue;
    pending_ = {note.message, note.code, plan_, nullptr, path_, nullptr};
    report(path_);
  }
}

// 6.4.4. An error goes outwards through non-null positions and is reported at the first nullable
// one, with the path of where it arose. Whatever had been written from here on is replaced by null,
// and fields after it in the same object are never looked at, as when an exception is thrown.
bool Writer::settle(TypeRef type, bool done, std::size_t start) {
  if (run_.fatal) return false;
  if (done && wrote_null_ && type.is_non_null()) {
    done = fail("Cannot return null for non-nullable field " + parent_->name + "." +
                plan_->field->name + ".");
  }
  if (done) return true;
  if (type.is_non_null()) return false;
  report(pending_.path);
  out_.resize(start);
  out_ += "null";
  wrote_null_ = true;
  return true;
}

bool Writer::fail(const CellError& error) {
  pending_ = {std::string(error.message),
              std::string(error.code),
              plan_,
              error.fault,
              path_,
              error.extensions};
  return false;
}

// Arguments and directives are blamed at their own place, everything else at all the merged fields.
void Writer::report(std::span<const ErrorList::Step> path) {
  std::vector<std::uint32_t> at;
  if (pending_.fault != nullptr && !pending_.fault->at.empty()) {
    at = pending_.fault->at;
  } else if (pending_.field != nullptr) {
    for (Index node : pending_.field->nodes) {
      at.push_back(run_.request.document.selections[node].at);
    }
  }
  errors_.add({pending_.message, at, path, pending_.code, pending_.extensions});
}

// Composite values. The depth of this recursion is that of the result: levels_max times the
// wrappers of a type.
bool Writer::cell(TypeRef type, const Cell& value) {
  const std::size_t start = out_.size();
  return settle(type, cell_inner(type.nullable(), value), start);
}

bool Writer::cell_inner(TypeRef type, const Cell& value) {
  switch (value.kind) {
    case Cell::Kind::null:
      out_ += "null";
      wrote_null_ = true;
      return true;
    case Cell::Kind::error:
      return fail(*value.error);
    case Cell::Kind::object:
      return object(*value.batch, value.count);
    case Cell::Kind::list:
      break;
  }
  out_ += '[';
  for (std::uint32_t i = 0; i < value.count; ++i) {
    if (i > 0) out_ += ',';
    path_.push_back({{}, i});
    const bool done = cell(type.inner(), value.items[i]);
    path_.pop_back();
    if (!done) return false;
  }
  out_ += ']';
  wrote_null_ = false;
  return true;
}

// Leaf values and lists of them, straight from what the resolver returned.
bool Writer::datum(TypeRef type, const Datum& value) {
  const std::size_t start = out_.size();
  return settle(type, datum_inner(type.nullable(), value), start);
}

bool Writer::datum_inner(TypeRef type, const Datum& value) {
  wrote_null_ = false;
  if (value.kind == Datum::Kind::error) {
    return fail(CellError{value.failure.message, value.code, nullptr, value.failure.extensions});
  }
  if (value.kind == Datum::Kind::null ||
      (value.kind == Datum::Kind::json && value.json->is_null())) {
    out_ += "null";
    wrote_null_ = true;
    return true;
  }
  if (!type.is_list()) {
    const std::string problem = append_leaf(out_, *plan_, value);
    return problem.empty() || fail(problem);
  }
  if (value.kind == Datum::Kind::json && value.json->as_array() != nullptr) {
    return list_of_json(type.inner(), *value.json->as_array());
  }
  if (value.kind != Datum::Kind::list) {
    return fail("Expected Iterable, but did not find one for field \"" + parent_->name + "." +
                plan_->field->name + "\".");
  }
  out_ += '[';
  for (std::uint32_t i = 0; i < value.count; ++i) {
    if (i > 0) out_ += ',';
    path_.push_back({{}, i});
    const bool done = datum(type.inner(), value.items[i]);
    path_.pop_back();
    if (!done) return false;
  }
  out_ += ']';
  wrote_null_ = false;
  return true;
}

// A JSON array stands for a list of what is in it.
bool Writer::list_of_json(TypeRef item_type, const json::Array& items) {
  out_ += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out_ += ',';
    path_.push_back({{}, static_cast<std::uint32_t>(i)});
    const bool done = datum(item_type, Datum::of_json(&items[i]));
    path_.pop_back();
    if (!done) return false;
  }
  out_ += ']';
  wrote_null_ = false;
  return true;
}

}  // namespace mc::graphql
