// JSON Schema 2020-12 (https://json-schema.org/draft/2020-12/json-schema-core) from shapes.
#include <string>

#include "json/shape.h"

namespace mc::json {
namespace {

// "port_max" -> "Port max", for form labels.
std::string title_of(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c == '_') c = ' ';
  }
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z')
    out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

Array names_of(const std::vector<std::string_view>& names) {
  Array out;
  for (const std::string_view name : names) out.push_back(Value(name));
  return out;
}

void set_bounds(Object& out, const Rules& rules, const char* low, const char* high) {
  if (rules.min.set) out.set(low, Value(rules.min.whole));
  if (rules.max.set) out.set(high, Value(rules.max.whole));
}

void describe_integer(Object& out, const Shape& shape, const Rules& rules) {
  out.set("type", "integer");
  out.set("minimum", Value(rules.min.set ? rules.min.whole : shape.min));
  out.set("maximum", Value(rules.max.set ? rules.max.whole : shape.max));
}

void describe_text(Object& out, const Rules& rules) {
  out.set("type", "string");
  Array allowed = names_of(allowed_of(rules));
  if (!allowed.empty()) out.set("enum", std::move(allowed));
  // The standard counts characters and we count bytes: of the two limits only an upper one in
  // characters is implied by the one in bytes.
  if (rules.max.set) out.set("maxLength", Value(rules.max.whole));
  if (rules.min.set && rules.min.whole > 0) out.set("minLength", Value(std::int64_t{1}));
  if (rules.secret) out.set("writeOnly", Value(true));
}

std::string duration_limits(const Rules& rules) {
  std::string out;
  if (rules.min.set) out += "at least " + format_duration(Nanos{rules.min.whole});
  if (rules.max.set) {
    out += (out.empty() ? "at most " : ", at most ") + format_duration(Nanos{rules.max.whole});
  }
  return out;
}

Object describe(const Shape& shape, const Rules& rules, std::string_view help,
                const Value& standard);

void describe_object(Object& out, const Shape& shape, const Value& standard) {
  out.set("type", "object");
  Object properties;
  Array required;
  for (const FieldShape& field : shape.fields) {
    const Value* value = standard.find(field.name);
    Object property =
        describe(field.shape(), field.rules, field.help, value == nullptr ? Value() : *value);
    if (property.find("title") == nullptr) property.set("title", title_of(field.name));
    properties.set(std::string(field.name), std::move(property));
    if (field.rules.required) required.push_back(Value(field.name));
  }
  out.set("properties", std::move(properties));
  if (!required.empty()) out.set("required", std::move(required));
  out.set("additionalProperties", Value(false));
}

void describe_entries(Object& out, const Shape& shape, const Rules& rules) {
  const Rules inner{.allowed = rules.allowed, .secret = rules.secret};
  const Shape& element = shape.element();
  Value entry = describe(element, inner, "", element.standard());
  if (Object* object = entry.as_object()) object->erase("default");
  const bool list = shape.kind == Kind::list;
  out.set("type", list ? "array" : "object");
  set_bounds(out, rules, list ? "minItems" : "minProperties", list ? "maxItems" : "maxProperties");
  out.set(list ? "items" : "additionalProperties", std::move(entry));
}

void describe_kind(Object& out, const Shape& shape, const Rules& rules, const Value& standard) {
  switch (shape.kind) {
    case Kind::boolean:
      out.set("type", "boolean");
      break;
    case Kind::integer:
      describe_integer(out, shape, rules);
      break;
    case Kind::number:
      out.set("type", "number");
      if (rules.min.set) out.set("minimum", Value(rules.min.real));
      if (rules.max.set) out.set("maximum", Value(rules.max.real));
      break;
    case Kind::text:
      describe_text(out, rules);
      break;
    case Kind::duration:
      out.set("type", "string");
      out.set("pattern", "^[0-9]+(ms|s|m|h|d)$");
      break;
    case Kind::choice:
      out.set("type", "string");
      out.set("enum", names_of(shape.choices));
      break;
    case Kind::list:
    case Kind::map:
      describe_entries(out, shape, rules);
      break;
    case Kind::object:
      describe_object(out, shape, standard);
      break;
  }
}

Object describe(const Shape& shape, const Rules& rules, std::string_view help,
                const Value& standard) {
  Object out;
  if (!shape.title.empty()) out.set("title", Value(shape.title));
  std::string description(help);
  if (shape.kind == Kind::duration && (rules.min.set || rules.max.set)) {
    description += (description.empty() ? "" : "; ") + duration_limits(rules);
  }
  if (!description.empty()) out.set("description", Value(std::move(description)));
  describe_kind(out, shape, rules, standard);
  if (shape.optional) {
    const Value* type = out.find("type");
    Array types{*type, Value("null")};
    out.set("type", std::move(types));
    if (Value* names = out.find("enum")) names->as_array()->push_back(Value());
  }
  // A struct's default is the sum of its members' defaults; a required field has none.
  if (!standard.is_null() && shape.kind != Kind::object && !rules.required) {
    out.set("default", standard);
  }
  return out;
}

}  // namespace

Value schema_of(const Shape& shape) {
  Object out;
  out.set("$schema", "https://json-schema.org/draft/2020-12/schema");
  Object body = describe(shape, Rules{}, "", shape.standard());
  for (Member& member : body.members()) {
    out.set(std::move(member.name), std::move(member.value));
  }
  return out;
}

}  // namespace mc::json
