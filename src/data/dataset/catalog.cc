#include <array>

#include "dataset/plan.h"
#include "dataset/private.h"

namespace mc::dataset {
namespace {

// Marks schema fields with their meaning. A field that is not found is a bug of sdl().
class Binder {
 public:
  explicit Binder(Catalog::Parts& parts) : parts_(parts) { parts_.fields.emplace_back(); }

  void run() {
    for (std::size_t i = 0; i < parts_.model.datasets.size(); ++i) plan(static_cast<int>(i));
    for (std::size_t i = 0; i < parts_.model.datasets.size(); ++i) bind(static_cast<int>(i));
    parts_.page_info = id("PageInfo");
    mark("PageInfo", "hasNextPage", {FieldKind::has_next});
    mark("PageInfo", "hasPreviousPage", {FieldKind::has_previous});
    mark("PageInfo", "startCursor", {FieldKind::start_cursor});
    mark("PageInfo", "endCursor", {FieldKind::end_cursor});
    if (parts_.schema->find("DPAnswer") != nullptr) bind_private_types();
  }

 private:
  graphql::TypeId id(const std::string& name) const {
    const graphql::TypeDef* type = parts_.schema->find(name);
    return type == nullptr ? graphql::kNoType : type->id;
  }

  void mark(const std::string& type, const std::string& field, FieldPlan plan) {
    graphql::FieldDef* def = parts_.schema->mutable_field(type, field);
    MC_CHECK(def != nullptr);
    def->tag = static_cast<std::uint32_t>(parts_.fields.size());
    parts_.fields.push_back(plan);
  }

  void plan(int index) {
    const Dataset& dataset = parts_.model.datasets[static_cast<std::size_t>(index)];
    DatasetPlan out(dataset);
    for (std::size_t i = 0; i < parts_.model.sources.size(); ++i) {
      const Source& source = parts_.model.sources[i];
      if (source.name == dataset.source) out.placements.push_back({source.region, i});
    }
    out.placed = out.placements.size() > 1;
    out.key = dataset.column_index(dataset.key);
    out.version = dataset.version.empty() ? -1 : dataset.column_index(dataset.version);
    out.type = id(dataset.type);
    out.connection = id(dataset.type + "Connection");
    out.edge = id(dataset.type + "Edge");
    out.aggregate = id(dataset.type + "Aggregate");
    out.group = id(dataset.type + "Group");
    out.numbers = id(dataset.type + "Numbers");
    parts_.datasets.push_back(std::move(out));
    std::vector<RelationPlan>& relations = parts_.relations.emplace_back();
    for (const Relation& relation : dataset.relations) {
      RelationPlan entry;
      entry.to = parts_.model.dataset_index(relation.to);
      entry.local = dataset.column_index(relation.local);
      entry.remote = parts_.model.dataset(relation.to)->column_index(relation.remote);
      relations.push_back(entry);
    }
  }

  void bind(int index) {
    const Dataset& dataset = *parts_.dataset(index).dataset;
    const std::string& type = dataset.type;
    mark("Query", dataset.name, {FieldKind::by_key, index});
    mark("Query", dataset.plural, {FieldKind::list, index});
    mark("Query", dataset.plural + "Aggregate", {FieldKind::aggregate, index});
    for (std::size_t i = 0; i < dataset.columns.size(); ++i) {
      mark(type, dataset.columns[i].name, {FieldKind::column, index, static_cast<int>(i)});
    }
    for (std::size_t i = 0; i < dataset.relations.size(); ++i) {
      const bool one = dataset.relations[i].kind == RelationKind::one;
      mark(type, dataset.relations[i].name,
           {one ? FieldKind::relation_one : FieldKind::relation_many, index, static_cast<int>(i)});
    }
    mark(type + "Connection", "edges", {FieldKind::edges, index});
    mark(type + "Connection", "nodes", {FieldKind::nodes, index});
    mark(type + "Connection", "pageInfo", {FieldKind::page_info, index});
    mark(type + "Connection", "totalCount", {FieldKind::total_count, index});
    mark(type + "Edge", "node", {FieldKind::node, index});
    mark(type + "Edge", "cursor", {FieldKind::cursor, index});
    bind_aggregates(index, dataset);
    if (dataset.privacy) bind_private(index, dataset);
    if (dataset.writable) bind_mutations(index, dataset);
  }

