// personsAggregate: one statement for everything selected directly, one for each groups field.
#include <array>

#include "dataset/core.h"

namespace mc::dataset {
namespace {

using graphql::Datum;

constexpr std::array<std::string_view, 4> kFunctions = {"SUM", "AVG", "MIN", "MAX"};

struct Wanted {
  int function = 0;
  int column = 0;
};

// The numbers that a selection of an aggregate or a group shows. Those of masked columns are not
// read: their fields are errors.
std::vector<Wanted> wanted_numbers(const Call& call, Grant& grant, graphql::TypeId type) {
  std::vector<Wanted> wanted;
  const DatasetPlan& plan = call.core.plan(call.plan.dataset);
  if (call.field.selected == nullptr) return wanted;
  for (const graphql::Selected::Item& item : call.field.selected->of(type)) {
    const FieldPlan& numbers = call.core.parts.field(*item.field);
    if (numbers.kind != FieldKind::numbers || item.below == nullptr) continue;
    for (const graphql::Selected::Item& part : item.below->of(plan.numbers)) {
      const FieldPlan& number = call.core.parts.field(*part.field);
      if (number.kind != FieldKind::number || grant.masked(number.index) != nullptr) continue;
      wanted.push_back({numbers.index, number.index});
    }
  }
  return wanted;
}

// Doubles throughout: integers cannot overflow the sum, and both dialects give one type.
std::string number_list(const TenantQuery& query, const std::vector<Wanted>& wanted) {
  std::string list = "COUNT(*)";
  const std::string_view real =
      query.dialect() == sql::Dialect::sqlite ? " AS REAL))" : " AS double precision))";
  for (const Wanted& number : wanted) {
    list += ", " + std::string(kFunctions[static_cast<std::size_t>(number.function)]) + "(CAST(" +
            sql::quoted(query.column(number.column).column);
    list += real;
  }
  return list;
}

void read_numbers(const sql::Rows& row, int first, const std::vector<Wanted>& wanted,
                  std::size_t columns, AggregateRow& out) {
  out.count = row.integer(0);
  out.numbers.assign(kFunctions.size() * columns, Cell{});
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const int index = first + static_cast<int>(i);
    if (row.type(index) == sql::Type::null) continue;
    Cell& cell = out.numbers[static_cast<std::size_t>(wanted[i].function) * columns +
                             static_cast<std::size_t>(wanted[i].column)];
    cell.kind = Cell::Kind::real;
    cell.real = row.real(index);
  }
}

Result<AggregateRow*> read_aggregate(const Call& call) {
  Session::Core& core = call.core;
  const DatasetPlan& plan = core.plan(call.plan.dataset);
  MC_TRY(Grant * grant, core.enter(call.plan.dataset, Use::aggregate));
  if (!grant->may.aggregates) {
    return fail(Code::denied, "this field needs the right to aggregate");
  }
  MC_TRY(const GrantedConnection on, core.reader(call.plan.dataset, Use::aggregate));
  MC_TRY(Condition filter,
         compile_filter(on, call.field.arguments.find("filter"), core.options.limits));
  AggregateRow& out = core.aggregates.emplace_back();
  out.grant = grant;
  out.filter = &core.conditions.emplace_back(std::move(filter));
  const std::vector<Wanted> wanted = wanted_numbers(call, *grant, plan.aggregate);
  bool direct = !wanted.empty();
  for (const graphql::Selected::Item& item : call.field.selected->of(plan.aggregate)) {
    direct = direct || core.parts.field(*item.field).kind == FieldKind::count;
  }
  const std::size_t columns = plan.dataset->columns.size();
  out.numbers.assign(kFunctions.size() * columns, Cell{});
  if (!direct) return &out;
  TenantQuery query(core.tenant, plan.sql(on.dialect()));
  TenantQuery::Parts parts;
  parts.list = number_list(query, wanted);
  parts.where = render(*out.filter, query);
  MC_TRY_OK(core.run(on, std::move(query).select(parts), [&](const sql::Rows& row) {
    read_numbers(row, 1, wanted, columns, out);
    return ok();
  }));
  return &out;
}

struct GroupsAsked {
  int column = -1;
  std::int64_t first = 0;
};

Result<GroupsAsked> groups_asked(const Call& call, const Grant& grant) {
  const Dataset& dataset = *grant.dataset;
  const json::Value* by = call.field.arguments.find("by");
  const json::Value* first = call.field.arguments.find("first");
  const std::string* name = by == nullptr ? nullptr : by->as_string();
  const std::int64_t* size = first == nullptr ? nullptr : first->as_int();
  GroupsAsked asked;
  asked.column = name == nullptr ? -1 : dataset.column_index(*name);
  if (asked.column < 0) return fail(Code::invalid, "by: unknown column");
  MC_TRY_OK(grant.usable(asked.column, "by " + *name));
  const auto groups_max = static_cast<std::int64_t>(call.core.options.limits.groups_max);
  if (size == nullptr || *size < 0) return fail(Code::invalid, "first: must not be negative");
  if (*size > groups_max) {
    return fail(Code::exhausted, "first: at most " + std::to_string(groups_max));
  }
  asked.first = *size;
  return asked;
}

// Largest groups first; equal ones by key, missing key first, in both dialects. Groups by a masked
// column are those of the values, each with its masked key, also where masked keys are the same:
// whoever may group by it may tell its values apart anyhow, by filters.
Result<std::vector<AggregateRow*>> read_groups(const Call& call, const AggregateRow& parent) {
  Session::Core& core = call.core;
  const DatasetPlan& plan = core.plan(call.plan.dataset);
  MC_TRY(const GrantedConnection on, core.reader(call.plan.dataset, Use::aggregate));
  MC_TRY(const GroupsAsked asked, groups_asked(call, on.grant()));
  TenantQuery query(core.tenant, plan.sql(on.dialect()));
  const std::vector<Wanted> wanted = wanted_numbers(call, on.grant(), plan.group);
  const Column& column = query.column(asked.column);
  const std::string name = compare_expression(column, query.dialect());
  TenantQuery::Parts parts;
  parts.list = number_list(query, wanted) + ", " + read_expression(column, query.dialect());
  parts.where = render(*parent.filter, query);
  parts.group = sql::quoted(column.column);
  parts.order = "1 DESC, " + name;
  if (query.dialect() == sql::Dialect::postgres) parts.order += " NULLS FIRST";
  parts.limit = asked.first;
  std::vector<AggregateRow*> groups;
  const int key_at = 1 + static_cast<int>(wanted.size());
  MC_TRY_OK(core.run(on, std::move(query).select(parts), [&](const sql::Rows& row) {
    AggregateRow& group = core.aggregates.emplace_back();
    group.grant = &on.grant();
    group.key_column = asked.column;
    group.key = read_cell(column, row, key_at, call.field.arena);
    read_numbers(row, 1, wanted, plan.dataset->columns.size(), group);
    groups.push_back(&group);
    return ok();
  }));
  return groups;
}

Datum part_of(const Call& call, const AggregateRow& row, std::size_t function) {
  const DatasetPlan& plan = call.core.plan(call.plan.dataset);
  const std::size_t columns = plan.dataset->columns.size();
  switch (call.plan.kind) {
    case FieldKind::count:
      return Datum::of_int(row.count);
    case FieldKind::numbers:
      return Datum::of_object({.type = plan.numbers,
                               .data = &row,
                               .index = static_cast<std::uint64_t>(call.plan.index)});
    case FieldKind::number: {
      if (row.grant->masked(call.plan.index) != nullptr) {
        return call.core.error({Code::denied, call.field.field.name + ": is masked; nothing is "
                                                                      "calculated from it"},
                               call.field.arena);
      }
      const Cell& cell =
          row.numbers[function * columns + static_cast<std::size_t>(call.plan.index)];
      return cell.kind == Cell::Kind::null ? Datum{} : Datum::of_real(cell.real);
    }
    default:
      return call.core.show(*row.grant, row.key_column, row.key, call.field.arena);
  }
}

}  // namespace

