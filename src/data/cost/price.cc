// The code run with the variables of a request. Time is linear in the code and in the variables:
// a fragment runs once, and the cost of a variable is worked out once, wherever they are used.
#include <algorithm>
#include <array>
#include <memory_resource>
#include <optional>

#include "cost/compile.h"

namespace mc::cost {
namespace {

constexpr std::size_t kInputDepthMax = 200;  // of a variable's lists and objects

// The cost of one variable, by the rules of docs/formats/cost.md.
class InputWalk {
 public:
  explicit InputWalk(const CostModel::State& model) : model_(model) {}

  Result<Given> run(const json::Value& value, graphql::TypeId type);

 private:
  // A list or an object, and how far it has been walked.
  struct Level {
    const json::Value* value = nullptr;
    std::size_t next = 0;
    graphql::TypeId type = graphql::kNoType;
    Milli weight = 0;
    bool top = false;  // the weight is not known here
  };
  // False when it is nested too deep.
  bool visit(const Level& level);

  const CostModel::State& model_;
  Given given_;
  std::array<Level, kInputDepthMax> levels_;
  std::size_t depth_ = 0;
};

bool InputWalk::visit(const Level& level) {
  if (level.value->is_null()) return true;
  const bool leaf = level.type == graphql::kNoType || model_.schema->type(level.type).is_leaf();
  const bool list = level.value->as_array() != nullptr;
  const bool object = level.value->as_object() != nullptr;
  if (leaf || object) level.top ? void(++given_.times) : given_.below.add(level.weight);
  if (leaf || !(list || object)) return true;
  if (depth_ == levels_.size()) return false;
  levels_[depth_++] = level;
  return true;
}

Result<Given> InputWalk::run(const json::Value& value, graphql::TypeId named) {
  bool fits = visit({&value, 0, named, 0, true});
  while (fits && depth_ > 0) {
    Level& level = levels_[depth_ - 1];
    const std::size_t at = level.next++;
    if (const json::Array* list = level.value->as_array()) {
      if (at == list->size()) {
        --depth_;
      } else {
        fits = visit({&(*list)[at], 0, level.type, level.weight, level.top});
      }
      continue;
    }
    const json::Object& object = *level.value->as_object();
    if (at == object.size()) {
      --depth_;
      continue;
    }
    const json::Member& member = object.members()[at];
    const graphql::TypeDef& type = model_.schema->type(level.type);
    const graphql::InputValueDef* input = type.input(member.name);
    if (input == nullptr) continue;
    const auto index = static_cast<std::size_t>(input - type.inputs.data());
    const Milli weight = model_.inputs[type.id][index];
    fits = visit({&member.value, 0, input->type.named, weight, false});
  }
  if (fits) return given_;
  return fail(Code::invalid, "is nested deeper than " + std::to_string(kInputDepthMax) + " levels");
}

class Run {
 public:
  explicit Run(const CostProgram::Body& code);

  Result<Cost> price(const json::Object& variables);

 private:
  struct Slot {
    const json::Value* value = nullptr;
    std::optional<Given> given;
  };
  struct Return {
    std::uint32_t unit;
    std::uint32_t at;
  };

  Result<bool> passes(const Condition& condition) const;
  Status enter(const Field& field);
  Status leave(const Field& field);
  Result<const Given*> given(std::uint32_t variable);
  void choose(const Choice& choice);
  Cost pop();
  void add(const Cost& cost);
  // Where to go on.
  std::uint32_t call(std::uint32_t unit, std::uint32_t at);
  std::uint32_t finish();

