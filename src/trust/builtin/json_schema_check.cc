// Validation: every problem of a document, with gojsonschema's scores, which decide whose problems
// anyOf and oneOf show.
#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "builtin/decimal.h"
#include "builtin/go_json.h"
#include "builtin/go_values.h"
#include "builtin/json_schema.h"
#include "builtin/patterns.h"
#include "builtin/runes.h"
#include "term/number.h"

namespace mc::builtin::schema {
namespace {

constexpr int kDepthMax = 1'000;

// Where in the document; the root has no parent.
struct Place {
  const Place* parent = nullptr;
  std::string_view name;

  std::string field() const {
    if (parent == nullptr) return "(root)";
    std::vector<std::string_view> names;
    for (const Place* at = this; at->parent != nullptr; at = at->parent) names.push_back(at->name);
    std::string out;
    for (std::size_t i = names.size(); i-- > 0;) {
      if (!out.empty() || i + 1 < names.size()) out += '.';
      out += names[i];
    }
    return out;
  }
};

struct Outcome {
  std::vector<Problem> problems;
  std::int64_t score = 0;  // how well it fits

  bool valid() const { return problems.empty(); }
  void merge(Outcome&& other) {
    score += other.score;
    problems.insert(problems.end(), std::make_move_iterator(other.problems.begin()),
                    std::make_move_iterator(other.problems.end()));
  }
};

std::string_view type_of(Value value) {
  if (value.is_number()) return term::is_integer(value) ? "integer" : "number";
  return term::kind_name(value.kind());
}

bool allows(const Schema& schema, std::string_view type) {
  const auto has = [&](std::string_view name) {
    return std::find(schema.types.begin(), schema.types.end(), name) != schema.types.end();
  };
  return schema.types.empty() || has(type) || (type == "integer" && has("number"));
}

std::string shown_types(const Schema& schema) {
  if (schema.types.size() == 1) return std::string(schema.types[0]);
  std::string out;
  for (const std::string_view type : schema.types) {
    if (!out.empty()) out += ',';
    out += type;
  }
  return "[" + out + "]";
}

std::string shown_number(Value number) {
  return go_float(term::to_long_double(number));
}

bool is_multiple(Value number, Value of) {
  const std::optional<Decimal> a = read_decimal(term::number_text(number));
  const std::optional<Decimal> b = read_decimal(term::number_text(of));
  if (!a || !b || !is_moderate(*a) || !is_moderate(*b)) return false;
  return divides(*b, *a);
}

class Checker {
 public:
  explicit Checker(Context& context) : context_(context) {}

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check(const Schema& schema, Value value, const Place& place, Outcome& out) {
    if (context_.fault || !context_.spend(2)) return;
    if (depth_ >= kDepthMax) {
      context_.fail("the schema or the document is nested too deeply");
      return;
    }
    ++depth_;
    check_here(schema, value, place, out);
    --depth_;
  }