void resolve_aggregate(const Call& call) {
  const Result<AggregateRow*> row = read_aggregate(call);
  if (!row) return call.all(call.core.error(row.error(), call.field.arena));
  call.all(Datum::of_object({.type = call.core.plan(call.plan.dataset).aggregate, .data = *row}));
}

void resolve_groups(const Call& call) {
  for (std::size_t i = 0; i < call.parents.size(); ++i) {
    const auto& parent = *static_cast<const AggregateRow*>(call.parents[i].data);
    const auto groups = read_groups(call, parent);
    if (!groups) {
      call.out[i] = call.core.error(groups.error(), call.field.arena);
      continue;
    }
    Datum* items = call.field.arena.array<Datum>(groups->size());
    for (std::size_t g = 0; g < groups->size(); ++g) {
      items[g] =
          Datum::of_object({.type = call.core.plan(call.plan.dataset).group, .data = (*groups)[g]});
    }
    call.out[i] = Datum::of_list(items, static_cast<std::uint32_t>(groups->size()));
  }
}

void resolve_aggregate_part(const Call& call) {
  for (std::size_t i = 0; i < call.parents.size(); ++i) {
    const auto& row = *static_cast<const AggregateRow*>(call.parents[i].data);
    call.out[i] = part_of(call, row, call.parents[i].index);
  }
}

}  // namespace mc::dataset
