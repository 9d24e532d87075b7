#include "cost/model.h"

#include <algorithm>
#include <cmath>

#include "cost/program.h"

namespace mc::cost {
namespace {

using graphql::AppliedDirective;
using graphql::FieldDef;
using graphql::InputValueDef;
using graphql::NamedKind;
using graphql::TypeDef;
using graphql::TypeId;
using graphql::TypeRef;

constexpr std::int64_t kCreditsMax = kWeightMax / kMilli;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "-12.5" in thousandths; nothing when it is no decimal of at most three places, or too large.
std::optional<Milli> parse_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view places = point == std::string_view::npos ? "" : text.substr(point + 1);
  const bool digits = std::all_of(whole.begin(), whole.end(), is_digit) &&
                      std::all_of(places.begin(), places.end(), is_digit);
  if (!digits || whole.empty() || places.size() > 3) return std::nullopt;
  if (point != std::string_view::npos && places.empty()) return std::nullopt;
  Milli value = 0;
  for (const char c : whole) {
    value = value * 10 + (c - '0');
    if (value > kCreditsMax) return std::nullopt;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    value = value * 10 + (i < places.size() ? places[i] - '0' : 0);
  }
  if (value > kWeightMax) return std::nullopt;
  return negative ? -value : value;
}

std::optional<Milli> parse_weight(const json::Value& value) {
  if (const std::string* text = value.as_string()) return parse_decimal(*text);
  if (const std::int64_t* whole = value.as_int()) {
    if (*whole > kCreditsMax || *whole < -kCreditsMax) return std::nullopt;
    return *whole * kMilli;
  }
  const double* number = value.as_double();
  if (number == nullptr || !(std::fabs(*number) <= static_cast<double>(kCreditsMax))) {
    return std::nullopt;
  }
  const Milli rounded = std::llround(*number * static_cast<double>(kMilli));
  const bool exact = static_cast<double>(rounded) / static_cast<double>(kMilli) == *number;
  return exact ? std::optional(rounded) : std::nullopt;
}

tl::unexpected<Error> refuse(const std::string& place, std::string_view why) {
  return fail(Code::invalid, place + ": " + std::string(why));
}

// The one directive of that name; null when there is none.
Result<const AppliedDirective*> find_one(const std::vector<AppliedDirective>& directives,
                                         std::string_view name, const std::string& place) {
  const AppliedDirective* found = nullptr;
  for (const AppliedDirective& directive : directives) {
    if (directive.name != name) continue;
    if (found != nullptr) return refuse(place, "@" + std::string(name) + " is given twice");
    found = &directive;
  }
  return found;
}

// The weight that @cost gives; nothing without it.
Result<std::optional<Milli>> weight_of(const std::vector<AppliedDirective>& directives,
                                       const std::string& place) {
  MC_TRY(const AppliedDirective* cost, find_one(directives, "cost", place));
  if (cost == nullptr) return std::optional<Milli>();
  const json::Value* value = cost->arguments.find("weight");
  const std::optional<Milli> weight = value == nullptr ? std::nullopt : parse_weight(*value);
  if (!weight) {
    return refuse(place,
                  "the weight of @cost must be a decimal with at most three places between "
                  "-1000000 and 1000000");
  }
  return weight;
}

std::string field_place(const TypeDef& type, const FieldDef& field) {
  return type.name + "." + field.name;
}

std::string argument_place(const std::string& owner, std::string_view argument) {
  return owner + "(" + std::string(argument) + ":)";
}

class ModelBuilder {
 public:
  explicit ModelBuilder(CostModel::State& state) : state_(state), schema_(*state.schema) {}

  Status run();

 private:
  Milli default_weight(TypeRef type) const { return schema_.type(type.named).is_leaf() ? 0 : 1000; }
  Status weigh_type(const TypeDef& type);
  void weigh_abstract_type(const TypeDef& type);
  Result<std::vector<Milli>> weigh_inputs(const std::vector<InputValueDef>& inputs,
                                          const std::string& owner, std::string_view close);
  Status add_field(const TypeDef& type, const FieldDef& field);
  Status add_interface_field(const TypeDef& type, const FieldDef& field);
  Status add_size(const TypeDef& type, const FieldDef& field, const AppliedDirective& directive);
  Status set_assumed(SizeRule& rule, const json::Object& arguments);
  Status set_sized_fields(SizeRule& rule, const FieldDef& field, const json::Object& arguments);
  Result<SlicingPath> slicing_path(const std::string& place, const FieldDef& field,
                                   std::string_view text);
  void inherit_sizes(FieldFacts& facts, const FieldFacts& from);

