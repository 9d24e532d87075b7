#include "graphql/execute_plan.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace mc::graphql {
namespace {

// Whether a literal depends on the request. As deep as the parser allows.
bool has_variable(const Document& document, Index index) {
  const ValueNode& node = document.values[index];
  if (node.kind == ValueKind::variable) return true;
  if (node.kind == ValueKind::list) {
    for (Index i = node.first; i != kNone; i = document.values[i].next) {
      if (has_variable(document, i)) return true;
    }
  } else if (node.kind == ValueKind::object) {
    for (Index i = node.first; i != kNone; i = document.object_fields[i].next) {
      if (has_variable(document, document.object_fields[i].value)) return true;
    }
  }
  return false;
}

// Decided once here, so that writing a leaf compares no names.
Leaf leaf_of(const TypeDef& type) {
  if (type.kind == NamedKind::enum_) return Leaf::enum_;
  if (type.kind != NamedKind::scalar) return Leaf::none;
  if (!type.built_in) return Leaf::custom;
  if (type.name == "Int") return Leaf::integer;
  if (type.name == "Float") return Leaf::real;
  if (type.name == "Boolean") return Leaf::boolean;
  return type.name == "ID" ? Leaf::id : Leaf::text;
}

}  // namespace

// CollectFields of the specification (6.3.2) for one concrete type.
class Plan::Collector {
 public:
  Collector(const Plan& plan, const TypeDef& type, const Variables& variables)
      : plan_(plan),
        document_(plan.document_),
        budget_(std::numeric_limits<std::size_t>::max()),
        scope_{plan.schema_, plan.document_, variables, budget_},
        made_(std::make_unique<TypePlan>()) {
    made_->type = &type;
  }

  std::unique_ptr<TypePlan> collect(const SetPlan& set) {
    for (Index first : set.sets) {
      if (!selections(first)) return std::move(made_);
    }
    for (FieldPlan& field : made_->fields) finish(field);
    return std::move(made_);
  }

 private:
  // Without recursion, since fragments may follow each other for as long as the document is.
  // False means that made_->fault is set and collecting must stop.
  bool selections(Index first) {
    rest_.assign(1, first);
    while (!rest_.empty()) {
      const Index index = rest_.back();
      if (index == kNone) {
        rest_.pop_back();
        continue;
      }
      const SelectionNode& node = document_.selections[index];
      rest_.back() = node.next;
      // Each fragment counts once in a selection set, even when it spreads itself.
      if (node.kind == SelectionKind::spread && seen_.contains(node.name)) continue;
      auto included = is_included(scope_, node.directives);
      if (!included) {
        made_->fault = std::move(included).error();
        made_->fields.clear();
        return false;
      }
      if (!*included) continue;
      if (node.kind == SelectionKind::field) {
        field(index, node);
      } else {
        rest_.push_back(inside(node));
      }
    }
    return true;
  }

  // The first selection of a fragment that applies to the type; kNone when it does not.
  Index inside(const SelectionNode& node) {
    if (node.kind == SelectionKind::inline_fragment) {
      return applies(node.type_condition) ? node.selections : kNone;
    }
    seen_.insert(node.name);
    const Index index = node.name < plan_.fragments_.size() ? plan_.fragments_[node.name] : kNone;
    if (index == kNone) return kNone;
    const FragmentNode& fragment = document_.fragments[index];
    return applies(fragment.type_condition) ? fragment.selections : kNone;
  }

  // DoesFragmentTypeApply. The type is an object type, so equality and membership are all.
  bool applies(Symbol type_condition) const {
    if (type_condition == kNone) return true;
    const TypeDef* wanted = plan_.schema_.find(document_.name(type_condition));
    return wanted != nullptr && plan_.schema_.is_possible(wanted->id, made_->type->id);
  }

