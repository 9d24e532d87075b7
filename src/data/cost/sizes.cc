// The values of slicing arguments and the sizes they make together.
#include <algorithm>
#include <cmath>

#include "cost/program.h"

namespace mc::cost {
namespace {

SizeValue integer_of(const json::Value& value, Presence presence) {
  if (const std::int64_t* number = value.as_int()) {
    return {presence, *number >= 0, std::clamp<std::int64_t>(*number, 0, kListSizeMax)};
  }
  const double* number = value.as_double();
  if (number == nullptr || !(*number >= 0) || std::floor(*number) != *number) {
    return {presence, false, 0};
  }
  const double most = static_cast<double>(kListSizeMax);
  return {presence, true, static_cast<std::int64_t>(std::min(*number, most))};
}

}  // namespace

SizeValue read_size(const json::Value* value, const SlicingPath& path, std::size_t step) {
  Presence presence = Presence::given;
  for (;; ++step) {
    if (value == nullptr || value->is_null()) {
      const std::optional<json::Value>& fallback = path[step]->default_value;
      if (!fallback || fallback->is_null()) return {};
      presence = Presence::by_default;
      value = &*fallback;
    }
    if (step + 1 == path.size()) return integer_of(*value, presence);
    const json::Object* object = value->as_object();
    if (object == nullptr) return {presence, false, 0};
    value = object->find(path[step + 1]->name);
  }
}

Status SizeTally::add(const SizeValue& value, const SlicingPath& path) {
  if (value.presence == Presence::absent) return ok();
  if (!value.fits) {
    std::string name;
    for (const graphql::InputValueDef* step : path) name += (name.empty() ? "" : ".") + step->name;
    return fail(Code::invalid,
                rule_.place + "(" + name + ":) must be an integer that is not negative");
  }
  ++(value.presence == Presence::given ? given_ : defaults_);
  largest_ = std::max(largest_, value.value);
  return ok();
}

Result<std::int64_t> SizeTally::size(const CostConfig& config) const {
  const bool one = given_ == 1 || (given_ == 0 && defaults_ == 1);
  if (rule_.require_one && !rule_.slicing.empty() && !one) {
    std::string names;
    for (const SlicingPath& path : rule_.slicing) {
      if (!names.empty()) names += ", ";
      for (std::size_t i = 0; i < path.size(); ++i) names += (i == 0 ? "" : ".") + path[i]->name;
    }
    return fail(Code::invalid, rule_.place + ": give exactly one of the arguments " + names);
  }
  return largest_ >= 0 ? largest_ : rule_.assumed.value_or(config.list_size);
}

}  // namespace mc::cost
