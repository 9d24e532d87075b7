// A schema read into what the checks walk, in the order in which gojsonschema looks at keywords, so
// that the same mistake is named first.
#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "builtin/go_json.h"
#include "builtin/json_schema.h"
#include "builtin/json_schema_refs.h"
#include "builtin/patterns.h"
#include "term/number.h"

namespace mc::builtin::schema {
namespace {

constexpr int kDepthMax = 400;
constexpr std::size_t kRegexBytes = std::size_t{64} << 10;

std::string text_of(std::string_view text) {
  return std::string(text);
}

class Compiler {
 public:
  Compiler(Context& context, Compiled& out)
      : context_(context), out_(out), references_(out.document.root()) {}

  // Null with the problem.
  const Schema* compile() {
    const Value root = out_.document.root();
    if (root.is_object()) {
      if (!read_draft(root)) return nullptr;
    } else if (root.kind() != Kind::boolean) {
      refuse("schema is invalid");
      return nullptr;
    }
    return make({root, ""});
  }
  std::string& problem() { return problem_; }

 private:
  bool refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }
  bool refuse_type(std::string_view expected, std::string_view given) {
    return refuse("Invalid type. Expected: " + text_of(expected) + ", given: " + text_of(given));
  }

  bool read_draft(Value root) {
    const Value given = root.find("$schema");
    if (given.is_undefined()) return true;
    if (!given.is_string()) return refuse("$schema must be of type string");
    std::string_view address = given.text();
    if (address.ends_with('#')) address.remove_suffix(1);
    if (address == "http://json-schema.org/draft-04/schema") draft_ = Draft::draft4;
    if (address == "http://json-schema.org/draft-06/schema") draft_ = Draft::draft6;
    if (address == "http://json-schema.org/draft-07/schema") draft_ = Draft::draft7;
    return true;
  }

