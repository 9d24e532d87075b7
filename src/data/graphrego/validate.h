// A query checked against a schema: gqlparser's rules, walk and words. Private to the module.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graphrego/document.h"

namespace mc::graphrego {

// Takes steps from a budget; false when there are none left.
using Spend = std::function<bool(std::int64_t)>;

struct Findings {
  std::vector<Fault> faults;  // in the order gqlparser tells them
  bool exhausted = false;     // the budget was used up: nothing may be said
};
Findings validate(const Schema& schema, QueryDocument& query, const Spend& spend);

// `Did you mean ...`: of `options`, those close to `typed`, the closest first.
std::vector<std::string> suggestions(std::string_view typed,
                                     const std::vector<std::string>& options);
// "A, B, or C", of at most five.
std::string or_list(const std::vector<std::string>& items);
std::string quoted_or_list(const std::vector<std::string>& items);

// One walk over operations, then fragments. Fragments are walked again below every operation that
// spreads them, with its variables.
class Validator {
 public:
  Validator(const Schema& schema, QueryDocument& query, const Spend& spend)
      : schema_(schema), query_(query), spend_(spend) {}
  Findings run();

 private:
  // validate.cc: the walk
  void walk(Operation& operation);
  void walk(Fragment& fragment);
  void walk(const Definition* parent, std::vector<Selection>& selections);
  void walk(const Definition* parent, Selection& selection);
  void walk_field(const Definition* parent, Selection& field);
  void walk(std::vector<Directive>& directives, std::string_view location);
  void walk(const FieldDefinition* definition, NamedLiteral& argument);
  void walk(Literal& literal);
  bool spend(std::int64_t steps = 1);
  void report(Place at, std::string message);
  const Definition* root(const std::string& operation) const;

  // rules.cc: what is looked at when; the rules of one event in the order of their names
  void on_field(const Selection& field);
  void on_operation(Operation& operation);
  void on_fragment(const Fragment& fragment);
  void on_inline_fragment(const Selection& fragment);
  void on_spread(const Selection& spread);
  void on_directive(const Directive& directive, std::string_view location);
  void on_directives(const std::vector<Directive>& directives);
  void on_variable(const VariableDefinition& variable);
  void fields_on_correct_type(const Selection& field);
  std::vector<std::string> types_with_field(const Definition& parent, const std::string& name);
  void scalar_leafs(const Selection& field);
  void single_field_subscription(const Operation& operation);
  void unique_arguments(const std::vector<NamedLiteral>& arguments);
  void possible_spread(const Selection& selection, const std::string& condition);
  void fragment_cycles(const Fragment& fragment);
  void unknown_type(Place at, const std::string& name);

  // rules_values.cc
  void on_value(const Literal& literal);
  void value_of_correct_type(const Literal& literal);
  void string_of_correct_type(const Literal& literal);
  void enum_of_correct_type(const Literal& literal);
  void object_of_correct_type(const Literal& literal);
  void variable_in_allowed_position(const Literal& literal);

  // overlap.cc: OverlappingFieldsCanBeMerged
  struct Conflict {
    std::string message, response_name;
    std::vector<Conflict> below;
    Place at;
    std::string text() const;
  };
  using Conflicts = std::vector<Conflict>;
  using Fields = std::vector<const Selection*>;
  struct Collected {
    std::vector<std::pair<std::string, Fields>> fields;  // by response name, as they come
    std::map<std::string, std::size_t> places;           // of the names in `fields`
    std::vector<const Selection*> spreads;
    const Fields* find(const std::string& name) const;
  };
  static void collect(const std::vector<Selection>& selections, Collected& found);
  static Collected collect(const std::vector<Selection>& selections);
  void overlapping_fields(const std::vector<Selection>& selections);
  void conflicts_with_fragment(Conflicts& found, bool exclusive, const Collected& fields,
                               const Selection& spread);
  void conflicts_between_fragments(Conflicts& found, bool exclusive, const Selection& a,
                                   const Selection& b);
  Conflicts conflicts_of_subfields(bool exclusive, const Selection& a, const Selection& b);
  void conflicts_between(Conflicts& found, bool exclusive, const Collected& a, const Collected& b);
  void conflict(Conflicts& found, bool exclusive, const Selection& a, const Selection& b);
  bool types_conflict(const Type& a, const Type& b) const;

  const Schema& schema_;
  QueryDocument& query_;
  const Spend& spend_;
  Findings findings_;
  Operation* operation_ = nullptr;        // the one walked now
  std::set<std::string> walked_spreads_;  // below the operation or fragment walked now
  int depth_ = 0;                         // of the selections walked now
  int conflict_depth_ = 0;                // of fields whose subfields are compared
  bool in_fragments_ = false;
  std::set<std::string> used_fragments_, fragment_names_, operation_names_, cycle_visited_;
  std::set<std::pair<std::string, std::pair<std::uint32_t, std::uint32_t>>> told_directives_;
  std::map<std::pair<std::string, std::string>, bool> compared_pairs_;  // -> exclusive
  std::set<std::string> compared_fragments_;
  std::list<FieldDefinition> typename_fields_;
};

}  // namespace mc::graphrego
