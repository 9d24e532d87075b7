// Selections to instructions: folding, fragments, abstract parents.
#include "cost/compile.h"

#include <algorithm>
#include <set>

namespace mc::cost {

using graphql::Index;
using graphql::kNone;
using graphql::SelectionKind;
using graphql::SelectionNode;
using graphql::TypeDef;

namespace {

constexpr int kDepthMax = 250;  // of nested selection sets

}  // namespace

Compiler::Compiler(const CostModel::State& model, const graphql::Document& document,
                   CostProgram::Body& code)
    : model_(model),
      schema_(*model.schema),
      document_(document),
      code_(code),
      fragments_(document.names.size(), kNone) {
  for (Index i = 0; i < document.fragments.size(); ++i) fragments_[document.fragments[i].name] = i;
}

Status Compiler::run(const graphql::OperationNode& operation) {
  const TypeDef* root = schema_.root(operation.kind);
  if (root == nullptr) return fail(Code::invalid, "operation: the schema has no such root type");
  code_.model = &model_;
  code_.root_weight = model_.types[root->id];
  for (Index i = operation.variables; i != kNone; i = document_.variables[i].next) {
    definitions_.emplace(document_.variables[i].name, i);
  }
  unit_of(kNone, kNone);
  barrier_ = 0;
  MC_TRY_OK(compile_set({operation.selections, root, kNone, 0}));
  emit(Op::ret);
  for (std::size_t unit = 1; unit < unit_keys_.size(); ++unit) MC_TRY_OK(compile_unit(unit));
  for (std::uint32_t i = 0; i < code_.variables.size(); ++i) {
    code_.variable_index.emplace(code_.variables[i].name, i);
  }
  return check_cycles();
}

Status Compiler::compile_unit(std::size_t unit) {
  const auto [index, sizing] = unit_keys_[unit];
  const graphql::FragmentNode& fragment = document_.fragments[index];
  const TypeDef* parent = schema_.find(document_.name(fragment.type_condition));
  if (parent == nullptr) {
    return fail(Code::invalid, "fragment " + std::string(document_.name(fragment.name)) +
                                   ": its type is not in the schema");
  }
  barrier_ = code_.instructions.size();
  code_.units[unit] = static_cast<std::uint32_t>(barrier_);
  MC_TRY_OK(compile_set({fragment.selections, parent, sizing, 0}));
  emit(Op::ret);
  return ok();
}

std::uint32_t Compiler::unit_of(Index fragment, Index sizing) {
  const auto next = static_cast<std::uint32_t>(unit_keys_.size());
  const auto [found, fresh] = unit_index_.try_emplace({fragment, sizing}, next);
  if (fresh) {
    unit_keys_.emplace_back(fragment, sizing);
    code_.units.push_back(0);
  }
  return found->second;
}

// What is folded has been work too: a fragment may be compiled for many fields above it.
Status Compiler::check_steps() const {
  const std::size_t steps = std::max(code_.steps() + unit_keys_.size(), work_);
  if (steps <= kProgramStepsMax) return ok();
  return fail(Code::exhausted, "the cost of this operation takes more than " +
                                   std::to_string(kProgramStepsMax) + " steps");
}

Status Compiler::compile_set(const Set& set) {
  if (set.depth > kDepthMax) {
    return fail(Code::exhausted, "selections are nested deeper than " + std::to_string(kDepthMax));
  }
  std::vector<Index> some;  // fragments that do not cover all objects of the parent
  for (Index i = set.first; i != kNone; i = document_.selections[i].next) {
    ++work_;
    MC_TRY_OK(check_steps());
    const SelectionNode& node = document_.selections[i];
    if (taken_out(node.directives)) continue;
    if (node.kind != SelectionKind::field && set.parent->is_abstract()) {
      MC_TRY(const TypeDef* condition, condition_of(i, set));
      if (!coverage(*set.parent, *condition).all) {
        some.push_back(i);
        continue;
      }
    }
    MC_TRY_OK(compile_selection(i, set));
  }
  return some.empty() ? ok() : compile_choices(some, set);
}

Status Compiler::compile_selection(Index selection, const Set& set) {
  const SelectionNode& node = document_.selections[selection];
  // Meta fields and all below them are free.
  if (node.kind == SelectionKind::field && document_.name(node.name).starts_with("__")) return ok();
  const std::vector<std::uint32_t> tests = emit_tests(node.directives);
  MC_TRY_OK(compile_body(selection, set));
  land(tests);
  return ok();
}

Status Compiler::compile_body(Index selection, const Set& set) {
  return document_.selections[selection].kind == SelectionKind::field
             ? compile_field(selection, set)
             : compile_fragment(selection, set);
}

Status Compiler::compile_field(Index selection, const Set& set) {
  const SelectionNode& node = document_.selections[selection];
  const graphql::FieldDef* definition = set.parent->field(document_.name(node.name));
  if (definition == nullptr) {
    return fail(Code::invalid, set.parent->name + "." + std::string(document_.name(node.name)) +
                                   ": there is no such field");
  }
  const FieldFacts& facts = model_.fields[definition->id];
  const TypeDef& type = schema_.type(definition->type.named);
  Field field;
  field.type_weight = model_.types[type.id];
  field.own.add(facts.weight);
  field.terms.first = static_cast<std::uint32_t>(code_.terms.size());
  add_arguments(node.arguments, definition->arguments, facts.arguments, field);
  add_directives(node.directives, field);
  field.terms.count = static_cast<std::uint32_t>(code_.terms.size()) - field.terms.first;
  const Range sizes = sizes_of(selection, *definition);
  set_count(selection, *definition, set, field);
  bool gives_sizes = false;
  for (std::uint32_t i = sizes.first; i < sizes.first + sizes.count; ++i) {
    if (!code_.sizes[i].constant) field.sizes = sizes;
    if (!code_.sizes[i].rule->sized_fields.empty()) gives_sizes = true;
  }
  const std::size_t start = code_.instructions.size();
  const auto index = static_cast<std::uint32_t>(code_.fields.size());
  code_.fields.push_back(field);
  emit(Op::enter, index);
  if (node.selections != kNone) {
    MC_TRY_OK(
        compile_set({node.selections, &type, gives_sizes ? selection : kNone, set.depth + 1}));
  }
  const std::optional<Cost> below = folded(start + 1);
  if (!below || field.terms.count + field.sizes.count + field.refs.count > 0) {
    emit(Op::leave, index);
    return ok();
  }
  truncate(start);
  code_.fields.pop_back();
  emit_add(field_cost(field, field.own, product(field.least, field.inner), *below));
  return ok();
}

Status Compiler::compile_fragment(Index selection, const Set& set) {
  const SelectionNode& node = document_.selections[selection];
  if (node.kind == SelectionKind::spread) {
    const Index fragment = fragments_[node.name];
    if (fragment == kNone) {
      return fail(Code::invalid,
                  "fragment " + std::string(document_.name(node.name)) + ": there is none");
    }
    emit(Op::call, unit_of(fragment, set.sizing));
    return ok();
  }
  MC_TRY(const TypeDef* condition, condition_of(selection, set));
  return compile_set({node.selections, condition, set.sizing, set.depth + 1});
}

Result<const TypeDef*> Compiler::condition_of(Index selection, const Set& set) const {
  const SelectionNode& node = document_.selections[selection];
  graphql::Symbol name = node.type_condition;
  if (node.kind == SelectionKind::spread) {
    const Index fragment = fragments_[node.name];
    if (fragment != kNone) name = document_.fragments[fragment].type_condition;
  } else if (name == kNone) {
    return set.parent;
  }
  const TypeDef* type = schema_.find(document_.name(name));
  if (type != nullptr) return type;
  return fail(Code::invalid,
              "fragment on " + std::string(document_.name(name)) + ": there is no such type");
}

const Coverage& Compiler::coverage(const TypeDef& parent, const TypeDef& condition) {
  const std::uint64_t key = (std::uint64_t{parent.id} << 32) | condition.id;
  const auto [found, fresh] = coverages_.try_emplace(key);
  Coverage& covered = found->second;
  if (!fresh) return covered;
  if (parent.id != condition.id) {
    for (std::uint32_t i = 0; i < parent.possible.size(); ++i) {
      if (schema_.is_possible(condition.id, parent.possible[i])) covered.objects.push_back(i);
    }
  }
  covered.all = parent.id == condition.id || covered.objects.size() == parent.possible.size();
  return covered;
}

// The fragments by the objects they cover, objects that are alike once. Nothing when there are too
// many.
std::optional<Range> Compiler::make_rows(const std::vector<Index>& fragments, const Set& set) {
  const std::size_t objects = set.parent->possible.size();
  if (objects * fragments.size() > kTypeChoicesMax) return std::nullopt;
  std::map<std::uint32_t, std::vector<std::uint32_t>> by_object;
  for (std::uint32_t i = 0; i < fragments.size(); ++i) {
    const auto condition = condition_of(fragments[i], set);
    if (!condition) continue;  // compile_set has asked before
    const Coverage& covered = coverage(*set.parent, **condition);
    for (const std::uint32_t object : covered.objects) by_object[object].push_back(i);
    work_ += covered.objects.size();
  }
  std::set<std::vector<std::uint32_t>> rows;
  for (auto& [object, row] : by_object) rows.insert(std::move(row));
  const Range range{static_cast<std::uint32_t>(code_.ordinals.size()),
                    static_cast<std::uint32_t>(rows.size())};
  for (const std::vector<std::uint32_t>& row : rows) {
    code_.ordinals.push_back(static_cast<std::uint32_t>(row.size()));
    code_.ordinals.insert(code_.ordinals.end(), row.begin(), row.end());
  }
  return range;
}

Status Compiler::compile_choices(const std::vector<Index>& fragments, const Set& set) {
  const std::optional<Range> rows = make_rows(fragments, set);
  const std::size_t start = code_.instructions.size();
  std::vector<Cost> constants;
  for (const Index fragment : fragments) {
    if (!rows) {
      MC_TRY_OK(compile_selection(fragment, set));
      continue;
    }
    const std::size_t branch = code_.instructions.size();
    emit(Op::branch);
    MC_TRY_OK(compile_selection(fragment, set));
    if (const std::optional<Cost> cost = folded(branch + 1)) constants.push_back(*cost);
    emit(Op::join);
  }
  if (!rows) return ok();
  if (constants.size() == fragments.size()) {
    const Cost cost =
        largest_row(code_.ordinals.data() + rows->first, rows->count, constants.data());
    code_.ordinals.resize(rows->first);
    truncate(start);
    emit_add(cost);
    return ok();
  }
  code_.choices.push_back({static_cast<std::uint32_t>(fragments.size()), *rows});
  emit(Op::choose, static_cast<std::uint32_t>(code_.choices.size() - 1));
  return ok();
}

// Validation refuses cycles; a program with one would never end.
Status Compiler::check_cycles() const {
  enum class State : std::uint8_t { unseen, open, done };
  struct Visit {
    std::uint32_t unit;
    std::uint32_t at;  // the next instruction to look at
  };
  std::vector<State> states(code_.units.size(), State::unseen);
  std::vector<Visit> visits = {{0, code_.units[0]}};
  states[0] = State::open;
  while (!visits.empty()) {
    const Instruction& next = code_.instructions[visits.back().at++];
    if (next.op == Op::ret) {
      states[visits.back().unit] = State::done;
      visits.pop_back();
    } else if (next.op == Op::call) {
      if (states[next.index] == State::open) {
        return fail(Code::invalid, "a fragment spreads itself");
      }
      if (states[next.index] == State::unseen) {
        states[next.index] = State::open;
        visits.push_back({next.index, code_.units[next.index]});
      }
    }
  }
  return ok();
}

// The cost of the instructions from there on, when it is a constant.
std::optional<Cost> Compiler::folded(std::size_t from) const {
  const std::size_t count = code_.instructions.size() - from;
  if (count == 0) return Cost{};
  const Instruction& first = code_.instructions[from];
  if (count > 1 || first.op != Op::add) return std::nullopt;
  return code_.constants[first.index];
}

void Compiler::emit(Op op, std::uint32_t index) {
  code_.instructions.push_back({op, index, 0});
}

void Compiler::emit_add(const Cost& cost) {
  if (cost == Cost{}) return;
  if (code_.instructions.size() > barrier_ && code_.instructions.back().op == Op::add) {
    Cost& last = code_.constants[code_.instructions.back().index];
    last = {sum(last.type, cost.type), sum(last.field, cost.field)};
    return;
  }
  emit(Op::add, static_cast<std::uint32_t>(code_.constants.size()));
  code_.constants.push_back(cost);
}

// Constants are in the order of the instructions that add them.
void Compiler::truncate(std::size_t to) {
  while (code_.instructions.size() > to) {
    if (code_.instructions.back().op == Op::add) code_.constants.pop_back();
    code_.instructions.pop_back();
  }
}

void Compiler::land(const std::vector<std::uint32_t>& tests) {
  if (tests.empty()) return;
  barrier_ = code_.instructions.size();
  for (const std::uint32_t test : tests) {
    code_.instructions[test].target = static_cast<std::uint32_t>(barrier_);
  }
}

}  // namespace mc::cost
