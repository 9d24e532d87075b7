// Which fields of the schema each response key of an operation can stand for, and what is left of
// their values: the selections of all fragments merged, by position in the answer.
//
// A key that several fields can stand for (a union, an interface, two fragments) has the strictest
// of their masks (mask::stricter), with the key of that column; of equal ones the first that is
// listed. Belongs to one answer; document and masks must outlive it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gateway/listed_fields.h"
#include "graphql/graphql.h"
#include "mask/mask.h"

namespace mc::gateway {

// Of a listed field; `key` counts for masks that hash or tokenise.
struct ColumnMask {
  mask::Mask mask;
  mask::ColumnKey key;
};

// What the values of a leaf's type are, as far as masks care. `any`: of a custom scalar that nobody
// here knows.
enum class LeafKind : std::uint8_t {
  text,
  id,
  int32,
  int64,
  real,
  date,
  datetime,
  any,
  closed,  // Boolean, JSON, enums: they hold nothing that a mask makes
};
LeafKind leaf_kind(const graphql::TypeDef& type);
// Can a value of this kind hold what the mask makes? If not, null takes its place.
bool can_show(LeafKind kind, const mask::Mask& mask);

struct PlannedField {
  std::string_view key;   // in the answer
  std::string_view name;  // in the schema
  graphql::TypeRef type;
  std::uint32_t at = 0;                  // of the first selection, in the source
  std::uint32_t below = graphql::kNone;  // the node of its objects; kNone = it is a leaf
  LeafKind leaf = LeafKind::closed;
  bool plain = false;                  // a leaf that no list and no object can be
  const ColumnMask* masked = nullptr;  // null = shown as it is
  std::uint64_t seen = 0;              // for the reader: in which object it came last
};

class AnswerPlan {
 public:
  AnswerPlan(const ListedFields& listed, const graphql::Document& document,
             const graphql::OperationNode& operation, std::span<const ColumnMask> masks);

  static constexpr std::uint32_t kRoot = 0;
  // The field of this key in objects of a node, null when none was asked for. `expected` is where
  // it is looked for first; it moves behind what was found.
  PlannedField* find(std::uint32_t node, std::string_view key, std::uint32_t& expected);

 private:
  struct Node {
    std::uint32_t first = 0, count = 0;  // of fields_
  };
  using Places = std::vector<SelectionWalk::Place>;

  void fill(std::uint32_t node, const Places& places);
  PlannedField& field_of(const graphql::SelectionNode& node, const graphql::FieldDef& def);
  void mask(PlannedField& field, const graphql::FieldDef& def);

  const ListedFields& listed_;
  const graphql::Document& document_;
  std::span<const ColumnMask> masks_;
  SelectionWalk walk_;
  std::vector<std::uint32_t> slots_;  // by symbol: the latest field of that key
  std::uint32_t first_ = 0;           // of the node that is being filled
  std::vector<Node> nodes_;
  std::vector<Places> places_;  // by node, until it is filled
  std::vector<PlannedField> fields_;
  std::vector<std::uint32_t> sorted_;  // the fields of a node by key; where fields_ has them
};

}  // namespace mc::gateway
