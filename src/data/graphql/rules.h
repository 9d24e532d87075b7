// The rules by name, and the findings of a check: messages with places in one document.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graphql/graphql.h"

namespace mc::graphql {

// In the order of graphql-js: specifiedRules, then the rules that only definitions have.
enum class Rule : std::uint8_t {
  executable_definitions,
  unique_operation_names,
  lone_anonymous_operation,
  single_field_subscriptions,
  known_type_names,
  fragments_on_composite_types,
  variables_are_input_types,
  scalar_leafs,
  fields_on_correct_type,
  unique_fragment_names,
  known_fragment_names,
  no_unused_fragments,
  possible_fragment_spreads,
  no_fragment_cycles,
  unique_variable_names,
  no_undefined_variables,
  no_unused_variables,
  known_directives,
  unique_directives_per_location,
  known_argument_names,
  unique_argument_names,
  values_of_correct_type,
  provided_required_arguments,
  variables_in_allowed_position,
  overlapping_fields_can_be_merged,
  unique_input_field_names,
  max_introspection_depth,
  definitions,  // every rule of type system documents
  count_,
};
std::string_view rule_name(Rule rule);  // as graphql-js: "ScalarLeafsRule"

// Collects what the rules find. Places are byte offsets until take() turns them into lines and
// columns in one pass over the source, so many findings in a long line stay cheap.
class Findings {
 public:
  Findings(const Document& document, std::size_t errors_max);

  // Names with or without the ending "Rule"; unknown names switch nothing on.
  void enable_only(std::span<const std::string> names);
  bool wants(Rule rule) const { return (enabled_ >> static_cast<unsigned>(rule) & 1U) != 0; }

  void add(Rule rule, std::string message, std::span<const std::uint32_t> at);
  void add(Rule rule, std::string message, std::initializer_list<std::uint32_t> at) {
    add(rule, std::move(message), std::span(at.begin(), at.size()));
  }
  // Work without bound was asked for: the document is refused whatever rules are wanted.
  void abort();
  // The limit was passed: whoever walks should stop.
  bool aborted() const { return aborted_; }
  // How many more findings are listed before the limit.
  std::size_t room() const { return errors_max_ - std::min(errors_max_, found_.size()); }
  std::vector<GraphqlError> take();

 private:
  struct Found {
    Rule rule{};
    std::string message;
    std::vector<std::uint32_t> at;
  };
  const Document& document_;
  std::size_t errors_max_;
  std::uint64_t enabled_ = ~std::uint64_t{0};
  bool aborted_ = false;
  std::vector<Found> found_;
};

}  // namespace mc::graphql
