#include "api/handlers.h"

namespace mc::api {
namespace {

using dataset::Dataset;

json::Value optional_text(std::string_view text) {
  return text.empty() ? json::Value() : json::Value(text);
}

// Where the datasets are asked for; null when no route leads to them.
json::Value endpoint(const AdminWorld& world) {
  if (world.gateway == nullptr) return {};
  for (const gateway::RouteStatus& route : world.gateway->status()) {
    if (route.kind == "datasets") return json::Value(route.path);
  }
  return {};
}

json::Object summary(const AdminWorld& world, const Dataset& held) {
  const dataset::Source* source = world.catalog->model().source(held.source);
  json::Object out;
  out.set("name", held.name);
  out.set("plural", held.plural);
  out.set("type", held.type);
  out.set("description", held.description);
  out.set("region", source == nullptr ? std::string() : source->region);
  out.set("licence_class", held.licence_class);
  out.set("writable", held.writable);
  out.set("endpoint", endpoint(world));
  out.set("columns", static_cast<std::int64_t>(held.columns.size()));
  return out;
}

json::Object describe(const dataset::Column& column, const Dataset& held) {
  json::Object out;
  out.set("name", column.name);
  out.set("type", dataset::type_name(column.type));
  out.set("description", column.description);
  out.set("nullable", column.nullable);
  out.set("unique", column.unique || column.name == held.key);
  out.set("filterable", column.filterable);
  out.set("sensitivity", dataset::sensitivity_name(column.sensitivity));
  out.set("quasi_identifier", column.quasi_identifier);
  out.set("licence_class",
          column.licence_class.empty() ? held.licence_class : column.licence_class);
  return out;
}

json::Object describe(const dataset::Relation& relation) {
  json::Object out;
  out.set("name", relation.name);
  out.set("to", relation.to);
  out.set("kind", relation.kind == dataset::RelationKind::one ? "one" : "many");
  out.set("local", relation.local);
  out.set("remote", relation.remote);
  return out;
}

template <class List, class Describe>
json::Value described(const List& list, const Describe& one) {
  json::Array out;
  for (const auto& each : list) out.emplace_back(one(each));
  return json::Value(std::move(out));
}

}  // namespace

Reply list_datasets(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_reads(request, request.caller->tenant));
  json::Array list;
  if (world.catalog != nullptr) {
    for (const Dataset& held : world.catalog->model().datasets) {
      list.emplace_back(summary(world, held));
    }
  }
  json::Object out;
  out.set("items", json::Value(std::move(list)));
  out.set("next_cursor", json::Value());
  return json_reply(200, json::Value(std::move(out)));
}

Reply get_dataset(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_reads(request, request.caller->tenant));
  const Dataset* held =
      world.catalog == nullptr ? nullptr : world.catalog->model().dataset(request.path[1]);
  if (held == nullptr) {
    return fail(Code::not_found, "no dataset '" + excerpt(request.path[1]) + "'");
  }
  json::Object out = summary(world, *held);
  out.set("key", held->key);
  out.set("version", optional_text(held->version));
  out.set("retention_s", held->retention.count == 0
                             ? json::Value()
                             : json::Value(to_millis(held->retention) / 1'000));
  out.set("columns", described(held->columns, [&](const dataset::Column& column) {
            return describe(column, *held);
          }));
  out.set("relations", described(held->relations, [](const dataset::Relation& relation) {
            return describe(relation);
          }));
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
