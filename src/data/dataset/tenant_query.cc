#include "dataset/tenant_query.h"

#include "dataset/value.h"

namespace mc::dataset {

TableSql::TableSql(const Dataset& described, sql::Dialect spoken)
    : dataset(&described),
      dialect(spoken),
      from(" FROM " + sql::quoted(described.table)),
      of_tenant(" WHERE " + sql::quoted(described.tenant) + " = ?1") {
  for (const Column& column : described.columns) {
    columns.push_back({sql::quoted(column.column), read_expression(column, spoken)});
  }
}

KeyStatement::Bound KeyStatement::bind(const TenantId& tenant, sql::Param value) const {
  MC_CHECK(!tenant.get().empty());
  Bound bound;
  bound.dataset_ = dataset_;
  bound.text_ = text_;
  bound.params_ = {tenant.get(), std::move(value)};
  return bound;
}

TenantQuery::TenantQuery(const TenantId& tenant, const TableSql& sql) : sql_(sql) {
  constexpr std::size_t kUsualParams = 4;
  MC_CHECK(!tenant.get().empty());
  params_.reserve(kUsualParams);
  params_.emplace_back(tenant.get());
}

const Column& TenantQuery::column(int index) const {
  MC_CHECK(index >= 0 && static_cast<std::size_t>(index) < dataset().columns.size());
  return dataset().columns[static_cast<std::size_t>(index)];
}

const TableSql::Names& TenantQuery::names(int index) const {
  MC_CHECK(index >= 0 && static_cast<std::size_t>(index) < sql_.columns.size());
  return sql_.columns[static_cast<std::size_t>(index)];
}

std::string TenantQuery::bind(sql::Param value) {
  params_.push_back(std::move(value));
  return "?" + std::to_string(params_.size());
}

std::string TenantQuery::filtered(const std::string& where) const {
  std::string out;
  out.reserve(sql_.of_tenant.size() + where.size() + 7);
  out += sql_.of_tenant;
  if (!where.empty()) out.append(" AND (").append(where).append(")");
  return out;
}

Statement TenantQuery::finish(std::string text, std::size_t rows_expected) && {
  return {&dataset(), std::move(text), std::move(params_), rows_expected};
}

Statement TenantQuery::select(const Parts& parts) && {
  constexpr std::size_t kUsualBytes = 400;
  std::string text;
  text.reserve(kUsualBytes);
  text.append("SELECT ").append(parts.list).append(sql_.from).append(filtered(parts.where));
  if (!parts.group.empty()) text.append(" GROUP BY ").append(parts.group);
  if (!parts.order.empty()) text.append(" ORDER BY ").append(parts.order);
  if (parts.limit >= 0) text.append(" LIMIT ").append(bind(parts.limit));
  return std::move(*this).finish(std::move(text), static_cast<std::size_t>(parts.limit + 1));
}

// In SQLite a loop over the keys, each one search in the index; IN would first sort the keys into
// a table of its own. PostgreSQL plans both alike.
Statement TenantQuery::select_by_keys(const std::string& list, int column) && {
  const Column& key = this->column(column);
  const std::string place = bind(sql::Param());
  std::string text = "SELECT " + list;
  if (dialect() == sql::Dialect::sqlite) {
    text += " FROM (SELECT value AS mc_key FROM json_each(" + place + ")) AS mc_keys CROSS JOIN " +
            sql::quoted(dataset().table) + filtered(sql::quoted(key.column) + " = mc_key");
  } else {
    text += sql_.from + filtered(in_json_list(key, dialect(), place));
  }
  return std::move(*this).finish(std::move(text), 0);
}

Statement TenantQuery::select_for_each(const Parts& parts, const std::string& partition,
                                       std::int64_t rows_max) && {
  std::string text = "SELECT * FROM (SELECT " + parts.list + ", ROW_NUMBER() OVER (PARTITION BY " +
                     partition + " ORDER BY " + parts.order + ") AS mc_row" + sql_.from +
                     filtered(parts.where) + ") AS mc_page WHERE mc_row <= " + bind(parts.limit) +
                     " ORDER BY 1, mc_row LIMIT " + bind(rows_max);
  return std::move(*this).finish(std::move(text), 0);
}

Statement TenantQuery::insert(const Values& values) && {
  std::string names = sql::quoted(dataset().tenant);
  std::string places = "?1";
  for (const auto& [index, value] : values) {
    names += ", " + sql::quoted(column(index).column);
    places += ", " + operand(column(index), dialect(), bind(value));
  }
  return std::move(*this).finish(
      "INSERT INTO " + sql::quoted(dataset().table) + " (" + names + ") VALUES (" + places + ")",
      0);
}

Statement TenantQuery::update(const Values& values, int bump, const std::string& where) && {
  std::string sets;
  for (const auto& [index, value] : values) {
    if (!sets.empty()) sets += ", ";
    sets +=
        sql::quoted(column(index).column) + " = " + operand(column(index), dialect(), bind(value));
  }
  if (bump >= 0) {
    const std::string name = sql::quoted(column(bump).column);
    sets += (sets.empty() ? "" : ", ") + name + " = " + name + " + 1";
  }
  return std::move(*this).finish(
      "UPDATE " + sql::quoted(dataset().table) + " SET " + sets + filtered(where), 0);
}

Statement TenantQuery::remove(const std::string& where) && {
  return std::move(*this).finish("DELETE" + sql_.from + filtered(where), 0);
}

}  // namespace mc::dataset
