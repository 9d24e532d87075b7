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
  if (!where.empty()) out.append(" AND (").append(where).append(")");
  return out;
}

std::string TenantQuery::scope() const {
  return " FROM " + sql::quoted(dataset_.table);
}

Statement TenantQuery::finish(std::string text, std::size_t rows_expected) && {
  return {std::move(text), std::move(params_), rows_expected};
}

Statement TenantQuery::select(const Parts& parts) && {
  constexpr std::size_t kUsualBytes = 400;
  std::string text;
  text.reserve(kUsualBytes);
  text.append("SELECT ").append(parts.list).append(scope()).append(filtered(parts.where));
  if (!parts.group.empty()) text.append(" GROUP BY ").append(parts.group);
  if (!parts.order.empty()) text.append(" ORDER BY ").append(parts.order);
  if (parts.limit >= 0) text.append(" LIMIT ").append(bind(parts.limit));
  return std::move(*this).finish(std::move(text), static_cast<std::size_t>(parts.limit + 1));
}

// In SQLite a loop over the keys, each one search in the index; IN would first sort the keys into
// a table of its own. PostgreSQL plans both alike.
Statement TenantQuery::select_by_keys(const std::string& list, int column, const KeyList& keys) && {
  const Column& key = this->column(column);
  const std::string place = bind(keys.json);
  std::string text = "SELECT " + list;
  if (dialect_ == sql::Dialect::sqlite) {
    text += " FROM (SELECT value AS mc_key FROM json_each(" + place + ")) AS mc_keys CROSS JOIN " +
            sql::quoted(dataset_.table) + filtered(sql::quoted(key.column) + " = mc_key");
  } else {
    text += scope() + filtered(in_json_list(key, dialect_, place));
  }
  return std::move(*this).finish(std::move(text), keys.count);
}

Statement TenantQuery::select_for_each(const Parts& parts, const std::string& partition,
                                       std::int64_t rows_max) && {
  std::string text = "SELECT * FROM (SELECT " + parts.list + ", ROW_NUMBER() OVER (PARTITION BY " +
                     partition + " ORDER BY " + parts.order + ") AS mc_row" + scope() +
                     filtered(parts.where) + ") AS mc_page WHERE mc_row <= " + bind(parts.limit) +
                     " ORDER BY 1, mc_row LIMIT " + bind(rows_max);
  return std::move(*this).finish(std::move(text), 0);
}

Statement TenantQuery::insert(const Values& values) && {
  std::string names = sql::quoted(dataset_.tenant);
  std::string places = "?1";
  for (const auto& [index, value] : values) {
    names += ", " + sql::quoted(column(index).column);
    places += ", " + operand(column(index), dialect_, bind(value));
  }
  return std::move(*this).finish(
      "INSERT INTO " + sql::quoted(dataset_.table) + " (" + names + ") VALUES (" + places + ")", 0);
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
  return std::move(*this).finish(
      "UPDATE " + sql::quoted(dataset_.table) + " SET " + sets + filtered(where), 0);
}

Statement TenantQuery::remove(const std::string& where) && {
  return std::move(*this).finish("DELETE" + scope() + filtered(where), 0);
}

}  // namespace mc::dataset
