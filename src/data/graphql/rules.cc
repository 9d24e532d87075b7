#include "graphql/rules.h"

#include <algorithm>
#include <array>
#include <map>

namespace mc::graphql {

std::string_view rule_name(Rule rule) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Rule::count_)> kNames = {
      "ExecutableDefinitionsRule",
      "UniqueOperationNamesRule",
      "LoneAnonymousOperationRule",
      "SingleFieldSubscriptionsRule",
      "KnownTypeNamesRule",
      "FragmentsOnCompositeTypesRule",
      "VariablesAreInputTypesRule",
      "ScalarLeafsRule",
      "FieldsOnCorrectTypeRule",
      "UniqueFragmentNamesRule",
      "KnownFragmentNamesRule",
      "NoUnusedFragmentsRule",
      "PossibleFragmentSpreadsRule",
      "NoFragmentCyclesRule",
      "UniqueVariableNamesRule",
      "NoUndefinedVariablesRule",
      "NoUnusedVariablesRule",
      "KnownDirectivesRule",
      "UniqueDirectivesPerLocationRule",
      "KnownArgumentNamesRule",
      "UniqueArgumentNamesRule",
      "ValuesOfCorrectTypeRule",
      "ProvidedRequiredArgumentsRule",
      "VariablesInAllowedPositionRule",
      "OverlappingFieldsCanBeMergedRule",
      "UniqueInputFieldNamesRule",
      "MaxIntrospectionDepthRule",
      "DefinitionsRule",
  };
  return kNames[static_cast<std::size_t>(rule)];
}

Findings::Findings(const Document& document, std::size_t errors_max)
    : document_(document), errors_max_(errors_max) {}

void Findings::enable_only(std::span<const std::string> names) {
  enabled_ = 0;
  for (const std::string& name : names) {
    for (unsigned i = 0; i < static_cast<unsigned>(Rule::count_); ++i) {
      const std::string_view full = rule_name(static_cast<Rule>(i));
      const std::string_view bare = full.substr(0, full.size() - std::string_view("Rule").size());
      if (name == full || name == bare) enabled_ |= std::uint64_t{1} << i;
    }
  }
}

void Findings::add(Rule rule, std::string message, std::span<const std::uint32_t> at) {
  if (aborted_ || !wants(rule)) return;
  if (found_.size() >= errors_max_) {
    aborted_ = true;
    found_.push_back(
        {rule, "Too many validation errors, error limit reached. Validation aborted.", {}});
    return;
  }
  found_.push_back({rule, std::move(message), {at.begin(), at.end()}});
}

void Findings::abort() {
  if (aborted_) return;
  aborted_ = true;
  found_.push_back({Rule::overlapping_fields_can_be_merged, "Validation aborted.", {}});
}

namespace {

// Line and column of every wanted offset, in one pass. Columns count UTF-16 code units.
class Places {
 public:
  void want(std::uint32_t at) { places_.emplace(at, Location{}); }
  const Location& of(std::uint32_t at) const { return places_.at(at); }

  void resolve(std::string_view source) {
    Location here;
    std::uint32_t at = 0;
    for (auto& [offset, location] : places_) {
      for (; at < offset && at < source.size(); ++at) step(source, at, here);
      location = here;
    }
  }

 private:
  static void step(std::string_view source, std::uint32_t at, Location& here) {
    const auto byte = static_cast<unsigned char>(source[at]);
    const bool crlf = byte == '\r' && at + 1 < source.size() && source[at + 1] == '\n';
    if (byte == '\n' || (byte == '\r' && !crlf)) {
      ++here.line;
      here.column = 1;
    } else if ((byte & 0xc0) != 0x80) {  // not the tail of a UTF-8 sequence
      here.column += byte >= 0xf0 ? 2 : 1;
    }
  }
  std::map<std::uint32_t, Location> places_;
};

}  // namespace

std::vector<GraphqlError> Findings::take() {
  Places places;
  for (const Found& found : found_) {
    for (const std::uint32_t at : found.at) places.want(at);
  }
  places.resolve(document_.source);
  std::vector<GraphqlError> errors;
  errors.reserve(found_.size());
  for (Found& found : found_) {
    GraphqlError& error = errors.emplace_back();
    error.message = std::move(found.message);
    error.code = "GRAPHQL_VALIDATION_FAILED";
    error.rule = rule_name(found.rule);
    for (const std::uint32_t at : found.at) error.locations.push_back(places.of(at));
  }
  found_.clear();
  return errors;
}

}  // namespace mc::graphql
