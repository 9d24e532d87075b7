// What a Catalog prepares once: for each schema field what it means, for each dataset its types.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataset/cursor.h"
#include "dataset/model.h"
#include "dataset/session.h"
#include "dataset/tenant_query.h"
#include "graphql/graphql.h"

namespace mc::dataset {

enum class FieldKind : std::uint8_t {
  none,
  // roots
  by_key,
  list,
  aggregate,
  create,
  update,
  remove,
  // of a row
  column,
  relation_one,
  relation_many,
  // of a connection, an edge, page information
  edges,
  nodes,
  page_info,
  total_count,
  node,
  cursor,
  has_next,
  has_previous,
  start_cursor,
  end_cursor,
  // of an aggregate, a group, numbers
  count,
  numbers,
  groups,
  group_key,
  number,
  // of private answers (private_schema.cc)
  private_root,
  private_aggregate,  // index: PrivateAggregate
  private_part,       // index: PrivatePart
  private_sql,
  private_queued
};

// Fields of DPAnswer, then of DPRow, of DPQuote, of DPQueued.
enum class PrivatePart : std::uint8_t {
  release,
  verdict,
  epsilon,
  delta,
  mechanism,
  snapshot,
  rows,
  quote,
  queued,
  key,
  value,
  low,
  high,
  quote_id,
  valid_until,
  rmse,
  half_width,
  always_shown,
  remaining,
  resets_at,
  queries_left,
  nearest,
  queue_runs_at,
  credits,
  queued_id,
  queued_state,
  queued_runs_at,
  queued_expires_at,
  queued_why
};

struct FieldPlan {
  FieldKind kind = FieldKind::none;
  int dataset = -1;  // of the parent object, or of the result for roots
  // Column, relation, function (numbers: 0 sum, 1 avg, 2 min, 3 max), or as the kind says.
  int index = -1;
};

struct DatasetPlan {
  explicit DatasetPlan(const Dataset& described)
      : dataset(&described),
        sqlite(described, sql::Dialect::sqlite),
        postgres(described, sql::Dialect::postgres) {}
  const TableSql& sql(sql::Dialect dialect) const {
    return dialect == sql::Dialect::sqlite ? sqlite : postgres;
  }

  const Dataset* dataset;
  TableSql sqlite, postgres;
  struct Placement {
    std::string region;
    std::size_t source = 0;  // index into Model::sources
  };
  std::vector<Placement> placements;
  bool placed = false;  // several: the tenant's region chooses
  int key = -1;         // column index
  int version = -1;     // column index, -1 = none
  graphql::TypeId type = 0, connection = 0, edge = 0, aggregate = 0, group = 0;
  graphql::TypeId numbers = graphql::kNoType;
  graphql::TypeId private_root = graphql::kNoType;
};

// A relation with its ends resolved to indices.
struct RelationPlan {
  int to = -1;      // dataset
  int local = -1;   // column of the owner
  int remote = -1;  // column of `to`
};

struct Catalog::Parts {
  Model model;
  std::string sdl;
  std::unique_ptr<graphql::Schema> schema;
  std::vector<FieldPlan> fields;  // by FieldDef::tag; 0 = none
  std::vector<DatasetPlan> datasets;
  std::vector<std::vector<RelationPlan>> relations;  // by dataset, by relation
  graphql::TypeId page_info = 0;
  graphql::TypeId private_answer = graphql::kNoType, private_row = graphql::kNoType,
                  private_quote = graphql::kNoType, private_queued = graphql::kNoType;
  CursorSealer sealer;

  Parts(Model m, const Secret& key) : model(std::move(m)), sealer(key) {}
  const FieldPlan& field(const graphql::FieldDef& def) const { return fields[def.tag]; }
  const DatasetPlan& dataset(int index) const { return datasets[static_cast<std::size_t>(index)]; }
  const RelationPlan& relation(const FieldPlan& plan) const {
    return relations[static_cast<std::size_t>(plan.dataset)][static_cast<std::size_t>(plan.index)];
  }
};

}  // namespace mc::dataset