  static constexpr std::size_t kInsideBytes = 8192;
  const CostProgram::Body& code_;
  alignas(std::max_align_t) std::array<std::byte, kInsideBytes> inside_;
  std::pmr::monotonic_buffer_resource memory_;
  std::pmr::vector<Slot> variables_;
  std::pmr::vector<std::int64_t> sizes_;
  std::pmr::vector<std::optional<Cost>> units_;
  std::pmr::vector<Cost> stack_, aside_;
  std::pmr::vector<Return> returns_;
};

Run::Run(const CostProgram::Body& code)
    : code_(code),
      memory_(inside_.data(), inside_.size()),
      variables_(code.variables.size(), &memory_),
      sizes_(code.sizes.size(), 0, &memory_),
      units_(code.units.size(), &memory_),
      stack_(&memory_),
      aside_(&memory_),
      returns_(&memory_) {
  stack_.reserve(16);
}

void Run::add(const Cost& cost) {
  Cost& top = stack_.back();
  top = {sum(top.type, cost.type), sum(top.field, cost.field)};
}

Cost Run::pop() {
  const Cost top = stack_.back();
  stack_.pop_back();
  return top;
}

Result<bool> Run::passes(const Condition& condition) const {
  const json::Value* value = variables_[condition.variable].value;
  if (value == nullptr && condition.has_default) return condition.fallback == condition.wanted;
  const bool* flag = value == nullptr ? nullptr : value->as_bool();
  if (flag != nullptr) return *flag == condition.wanted;
  return fail(Code::invalid,
              "$" + code_.variables[condition.variable].name + " must be true or false");
}

Status Run::enter(const Field& field) {
  for (std::uint32_t i = field.sizes.first; i < field.sizes.first + field.sizes.count; ++i) {
    const Size& size = code_.sizes[i];
    if (size.constant) continue;
    SizeTally tally(*size.rule);
    for (std::uint32_t at = 0; at < size.slices.count; ++at) {
      const Slice& slice = code_.slices[size.slices.first + at];
      const json::Value* value =
          slice.variable == kNoIndex ? nullptr : variables_[slice.variable].value;
      SizeValue found = value == nullptr ? slice.absent : slice.null;
      if (value != nullptr && !value->is_null()) found = read_size(value, *slice.path, slice.step);
      MC_TRY_OK(tally.add(found, size.rule->slicing[at]));
    }
    MC_TRY(sizes_[i], tally.size(code_.model->config));
  }
  stack_.push_back({});
  return ok();
}

Result<const Given*> Run::given(std::uint32_t variable) {
  Slot& slot = variables_[variable];
  const Variable& known = code_.variables[variable];
  if (!slot.given && slot.value != nullptr) {
    auto walked = walk_input(*code_.model, *slot.value, known.type);
    if (!walked) return fail(Code::invalid, "$" + known.name + " " + walked.error().what);
    slot.given = *walked;
  } else if (!slot.given) {
    slot.given = known.fallback;
  }
  return &*slot.given;
}

Status Run::leave(const Field& field) {
  WeightSum own = field.own;
  for (std::uint32_t i = field.terms.first; i < field.terms.first + field.terms.count; ++i) {
    const Term& term = code_.terms[i];
    MC_TRY(const Given* value, given(term.variable));
    own.add(term.weight, value->times);
    own.add(value->below);
  }
  std::int64_t size = field.least;
  for (std::uint32_t i = field.refs.first; i < field.refs.first + field.refs.count; ++i) {
    size = std::max(size, sizes_[code_.refs[i]]);
  }
  const Cost below = pop();
  add(field_cost(field, own, product(size, field.inner), below));
  return ok();
}

void Run::choose(const Choice& choice) {
  const std::size_t first = aside_.size() - choice.count;
  const Cost cost = largest_row(code_.ordinals.data() + choice.rows.first, choice.rows.count,
                                aside_.data() + first);
  aside_.resize(first);
  add(cost);
}

std::uint32_t Run::call(std::uint32_t unit, std::uint32_t at) {
  if (units_[unit]) {
    add(*units_[unit]);
    return at;
  }
  returns_.push_back({unit, at});
  stack_.push_back({});
  return code_.units[unit];
}

std::uint32_t Run::finish() {
  const Return back = returns_.back();
  returns_.pop_back();
  units_[back.unit] = pop();
  add(*units_[back.unit]);
  return back.at;
}

Result<Cost> Run::price(const json::Object& variables) {
  if (!code_.variables.empty()) {
    for (const json::Member& member : variables.members()) {
      const auto found = code_.variable_index.find(member.name);
      if (found != code_.variable_index.end()) variables_[found->second].value = &member.value;
    }
  }
  stack_.push_back({});
  for (std::uint32_t at = 0;;) {
    const Instruction& now = code_.instructions[at++];
    switch (now.op) {
      case Op::add:
        add(code_.constants[now.index]);
        break;
      case Op::test: {
        MC_TRY(const bool inside, passes(code_.conditions[now.index]));
        if (!inside) at = now.target;
        break;
      }
      case Op::enter:
        MC_TRY_OK(enter(code_.fields[now.index]));
        break;
      case Op::leave:
        MC_TRY_OK(leave(code_.fields[now.index]));
        break;
      case Op::call:
        at = call(now.index, at);
        break;
      case Op::branch:
        stack_.push_back({});
        break;
      case Op::join:
        aside_.push_back(pop());
        break;
      case Op::choose:
        choose(code_.choices[now.index]);
        break;
      case Op::ret:
        if (returns_.empty()) {
          const Cost below = pop();
          return Cost{std::max<Milli>(0, std::min(code_.root_weight + below.type, kCostMax)),
                      below.field};
        }
        at = finish();
        break;
    }
  }
}

}  // namespace

Result<Given> walk_input(const CostModel::State& model, const json::Value& value,
                         graphql::TypeId type) {
  return InputWalk(model).run(value, type);
}

Cost largest_row(const std::uint32_t* rows, std::size_t count, const Cost* costs) {
  Cost largest;
  for (std::size_t i = 0; i < count; ++i) {
    Cost row;
    const std::uint32_t members = *rows++;
    for (std::uint32_t at = 0; at < members; ++at) {
      const Cost& cost = costs[*rows++];
      row = {sum(row.type, cost.type), sum(row.field, cost.field)};
    }
    largest = {std::max(largest.type, row.type), std::max(largest.field, row.field)};
  }
  return largest;
}

Cost field_cost(const Field& field, const WeightSum& own, std::int64_t count, const Cost& below) {
  const Milli each = std::max<Milli>(0, std::min(field.type_weight + below.type, kCostMax));
  return {product(count, each), sum(own.total(), product(count, below.field))};
}

std::int64_t Cost::credits() const {
  return std::max<std::int64_t>(1, (std::max(type, field) + kMilli - 1) / kMilli);
}

CostProgram::CostProgram(std::unique_ptr<const Body> code) : code_(std::move(code)) {}
CostProgram::~CostProgram() = default;

Result<std::unique_ptr<const CostProgram>> CostProgram::make(const CostModel& model,
                                                             const graphql::Document& document,
                                                             std::size_t operation) {
  if (operation >= document.operations.size()) {
    return fail(Code::invalid, "operation: the document has no such one");
  }
  auto code = std::make_unique<Body>();
  MC_TRY_OK(Compiler(model.state(), document, *code).run(document.operations[operation]));
  return std::unique_ptr<const CostProgram>(new CostProgram(std::move(code)));
}

Result<Cost> CostProgram::price(const json::Object& variables) const {
  return Run(*code_).price(variables);
}

bool CostProgram::depends_on_variables() const {
  return !code_->variables.empty();
}

std::size_t CostProgram::steps() const {
  return code_->steps();
}

}  // namespace mc::cost