  // Null with the problem, as all that follow are false with it.
  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  const Schema* make(const Part& part) {
    out_.nodes.emplace_back();
    Schema& schema = out_.nodes.back();
    return fill(part, schema) ? &schema : nullptr;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool fill(const Part& part, Schema& schema) {
    if (!context_.spend(20)) return refuse("stopped");
    if (depth_ >= kDepthMax) return refuse("the schema is nested too deeply");
    ++depth_;
    const bool filled = read(part, schema);
    --depth_;
    return filled;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read(const Part& part, Schema& schema) {
    const Value node = part.node;
    if (node.kind() == Kind::boolean && draft_ != Draft::draft4) {
      schema.pass = node.flag();
      return true;
    }
    if (!node.is_object()) return refuse("Expected: schema, given: Invalid JSON");
    const bool old_id =
        draft_ == Draft::draft4 || (draft_ == Draft::hybrid && !node.find("id").is_undefined());
    if (!is_text_or_absent(node, old_id ? "id" : "$id")) return false;
    const Part inside{node, References::base_inside(node, part.base)};
    if (!read_definitions(inside)) return false;
    if (!is_text_or_absent(node, "title") || !is_text_or_absent(node, "description") ||
        !is_text_or_absent(node, "$ref")) {
      return false;
    }
    if (const Value reference = node.find("$ref"); !reference.is_undefined()) {
      const std::string address = References::resolve(inside.base, reference.text());
      if (const auto at = referenced_.find(address); at != referenced_.end()) {
        schema.reference = at->second;
      } else {
        return read_reference(address, schema);
      }
    }
    return read_types(node, schema) && read_object(inside, schema) && read_array(inside, schema) &&
           read_numbers(node, schema) && read_limits(node, schema) && read_rest(inside, schema) &&
           read_combined(inside, schema);
  }

  bool is_text_or_absent(Value node, std::string_view key) {
    const Value value = node.find(key);
    return value.is_undefined() || value.is_string() || refuse_type("string", key);
  }

  static bool is_schema(Value value) { return value.is_object() || value.kind() == Kind::boolean; }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_definitions(const Part& part) {
    const Value definitions = part.node.find("definitions");
    if (definitions.is_undefined()) return true;
    if (!definitions.is_object()) return refuse_type("array of schemas", "definitions");
    for (const term::Entry& entry : definitions.members()) {
      if (!is_schema(entry.value)) return refuse_type("array of schemas", "definitions");
      if (make({entry.value, part.base}) == nullptr) return false;
    }
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_reference(const std::string& address, Schema& schema) {
    out_.nodes.emplace_back();
    Schema& target = out_.nodes.back();
    // Known before it is read, so that it may lead to itself.
    referenced_[address] = &target;
    const std::optional<Part> part = references_.find(address, problem_);
    if (!part) return false;
    if (!is_schema(part->node)) return refuse("schema must be of type object");
    schema.reference = &target;
    return fill(*part, target);
  }

  bool add_type(std::string_view name, Schema& schema) {
    constexpr std::string_view kTypes[] = {"array",  "boolean", "integer", "null",
                                           "number", "object",  "string"};
    const auto* const at = std::find(std::begin(kTypes), std::end(kTypes), name);
    if (at == std::end(kTypes)) {
      return refuse("has a primitive type that is NOT VALID -- given: /" + text_of(name) +
                    "/ Expected valid values are:[array boolean integer number null object "
                    "string]");
    }
    if (std::find(schema.types.begin(), schema.types.end(), name) != schema.types.end()) {
      return refuse(text_of(name) + " type is duplicated");
    }
    schema.types.push_back(*at);
    return true;
  }

  bool read_types(Value node, Schema& schema) {
    constexpr std::string_view kWanted = "string/array of strings";
    const Value type = node.find("type");
    if (type.is_undefined()) return true;
    if (type.is_string()) return add_type(type.text(), schema);
    if (!type.is_array()) return refuse_type("type", kWanted);
    for (const Value item : type.items()) {
      if (!item.is_string()) return refuse_type("type", kWanted);
      if (!add_type(item.text(), schema)) return false;
    }
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_object(const Part& part, Schema& schema) {
    const Value properties = part.node.find("properties");
    if (!properties.is_undefined()) {
      if (!properties.is_object()) return refuse("properties must be of type object");
      for (const term::Entry& entry : properties.members()) {
        const Schema* const made = make({entry.value, part.base});
        if (made == nullptr) return false;
        schema.properties.emplace_back(entry.key.text(), made);
      }
    }
    if (!read_additional(part, "additionalProperties", schema.additional_properties)) return false;
    if (!read_patterns(part, schema)) return false;
    const Value names = part.node.find("propertyNames");
    if (!names.is_undefined() && draft_ != Draft::draft4) {
      if (!is_schema(names)) return refuse_type("schema", "patternProperties");
      schema.property_names = make({names, part.base});
      if (schema.property_names == nullptr) return false;
    }
    return read_dependencies(part, schema);
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_additional(const Part& part, std::string_view key, Additional& out) {
    const Value value = part.node.find(key);
    if (value.is_undefined()) return true;
    if (value.kind() == Kind::boolean) {
      out.flag = value.flag();
      return true;
    }
    if (!value.is_object()) return refuse_type("boolean/schema", key);
    out.schema = make({value, part.base});
    return out.schema != nullptr;
  }

  std::shared_ptr<const re2::RE2> regex(std::string_view pattern) {
    std::string why;
    if (!context_.spend(10 * static_cast<std::int64_t>(pattern.size() + 1))) return nullptr;
    out_.bytes += kRegexBytes;
    return make_regex(pattern, why);
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_patterns(const Part& part, Schema& schema) {
    const Value patterns = part.node.find("patternProperties");
    if (patterns.is_undefined()) return true;
    if (!patterns.is_object()) return refuse_type("schema", "patternProperties");
    for (const term::Entry& entry : patterns.members()) {
      PatternProperty property;
      property.pattern = regex(entry.key.text());
      if (property.pattern == nullptr) {
        return refuse("Invalid regex pattern '" + text_of(entry.key.text()) + "'");
      }
      property.schema = make({entry.value, part.base});
      if (property.schema == nullptr) return false;
      schema.pattern_properties.push_back(std::move(property));
    }
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_dependencies(const Part& part, Schema& schema) {
    constexpr const char* kWanted = "dependency must be of type schema or array of strings";
    const Value dependencies = part.node.find("dependencies");
    if (dependencies.is_undefined()) return true;
    if (!dependencies.is_object()) return refuse("dependencies must be of type object");
    for (const term::Entry& entry : dependencies.members()) {
      Dependency dependency;
      if (is_schema(entry.value)) {
        dependency.schema = make({entry.value, part.base});
        if (dependency.schema == nullptr) return false;
      } else if (entry.value.is_array()) {
        for (const Value name : entry.value.items()) {
          if (!name.is_string()) return refuse(kWanted);
          dependency.names.emplace_back(name.text());
        }
      } else {
        return refuse(kWanted);
      }
      schema.dependencies.emplace(entry.key.text(), std::move(dependency));
    }
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_array(const Part& part, Schema& schema) {
    constexpr std::string_view kWanted = "schema/array of schemas";
    const Value items = part.node.find("items");
    if (items.is_array()) {
      for (const Value item : items.items()) {
        if (!is_schema(item)) return refuse_type(kWanted, "items");
        schema.items.push_back(make({item, part.base}));
        if (schema.items.back() == nullptr) return false;
      }
    } else if (is_schema(items)) {
      schema.items.push_back(make({items, part.base}));
      if (schema.items.back() == nullptr) return false;
      schema.items_is_one = true;
    } else if (!items.is_undefined()) {
      return refuse_type(kWanted, "items");
    }
    return read_additional(part, "additionalItems", schema.additional_items);
  }

  bool read_numbers(Value node, Schema& schema) {
    const Value multiple = node.find("multipleOf");
    if (!multiple.is_undefined()) {
      if (!multiple.is_number()) return refuse_type("number", "multipleOf");
      if (term::compare(multiple, Value::integer(0)) <= 0) {
        return refuse("multipleOf must be strictly greater than 0");
      }
      schema.multiple_of = multiple;
    }
    return read_bound(node, "minimum", schema.minimum) &&
           read_exclusive(node, "exclusiveMinimum", "minimum", schema.minimum,
                          schema.exclusive_minimum) &&
           read_bound(node, "maximum", schema.maximum) &&
           read_exclusive(node, "exclusiveMaximum", "maximum", schema.maximum,
                          schema.exclusive_maximum);
  }

  bool read_bound(Value node, std::string_view key, Value& out) {
    out = node.find(key);
    return out.is_undefined() || out.is_number() || refuse(text_of(key) + " must be of a number");
  }

  // A flag about the bound in draft 4, a bound of its own since; hybrid takes both.
  bool read_exclusive(Value node, std::string_view key, std::string_view bound_key, Value& bound,
                      Value& out) {
    const Value value = node.find(key);
    if (value.is_undefined()) return true;
    const bool flag_allowed = draft_ == Draft::draft4 || draft_ == Draft::hybrid;
    const bool number_allowed = draft_ != Draft::draft4;
    if (value.kind() == Kind::boolean && flag_allowed) {
      if (bound.is_undefined()) {
        return refuse(text_of(key) + " cannot be used without " + text_of(bound_key));
      }
      if (value.flag()) std::swap(out, bound);
      return true;
    }
    if (value.is_number() && number_allowed) {
      out = value;
      return true;
    }
    return refuse_type(!number_allowed ? "boolean"
                       : flag_allowed  ? "boolean/number"
                                       : "number",
                       key);
  }

  // An integer that is not negative.
  bool read_limit(Value node, std::string_view key, std::optional<std::int64_t>& out) {
    const Value value = node.find(key);
    if (value.is_undefined()) return true;
    if (!value.is_small()) return refuse(text_of(key) + " must be of an integer");
    if (value.small() < 0) return refuse(text_of(key) + " must be greater than or equal to 0");
    out = value.small();
    return true;
  }

  bool is_ordered(const std::optional<std::int64_t>& low, const std::optional<std::int64_t>& high,
                  std::string_view low_key, std::string_view high_key) {
    return !low || !high || *low <= *high ||
           refuse(text_of(low_key) + " cannot be greater than " + text_of(high_key));
  }

  bool read_limits(Value node, Schema& schema) {
    if (!read_limit(node, "minLength", schema.min_length) ||
        !read_limit(node, "maxLength", schema.max_length) ||
        !is_ordered(schema.min_length, schema.max_length, "minLength", "maxLength")) {
      return false;
    }
    if (!is_text_or_absent(node, "pattern")) return false;
    if (const Value pattern = node.find("pattern"); pattern.is_string()) {
      schema.pattern = regex(pattern.text());
      if (schema.pattern == nullptr) return refuse("pattern must be a valid regex");
    }
    if (!is_text_or_absent(node, "format")) return false;
    if (const Value format = node.find("format"); format.is_string()) {
      schema.format = format.text();
    }
    return read_limit(node, "minProperties", schema.min_properties) &&
           read_limit(node, "maxProperties", schema.max_properties) &&
           is_ordered(schema.min_properties, schema.max_properties, "minProperties",
                      "maxProperties");
  }

  // An array, or nothing; `out` is undefined when the keyword is absent.
  bool read_list(Value node, std::string_view key, Value& out) {
    out = node.find(key);
    return out.is_undefined() || out.is_array() || refuse(text_of(key) + " must be of an array");
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_rest(const Part& part, Schema& schema) {
    const Value node = part.node;
    Value required;
    if (!read_list(node, "required", required)) return false;
    std::set<std::string_view> names;
    for (const Value name : required.items()) {
      if (!name.is_string()) return refuse_type("string", "required");
      if (!names.insert(name.text()).second) return refuse("required items must be unique");
      schema.required.emplace_back(name.text());
    }
    if (!read_limit(node, "minItems", schema.min_items) ||
        !read_limit(node, "maxItems", schema.max_items)) {
      return false;
    }
    const Value unique = node.find("uniqueItems");
    if (!unique.is_undefined() && unique.kind() != Kind::boolean) {
      return refuse("uniqueItems must be of a boolean");
    }
    schema.unique_items = unique.is_true();
    const Value contains = node.find("contains");
    if (!contains.is_undefined() && draft_ != Draft::draft4) {
      schema.contains = make({contains, part.base});
      if (schema.contains == nullptr) return false;
    }
    const Value constant = node.find("const");
    if (!constant.is_undefined() && draft_ != Draft::draft4) {
      schema.constant = comparable(context_, constant);
    }
    return read_choices(node, schema);
  }

  bool read_choices(Value node, Schema& schema) {
    Value choices;
    if (!read_list(node, "enum", choices)) return false;
    if (choices.is_undefined()) return true;
    schema.choices.emplace();
    std::set<std::string> seen;
    for (const Value choice : choices.items()) {
      std::string text = comparable(context_, choice);
      if (!seen.insert(text).second) return refuse("enum items must be unique");
      schema.choices->push_back(std::move(text));
    }
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_combined(const Part& part, Schema& schema) {
    struct Row {
      std::string_view key;
      std::vector<const Schema*>& out;
    };
    const Row rows[] = {
        {"oneOf", schema.one_of}, {"anyOf", schema.any_of}, {"allOf", schema.all_of}};
    for (const Row& row : rows) {
      Value list;
      if (!read_list(part.node, row.key, list)) return false;
      for (const Value item : list.items()) {
        row.out.push_back(make({item, part.base}));
        if (row.out.back() == nullptr) return false;
      }
    }
    if (!read_one(part, "not", schema.negated)) return false;
    if (draft_ == Draft::draft4 || draft_ == Draft::draft6) return true;
    return read_one(part, "if", schema.condition) && read_one(part, "then", schema.consequence) &&
           read_one(part, "else", schema.alternative);
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  bool read_one(const Part& part, std::string_view key, const Schema*& out) {
    const Value value = part.node.find(key);
    if (value.is_undefined()) return true;
    if (!is_schema(value)) return refuse(text_of(key) + " must be of an object");
    out = make({value, part.base});
    return out != nullptr;
  }

  Context& context_;
  Compiled& out_;
  References references_;
  Draft draft_ = Draft::hybrid;
  std::map<std::string, const Schema*> referenced_;
  std::string problem_;
  int depth_ = 0;
};

}  // namespace

std::unique_ptr<Compiled> compile(Context& context, Value operand, std::string& problem) {
  const Value document = document_of(context, operand, problem);
  if (document.is_undefined()) return nullptr;
  auto out = std::make_unique<Compiled>();
  out->document = term::Document::of(document);
  Compiler compiler(context, *out);
  out->root = compiler.compile();
  if (out->root == nullptr || context.fault) {
    problem = std::move(compiler.problem());
    return nullptr;
  }
  out->bytes += out->document.bytes() + out->nodes.size() * sizeof(Schema);
  return out;
}

}  // namespace mc::builtin::schema
