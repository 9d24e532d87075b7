#include "failure_world.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace mc::failure {

const char* const kRead = "{ people(first: 5) { nodes { id name orders { nodes { id } } } } }";
const char* const kCreate =
    R"(mutation { createPerson(input: {id: "p9", name: "Noor"}) { id name } })";
const char* const kUpdate =
    R"(mutation { updatePerson(id: "p1", input: {name: "Changed"}) { id name version } })";
const char* const kDelete = R"(mutation { deletePerson(id: "p2") })";
const char* const kStoredAtFirst = "p1=name 1,p2=name 2,p3=name 3,p4=name 4,p5=name 5";

namespace {

using Fault = sim::FaultyConnection::Fault;

// Owns the real connection and asks the plan before every statement.
class PlannedConnection final : public sql::Connection {
 public:
  PlannedConnection(std::unique_ptr<sql::Connection> inner, Plan& plan)
      : inner_(std::move(inner)), faulty_(*inner_), plan_(plan) {}
  sql::Dialect dialect() const override { return faulty_.dialect(); }
  Result<std::unique_ptr<sql::Rows>> query(std::string_view sql,
                                           std::span<const sql::Param> params) override {
    return planned().query(sql, params);
  }
  Result<std::int64_t> execute(std::string_view sql, std::span<const sql::Param> params) override {
    return planned().execute(sql, params);
  }
  Status script(std::string_view sql) override { return planned().script(sql); }
  Status begin() override { return planned().begin(); }
  Status commit() override { return planned().commit(); }
  Status rollback() override { return faulty_.rollback(); }
  void interrupt() override { faulty_.interrupt(); }
  void set_statement_timeout(Nanos limit) override { faulty_.set_statement_timeout(limit); }
  Status insert_many(std::string_view table, std::span<const std::string> columns,
                     std::span<const sql::Param> values) override {
    return planned().insert_many(table, columns, values);
  }
  std::string version() const override { return faulty_.version(); }
  bool lost() override { return faulty_.lost(); }

 private:
  sim::FaultyConnection& planned() {
    plan_.apply(faulty_);
    plan_.count();
    return faulty_;
  }
  std::unique_ptr<sql::Connection> inner_;
  sim::FaultyConnection faulty_;
  Plan& plan_;
};

std::string model_yaml(const std::string& path) {
  return "sources:\n  - {name: main, url: \"sqlite:" + path + "\", region: eu-west-1}\n" +
         R"(datasets:
  - name: person
    plural: people
    source: main
    table: person
    key: id
    tenant: tenant_id
    writable: true
    version: version
    columns:
      - {name: id, type: id}
      - {name: name, type: string, nullable: true}
      - {name: version, type: int}
    relations:
      - {name: orders, to: order, kind: many, local: id, remote: personId}
  - name: order
    source: main
    table: shop_order
    key: id
    tenant: tenant_id
    columns:
      - {name: id, type: id}
      - {name: personId, column: person_id, type: id}
  - name: slow
    plural: slows
    source: main
    table: slow
    key: id
    tenant: tenant_id
    columns:
      - {name: id, type: id}
)";
}

void fill_database(const std::string& path) {
  const auto connection = outsider(path);
  const Status made = connection->script(
      "CREATE TABLE person (tenant_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT, version INTEGER "
      "NOT NULL, PRIMARY KEY (tenant_id, id));"
      "CREATE TABLE shop_order (tenant_id TEXT NOT NULL, id TEXT NOT NULL, person_id TEXT,"
      " PRIMARY KEY (tenant_id, id));"
      "CREATE VIEW slow AS WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n)"
      " SELECT 'alpha' AS tenant_id, CAST(v AS TEXT) AS id FROM n WHERE v < 0;");
  REQUIRE_MESSAGE(made.has_value(), made.error().what);
  auto transaction = sql::Transaction::begin(*connection);  // one sync, not twenty
  REQUIRE(transaction.has_value());
  for (int i = 1; i <= 5; ++i) {
    const std::string n = std::to_string(i);
    REQUIRE(connection->execute("INSERT INTO person VALUES ('alpha', ?1, ?2, 1)",
                                {"p" + n, "name " + n}));
    for (int k = 0; k < 3; ++k) {
      REQUIRE(connection->execute("INSERT INTO shop_order VALUES ('alpha', ?1, ?2)",
                                  {"o" + n + std::to_string(k), "p" + n}));
    }
  }
  REQUIRE(transaction->commit().has_value());
}

std::string header(const net::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return "";
}

std::string graphql_body(std::string_view query) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("query", query).end_object();
  return body;
}

