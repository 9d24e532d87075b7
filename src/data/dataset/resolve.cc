// Dispatch, rows by key, plain columns, relations to one.
#include "dataset/core.h"

namespace mc::dataset {
namespace {

using graphql::Datum;

void resolve_column(const Call& call) {
  for (std::size_t i = 0; i < call.parents.size(); ++i) {
    const auto& rows = *static_cast<const RowSet*>(call.parents[i].data);
    const Cell& cell = rows.at(call.parents[i].index, call.plan.index);
    call.out[i] = call.core.show(*rows.grant, call.plan.index, cell, call.field.arena);
  }
}

// The rows with one key or a list of them, for one selection: worked out at its first use.
struct KeyRead final : graphql::Kept {
  KeyRead(const Dataset& described, std::vector<int> columns)
      : shape(described, std::move(columns)) {}
  const KeyStatement& statement(sql::Dialect dialect) const {
    return dialect == sql::Dialect::sqlite ? sqlite : postgres;
  }
  RowShape shape;
  KeyStatement sqlite, postgres;
};

// `write` gives the statement, with ?2 in the place of the key or keys.
using WriteStatement = std::function<Statement(TenantQuery query, const RowShape& shape)>;

const KeyRead& key_read(const Session::Core& core, const graphql::FieldCall& field,
                        const RelationPlan& target, const WriteStatement& write) {
  if (const graphql::Kept* kept = field.kept->get()) return *static_cast<const KeyRead*>(kept);
  const DatasetPlan& plan = core.plan(target.to);
  std::vector<int> extra;
  if (target.remote >= 0) extra.push_back(target.remote);
  auto made = std::make_unique<KeyRead>(
      *plan.dataset, core.columns_for(field.selected, target.to, std::move(extra)));
  made->sqlite = KeyStatement(write(TenantQuery(core.tenant, plan.sqlite), made->shape));
  made->postgres = KeyStatement(write(TenantQuery(core.tenant, plan.postgres), made->shape));
  return *static_cast<const KeyRead*>(field.kept->keep(std::move(made)));
}

Statement select_targets(const RelationPlan& relation, bool one_row_a_key, TenantQuery query,
                         const RowShape& shape) {
  TenantQuery::Parts parts;
  parts.list = read_list(query, shape.columns);
  if (one_row_a_key) return std::move(query).select_by_keys(parts.list, relation.remote);
  const std::string place = query.bind(sql::Param());
  parts.where = in_json_list(query.column(relation.remote), query.dialect(), place);
  return std::move(query).select(parts);
}

Result<RowSet*> read_targets(const Call& call, const RelationPlan& relation,
                             const std::vector<const Cell*>& keys) {
  Session::Core& core = call.core;
  const DatasetPlan& to = core.plan(relation.to);
  MC_TRY(const GrantedConnection on, core.reader(relation.to));
  const Column& remote = to.dataset->columns[static_cast<std::size_t>(relation.remote)];
  const bool one_row_a_key = relation.remote == to.key || remote.unique;
  const KeyRead& read =
      key_read(core, call.field, relation, [&](TenantQuery query, const RowShape& shape) {
        return select_targets(relation, one_row_a_key, std::move(query), shape);
      });
  const KeyStatement::Bound bound = read.statement(on.dialect()).bind(core.tenant, json_list(keys));
  return core.read(on, bound.view(one_row_a_key ? keys.size() : 0),
                   {&read.shape, &call.field.arena});
}

}  // namespace

std::string json_list(const std::vector<const Cell*>& cells) {
  constexpr std::size_t kUsualBytes = 24;  // of a key
  std::string out;
  out.reserve(cells.size() * kUsualBytes);
  out += '[';
  for (const Cell* cell : cells) {
    if (out.size() > 1) out += ',';
    if (cell->kind == Cell::Kind::text) {
      json::append_quoted(out, cell->text);
    } else {
      out += std::to_string(cell->integer);
    }
  }
  out += ']';
  return out;
}

std::vector<const Cell*> parent_cells(const Call& call, int local) {
  std::vector<const Cell*> cells;
  cells.reserve(call.parents.size());
  for (const graphql::Object& parent : call.parents) {
    cells.push_back(&static_cast<const RowSet*>(parent.data)->at(parent.index, local));
  }
  return cells;
}

std::vector<const Cell*> distinct(const std::vector<const Cell*>& cells, KeyIndex& index) {
  std::vector<const Cell*> out;
  out.reserve(cells.size());
  for (const Cell* cell : cells) {
    if (cell->kind == Cell::Kind::null || cell->kind == Cell::Kind::bad) continue;
    if (index.add(cell->key()) == out.size()) out.push_back(cell);
  }
  return out;
}

Result<std::optional<sql::Param>> key_param(const Session::Core& core, const GrantedConnection& on,
                                            const json::Object& arguments) {
  const DatasetPlan& plan = core.plan(on.grant().index);
  MC_TRY_OK(on.grant().usable(plan.key, plan.dataset->key));
  const Column& column = plan.dataset->columns[static_cast<std::size_t>(plan.key)];
  const json::Value* value = arguments.find(plan.dataset->key);
  if (value == nullptr) return fail(Code::invalid, plan.dataset->key + ": is missing");
  Result<sql::Param> param =
      to_param(column, on.dialect(), *value, core.options.limits.text_bytes_max);
  if (param) return std::optional<sql::Param>(std::move(*param));
  // "abc" in a column of numbers is simply not there.
  if (column.storage == Storage::integer && value->as_string() != nullptr) {
    return std::optional<sql::Param>();
  }
  return fail(param.error().code, plan.dataset->key + ": " + param.error().what);
}

Result<const RowSet*> read_by_key(Session::Core& core, const GrantedConnection& on,
                                  const sql::Param& key, const graphql::FieldCall& field) {
  const int dataset = on.grant().index;
  const int key_column = core.plan(dataset).key;
  const KeyRead& read =
      key_read(core, field, {dataset, -1, -1}, [&](TenantQuery query, const RowShape& shape) {
        TenantQuery::Parts parts;
        parts.list = read_list(query, shape.columns);
        const std::string place = query.bind(sql::Param());
        parts.where = query.names(key_column).plain + " = " +
                      operand(query.column(key_column), query.dialect(), place);
        return std::move(query).select(parts);
      });
  const KeyStatement::Bound bound = read.statement(on.dialect()).bind(core.tenant, key);
  MC_TRY(const RowSet* rows, core.read(on, bound.view(1), {&read.shape, &field.arena}));
  return rows->count == 0 ? nullptr : rows;
}

void resolve_by_key(const Call& call) {
  const auto read = [&]() -> Result<const RowSet*> {
    MC_TRY(const GrantedConnection on, call.core.reader(call.plan.dataset));
    MC_TRY(const std::optional<sql::Param> key, key_param(call.core, on, call.field.arguments));
    if (!key) return nullptr;
    return read_by_key(call.core, on, *key, call.field);
  };
  const Result<const RowSet*> rows = read();
  if (!rows) return call.all(call.core.error(rows.error(), call.field.arena));
  if (*rows == nullptr) return call.all(Datum{});
  call.all(Datum::of_object({.type = call.core.plan(call.plan.dataset).type, .data = *rows}));
}

void resolve_relation_one(const Call& call) {
  const RelationPlan& relation = call.core.parts.relation(call.plan);
  const std::vector<const Cell*> locals = parent_cells(call, relation.local);
  KeyIndex index(locals.size());
  const std::vector<const Cell*> keys = distinct(locals, index);
  call.all(Datum{});
  if (keys.empty()) return;
  const Result<RowSet*> rows = read_targets(call, relation, keys);
  if (!rows) return call.all(call.core.error(rows.error(), call.field.arena));
  // Of several rows with one key the first counts.
  std::vector<std::uint32_t> row_of(keys.size(), KeyIndex::kNone);
  for (std::size_t i = (*rows)->count; i-- > 0;) {
    const std::uint32_t key = index.find((*rows)->at(i, relation.remote).key());
    if (key != KeyIndex::kNone) row_of[key] = static_cast<std::uint32_t>(i);
  }
  const graphql::TypeId type = call.core.plan(relation.to).type;
  for (std::size_t i = 0; i < locals.size(); ++i) {
    if (locals[i]->kind == Cell::Kind::null || locals[i]->kind == Cell::Kind::bad) continue;
    const std::uint32_t row = row_of[index.find(locals[i]->key())];
    if (row == KeyIndex::kNone) continue;
    call.out[i] = Datum::of_object({.type = type, .data = *rows, .index = row});
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
    case FieldKind::private_root:
      return it.all(Datum::of_object({.type = core_->plan(plan.dataset).private_root}));
    case FieldKind::private_aggregate:
      return resolve_private(it);
    case FieldKind::private_sql:
      return resolve_private_sql(it);
    case FieldKind::private_queued:
      return resolve_private_queued(it);
    case FieldKind::private_part:
      return resolve_private_part(it);
    case FieldKind::none:
      return it.all(Datum{});
    default:
      return resolve_page_part(it);
  }
}

}  // namespace mc::dataset
