#include "builtin/json.h"

#include "builtin/go_json.h"
#include "builtin/go_values.h"

namespace mc::builtin {
namespace {

Value json_marshal(Context& context, Operands operands) {
  std::string out;
  if (!append_go_json(context, out, operands[0])) return {};
  return checked_string(context, out);
}

// "operand 0 must be string but got number": OPA counts here by the place of the option.
std::string not_a_string(std::size_t place, Value value) {
  return "operand " + std::to_string(place) + " must be string but got " +
         std::string(term::kind_name(value.kind()));
}

// False with a type error when an option is none.
bool read_options(Context& context, Value options, GoJson& style) {
  bool implied = false;
  bool said = false;
  style.indent = "\t";
  std::size_t place = 0;
  for (const auto& [key, value] : options.members()) {
    const std::string shown = term::to_rego(key);
    std::string problem;
    if (!key.is_string()) {
      problem = "failed to stringify key " + shown + " at index " + std::to_string(place) + ": " +
                not_a_string(place, key);
    } else if (key.text() == "prefix" || key.text() == "indent") {
      if (value.is_string()) {
        (key.text() == "prefix" ? style.prefix : style.indent) = value.text();
        implied = true;
      } else {
        problem = "key " + shown + " failed cast to string: " + not_a_string(place, value);
      }
    } else if (key.text() == "pretty") {
      if (value.kind() == Kind::boolean) {
        said = true;
        style.pretty = value.flag();
      } else {
        problem = "key " + shown + " failed cast to bool";
      }
    } else {
      problem = "object contained unknown key " + shown;
    }
    if (!problem.empty()) {
      fail_operand(context, 1, problem);
      return false;
    }
    ++place;
  }
  if (!said) style.pretty = implied;
  return true;
}

Value json_marshal_with_options(Context& context, Operands operands) {
  GoJson style;
  if (!context.want(operands, 1, {Kind::object})) return {};
  if (!read_options(context, operands[1], style)) return {};
  std::string out;
  if (style.pretty) out = style.prefix;
  if (!append_go_json(context, out, operands[0], style)) return {};
  return checked_string(context, out);
}

// Values take more room than the text they are read from.
constexpr std::size_t kBytesPerByte = 16;

Value json_unmarshal(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1)) return {};
  const std::string_view text = operands[0].text();
  if (!context.spend(1 + static_cast<std::int64_t>(text.size() / 8))) return {};
  if (!context.reserve(text.size())) return {};
  const Result<Value> read = term::parse_json(context.arena, text);
  if (!read) return context.fail(read.error().what);
  return *read;
}

Value json_is_valid(Context& context, Operands operands) {
  if (!operands[0].is_string()) return Value::boolean(false);
  const std::string_view text = operands[0].text();
  if (!context.spend(1 + static_cast<std::int64_t>(text.size() / 8))) return {};
  if (!context.reserve(text.size() * kBytesPerByte)) return {};
  term::Arena scratch;
  return Value::boolean(term::parse_json(scratch, text).has_value());
}

constexpr std::string_view kPaths =
    "(object: object[any: any], paths: array[string | array[any]] | set[string | array[any]]) => "
    "any";

constexpr Builtin kTable[] = {
    {"json.filter", kPaths, json_filter},
    {"json.is_valid", "(x: string) => boolean", json_is_valid},
    {"json.marshal", "(x: any) => string", json_marshal},
    {"json.marshal_with_options", "(x: any, opts: object[string: any]) => string",
     json_marshal_with_options},
    {"json.match_schema",
     "(document: string | object[any: any], schema: string | object[any: any]) => array<boolean, "
     "array[object<error: string, type: string, field: string, desc: string>]>",
     json_match_schema},
    {"json.patch", "(object: any, patches: array[object[any: any]]) => any", json_patch},
    {"json.remove", kPaths, json_remove},
    {"json.unmarshal", "(x: string) => any", json_unmarshal},
    {"json.verify_schema", "(schema: string | object[any: any]) => array<boolean, string | null>",
     json_verify_schema},
    {"yaml.is_valid", "(x: string) => boolean", yaml_is_valid},
    {"yaml.marshal", "(x: any) => string", yaml_marshal},
    {"yaml.unmarshal", "(x: string) => any", yaml_unmarshal},
};

}  // namespace

std::span<const Builtin> json_builtins() {
  return kTable;
}

}  // namespace mc::builtin