Reply send(net::Client& client, std::uint16_t port, const std::string& path,
           const std::string& token, std::string_view query) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = "http://127.0.0.1:" + std::to_string(port) + path;
  request.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}};
  request.body = graphql_body(query);
  const auto clock = sys::real_clock();
  const MonoTime before = clock->mono();
  const Result<net::Response> response = client.fetch(request);
  Reply reply;
  reply.took = clock->mono() - before;
  if (!response) {
    reply.body = response.error().what;
    return reply;
  }
  reply.status = response->status;
  reply.body = response->body;
  reply.request_id = header(*response, "X-Request-Id");
  reply.retry_after = header(*response, "Retry-After");
  reply.date = header(*response, "Date");
  if (Result<json::Value> value = json::parse(response->body, {.bytes_max = 64 << 20})) {
    reply.json = std::move(*value);
  }
  return reply;
}

}  // namespace

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "mc-failure-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Plan::fail_at(std::int64_t n, Fault fault) {
  const std::lock_guard lock(mutex_);
  n_ = n;
  fault_ = fault;
  counted_.store(0);
}

void Plan::run_first(std::string script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void Plan::apply(sim::FaultyConnection& connection) {
  const std::lock_guard lock(mutex_);
  if (!script_.empty()) {
    const Status done = connection.script(std::exchange(script_, {}));
    CHECK_MESSAGE(done.has_value(), done.error().what);
  }
  if (n_ > 0) connection.fail_at(std::exchange(n_, 0), fault_);
}

Result<std::unique_ptr<sql::Connection>> PlannedDriver::open(const std::string& url,
                                                             const sql::OpenOptions& options) {
  sql::OpenOptions changed = options;
  changed.busy_timeout = std::min(busy_timeout_, options.busy_timeout);
  MC_TRY(std::unique_ptr<sql::Connection> connection, inner_->open(url, changed));
  Plan& plan = options.access == sql::Access::read_only ? readers : writers;
  return std::unique_ptr<sql::Connection>(
      std::make_unique<PlannedConnection>(std::move(connection), plan));
}

World::World(const WorldOptions& options) : client_(net::Client::make()) {
  log_ = std::make_unique<log::Log>(clock_, sink_);
  open_state(options);
  std::filesystem::create_directory(database_folder());
  fill_database(database());
  auto driver = std::make_unique<PlannedDriver>(options.busy_timeout);
  data_driver_ = driver.get();
  data_drivers_.add(std::move(driver));
  make_catalog();
  workers_ = options.gateway.workers;
  const gateway::GatewayWorld world{clock_,  *random_,    *files_,        *log_,         metrics_,
                                    nullptr, *directory_, &data_drivers_, catalog_.get()};
  auto made = gateway::Gateway::make(options.gateway, world);
  REQUIRE_MESSAGE(made.has_value(), made.error().what);
  gateway_ = std::move(*made);
  auto server = net::Server::start({}, *gateway_, clock_);
  REQUIRE_MESSAGE(server.has_value(), server.error().what);
  server_ = std::move(*server);
  gateway_->attach(*server_);
}

World::~World() {
  CHECK(server_->drain(seconds(10)));
  gateway_->stop();
}

void World::open_state(const WorldOptions& options) {
  auto driver = std::make_unique<PlannedDriver>(options.busy_timeout);
  state_driver_ = driver.get();
  state_drivers_.add(std::move(driver));
  auto connection = state_drivers_.open("sqlite:" + (folder_ / "state.db"));
  REQUIRE(connection.has_value());
  REQUIRE(sql::migrate(**connection, sql::built_in_migrations(), clock_).has_value());
  auto directory = identity::Directory::open(std::move(*connection), clock_, *random_);
  REQUIRE(directory.has_value());
  directory_ = std::move(*directory);
  identity::Tenant tenant;
  tenant.id = TenantId("alpha");
  tenant.region = "eu-west-1";
  REQUIRE(directory_->create_tenant(tenant).has_value());
  using identity::Role;
  using identity::Scope;
  REQUIRE(directory_
              ->create_principal(
                  {tenant.id, PrincipalId("ada"), "Ada", {Role::tenant_admin}, "active", {}})
              .has_value());
  auto issued = directory_->issue({.tenant = tenant.id,
                                   .principal = PrincipalId("ada"),
                                   .scopes = {Scope::query, Scope::mutate, Scope::introspect},
                                   .lifetime = options.token_lifetime,
                                   .note = ""});
  REQUIRE_MESSAGE(issued.has_value(), issued.error().what);
  token_ = issued->token.reveal(RevealToken());
  token_info_ = issued->info;
}

void World::make_catalog() {
  Result<dataset::Model> model = dataset::parse_model(model_yaml(database()), "datasets.yaml");
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  auto catalog =
      dataset::Catalog::make(std::move(*model), {.cursor_key = Secret("0123456789abcdef")});
  REQUIRE_MESSAGE(catalog.has_value(), catalog.error().what);
  catalog_ = std::move(*catalog);
}

Reply World::ask(std::string_view query, const std::string& path) {
  return send(*client_, port(), path, token_, query);
}

Reply World::ask_apart(std::string_view query, const std::string& path) const {
  const auto client = net::Client::make();
  return send(*client, port(), path, token_, query);
}

Reply World::ask_with(const std::string& token, std::string_view query) {
  return send(*client_, port(), "/graphql", token, query);
}

std::string World::raw_request(std::string_view query, const std::string& path) const {
  const std::string body = graphql_body(query);
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
         "Authorization: Bearer " + token_ + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string World::stored() const {
  const auto driver = sql::sqlite_driver();
  auto connection = driver->open("sqlite:" + database(), {.access = sql::Access::read_only});
  REQUIRE_MESSAGE(connection.has_value(), connection.error().what);
  auto rows = (*connection)->query("SELECT id, name FROM person ORDER BY id", {});
  REQUIRE(rows.has_value());
  std::string out;
  while (*(*rows)->next()) {
    out += (out.empty() ? "" : ",") + std::string((*rows)->text(0)) + "=" +
           std::string((*rows)->text(1));
  }
  return out;
}

bool World::workers_free() {
  // As many requests at once as there are workers, all answered: each worker took one.
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (std::int64_t i = 0; i < workers_; ++i) {
    clients.emplace_back([&] { good += ask_apart(kRead).code().empty() ? 1 : 0; });
  }
  for (std::thread& client : clients) client.join();
  return good == workers_;
}

std::int64_t World::log_lines(std::string_view event, std::string_view part) const {
  std::int64_t found = 0;
  for (const std::string& line : sink_.lines()) {
    const bool named = line.find("\"" + std::string(event) + "\"") != std::string::npos;
    found += named && line.find(part) != std::string::npos ? 1 : 0;
  }
  return found;
}

bool World::logged(std::string_view event, const std::vector<std::string>& parts) const {
  return eventually([&] {
    for (const std::string& line : sink_.lines()) {
      const auto there = [&](const std::string& part) {
        return line.find(part) != std::string::npos;
      };
      if (line.find("\"" + std::string(event) + "\"") == std::string::npos) continue;
      if (std::all_of(parts.begin(), parts.end(), there)) return true;
    }
    return false;
  });
}

bool eventually(const std::function<bool()>& holds) {
  const auto clock = sys::real_clock();
  const MonoTime end = clock->mono() + seconds(10);
  while (!holds()) {
    if (clock->mono() >= end) return false;
    std::this_thread::yield();
  }
  return true;
}

std::string Reply::code() const {
  const json::Value* errors = json.find("errors");
  if (errors == nullptr || errors->as_array() == nullptr || errors->as_array()->empty()) return "";
  const json::Value* extensions = errors->as_array()->front().find("extensions");
  const json::Value* code = extensions == nullptr ? nullptr : extensions->find("code");
  return code == nullptr || code->as_string() == nullptr ? "none" : *code->as_string();
}

const json::Value* Reply::at(std::initializer_list<std::string_view> path) const {
  const json::Value* value = &json;
  for (const std::string_view key : path) {
    if (value == nullptr) return nullptr;
    value = value->find(key);
  }
  return value;
}

std::string Reply::text(std::initializer_list<std::string_view> path) const {
  const json::Value* value = at(path);
  return value == nullptr ? "" : json::print(*value);
}

std::unique_ptr<sql::Connection> outsider(const std::string& path) {
  const auto driver = sql::sqlite_driver();
  auto connection = driver->open("sqlite:" + path, {});
  REQUIRE_MESSAGE(connection.has_value(), connection.error().what);
  return std::move(*connection);
}

void check_failure(const World& world, const Reply& reply, int status, std::string_view code) {
  INFO("body: ", reply.body);
  CHECK(reply.status == status);
  CHECK(reply.code() == code);
  CHECK(reply.request_id.starts_with("req_"));
  for (const std::string_view secret : {"SQLite", "sqlite", "people.db", "SELECT", "injected"}) {
    CHECK(reply.body.find(secret) == std::string::npos);
  }
  CHECK(world.logged("request.done", {reply.request_id, "\"status\":" + std::to_string(status)}));
  CHECK(world.log_lines("request.done", reply.request_id) == 1);
}

void check_works(World& world) {
  const Reply reply = world.ask(kRead);
  INFO("body: ", reply.body);
  CHECK(reply.status == 200);
  CHECK(reply.code().empty());
  const json::Value* nodes = reply.at({"data", "people", "nodes"});
  REQUIRE((nodes != nullptr && nodes->as_array() != nullptr));
  CHECK(nodes->as_array()->size() == 5);
}

}  // namespace mc::failure