  // The first field of a response name fixes definition and arguments (validation made the others
  // equal); later ones add their selection sets and locations.
  void field(Index index, const SelectionNode& node) {
    const Symbol response_name = node.response_name();
    if (const auto found = by_name_.find(response_name); found != by_name_.end()) {
      if (found->second != kUnknown) made_->fields[found->second].nodes.push_back(index);
      return;
    }
    FieldPlan plan;
    if (!define(plan, document_.name(node.name))) {  // only in documents that were not validated
      by_name_.emplace(response_name, kUnknown);
      return;
    }
    by_name_.emplace(response_name, made_->fields.size());
    plan.response_name = document_.name(response_name);
    plan.nodes.push_back(index);
    made_->fields.push_back(std::move(plan));
  }

  // Finds the definition and who resolves it. __schema and __type exist on the query root only.
  bool define(FieldPlan& plan, std::string_view name) const {
    const Schema& schema = plan_.schema_;
    plan.field = nullptr;
    if (name.starts_with("__")) {
      const bool is_query = made_->type == schema.root(OperationKind::query);
      plan.source = Source::introspection;
      if (name == "__typename") {
        plan.field = &schema.typename_field();
        plan.source = Source::type_name;
      } else if (is_query && name == "__schema") {
        plan.field = &schema.schema_field();
      } else if (is_query && name == "__type") {
        plan.field = &schema.type_field();
      }
      return plan.field != nullptr;
    }
    plan.field = made_->type->field(name);
    // Objects of built-in types come from introspection only.
    if (made_->type->built_in) plan.source = Source::introspection;
    return plan.field != nullptr;
  }

  // What does not change between executions: the written key, the merged sets, and arguments
  // without variables.
  void finish(FieldPlan& plan) {
    plan.key = '"';
    plan.key += plan.response_name;
    plan.key += "\":";
    plan.named = &plan_.schema_.type(plan.field->type.named);
    plan.leaf = leaf_of(*plan.named);
    plan.plain_text = (plan.leaf == Leaf::text || plan.leaf == Leaf::id) &&
                      !plan.field->type.nullable().is_list();
    if (plan.leaf == Leaf::none) {
      plan.below = std::make_unique<SetPlan>();
      for (Index node : plan.nodes) {
        const Index first = document_.selections[node].selections;
        if (first != kNone) plan.below->sets.push_back(first);
      }
    }
    if (plan.field->arguments.empty()) return;
    const SelectionNode& node = document_.selections[plan.nodes.front()];
    for (Index i = node.arguments; i != kNone; i = document_.arguments[i].next) {
      plan.variable_arguments |= has_variable(document_, document_.arguments[i].value);
    }
    if (plan.variable_arguments) return;
    auto values = coerce_arguments(scope_, {plan.field->arguments, node.arguments, node.at});
    if (values) {
      plan.arguments = std::move(*values);
    } else {
      plan.fault = std::move(values).error();
    }
  }

  static constexpr std::size_t kUnknown = std::numeric_limits<std::size_t>::max();

  // Thousands of aliases must not make collecting quadratic, and few must not pay for hashing.
  // From response names to fields: linear while few, hashed when many.
  class Names {
   public:
    using Entry = std::pair<Symbol, std::size_t>;
    const Entry* find(Symbol name) const {
      if (hashed_.empty()) {
        const auto at = std::find_if(few_.begin(), few_.end(),
                                     [name](const Entry& entry) { return entry.first == name; });
        return at == few_.end() ? end() : &*at;
      }
      const auto found = hashed_.find(name);
      return found == hashed_.end() ? end() : &few_[found->second];
    }
    const Entry* end() const { return nullptr; }
    void emplace(Symbol name, std::size_t field) {
      few_.emplace_back(name, field);
      if (few_.size() < kLinearMax) return;
      for (std::size_t i = hashed_.size(); i < few_.size(); ++i) hashed_.emplace(few_[i].first, i);
    }

   private:
    static constexpr std::size_t kLinearMax = 24;
    std::vector<Entry> few_;
    std::unordered_map<Symbol, std::size_t> hashed_;
  };

  const Plan& plan_;
  const Document& document_;
  InputBudget budget_;
  CoerceScope scope_;
  std::unique_ptr<TypePlan> made_;
  Names by_name_;
  std::unordered_set<Symbol> seen_;  // fragments
  std::vector<Index> rest_;          // where to go on, innermost last
};