  CostModel::State& state_;
  const graphql::Schema& schema_;
};

Status ModelBuilder::run() {
  state_.types.assign(schema_.types().size(), 0);
  state_.fields.resize(schema_.field_count());
  state_.inputs.resize(schema_.types().size());
  for (const TypeDef& type : schema_.types()) MC_TRY_OK(weigh_type(type));
  for (const TypeDef& type : schema_.types()) weigh_abstract_type(type);
  for (const graphql::DirectiveDef& directive : schema_.directives()) {
    MC_TRY(auto weights, weigh_inputs(directive.arguments, "@" + directive.name + "(", ":)"));
    state_.directives.push_back(std::move(weights));
  }
  for (const TypeDef& type : schema_.types()) {
    if (type.kind != NamedKind::object) continue;
    for (const FieldDef& field : type.fields) MC_TRY_OK(add_field(type, field));
  }
  for (const TypeDef& type : schema_.types()) {
    if (type.kind != NamedKind::interface) continue;
    for (const FieldDef& field : type.fields) MC_TRY_OK(add_interface_field(type, field));
  }
  return ok();
}

Status ModelBuilder::weigh_type(const TypeDef& type) {
  MC_TRY(const std::optional<Milli> own, weight_of(type.directives, type.name));
  if (own && (type.is_abstract() || type.kind == NamedKind::input)) {
    return refuse(type.name, "@cost stands on objects, scalars and enums, not on this type");
  }
  state_.types[type.id] = own.value_or(type.is_leaf() ? 0 : kMilli);
  if (type.kind != NamedKind::input) return ok();
  MC_TRY(state_.inputs[type.id], weigh_inputs(type.inputs, type.name + ".", ""));
  return ok();
}

void ModelBuilder::weigh_abstract_type(const TypeDef& type) {
  if (!type.is_abstract() || type.possible.empty()) return;
  Milli largest = -kWeightMax;
  for (const TypeId id : type.possible) largest = std::max(largest, state_.types[id]);
  state_.types[type.id] = largest;
}

Result<std::vector<Milli>> ModelBuilder::weigh_inputs(const std::vector<InputValueDef>& inputs,
                                                      const std::string& owner,
                                                      std::string_view close) {
  std::vector<Milli> weights;
  for (const InputValueDef& input : inputs) {
    MC_TRY(const std::optional<Milli> own,
           weight_of(input.directives, owner + input.name + std::string(close)));
    weights.push_back(own.value_or(default_weight(input.type)));
  }
  return weights;
}

Status ModelBuilder::add_field(const TypeDef& type, const FieldDef& field) {
  const std::string place = field_place(type, field);
  FieldFacts& facts = state_.fields[field.id];
  MC_TRY(const std::optional<Milli> own, weight_of(field.directives, place));
  facts.weight = own.value_or(default_weight(field.type));
  MC_TRY(facts.arguments, weigh_inputs(field.arguments, place + "(", ":)"));
  MC_TRY(const AppliedDirective* size, find_one(field.directives, "listSize", place));
  return size == nullptr ? ok() : add_size(type, field, *size);
}

Status ModelBuilder::add_interface_field(const TypeDef& type, const FieldDef& field) {
  const std::string place = field_place(type, field);
  FieldFacts& facts = state_.fields[field.id];
  MC_TRY(const std::optional<Milli> own, weight_of(field.directives, place));
  if (own) return refuse(place, "@cost may not stand on the field of an interface");
  MC_TRY(const AppliedDirective* size, find_one(field.directives, "listSize", place));
  if (size != nullptr) MC_TRY_OK(add_size(type, field, *size));
  std::vector<const FieldDef*> implementations;
  for (const TypeId id : type.possible) {
    const FieldDef* implementation = schema_.type(id).field(field.name);
    if (implementation != nullptr) implementations.push_back(implementation);
  }
  facts.weight = implementations.empty() ? default_weight(field.type) : -kWeightMax;
  if (size == nullptr && !implementations.empty()) facts.default_size = false;
  for (const FieldDef* implementation : implementations) {
    const FieldFacts& from = state_.fields[implementation->id];
    facts.weight = std::max(facts.weight, from.weight);
    if (size == nullptr) inherit_sizes(facts, from);
  }
  for (const InputValueDef& argument : field.arguments) {
    MC_TRY(std::optional<Milli> weight,
           weight_of(argument.directives, argument_place(place, argument.name)));
    if (!weight) {
      for (const FieldDef* implementation : implementations) {
        const InputValueDef* same = implementation->argument(argument.name);
        if (same == nullptr) continue;
        const auto at = static_cast<std::size_t>(same - implementation->arguments.data());
        const Milli other = state_.fields[implementation->id].arguments[at];
        weight = std::max(weight.value_or(other), other);
      }
    }
    facts.arguments.push_back(weight.value_or(default_weight(argument.type)));
  }
  return ok();
}

bool same_path(const SlicingPath& a, const SlicingPath& b) {
  const InputValueDef& x = *a.front();
  const InputValueDef& y = *b.front();
  return std::equal(a.begin() + 1, a.end(), b.begin() + 1, b.end()) && x.name == y.name &&
         x.type.named == y.type.named && x.default_value == y.default_value;
}

bool same_rule(const SizeRule& a, const SizeRule& b) {
  return a.sized_fields == b.sized_fields && a.assumed == b.assumed &&
         a.require_one == b.require_one &&
         std::equal(a.slicing.begin(), a.slicing.end(), b.slicing.begin(), b.slicing.end(),
                    same_path);
}

void ModelBuilder::inherit_sizes(FieldFacts& facts, const FieldFacts& from) {
  facts.default_size = facts.default_size || from.default_size;
  for (const std::uint32_t candidate : from.sizes) {
    const bool known = std::any_of(facts.sizes.begin(), facts.sizes.end(), [&](std::uint32_t at) {
      return same_rule(state_.sizes[at], state_.sizes[candidate]);
    });
    if (!known) facts.sizes.push_back(candidate);
  }
}

// The texts of a list argument; nothing when it is absent, null or no list of texts.
std::vector<std::string> texts_of(const json::Object& arguments, std::string_view name) {
  std::vector<std::string> texts;
  const json::Value* value = arguments.find(name);
  if (value == nullptr) return texts;
  if (const std::string* one = value->as_string()) texts.push_back(*one);
  const json::Array* list = value->as_array();
  if (list == nullptr) return texts;
  for (const json::Value& item : *list) {
    texts.push_back(item.as_string() == nullptr ? std::string() : *item.as_string());
  }
  return texts;
}

Status ModelBuilder::add_size(const TypeDef& type, const FieldDef& field,
                              const AppliedDirective& directive) {
  SizeRule rule;
  rule.place = field_place(type, field);
  const json::Object& arguments = directive.arguments;
  MC_TRY_OK(set_assumed(rule, arguments));
  for (const std::string& text : texts_of(arguments, "slicingArguments")) {
    MC_TRY(SlicingPath path, slicing_path(rule.place, field, text));
    rule.slicing.push_back(std::move(path));
  }
  MC_TRY_OK(set_sized_fields(rule, field, arguments));
  const json::Value* require = arguments.find("requireOneSlicingArgument");
  if (require != nullptr && require->as_bool() != nullptr) rule.require_one = *require->as_bool();
  if (rule.sized_fields.empty() && !field.type.nullable().is_list()) {
    return refuse(rule.place, "@listSize stands on a list, or has sizedFields");
  }
  FieldFacts& facts = state_.fields[field.id];
  facts.sizes.push_back(static_cast<std::uint32_t>(state_.sizes.size()));
  facts.default_size = !rule.sized_fields.empty();
  state_.sizes.push_back(std::move(rule));
  return ok();
}

Status ModelBuilder::set_assumed(SizeRule& rule, const json::Object& arguments) {
  const json::Value* assumed = arguments.find("assumedSize");
  if (assumed == nullptr || assumed->is_null()) return ok();
  const std::int64_t* size = assumed->as_int();
  if (size == nullptr || *size < 0 || *size > kListSizeMax) {
    return refuse(rule.place, "assumedSize must be an integer from 0 to 1000000000");
  }
  rule.assumed = *size;
  return ok();
}

Status ModelBuilder::set_sized_fields(SizeRule& rule, const FieldDef& field,
                                      const json::Object& arguments) {
  rule.sized_fields = texts_of(arguments, "sizedFields");
  for (const std::string& name : rule.sized_fields) {
    const FieldDef* sized = schema_.type(field.type.named).field(name);
    if (sized == nullptr || !sized->type.nullable().is_list()) {
      return refuse(rule.place, "the sized field '" + name + "' must be a list of " +
                                    schema_.type(field.type.named).name);
    }
  }
  return ok();
}

Result<SlicingPath> ModelBuilder::slicing_path(const std::string& owner, const FieldDef& field,
                                               std::string_view text) {
  SlicingPath path;
  const std::string place = argument_place(owner, text);
  const TypeDef* within = nullptr;  // the input object of the step before
  for (std::string_view rest = text;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    const InputValueDef* step = path.empty() ? field.argument(name) : within->input(name);
    if (step == nullptr) return refuse(place, "there is no such slicing argument");
    path.push_back(step);
    const TypeRef type = step->type.nullable();
    within = &schema_.type(type.named);
    if (type.is_list()) return refuse(place, "a slicing argument must not be within a list");
    if (dot == std::string_view::npos) break;
    if (within->kind != NamedKind::input) {
      return refuse(place, "only input objects have parts that slice");
    }
    rest = rest.substr(dot + 1);
  }
  if (within->name != "Int") return refuse(place, "a slicing argument must be an Int");
  for (std::size_t step = 0; step < path.size(); ++step) {
    if (!read_size(nullptr, path, step).fits) {
      return refuse(place, "the default of a slicing argument must not be negative");
    }
  }
  return path;
}

}  // namespace

CostModel::CostModel(std::unique_ptr<const State> state) : state_(std::move(state)) {}
CostModel::~CostModel() = default;

const graphql::Schema& CostModel::schema() const {
  return *state_->schema;
}

Result<std::shared_ptr<const CostModel>> CostModel::make(const graphql::Schema& schema,
                                                         const CostConfig& config) {
  if (config.list_size < 1 || config.list_size > kListSizeMax) {
    return fail(Code::invalid, "list_size must be from 1 to 1000000000");
  }
  auto state = std::make_unique<State>();
  state->schema = &schema;
  state->config = config;
  MC_TRY_OK(ModelBuilder(*state).run());
  return std::shared_ptr<const CostModel>(new CostModel(std::move(state)));
}

}  // namespace mc::cost
