// The fields of an upstream's schema that a route lists, as columns of its resource, and what an
// operation reaches of them.
//
// Where a value comes from is not always said: a selection on an interface or a union stands for
// objects of several types, and a field of an object may be asked for through each of its
// interfaces. A field is taken for a listed one of the same name wherever one object can have both.
// Immutable; the schema must outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "gateway/route_config.h"
#include "graphql/graphql.h"

namespace mc::gateway {

// What an operation reaches, whatever its variables are.
class TouchedFields final : public graphql::Kept {
 public:
  struct Use {
    std::uint32_t argument = 0;                 // index into ListedFields::arguments()
    graphql::Symbol variable = graphql::kNone;  // that is the argument; kNone = something is given
    bool operator==(const Use&) const = default;
  };
  std::vector<int> columns;  // that its answer can show, sorted
  std::vector<Use> uses;
};

class ListedFields {
 public:
  // Column i is listed[i]. Errors name the field, and what is wrong with it.
  static Result<ListedFields> make(const graphql::Schema& schema,
                                   const std::vector<FieldConfig>& listed);

  struct Argument {
    std::string name;
    std::string place;  // "Query.people.email"
    int column = 0;     // that it finds, orders or groups by
  };
  // What a field of an object or interface stands for.
  struct Entry {
    std::vector<int> columns;
    std::vector<std::uint32_t> arguments;  // of arguments()
  };
  const Entry* find(const graphql::FieldDef& field) const;  // null = nothing that is listed
  const std::vector<Argument>& arguments() const { return arguments_; }
  const graphql::Schema& schema() const { return *schema_; }
  std::size_t size() const { return size_; }

  // Of a valid document.
  TouchedFields touched(const graphql::Document& document,
                        const graphql::OperationNode& operation) const;

 private:
  explicit ListedFields(const graphql::Schema& schema) : schema_(&schema) {}
  Status add_field(const FieldConfig& field, int column);
  Status add_argument(const std::string& place, int column);
  // Every field that can be `field` of an object of `type`.
  std::vector<const graphql::FieldDef*> alike(const graphql::TypeDef& type,
                                              const std::string& field) const;

  const graphql::Schema* schema_;
  std::size_t size_ = 0;
  std::vector<Argument> arguments_;
  std::unordered_map<const graphql::FieldDef*, Entry> entries_;
};

// The field that a selection names, meta fields too; null when there is none.
const graphql::FieldDef* selected_field(const graphql::Schema& schema, const graphql::TypeDef& type,
                                        std::string_view name);

// Walks the selections of an object in their order, those of fragments in place, each fragment
// once. Each place has the type that it stands under.
class SelectionWalk {
 public:
  SelectionWalk(const graphql::Schema& schema, const graphql::Document& document);

  struct Place {
    graphql::Index selections = graphql::kNone;
    const graphql::TypeDef* type = nullptr;
  };
  void begin();  // anew: fragments count as not seen
  void enter(const Place& place) { open_.push_back(place); }
  struct Found {
    const graphql::SelectionNode* node = nullptr;  // null = there are no more
    const graphql::TypeDef* parent = nullptr;
  };
  Found next();  // a field

 private:
  void spread(graphql::Symbol name);

  const graphql::Schema& schema_;
  const graphql::Document& document_;
  std::vector<graphql::Index> fragment_of_;  // by symbol
  std::vector<std::uint32_t> seen_;          // by fragment: in which walk
  std::uint32_t walk_ = 0;
  std::vector<Place> open_;
};

}  // namespace mc::gateway