  void bind_aggregates(int index, const Dataset& dataset) {
    const std::string& type = dataset.type;
    mark(type + "Aggregate", "count", {FieldKind::count, index});
    mark(type + "Aggregate", "groups", {FieldKind::groups, index});
    mark(type + "Group", "count", {FieldKind::count, index});
    mark(type + "Group", "key", {FieldKind::group_key, index});
    const graphql::TypeDef* numbers = parts_.schema->find(type + "Numbers");
    if (numbers == nullptr) return;
    int function = 0;
    for (const char* name : {"sum", "avg", "min", "max"}) {
      mark(type + "Aggregate", name, {FieldKind::numbers, index, function});
      mark(type + "Group", name, {FieldKind::numbers, index, function});
      ++function;
    }
    for (std::size_t i = 0; i < dataset.columns.size(); ++i) {
      if (numbers->field(dataset.columns[i].name) == nullptr) continue;
      mark(type + "Numbers", dataset.columns[i].name,
           {FieldKind::number, index, static_cast<int>(i)});
    }
  }

  void bind_private(int index, const Dataset& dataset) {
    const std::string type = dataset.type + "DP";
    mark("Query", dataset.plural + "DP", {FieldKind::private_root, index});
    parts_.datasets[static_cast<std::size_t>(index)].private_root = id(type);
    for (int i = 0; i <= static_cast<int>(PrivateAggregate::units); ++i) {
      const std::string name(private_name(static_cast<PrivateAggregate>(i)));
      if (parts_.schema->find(type)->field(name) == nullptr) continue;
      mark(type, name, {FieldKind::private_aggregate, index, i});
    }
  }

  void bind_private_types() {
    parts_.private_answer = id("DPAnswer");
    parts_.private_row = id("DPRow");
    parts_.private_quote = id("DPQuote");
    parts_.private_queued = id("DPQueued");
    int part = 0;
    for (const char* name : {"release", "verdict", "epsilon", "delta", "mechanism", "snapshot",
                             "rows", "quote", "queued"}) {
      mark("DPAnswer", name, {FieldKind::private_part, -1, part++});
    }
    for (const char* name : {"key", "value", "low", "high"}) {
      mark("DPRow", name, {FieldKind::private_part, -1, part++});
    }
    for (const char* name : {"id", "validUntil", "rmse", "halfWidth", "alwaysShown", "remaining",
                             "resetsAt", "queriesLeft", "nearest", "queueRunsAt", "credits"}) {
      mark("DPQuote", name, {FieldKind::private_part, -1, part++});
    }
    for (const char* name : {"id", "state", "runsAt", "expiresAt", "why"}) {
      mark("DPQueued", name, {FieldKind::private_part, -1, part++});
    }
    mark("Query", "sqlDP", {FieldKind::private_sql});
    mark("Query", "queuedDP", {FieldKind::private_queued});
  }

  void bind_mutations(int index, const Dataset& dataset) {
    mark("Mutation", "create" + dataset.type, {FieldKind::create, index});
    mark("Mutation", "delete" + dataset.type, {FieldKind::remove, index});
    if (parts_.schema->find(dataset.type + "Update") != nullptr) {
      mark("Mutation", "update" + dataset.type, {FieldKind::update, index});
    }
  }

  Catalog::Parts& parts_;
};

}  // namespace

Catalog::Catalog(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Catalog::~Catalog() = default;

Result<std::unique_ptr<const Catalog>> Catalog::make(Model model, CatalogOptions options) {
  if (options.cursor_key.reveal(RevealToken{}).size() < 16) {
    return fail(Code::invalid, "cursor_key must be at least 16 bytes");
  }
  MC_TRY_OK(model.check());
  auto parts = std::make_unique<Parts>(std::move(model), options.cursor_key);
  parts->sdl = dataset::sdl(parts->model);
  MC_TRY(parts->schema, graphql::Schema::build({parts->sdl}));
  Binder(*parts).run();
  return std::unique_ptr<const Catalog>(new Catalog(std::move(parts)));
}

const Model& Catalog::model() const {
  return parts_->model;
}
const graphql::Schema& Catalog::schema() const {
  return *parts_->schema;
}
const std::string& Catalog::sdl() const {
  return parts_->sdl;
}

}  // namespace mc::dataset
