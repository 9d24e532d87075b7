#include "graphrego/validate.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mc::graphrego {

namespace {

constexpr std::size_t kFaultsMax = 100;
// Of selections below each other, those of fragments too, which the walk goes down into.
constexpr int kWalkDepthMax = 2 * kDepthMax;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

// Levenshtein's, where another case is one edit.
std::size_t distance(std::string_view a_text, std::string_view b_text) {
  if (a_text == b_text) return 0;
  const std::string a = lower(a_text), b = lower(b_text);
  if (a == b) return 1;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> suggestions(std::string_view typed,
                                     const std::vector<std::string>& options) {
  static constexpr std::size_t kLengthMax = 100;  // of names worth a comparison
  if (typed.size() > kLengthMax) return {};
  const std::size_t threshold = typed.size() * 4 / 10 + 1;
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const std::string& option : options) {
    if (option.size() > kLengthMax) continue;
    const std::size_t edits = distance(typed, option);
    if (edits <= threshold) found.emplace_back(edits, option);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [edits, name] : found) names.push_back(std::move(name));
  return names;
}

std::string or_list(const std::vector<std::string>& items) {
  const std::size_t count = std::min<std::size_t>(items.size(), 5);
  if (count == 2) return items[0] + " or " + items[1];
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += i + 1 == count ? ", or " : ", ";
    out += items[i];
  }
  return out;
}

std::string quoted_or_list(const std::vector<std::string>& items) {
  std::vector<std::string> quoted;
  for (const std::string& item : items) quoted.push_back('"' + item + '"');
  return or_list(quoted);
}

bool Validator::spend(std::int64_t steps) {
  if (!findings_.exhausted && !spend_(steps)) findings_.exhausted = true;
  return !findings_.exhausted;
}

void Validator::report(Place at, std::string message) {
  if (findings_.faults.size() < kFaultsMax) findings_.faults.push_back({std::move(message), at});
}

Findings Validator::run() {
  for (Operation& operation : query_.operations) {
    walked_spreads_.clear();
    walk(operation);
  }
  for (Fragment& fragment : query_.fragments) {
    walked_spreads_.clear();
    walk(fragment);
  }
  return std::move(findings_);
}

const Definition* Validator::root(const std::string& operation) const {
  if (operation == "mutation") return schema_.mutation;
  if (operation == "subscription") return schema_.subscription;
  return schema_.query;
}

void Validator::walk(Operation& operation) {
  operation_ = &operation;
  for (VariableDefinition& variable : operation.variables) {
    variable.definition = schema_.find(variable.type.name());
    on_variable(variable);
    if (!variable.default_value) continue;
    variable.default_value->expected = &variable.type;
    variable.default_value->definition = variable.definition;
  }
  std::string location = operation.operation.empty() ? "query" : operation.operation;
  std::transform(location.begin(), location.end(), location.begin(),
                 [](char c) { return static_cast<char>(c - ('a' - 'A')); });
  for (VariableDefinition& variable : operation.variables) {
    if (variable.default_value) walk(*variable.default_value);
    walk(variable.directives, "VARIABLE_DEFINITION");
  }
  walk(operation.directives, location);
  walk(root(operation.operation), operation.selections);
  on_operation(operation);
  operation_ = nullptr;
}

void Validator::walk(Fragment& fragment) {
  const Definition* const definition = schema_.find(fragment.condition);
  walk(fragment.directives, "FRAGMENT_DEFINITION");
  walk(definition, fragment.selections);
  on_fragment(fragment);
}

void Validator::walk(const Definition* parent, std::vector<Selection>& selections) {
  if (++depth_ > kWalkDepthMax) findings_.exhausted = true;
  for (Selection& selection : selections) {
    if (!spend()) break;
    walk(parent, selection);
  }
  --depth_;
}

void Validator::walk_field(const Definition* parent, Selection& field) {
  if (field.name == "__typename") {
    typename_fields_.push_back({"__typename", {}, {"String", {}, false, {}}, {}, {}, {}});
    field.definition = &typename_fields_.back();
  } else {
    field.definition = parent == nullptr ? nullptr : parent->field(field.name);
  }
  const Definition* const below =
      field.definition == nullptr ? nullptr : schema_.find(field.definition->type.name());
  for (NamedLiteral& argument : field.arguments) {
    walk(field.definition == nullptr ? nullptr
                                     : find_named(field.definition->arguments, argument.name),
         argument);
  }
  walk(field.directives, "FIELD");
  walk(below, field.selections);
  on_field(field);
}

void Validator::walk(const Definition* parent, Selection& selection) {
  selection.parent = parent;
  if (selection.kind == Selection::Kind::field) return walk_field(parent, selection);
  if (selection.kind == Selection::Kind::inline_fragment) {
    const Definition* const below =
        selection.condition.empty() ? parent : schema_.find(selection.condition);
    walk(selection.directives, "INLINE_FRAGMENT");
    walk(below, selection.selections);
    return on_inline_fragment(selection);
  }
  Fragment* const fragment = query_.find(selection.name);
  selection.fragment = fragment;
  walk(selection.directives, "FRAGMENT_SPREAD");
  if (fragment != nullptr && walked_spreads_.insert(fragment->name).second) {
    walk(schema_.find(fragment->condition), fragment->selections);
  }
  on_spread(selection);
}

void Validator::walk(std::vector<Directive>& directives, std::string_view location) {
  for (Directive& directive : directives) {
    const auto at = schema_.directives.find(directive.name);
    const bool known = at != schema_.directives.end();
    for (NamedLiteral& argument : directive.arguments) {
      walk(known ? find_named(at->second.arguments, argument.name) : nullptr, argument);
    }
    on_directive(directive, location);
  }
  on_directives(directives);
}

namespace {

bool has_default(const FieldDefinition& definition) {
  return definition.default_value && definition.default_value->kind != LiteralKind::null;
}

}  // namespace

void Validator::walk(const FieldDefinition* definition, NamedLiteral& argument) {
  if (definition != nullptr) {
    argument.value.expected = &definition->type;
    argument.value.expected_has_default = has_default(*definition);
    argument.value.definition = schema_.find(definition->type.name());
  }
  walk(argument.value);
}

void Validator::walk(Literal& literal) {
  if (!spend()) return;
  if (literal.kind == LiteralKind::variable && operation_ != nullptr) {
    literal.variable = nullptr;
    for (VariableDefinition& variable : operation_->variables) {
      if (variable.name != literal.raw) continue;
      variable.used = true;
      literal.variable = &variable;
      break;
    }
  }
  for (NamedLiteral& child : literal.children) {
    if (literal.kind == LiteralKind::object && literal.definition != nullptr) {
      walk(literal.definition->field(child.name), child);
      continue;
    }
    if (literal.kind == LiteralKind::list && literal.expected != nullptr &&
        !literal.expected->elem.empty()) {
      child.value.expected = &literal.expected->elem[0];
      child.value.definition = literal.definition;
    }
    walk(child.value);
  }
  on_value(literal);
}

Findings validate(const Schema& schema, QueryDocument& query, const Spend& spend) {
  return Validator(schema, query, spend).run();
}

}  // namespace mc::graphrego
