#include "dataset/tenant_query.h"

#include "dataset/value.h"

namespace mc::dataset {

TenantQuery::TenantQuery(const TenantId& tenant, const Dataset& dataset, sql::Dialect dialect)
    : dataset_(dataset), dialect_(dialect) {
  MC_CHECK(!tenant.get().empty());
  params_.reserve(8);
  params_.emplace_back(tenant.get());
}

const Column& TenantQuery::column(int index) const {
  MC_CHECK(index >= 0 && static_cast<std::size_t>(index) < dataset_.columns.size());
  return dataset_.columns[static_cast<std::size_t>(index)];
}

std::string TenantQuery::bind(sql::Param value) {
  params_.push_back(std::move(value));
  return "?" + std::to_string(params_.size());
}

std::string TenantQuery::filtered(const std::string& where) const {
  std::string out = " WHERE " + sql::quoted(dataset_.tenant) + " = ?1";
  if (!where.empty()) out += " AND (" + where + ")";
  return out;
}

std::string TenantQuery::scope() const {
  return " FROM " + sql::quoted(dataset_.table);
}

Statement TenantQuery::finish(std::string text) && {
  return {std::move(text), std::move(params_)};
}

Statement TenantQuery::select(const Parts& parts) && {
  std::string text = "SELECT " + parts.list + scope() + filtered(parts.where);
  if (!parts.group.empty()) text += " GROUP BY " + parts.group;
  if (!parts.order.empty()) text += " ORDER BY " + parts.order;
  if (parts.limit >= 0) text += " LIMIT " + bind(parts.limit);
  return std::move(*this).finish(std::move(text));
}

Statement TenantQuery::select_for_each(const Parts& parts, const std::string& partition,
                                       std::int64_t rows_max) && {
  std::string text = "SELECT * FROM (SELECT " + parts.list + ", ROW_NUMBER() OVER (PARTITION BY " +
                     partition + " ORDER BY " + parts.order + ") AS mc_row" + scope() +
                     filtered(parts.where) + ") AS mc_page WHERE mc_row <= " + bind(parts.limit) +
                     " ORDER BY 1, mc_row LIMIT " + bind(rows_max);
  return std::move(*this).finish(std::move(text));
}

Statement TenantQuery::insert(const Values& values) && {
  std::string names = sql::quoted(dataset_.tenant);
  std::string places = "?1";
  for (const auto& [index, value] : values) {
    names += ", " + sql::quoted(column(index).column);
    places += ", " + operand(column(index), dialect_, bind(value));
  }
  return std::move(*this).finish("INSERT INTO " + sql::quoted(dataset_.table) + " (" + names +
                                 ") VALUES (" + places + ")");
}

Statement TenantQuery::update(const Values& values, int bump, const std::string& where) && {
  std::string sets;
  for (const auto& [index, value] : values) {
    if (!sets.empty()) sets += ", ";
    sets +=
        sql::quoted(column(index).column) + " = " + operand(column(index), dialect_, bind(value));
  }
  if (bump >= 0) {
    const std::string name = sql::quoted(column(bump).column);
    sets += (sets.empty() ? "" : ", ") + name + " = " + name + " + 1";
  }
  return std::move(*this).finish("UPDATE " + sql::quoted(dataset_.table) + " SET " + sets +
                                 filtered(where));
}

Statement TenantQuery::remove(const std::string& where) && {
  return std::move(*this).finish("DELETE" + scope() + filtered(where));
}

}  // namespace mc::dataset
