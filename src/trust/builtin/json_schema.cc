#include "builtin/json_schema.h"

#include "base/base.h"
#include "builtin/go_json.h"
#include "builtin/json.h"

namespace mc::builtin {
namespace schema {

Value document_of(Context& context, Value operand, std::string& problem) {
  if (operand.is_string()) {
    const std::string_view text = operand.text();
    if (!context.spend(1 + static_cast<std::int64_t>(text.size() / 8))) return {};
    if (!context.reserve(text.size())) return {};
    const Result<Value> read = term::parse_json(context.arena, text);
    if (read) return *read;
    problem = "invalid JSON string";
    return {};
  }
  if (operand.is_object() || operand.is_array()) return json_model(context, operand);
  problem = "wrong type, expected string or object";
  return {};
}

std::string comparable(Context& context, Value value) {
  std::string out;
  append_go_json(context, out, value, {.floats = true});
  return out;
}

namespace {

std::string cache_key(Value operand) {
  char text[40];
  std::snprintf(text, sizeof text, "json.schema:%016llx",
                static_cast<unsigned long long>(term::hash(operand)));
  return text;
}

// From the cache, or made and put there. Valid until the next one is asked for.
const Compiled* find_schema(Context& context, Value operand, std::string& problem) {
  const std::string key = cache_key(operand);
  if (const Kept* const kept = context.caches.others.find(key)) {
    const auto* const found = static_cast<const Compiled*>(kept);
    if (term::equal(found->source.root(), operand)) return found;
  }
  std::shared_ptr<Compiled> made = compile(context, operand, problem);
  if (made == nullptr) return nullptr;
  made->source = term::Document::of(operand);
  const Compiled* const found = made.get();
  context.caches.others.put(key, made, made->bytes + made->source.bytes());
  return found;
}

Value pair(Context& context, bool valid, Value second) {
  const Value items[] = {Value::boolean(valid), second};
  return term::array(context.arena, items);
}

}  // namespace
}  // namespace schema

Value json_verify_schema(Context& context, Operands operands) {
  std::string problem;
  const schema::Compiled* const found = schema::find_schema(context, operands[0], problem);
  if (context.fault) return {};
  if (found != nullptr) return schema::pair(context, true, Value::null());
  const Value why = checked_string(context, "jsonschema: " + problem);
  return context.fault ? Value() : schema::pair(context, false, why);
}

Value json_match_schema(Context& context, Operands operands) {
  std::string problem;
  const Value document = schema::document_of(context, operands[0], problem);
  if (context.fault) return {};
  if (document.is_undefined()) return context.fail(problem);
  const schema::Compiled* const found = schema::find_schema(context, operands[1], problem);
  if (context.fault) return {};
  if (found == nullptr) return context.fail(problem);
  const std::vector<schema::Problem> problems = schema::check(context, *found, document);
  if (context.fault) return {};
  term::Arena& arena = context.arena;
  Value list = term::array(arena, problems.size());
  for (const schema::Problem& one : problems) {
    const std::string line = one.field + ": " + one.description;
    if (!context.spend(4) || !context.reserve(2 * line.size())) return {};
    Value item = term::object(arena, 4);
    term::insert(arena, item, "error", term::string(arena, line));
    term::insert(arena, item, "type", term::string(arena, one.type));
    term::insert(arena, item, "field", term::string(arena, one.field));
    term::insert(arena, item, "desc", term::string(arena, one.description));
    term::append(arena, list, item);
  }
  return schema::pair(context, problems.empty(), list);
}

}  // namespace mc::builtin