 private:
  void add(Outcome& out, std::string_view type, const Place& place, std::string description) {
    out.problems.push_back({type, place.field(), std::move(description)});
    out.score -= 2;
    context_.reserve(out.problems.back().description.size());
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  Outcome apart(const Schema& schema, Value value, const Place& place) {
    Outcome out;
    check(schema, value, place, out);
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_here(const Schema& schema, Value value, const Place& place, Outcome& out) {
    if (schema.pass) {
      if (!*schema.pass) add(out, "false", place, "False always fails validation");
      return;
    }
    if (schema.reference != nullptr) return check(*schema.reference, value, place, out);
    const std::string_view type = type_of(value);
    if (!allows(schema, type)) {
      add(out, "invalid_type", place,
          "Invalid type. Expected: " + shown_types(schema) + ", given: " + std::string(type));
      return;
    }
    combine(schema, value, place, out);
    if (value.is_array()) check_array(schema, value, place, out);
    if (value.is_object()) check_object(schema, value, place, out);
    if (value.is_number()) check_number(schema, value, place, out);
    check_common(schema, value, place, out);
    if (value.is_string()) check_text(schema, value.text(), place, out);
    if (value.is_object()) {
      for (const auto& [name, property] : schema.properties) {
        const Value member = value.find(name);
        if (!member.is_undefined()) check(*property, member, Place{&place, name}, out);
      }
    }
    ++out.score;
  }

  // Keeps the outcome that fits best.
  static void keep_best(std::optional<Outcome>& best, Outcome&& other) {
    if (!best || other.score > best->score) best = std::move(other);
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void combine(const Schema& schema, Value value, const Place& place, Outcome& out) {
    if (!schema.any_of.empty()) check_any(schema, value, place, out);
    if (!schema.one_of.empty()) check_one(schema, value, place, out);
    if (!schema.all_of.empty()) check_all(schema, value, place, out);
    if (schema.negated != nullptr && apart(*schema.negated, value, place).valid()) {
      add(out, "number_not", place, "Must not validate the schema (not)");
    }
    if (value.is_object() && !schema.dependencies.empty()) {
      check_dependencies(schema, value, place, out);
    }
    if (schema.condition != nullptr) check_condition(schema, value, place, out);
    ++out.score;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_any(const Schema& schema, Value value, const Place& place, Outcome& out) {
    std::optional<Outcome> best;
    for (const Schema* const choice : schema.any_of) {
      Outcome outcome = apart(*choice, value, place);
      if (outcome.valid()) return;
      keep_best(best, std::move(outcome));
    }
    add(out, "number_any_of", place, "Must validate at least one schema (anyOf)");
    if (best) out.merge(std::move(*best));
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_one(const Schema& schema, Value value, const Place& place, Outcome& out) {
    std::size_t valid = 0;
    std::optional<Outcome> best;
    for (const Schema* const choice : schema.one_of) {
      Outcome outcome = apart(*choice, value, place);
      if (outcome.valid()) {
        ++valid;
      } else if (valid == 0) {
        keep_best(best, std::move(outcome));
      }
    }
    if (valid == 1) return;
    add(out, "number_one_of", place, "Must validate one and only one schema (oneOf)");
    if (valid == 0 && best) out.merge(std::move(*best));
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_all(const Schema& schema, Value value, const Place& place, Outcome& out) {
    bool all = true;
    for (const Schema* const part : schema.all_of) {
      Outcome outcome = apart(*part, value, place);
      all = all && outcome.valid();
      out.merge(std::move(outcome));
    }
    if (!all) add(out, "number_all_of", place, "Must validate all the schemas (allOf)");
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_dependencies(const Schema& schema, Value value, const Place& place, Outcome& out) {
    for (const term::Entry& entry : value.members()) {
      const auto at = schema.dependencies.find(entry.key.text());
      if (at == schema.dependencies.end()) continue;
      const Dependency& dependency = at->second;
      if (dependency.schema != nullptr) {
        check(*dependency.schema, value, place, out);
        continue;
      }
      for (const std::string& name : dependency.names) {
        if (!value.find(name).is_undefined()) continue;
        add(out, "missing_dependency", place, "Has a dependency on " + name);
      }
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_condition(const Schema& schema, Value value, const Place& place, Outcome& out) {
    const bool holds = apart(*schema.condition, value, place).valid();
    const Schema* const next = holds ? schema.consequence : schema.alternative;
    if (next == nullptr) return;
    Outcome outcome = apart(*next, value, place);
    if (outcome.valid()) return;
    add(out, holds ? "condition_then" : "condition_else", place,
        holds ? "Must validate \"then\" as \"if\" was valid"
              : "Must validate \"else\" as \"if\" was not valid");
    out.merge(std::move(outcome));
  }

  void check_common(const Schema& schema, Value value, const Place& place, Outcome& out) {
    if (schema.constant && comparable(context_, value) != *schema.constant) {
      add(out, "const", place, place.field() + " does not match: " + *schema.constant);
    }
    if (schema.choices) {
      const std::string text = comparable(context_, value);
      const std::vector<std::string>& choices = *schema.choices;
      if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
        std::string list;
        for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
        if (choices.empty()) list = "(none)";
        add(out, "enum", place, place.field() + " must be one of the following: " + list);
      }
    }
    if (!schema.format.empty() && value.is_string() &&
        !is_of_format(context_, schema.format, value.text())) {
      add(out, "format", place, "Does not match format '" + schema.format + "'");
    }
    ++out.score;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_item(const Schema& schema, Value value, std::size_t index, const Place& place,
                  Outcome& out) {
    const std::string name = std::to_string(index);
    out.merge(apart(schema, value.items()[index], Place{&place, name}));
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_array(const Schema& schema, Value value, const Place& place, Outcome& out) {
    const std::size_t count = value.size();
    const std::size_t own = schema.items.size();
    if (schema.items_is_one) {
      for (std::size_t i = 0; i < count; ++i) check_item(*schema.items[0], value, i, place, out);
    } else if (own > 0) {
      for (std::size_t i = 0; i < std::min(own, count); ++i) {
        check_item(*schema.items[i], value, i, place, out);
      }
      const Additional& more = schema.additional_items;
      if (own < count && more.flag && !*more.flag) {
        add(out, "array_no_additional_items", place, "No additional items allowed on array");
      }
      if (more.schema != nullptr) {
        for (std::size_t i = own; i < count; ++i) check_item(*more.schema, value, i, place, out);
      }
    }
    const auto size = static_cast<std::int64_t>(count);
    if (schema.min_items && size < *schema.min_items) {
      add(out, "array_min_items", place,
          "Array must have at least " + std::to_string(*schema.min_items) + " items");
    }
    if (schema.max_items && size > *schema.max_items) {
      add(out, "array_max_items", place,
          "Array must have at most " + std::to_string(*schema.max_items) + " items");
    }
    if (schema.unique_items) check_unique(value, place, out);
    if (schema.contains != nullptr) check_contains(schema, value, place, out);
    ++out.score;
  }

  void check_unique(Value value, const Place& place, Outcome& out) {
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < value.size() && !context_.fault; ++i) {
      const auto [at, is_new] = seen.try_emplace(comparable(context_, value.items()[i]), i);
      if (is_new) continue;
      add(out, "unique", place,
          "array items[" + std::to_string(at->second) + "," + std::to_string(i) +
              "] must be unique");
      at->second = i;
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_contains(const Schema& schema, Value value, const Place& place, Outcome& out) {
    std::optional<Outcome> best;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string name = std::to_string(i);
      Outcome outcome = apart(*schema.contains, value.items()[i], Place{&place, name});
      if (outcome.valid()) return;
      keep_best(best, std::move(outcome));
    }
    add(out, "contains", place, "At least one of the items must match");
    if (best) out.merge(std::move(*best));
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_object(const Schema& schema, Value value, const Place& place, Outcome& out) {
    const auto size = static_cast<std::int64_t>(value.size());
    if (schema.min_properties && size < *schema.min_properties) {
      add(out, "array_min_properties", place,
          "Must have at least " + std::to_string(*schema.min_properties) + " properties");
    }
    if (schema.max_properties && size > *schema.max_properties) {
      add(out, "array_max_properties", place,
          "Must have at most " + std::to_string(*schema.max_properties) + " properties");
    }
    for (const std::string& name : schema.required) {
      if (!value.find(name).is_undefined()) {
        ++out.score;
      } else {
        add(out, "required", place, name + " is required");
      }
    }
    for (const term::Entry& entry : value.members()) {
      check_member(schema, entry.key.text(), entry.value, place, out);
    }
    if (schema.property_names != nullptr) {
      for (const term::Entry& entry : value.members()) {
        Outcome outcome = apart(*schema.property_names, entry.key, place);
        if (outcome.valid()) continue;
        add(out, "invalid_property_name", place,
            "Property name of \"" + std::string(entry.key.text()) + "\" does not match");
        out.merge(std::move(outcome));
      }
    }
    ++out.score;
  }

  // patternProperties, and additionalProperties for what no other keyword describes.
  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  void check_member(const Schema& schema, std::string_view name, Value value, const Place& place,
                    Outcome& out) {
    const Place inside{&place, name};
    bool matched = false;
    for (const PatternProperty& property : schema.pattern_properties) {
      if (!regex_found(context_, *property.pattern, name)) continue;
      matched = true;
      out.merge(apart(*property.schema, value, inside));
    }
    if (matched) {
      ++out.score;
      return;
    }
    const auto at = std::lower_bound(
        schema.properties.begin(), schema.properties.end(), name,
        [](const auto& property, std::string_view wanted) { return property.first < wanted; });
    if (at != schema.properties.end() && at->first == name) return;
    const Additional& more = schema.additional_properties;
    if (more.flag && !*more.flag) {
      add(out, "additional_property_not_allowed", place,
          "Additional property " + std::string(name) + " is not allowed");
    }
    if (more.schema != nullptr) out.merge(apart(*more.schema, value, inside));
  }

  void check_text(const Schema& schema, std::string_view text, const Place& place, Outcome& out) {
    if (schema.min_length || schema.max_length) {
      const auto size = static_cast<std::int64_t>(rune_count(text));
      if (schema.min_length && size < *schema.min_length) {
        add(out, "string_gte", place,
            "String length must be greater than or equal to " + std::to_string(*schema.min_length));
      }
      if (schema.max_length && size > *schema.max_length) {
        add(out, "string_lte", place,
            "String length must be less than or equal to " + std::to_string(*schema.max_length));
      }
    }
    if (schema.pattern != nullptr && !regex_found(context_, *schema.pattern, text)) {
      add(out, "pattern", place, "Does not match pattern '" + schema.pattern->pattern() + "'");
    }
    ++out.score;
  }

  void check_number(const Schema& schema, Value value, const Place& place, Outcome& out) {
    if (!schema.multiple_of.is_undefined() && !is_multiple(value, schema.multiple_of)) {
      add(out, "multiple_of", place, "Must be a multiple of " + shown_number(schema.multiple_of));
    }
    const auto compare = [&](Value limit) { return term::compare(value, limit); };
    if (!schema.maximum.is_undefined() && compare(schema.maximum) > 0) {
      add(out, "number_lte", place,
          "Must be less than or equal to " + shown_number(schema.maximum));
    }
    if (!schema.exclusive_maximum.is_undefined() && compare(schema.exclusive_maximum) >= 0) {
      add(out, "number_lt", place, "Must be less than " + shown_number(schema.exclusive_maximum));
    }
    if (!schema.minimum.is_undefined() && compare(schema.minimum) < 0) {
      add(out, "number_gte", place,
          "Must be greater than or equal to " + shown_number(schema.minimum));
    }
    if (!schema.exclusive_minimum.is_undefined() && compare(schema.exclusive_minimum) <= 0) {
      add(out, "number_gt", place,
          "Must be greater than " + shown_number(schema.exclusive_minimum));
    }
    ++out.score;
  }

  Context& context_;
  int depth_ = 0;
};

}  // namespace

std::vector<Problem> check(Context& context, const Compiled& schema, Value document) {
  Outcome out;
  Checker(context).check(*schema.root, document, Place{}, out);
  return std::move(out.problems);
}

}  // namespace mc::builtin::schema