Plan::Plan(const Schema& schema, const Document& document, const OperationNode& operation)
    : schema_(schema), document_(document) {
  if (operation.selections != kNone) root_.sets.push_back(operation.selections);
  if (document.fragments.empty()) return;
  fragments_.resize(document.names.size(), kNone);
  for (Index i = 0; i < document.fragments.size(); ++i) {
    fragments_[document.fragments[i].name] = i;
  }
}

const TypePlan& Plan::fields(const SetPlan& set, const TypeDef& type, const Variables& variables) {
  // Most sets have one type, so the list is as good as a table.
  const auto find = [&type](const TypePlan* from) {
    while (from != nullptr && from->type != &type) from = from->next;
    return from;
  };
  if (const TypePlan* found = find(set.types.load(std::memory_order_acquire))) return *found;
  const std::lock_guard lock(growing_);
  // Somebody may have been faster between the two looks.
  const TypePlan* head = set.types.load(std::memory_order_relaxed);
  if (const TypePlan* found = find(head)) return *found;
  held_.push_back(build(set, type, variables));
  held_.back()->next = head;
  set.types.store(held_.back().get(), std::memory_order_release);
  return *held_.back();
}

std::unique_ptr<TypePlan> Plan::build(const SetPlan& set, const TypeDef& type,
                                      const Variables& variables) const {
  return Collector(*this, type, variables).collect(set);
}

std::optional<std::uint32_t> find_introspection(const Document& document) {
  // Names are interned: one comparison a name, then integers.
  for (std::size_t symbol = 0; symbol < document.names.size(); ++symbol) {
    if (document.names[symbol] != "__schema" && document.names[symbol] != "__type") continue;
    for (const SelectionNode& node : document.selections) {
      if (node.kind == SelectionKind::field && node.name == symbol) return node.name_at;
    }
  }
  return std::nullopt;
}

PreparedOperation::Inner::Inner(const Schema& schema_in, const Document& document_in,
                                const OperationNode& operation_in)
    : schema(schema_in), document(document_in), operation(operation_in) {
  // Of all operations of the document: too many conditions only cost the sharing.
  for (const DirectiveNode& directive : document.directives) {
    const std::string_view name = document.name(directive.name);
    if (name != "skip" && name != "include") continue;
    for (Index i = directive.arguments; i != kNone; i = document.arguments[i].next) {
      const ValueNode& value = document.values[document.arguments[i].value];
      if (value.kind != ValueKind::variable) continue;
      if (std::find(conditions_.begin(), conditions_.end(), value.name) == conditions_.end()) {
        conditions_.push_back(value.name);
      }
    }
    if (conditions_.size() > kConditionsMax) break;
  }
  if (conditions_.empty()) only_.emplace(schema, document, operation);
  const std::optional<std::uint32_t> at = find_introspection(document);
  introspects = at.has_value();
  introspects_at = at.value_or(0);
}

Plan* PreparedOperation::Inner::plan(const Variables& variables) {
  if (only_) return &*only_;
  if (conditions_.size() > kConditionsMax) return nullptr;
  std::uint64_t bits = 0;
  for (Symbol condition : conditions_) {
    const json::Value* value = variables.find(condition);
    const bool* flag = value == nullptr ? nullptr : value->as_bool();
    if (flag == nullptr) return nullptr;  // another operation's variable, or a fault to report
    bits = bits << 1 | (*flag ? 1u : 0u);
  }
  // Plans never move, so the pointer stays good outside the lock.
  return variants_.with([&](std::vector<Variant>& variants) -> Plan* {
    for (const Variant& variant : variants) {
      if (variant.bits == bits) return variant.plan.get();
    }
    if (variants.size() == kVariantsMax) return nullptr;
    variants.push_back({bits, std::make_unique<Plan>(schema, document, operation)});
    return variants.back().plan.get();
  });
}

PreparedOperation::PreparedOperation(const Schema& schema, const Document& document,
                                     const OperationNode& operation)
    : inner_(std::make_unique<Inner>(schema, document, operation)) {}
PreparedOperation::~PreparedOperation() = default;

const OperationNode& PreparedOperation::operation() const {
  return inner_->operation;
}

}  // namespace mc::graphql
