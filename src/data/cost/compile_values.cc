// Arguments, directives and list sizes to what is known of them and what their variables decide.
#include <algorithm>

#include "cost/compile.h"

namespace mc::cost {

using graphql::Index;
using graphql::kNone;
using graphql::ValueKind;
using graphql::ValueNode;

namespace {

std::optional<bool> boolean_of(const ValueNode& value) {
  if (value.kind == ValueKind::boolean_true) return true;
  if (value.kind == ValueKind::boolean_false) return false;
  return std::nullopt;
}

}  // namespace

Index Compiler::argument_named(Index first, std::string_view name) const {
  for (Index i = first; i != kNone; i = document_.arguments[i].next) {
    if (document_.name(document_.arguments[i].name) == name) return document_.arguments[i].value;
  }
  return kNone;
}

bool Compiler::taken_out(Index directives) const {
  for (Index i = directives; i != kNone; i = document_.directives[i].next) {
    const std::string_view name = document_.name(document_.directives[i].name);
    if (name != "skip" && name != "include") continue;
    const Index value = argument_named(document_.directives[i].arguments, "if");
    if (value == kNone) continue;
    const std::optional<bool> literal = boolean_of(document_.values[value]);
    if (literal && *literal == (name == "skip")) return true;
  }
  return false;
}

std::vector<std::uint32_t> Compiler::emit_tests(Index directives) {
  std::vector<std::uint32_t> tests;
  for (const std::string_view name : {"skip", "include"}) {
    for (Index i = directives; i != kNone; i = document_.directives[i].next) {
      if (document_.name(document_.directives[i].name) != name) continue;
      const Index at = argument_named(document_.directives[i].arguments, "if");
      if (at == kNone || document_.values[at].kind != ValueKind::variable) continue;
      Condition condition{.variable = variable(document_.values[at].name),
                          .wanted = name == "include"};
      const auto definition = definitions_.find(document_.values[at].name);
      const Index literal = definition == definitions_.end()
                                ? kNone
                                : document_.variables[definition->second].default_value;
      const std::optional<bool> fallback =
          literal == kNone ? std::nullopt : boolean_of(document_.values[literal]);
      condition.has_default = fallback.has_value();
      condition.fallback = fallback.value_or(false);
      tests.push_back(static_cast<std::uint32_t>(code_.instructions.size()));
      emit(Op::test, static_cast<std::uint32_t>(code_.conditions.size()));
      code_.conditions.push_back(condition);
    }
  }
  return tests;
}

// The slot of a variable; its default counts by the rules of Given.
std::uint32_t Compiler::variable(Symbol name) {
  const auto next = static_cast<std::uint32_t>(code_.variables.size());
  const auto [found, fresh] = variables_.try_emplace(name, next);
  if (!fresh) return found->second;
  Variable made;
  made.name = std::string(document_.name(name));
  const auto definition = definitions_.find(name);
  if (definition != definitions_.end()) {
    const graphql::VariableNode& node = document_.variables[definition->second];
    Index type = node.type;
    while (document_.types[type].kind != graphql::TypeKind::named) {
      type = document_.types[type].inner;
    }
    const graphql::TypeDef* named = schema_.find(document_.name(document_.types[type].name));
    if (named != nullptr) made.type = named->id;
    if (named != nullptr && node.default_value != kNone) {
      Sink sink;
      add_literal(node.default_value, {named->id, 0, true}, sink);
      made.has_default = true;
      made.fallback = {sink.times, sink.sum};
    }
  }
  code_.variables.push_back(std::move(made));
  return next;
}

void Compiler::add_arguments(Index first, const std::vector<graphql::InputValueDef>& definitions,
                             const std::vector<Milli>& weights, Field& field) {
  for (Index i = first; i != kNone; i = document_.arguments[i].next) {
    const std::string_view name = document_.name(document_.arguments[i].name);
    for (std::size_t at = 0; at < definitions.size(); ++at) {
      if (definitions[at].name != name) continue;
      Sink sink;
      add_literal(document_.arguments[i].value, {definitions[at].type.named, weights[at], false},
                  sink);
      field.own.add(sink.sum);
      break;
    }
  }
}

void Compiler::add_directives(Index first, Field& field) {
  for (Index i = first; i != kNone; i = document_.directives[i].next) {
    const std::string_view name = document_.name(document_.directives[i].name);
    const graphql::DirectiveDef* known = schema_.directive(name);
    if (known == nullptr || name == "skip" || name == "include") continue;
    const auto at = static_cast<std::size_t>(known - schema_.directives().data());
    add_arguments(document_.directives[i].arguments, known->arguments, model_.directives[at],
                  field);
  }
}

// As deep as the document's values, which the parser bounds.
void Compiler::add_literal(Index value, const Place& place, Sink& sink) {
  ++work_;
  const auto count = [&] { place.top ? void(++sink.times) : sink.sum.add(place.weight); };
  const ValueNode& node = document_.values[value];
  const graphql::TypeDef& type = schema_.type(place.type);
  if (node.kind == ValueKind::null) return;
  if (node.kind == ValueKind::variable) {
    if (place.weight == 0 && type.is_leaf()) return;
    const std::uint32_t slot = variable(node.name);
    code_.terms.push_back({slot, place.weight});
  } else if (type.is_leaf()) {
    count();
  } else if (node.kind == ValueKind::list) {
    for (Index i = node.first; i != kNone; i = document_.values[i].next) {
      add_literal(i, place, sink);
    }
  } else if (node.kind == ValueKind::object) {
    count();
    for (Index i = node.first; i != kNone; i = document_.object_fields[i].next) {
      const graphql::ObjectField& item = document_.object_fields[i];
      const graphql::InputValueDef* input = type.input(document_.name(item.name));
      if (input == nullptr) continue;
      const auto at = static_cast<std::size_t>(input - type.inputs.data());
      add_literal(item.value, {input->type.named, model_.inputs[type.id][at], false}, sink);
    }
  }
}

// The directives of a field are evaluated the same in every unit that has it.
Range Compiler::sizes_of(Index selection, const graphql::FieldDef& definition) {
  const auto known = sizes_.find(selection);
  if (known != sizes_.end()) return known->second;
  const FieldFacts& facts = model_.fields[definition.id];
  const Range range{static_cast<std::uint32_t>(code_.sizes.size()),
                    static_cast<std::uint32_t>(facts.sizes.size())};
  for (const std::uint32_t rule : facts.sizes) {
    Size size;
    size.rule = &model_.sizes[rule];
    size.slices.first = static_cast<std::uint32_t>(code_.slices.size());
    for (const SlicingPath& path : size.rule->slicing) {
      code_.slices.push_back(resolve_slice(
          argument_named(document_.selections[selection].arguments, path.front()->name), path, 0));
    }
    size.slices.count = static_cast<std::uint32_t>(size.rule->slicing.size());
    fold_size(size);
    code_.sizes.push_back(size);
  }
  sizes_.emplace(selection, range);
  return range;
}

// Down the literal to an integer, to nothing, or to a variable that has the rest of the path.
Slice Compiler::resolve_slice(Index value, const SlicingPath& path, std::size_t step) {
  Slice slice;
  while (value != kNone) {
    const ValueNode& node = document_.values[value];
    if (node.kind == ValueKind::null) break;
    if (node.kind == ValueKind::variable) {
      slice.variable = variable(node.name);
      slice.path = &path;
      slice.step = static_cast<std::uint32_t>(step);
      slice.null = read_size(nullptr, path, step);
      const auto definition = definitions_.find(node.name);
      const Index fallback = definition == definitions_.end()
                                 ? kNone
                                 : document_.variables[definition->second].default_value;
      slice.absent = resolve_slice(fallback, path, step).absent;
      return slice;
    }
    if (step + 1 == path.size() || node.kind != ValueKind::object) {
      const Result<std::int64_t> number = parse_int(document_.text(node));
      const bool fits = node.kind == ValueKind::int_ && number && *number >= 0;
      slice.absent = {Presence::given, fits, fits ? std::min(*number, kListSizeMax) : 0};
      return slice;
    }
    ++step;
    Index next = kNone;
    for (Index i = node.first; i != kNone; i = document_.object_fields[i].next) {
      const graphql::ObjectField& field = document_.object_fields[i];
      if (document_.name(field.name) == path[step]->name) next = field.value;
    }
    value = next;
  }
  slice.absent = read_size(nullptr, path, step);
  return slice;
}

// What breaks a rule stays, to be refused when the field is reached.
void Compiler::fold_size(Size& size) {
  SizeTally tally(*size.rule);
  for (std::uint32_t i = 0; i < size.slices.count; ++i) {
    const Slice& slice = code_.slices[size.slices.first + i];
    if (slice.variable != kNoIndex) return;
    if (!tally.add(slice.absent, size.rule->slicing[i])) return;
  }
  const Result<std::int64_t> value = tally.size(model_.config);
  if (!value) return;
  size.constant = true;
  size.value = *value;
  code_.slices.resize(size.slices.first);
}

// The outermost list has the sizes from above, else its own; those inside are assumed.
void Compiler::set_count(Index selection, const graphql::FieldDef& definition, const Set& set,
                         Field& field) {
  graphql::TypeRef type = definition.type.nullable();
  if (!type.is_list()) return;
  for (type = type.inner().nullable(); type.is_list(); type = type.inner().nullable()) {
    field.inner = product(field.inner, model_.config.list_size);
  }
  field.least = 0;
  field.refs.first = static_cast<std::uint32_t>(code_.refs.size());
  const auto use = [&](std::uint32_t index) {
    if (code_.sizes[index].constant) {
      field.least = std::max(field.least, code_.sizes[index].value);
    } else {
      code_.refs.push_back(index);
    }
  };
  bool sized = false;
  const Range above = set.sizing == kNone ? Range{} : sizes_[set.sizing];
  for (std::uint32_t i = above.first; i < above.first + above.count; ++i) {
    const std::vector<std::string>& names = code_.sizes[i].rule->sized_fields;
    if (std::find(names.begin(), names.end(), definition.name) == names.end()) continue;
    use(i);
    sized = true;
  }
  const FieldFacts& facts = model_.fields[definition.id];
  const Range own = sized ? Range{} : sizes_[selection];
  for (std::uint32_t i = own.first; i < own.first + own.count; ++i) {
    if (code_.sizes[i].rule->sized_fields.empty()) use(i);
  }
  if (!sized && facts.default_size) field.least = std::max(field.least, model_.config.list_size);
  field.refs.count = static_cast<std::uint32_t>(code_.refs.size()) - field.refs.first;
}

}  // namespace mc::cost
