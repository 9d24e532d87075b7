#include "contract/guarded_world.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "json/json.h"

namespace mc::guarded {
namespace {

std::string model_yaml(const std::string& url) {
  return "sources:\n  - {name: main, url: \"" + url + "\", region: eu-west-1}\n" + R"(datasets:
  - name: person
    plural: people
    source: main
    table: person
    key: id
    tenant: tenant_id
    writable: true
    version: version
    limits: {first_default: 5, first_max: 100}
    columns:
      - {name: id, type: id}
      - {name: name, type: string}
      - {name: age, type: int, nullable: true}
      - {name: email, type: string, unique: true}
      - {name: bossId, column: boss_id, type: id, nullable: true}
      - {name: version, type: int}
    relations:
      - {name: boss, to: person, kind: one, local: bossId, remote: id}
      - {name: reports, to: person, kind: many, local: id, remote: bossId}
      - {name: orders, to: order, kind: many, local: id, remote: personId}
    privacy:
      unit: id
      columns:
        - {name: age, min: "0", max: "120", step: "1"}
        - {name: name}
  - name: order
    source: main
    table: shop_order
    key: id
    tenant: tenant_id
    writable: true
    columns:
      - {name: id, type: id, storage: integer}
      - {name: personId, column: person_id, type: id}
      - {name: total, type: float}
      - {name: status, type: string}
    relations:
      - {name: person, to: person, kind: one, local: personId, remote: id}
)";
}

constexpr std::string_view kTables =
    "CREATE TABLE person (tenant_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, "
    "age INTEGER, email TEXT NOT NULL, boss_id TEXT, version INTEGER NOT NULL, "
    "PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, email)); "
    "CREATE TABLE shop_order (tenant_id TEXT NOT NULL, id INTEGER NOT NULL, "
    "person_id TEXT NOT NULL, total REAL NOT NULL, status TEXT NOT NULL, "
    "PRIMARY KEY (tenant_id, id))";

Status fill(sql::Connection& connection, const std::string& tenant) {
  const int shift = tenant == "alpha" ? 0 : 3;
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection));
  for (int i = 0; i < kPeople; ++i) {
    const std::string id = "p" + std::to_string(i);
    const std::string boss = "p" + std::to_string((i + shift) / 2);
    MC_TRY([[maybe_unused]] const std::int64_t added,
           connection.execute("INSERT INTO person VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
                              {tenant, id, tenant + " person " + std::to_string(i % 7),
                               std::int64_t{20 + (i * 7 + shift) % 40},
                               "m" + std::to_string(i) + "@" + tenant + ".example", boss}));
  }
  for (int i = 1; i <= kOrders; ++i) {
    MC_TRY([[maybe_unused]] const std::int64_t added,
           connection.execute("INSERT INTO shop_order VALUES (?1, ?2, ?3, ?4, ?5)",
                              {tenant, std::int64_t{i}, "p" + std::to_string((i + shift) % kPeople),
                               static_cast<double>(i * 5 + shift) * 0.5,
                               tenant + (i % 3 == 0 ? "-paid" : "-open")}));
  }
  return transaction.commit();
}

void must(const Status& status) {
  if (!status) std::fprintf(stderr, "world: %s\n", status.error().what.c_str());
  MC_CHECK(status.has_value());
}

}  // namespace

World::World(WorldOptions options) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mc_guarded_XXXXXX").string();
  MC_CHECK(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  must(build(options));
}

World::~World() {
  gateway_->stop();
  server_.stop();
  for (const auto& sent : sent_) {
    if (const auto exchange = sent.lock()) exchange->release();
  }
  gateway_.reset();
  std::filesystem::remove_all(folder_);
}

Status World::build_datasets(const WorldOptions& options) {
  MC_TRY(dataset::Model model,
         dataset::parse_model(model_yaml("sqlite:" + folder_ + "/rows.db"), "test.yaml"));
  MC_TRY(catalog_,
         dataset::Catalog::make(std::move(model), {.cursor_key = Secret("0123456789abcdef")}));
  dataset::Writers writers(drivers_, catalog_->model());
  {
    MC_TRY(const dataset::Writers::Lease writer, writers.borrow("main", seconds(5)));
    MC_TRY_OK(writer->script(kTables));
    for (const std::string& tenant : options.with_rows) MC_TRY_OK(fill(*writer, tenant));
  }
  dataset::ConnectionSet connections(drivers_, catalog_->model(), writers);
  return dataset::check_tables(catalog_->model(), connections);
}

