// What the validation rules share: the schema and document looked at together, each name resolved
// once. Private to the module; the entry is validate() in graphql.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graphql/graphql.h"
#include "graphql/rules.h"

namespace mc::graphql {

// The type expected where a literal stands, if known, and the place around it.
struct InputPlace {
  bool known = false;
  bool has_parent = false;
  bool has_default = false;
  TypeRef type = {};
  TypeRef parent = {};  // of the list or object that holds this value
};

class ValidationContext {
 public:
  ValidationContext(const Schema& schema, const Document& document, Findings& findings,
                    Suggestions suggestions);

  const Schema& schema;
  const Document& document;
  Findings& findings;
  const bool suggest;

  // Null for an unknown type.
  const TypeDef* type_of(Symbol name);
  // Null unless objects, interfaces or unions.
  const TypeDef* composite_of(Symbol name);
  std::optional<TypeRef> resolve(Index type);
  // kNone when there is none; of several with one name the last.
  Index fragment_of(Symbol name) const { return fragments_[name]; }
  // Of the fields a selection set may ask for, the meta fields included; null when unknown.
  const FieldDef* field_of(const TypeDef* parent, Symbol name);
  // True when some object may be of both types.
  bool overlap(const TypeDef& a, const TypeDef& b);
  bool is_subtype(TypeRef sub, TypeRef super) const;

  // Spreads below a selection set, nested sets included, in the order graphql-js visits them.
  std::vector<Index> spreads_below(Index first) const;

 private:
  enum : TypeId { kUnset = kNoType - 1 };
  std::vector<TypeId> types_;     // by Symbol
  std::vector<Index> fragments_;  // by Symbol
  std::unordered_map<std::uint64_t, bool> overlaps_;
};

// Known facts of a directive, from the schema or from the document itself.
struct DirectiveFacts {
  struct Argument {
    std::string_view name;
    std::string type;
    bool required = false;
  };
  std::vector<std::string_view> locations;
  std::vector<Argument> arguments;
  bool repeatable = false;
};

// Every directive that may be used in one document; its own definitions win.
class DirectiveTable {
 public:
  DirectiveTable(const Schema& schema, const Document& document);
  // Null when unknown. Facts are put together when first asked for.
  const DirectiveFacts* find(std::string_view name);

 private:
  const Schema& schema_;
  std::unordered_map<std::string_view, DirectiveFacts> facts_;
};

// Names used once within a list; cheap to restart.
class SymbolMarks {
 public:
  explicit SymbolMarks(std::size_t names) : round_(names, 0), at_(names, 0) {}
  void restart() { ++now_; }
  // The place where the name was first seen in this round, else nothing and remembers `at`.
  std::optional<std::uint32_t> seen(Symbol name, std::uint32_t at) {
    if (round_[name] == now_) return at_[name];
    round_[name] = now_;
    at_[name] = at;
    return std::nullopt;
  }

 private:
  std::vector<std::uint32_t> round_, at_;
  std::uint32_t now_ = 0;
};

// Rules on the directives of one node, without the values of their arguments.
class DirectiveCheck {
 public:
  DirectiveCheck(ValidationContext& context, DirectiveTable& table);

  // UniqueDirectivesPerLocation. `keep` adds to the round before (extensions of one type).
  void check_unique(Index first);
  void check_unique(Index first, std::unordered_map<Symbol, std::uint32_t>& seen);
  // KnownDirectives, KnownArgumentNames, UniqueArgumentNames.
  void enter(const DirectiveNode& node, std::string_view location);
  // ProvidedRequiredArguments.
  void leave(const DirectiveNode& node);
  // UniqueArgumentNames of any argument list.
  void check_argument_names(Index arguments);

 private:
  ValidationContext& context_;
  DirectiveTable& table_;
  SymbolMarks marks_;
};

// `Unknown type "X". Did you mean "Y"?`; `options` are the names to suggest from.
std::string unknown_type_message(std::string_view name, std::vector<std::string_view> options,
                                 bool suggest);

// ValuesOfCorrectType for a literal that is neither list nor object nor null nor variable, or that
// stands where no list or object may.
void check_leaf_value(ValidationContext& context, Index value, TypeRef type);

// The type system definitions of a document: which rules apply is up to the findings.
void walk_definitions(ValidationContext& context, DirectiveTable& table);

}  // namespace mc::graphql
