// Dispatch, rows by key, plain columns, relations to one.
#include <unordered_map>

#include "dataset/core.h"

namespace mc::dataset {
namespace {

using graphql::Datum;

void resolve_column(const Call& call) {
  const Dataset& dataset = *call.core.plan(call.plan.dataset).dataset;
  const Column& column = dataset.columns[static_cast<std::size_t>(call.plan.index)];
  for (std::size_t i = 0; i < call.parents.size(); ++i) {
    const auto& rows = *static_cast<const RowSet*>(call.parents[i].data);
    const Cell& cell = rows.at(call.parents[i].index, call.plan.index);
    call.out[i] = call.core.datum(column, cell, call.field.arena);
  }
}

Result<RowSet*> read_targets(const Call& call, const RelationPlan& relation,
                             const std::vector<const Cell*>& keys) {
  Session::Core& core = call.core;
  MC_TRY(sql::Connection * connection, core.reader(relation.to));
  TenantQuery query(core.tenant, *core.plan(relation.to).dataset, connection->dialect());
  std::vector<int> columns = core.columns_for(call.field.selected, relation.to, {relation.remote});
  TenantQuery::Parts parts;
  parts.list = read_list(query, columns);
  parts.where =
      in_json_list(query.column(relation.remote), query.dialect(), query.bind(json_list(keys)));
  return core.read(*connection, std::move(query).select(parts), relation.to, std::move(columns),
                   call.field.arena);
}

}  // namespace

std::string json_list(const std::vector<const Cell*>& cells) {
  std::string out = "[";
  for (const Cell* cell : cells) {
    if (out.size() > 1) out += ',';
    if (cell->kind == Cell::Kind::text) {
      json::append_quoted(out, cell->text);
    } else {
      out += std::to_string(cell->integer);
    }
  }
  return out + "]";
}

std::vector<const Cell*> parent_cells(const Call& call, int local) {
  std::vector<const Cell*> cells;
  cells.reserve(call.parents.size());
  for (const graphql::Object& parent : call.parents) {
    cells.push_back(&static_cast<const RowSet*>(parent.data)->at(parent.index, local));
  }
  return cells;
}

std::vector<const Cell*> distinct(const std::vector<const Cell*>& cells) {
  std::unordered_map<std::string_view, bool> seen;
  std::vector<const Cell*> out;
  for (const Cell* cell : cells) {
    if (cell->kind == Cell::Kind::null || cell->kind == Cell::Kind::bad) continue;
    if (seen.emplace(cell->key(), true).second) out.push_back(cell);
  }
  return out;
}

Result<std::optional<sql::Param>> key_param(const Session::Core& core, int dataset,
                                            sql::Dialect dialect, const json::Object& arguments) {
  const DatasetPlan& plan = core.plan(dataset);
  const Column& column = plan.dataset->columns[static_cast<std::size_t>(plan.key)];
  const json::Value* value = arguments.find(plan.dataset->key);
  if (value == nullptr) return fail(Code::invalid, plan.dataset->key + ": is missing");
  Result<sql::Param> param = to_param(column, dialect, *value, core.options.limits.text_bytes_max);
  if (param) return std::optional<sql::Param>(std::move(*param));
  // "abc" in a column of numbers is simply not there.
  if (column.storage == Storage::integer && value->as_string() != nullptr) {
    return std::optional<sql::Param>();
  }
  return fail(param.error().code, plan.dataset->key + ": " + param.error().what);
}

Result<const RowSet*> read_by_key(Session::Core& core, sql::Connection& connection, int dataset,
                                  const sql::Param& key, const graphql::FieldCall& field) {
  const DatasetPlan& plan = core.plan(dataset);
  TenantQuery query(core.tenant, *plan.dataset, connection.dialect());
  std::vector<int> columns = core.columns_for(field.selected, dataset);
  TenantQuery::Parts parts;
  parts.list = read_list(query, columns);
  const Column& column = query.column(plan.key);
  parts.where =
      sql::quoted(column.column) + " = " + operand(column, query.dialect(), query.bind(key));
  MC_TRY(const RowSet* rows, core.read(connection, std::move(query).select(parts), dataset,
                                       std::move(columns), field.arena));
  return rows->count == 0 ? nullptr : rows;
}

void resolve_by_key(const Call& call) {
  const auto read = [&]() -> Result<const RowSet*> {
    MC_TRY(sql::Connection * connection, call.core.reader(call.plan.dataset));
    MC_TRY(const std::optional<sql::Param> key,
           key_param(call.core, call.plan.dataset, connection->dialect(), call.field.arguments));
    if (!key) return nullptr;
    return read_by_key(call.core, *connection, call.plan.dataset, *key, call.field);
  };
  const Result<const RowSet*> rows = read();
  if (!rows) return call.all(call.core.error(rows.error(), call.field.arena));
  if (*rows == nullptr) return call.all(Datum{});
  call.all(Datum::of_object({.type = call.core.plan(call.plan.dataset).type, .data = *rows}));
}

void resolve_relation_one(const Call& call) {
  const RelationPlan& relation = call.core.parts.relation(call.plan);
  const std::vector<const Cell*> locals = parent_cells(call, relation.local);
  const std::vector<const Cell*> keys = distinct(locals);
  call.all(Datum{});
  if (keys.empty()) return;
  const Result<RowSet*> rows = read_targets(call, relation, keys);
  if (!rows) return call.all(call.core.error(rows.error(), call.field.arena));
  std::unordered_map<std::string_view, std::size_t> row_of;
  for (std::size_t i = 0; i < (*rows)->count; ++i) {
    row_of.emplace((*rows)->at(i, relation.remote).key(), i);
  }
  for (std::size_t i = 0; i < locals.size(); ++i) {
    if (locals[i]->kind == Cell::Kind::null) continue;
    const auto found = row_of.find(locals[i]->key());
    if (found == row_of.end()) continue;
    call.out[i] = Datum::of_object(
        {.type = call.core.plan(relation.to).type, .data = *rows, .index = found->second});
  }
}

void Session::resolve(const graphql::FieldCall& call, std::span<const graphql::Object> parents,
                      std::span<Datum> out) {
  const FieldPlan& plan = core_->parts.field(call.field);
  const Call it{*core_, call, plan, parents, out};
  switch (plan.kind) {
    case FieldKind::column:
      return resolve_column(it);
    case FieldKind::by_key:
      return resolve_by_key(it);
    case FieldKind::list:
      return resolve_list(it);
    case FieldKind::relation_one:
      return resolve_relation_one(it);
    case FieldKind::relation_many:
      return resolve_relation_many(it);
    case FieldKind::total_count:
      return resolve_total_count(it);
    case FieldKind::aggregate:
      return resolve_aggregate(it);
    case FieldKind::groups:
      return resolve_groups(it);
    case FieldKind::count:
    case FieldKind::numbers:
    case FieldKind::number:
    case FieldKind::group_key:
      return resolve_aggregate_part(it);
    case FieldKind::create:
    case FieldKind::update:
    case FieldKind::remove:
      return resolve_mutation(it);
    case FieldKind::none:
      return it.all(Datum{});
    default:
      return resolve_page_part(it);
  }
}

}  // namespace mc::dataset