Status World::build(const WorldOptions& options) {
  drivers_.add(sql::sqlite_driver());
  for (const auto& [path, text] : options.files) MC_TRY_OK(files_.write_atomic(path, text));
  MC_TRY_OK(build_datasets(options));
  MC_TRY(auto connection, drivers_.open("sqlite::memory:"));
  MC_TRY([[maybe_unused]] const sql::MigrationReport report,
         sql::migrate(*connection, sql::built_in_migrations(), clock_));
  MC_TRY(directory_, identity::Directory::open(std::move(connection), clock_, random_));
  for (const std::string id : {"alpha", "bravo", "system"}) {
    identity::Tenant tenant;
    tenant.id = TenantId(id);
    tenant.region = "eu-west-1";
    MC_TRY([[maybe_unused]] const identity::Tenant made, directory_->create_tenant(tenant));
  }
  if (options.traced) {
    tracer_ = std::make_unique<trace::Tracer>(clock_, random_, trace::Options{.ratio = 1.0});
  }
  gateway::GatewayWorld world{clock_,        random_,     files_,    log_,          metrics_,
                              tracer_.get(), *directory_, &drivers_, catalog_.get()};
  world.budgets = options.budgets;
  world.usage = options.usage;
  world.taps = options.taps;
  world.journal = options.journal;
  world.seats = options.seats;
  world.shares = options.shares;
  world.share = options.share;
  world.on_store_loss = options.on_store_loss;
  world.private_answers = options.private_answers;
  if (options.governed) {
    governed_ = std::make_unique<Governed>(Governed::World{files_, clock_, random_, *directory_});
    governed_->policy.remote = options.remote;
    world.policy = &governed_->policy;
    world.gate = &governed_->gate;
    world.recorder = &*governed_->recorder;
  }
  MC_TRY(gateway_, gateway::Gateway::make(options.gateway, world));
  if (options.attached) gateway_->attach(server_);
  front_ = gateway_.get();
  return ok();
}

std::string World::token(const Wanted& wanted) {
  const TenantId tenant(wanted.tenant);
  const PrincipalId principal(wanted.principal);
  const auto roles = identity::parse_roles(wanted.roles);
  const auto scopes = identity::parse_scopes(wanted.scopes);
  MC_CHECK(roles && scopes);
  const auto made =
      directory_->create_principal({tenant, principal, wanted.principal, *roles, "active", {}});
  MC_CHECK(made || made.error().code == Code::conflict);
  const auto issued =
      directory_->issue({tenant, principal, *scopes, wanted.purposes, wanted.lifetime, "test"});
  MC_CHECK(issued.has_value());
  return std::string(issued->token.reveal(RevealToken()));
}

std::shared_ptr<sim::FakeExchange> World::send(sim::FakeRequest request, const std::string& token) {
  request.received = clock_.mono();
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  auto exchange = std::make_shared<sim::FakeExchange>(std::move(request));
  std::erase_if(sent_, [](const auto& sent) { return sent.expired(); });
  sent_.push_back(exchange);
  front_->handle(exchange);
  return exchange;
}

net::Response World::ask(sim::FakeRequest request, const std::string& token) {
  const auto exchange = send(std::move(request), token);
  exchange->wait();
  return exchange->response();
}

net::Response World::post(const std::string& json, const std::string& token) {
  return ask({.headers = {{"Content-Type", "application/json"}}, .body = json}, token);
}

net::Response World::query(const std::string& document, const std::string& token) {
  return post(body_of(document), token);
}

std::string World::dump(const std::string& tenant) {
  const auto connection =
      drivers_.open("sqlite:" + folder_ + "/rows.db", {.access = sql::Access::read_only});
  MC_CHECK(connection.has_value());
  std::string out;
  for (const char* sql :
       {"SELECT id || '|' || name || '|' || ifnull(age, '-') || '|' || email || '|' || "
        "ifnull(boss_id, '-') || "
        "'|' || version FROM person WHERE tenant_id = ?1 ORDER BY id",
        "SELECT id || '|' || person_id || '|' || total || '|' || status FROM shop_order "
        "WHERE tenant_id = ?1 ORDER BY id"}) {
    const auto rows = (*connection)->query(sql, {tenant});
    MC_CHECK(rows.has_value());
    while (*(*rows)->next()) out.append((*rows)->text(0)).append("\n");
  }
  return out;
}

std::string body_of(const std::string& document) {
  std::string out;
  json::Writer(out).begin_object().member("query", document).end_object();
  return out;
}

std::string code_of(const net::Response& response) {
  const auto body = json::parse(response.body, {.bytes_max = 64 << 20});
  if (!body) return "";
  const json::Value* code = body->find("code");
  if (const json::Value* errors = body->find("errors"); errors && errors->as_array()) {
    const json::Array& list = *errors->as_array();
    const json::Value* extensions = list.empty() ? nullptr : list.front().find("extensions");
    code = extensions == nullptr ? nullptr : extensions->find("code");
  }
  return code == nullptr || code->as_string() == nullptr ? "" : *code->as_string();
}

}  // namespace mc::guarded
