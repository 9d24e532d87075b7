// SDL to Schema, in passes: collect the definitions, order the types as graphql-js does, resolve
// names, coerce defaults, evaluate directives, then apply the rules of type validation.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graphql/graphql.h"

namespace mc::graphql {

// A definition or extension and the document that holds it.
struct SdlNode {
  const Document* document = nullptr;
  const TypeSystemNode* node = nullptr;
};
using Messages = std::vector<std::string>;

class SchemaBuilder {
 public:
  // Both documents must outlive build(). `user` may be null: a schema of the built-in parts only.
  SchemaBuilder(const Document& builtin, const Document* user);

  // Null when `messages` is not empty.
  std::unique_ptr<Schema> build(Messages& messages);

 private:
  struct Entry {
    std::vector<SdlNode> nodes;  // the definition, then its extensions in order
    bool built_in = false;
    TypeId id = kNoType;
  };
  using Entries = std::unordered_map<std::string_view, Entry>;

  // schema_build.cc
  void collect(const Document& document, bool built_in);
  void collect_node(SdlNode item, bool built_in);
  void attach_extensions();
  void order_types();
  void place(std::string_view name);
  void place_references(const Entry& entry);
  void place_type(const Document& document, Index type);
  void place_inputs(const Document& document, Index first);
  void make_directive(SdlNode item);
  void find_roots();
  void set_root(std::size_t kind, std::string_view name);
  void index_types();
  void number_fields();

  // schema_build_types.cc
  void fill_type(TypeDef& type, const Entry& entry);
  void add_fields(TypeDef& type, SdlNode item);
  void add_inputs(std::vector<InputValueDef>& inputs, const Document& document, Index first,
                  std::string_view owner);
  void add_enum_values(TypeDef& type, SdlNode item);
  void add_names(TypeDef& type, SdlNode item);
  TypeRef resolve(const Document& document, Index type);
  TypeId resolve_name(std::string_view name);
  void complain(std::string message);

  // schema_build_values.cc
  void set_defaults();
  bool resolve_input(TypeId id, std::size_t field);
  void set_arguments(std::span<InputValueDef> inputs, const Document& document, Index first);
  void set_default(InputValueDef& input, const Document& document, Index literal);
  void annotate();
  void annotate_type(TypeDef& type, const Entry& entry);
  void annotate_inputs(std::span<InputValueDef> inputs, const Document& document, Index first);
  std::vector<AppliedDirective> applied(const Document& document, Index first);
  json::Object arguments_of(const Document& document, const DirectiveNode& node);
  std::optional<std::string> directive_text(const Document& document, Index first,
                                            std::string_view directive, std::string_view argument);
  std::string description(const Document& document, Index value) const;

  const Document& builtin_;
  const Document* user_;
  std::unique_ptr<Schema> schema_;
  Messages* messages_ = nullptr;

  Entries entries_;
  std::vector<std::string_view> user_order_;
  std::vector<std::string_view> order_;
  std::unordered_set<std::string_view> placed_;
  std::vector<SdlNode> extensions_, schema_nodes_, directives_;
  bool has_schema_definition_ = false;

  enum class Progress : std::uint8_t { untouched, busy, done };
  struct PendingDefault {
    const Document* document = nullptr;
    Index literal = kNone;
    Progress progress = Progress::untouched;
  };
  std::vector<std::vector<PendingDefault>> pending_;  // of the fields of input types, by id
  int resolve_depth_ = 0;
};

// The rules of graphql-js validateSchema over a built schema; one message a finding.
void check_schema(const Schema& schema, Messages& messages);

// The rules for type system documents (graphql-js specifiedSDLRules); `builtin` knows the
// directives and types that every document may use.
void check_definitions(const Schema& builtin, const Document& document, Messages& messages);

}  // namespace mc::graphql
