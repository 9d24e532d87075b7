#include <doctest/doctest.h>

#include <atomic>

#include "contract/dataset_contract.h"

namespace mc::dataset::contract {
namespace {

class WatchedConnection final : public sql::Connection {
 public:
  WatchedConnection(std::unique_ptr<sql::Connection> inner, std::shared_ptr<Journal> journal)
      : inner_(std::move(inner)), journal_(std::move(journal)) {}
  sql::Dialect dialect() const override { return inner_->dialect(); }
  Result<std::unique_ptr<sql::Rows>> query(std::string_view sql,
                                           std::span<const sql::Param> params) override {
    note(sql, params);
    auto rows = inner_->query(sql, params);
    if (journal_->on_query) journal_->on_query();
    return rows;
  }
  Result<std::int64_t> execute(std::string_view sql, std::span<const sql::Param> params) override {
    note(sql, params);
    return inner_->execute(sql, params);
  }
  Status script(std::string_view sql) override { return inner_->script(sql); }
  Status begin() override { return inner_->begin(); }
  Status commit() override { return inner_->commit(); }
  Status rollback() override { return inner_->rollback(); }
  void interrupt() override { inner_->interrupt(); }
  void set_statement_timeout(Nanos limit) override { inner_->set_statement_timeout(limit); }
  void set_step_limit(std::int64_t steps) override { inner_->set_step_limit(steps); }
  Status insert_many(std::string_view table, std::span<const std::string> columns,
                     std::span<const sql::Param> values) override {
    return inner_->insert_many(table, columns, values);
  }
  std::string version() const override { return inner_->version(); }

 private:
  static std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
    return n;
  }
  void note(std::string_view sql, std::span<const sql::Param> params) {
    if (!journal_->watching) return;
    journal_->statements.emplace_back(sql);
    const std::string* first = params.empty() ? nullptr : std::get_if<std::string>(&params[0]);
    const bool bound = first != nullptr && *first == journal_->tenant;
    const std::size_t tables =
        count(sql, "FROM \"") + count(sql, "JOIN \"") + count(sql, "UPDATE \"");
    const bool scoped =
        sql.starts_with("INSERT")
            ? sql.find("(\"tenant_id\"") != sql.npos && sql.find("VALUES (?1") != sql.npos
            : tables > 0 && count(sql, "WHERE \"tenant_id\" = ?1") == tables;
    if (!bound || !scoped) journal_->violations.emplace_back(sql);
  }
  std::unique_ptr<sql::Connection> inner_;
  std::shared_ptr<Journal> journal_;
};

class WatchedDriver final : public sql::Driver {
 public:
  WatchedDriver(std::unique_ptr<sql::Driver> inner, std::shared_ptr<Journal> journal)
      : inner_(std::move(inner)), journal_(std::move(journal)) {}
  std::string_view scheme() const override { return inner_->scheme(); }
  bool in_process() const override { return inner_->in_process(); }
  Result<std::unique_ptr<sql::Connection>> open(const std::string& url,
                                                const sql::OpenOptions& options) override {
    MC_TRY(auto connection, inner_->open(url, options));
    return std::unique_ptr<sql::Connection>(
        std::make_unique<WatchedConnection>(std::move(connection), journal_));
  }

 private:
  std::unique_ptr<sql::Driver> inner_;
  std::shared_ptr<Journal> journal_;
};

std::uint64_t seed_of(const std::string& tenant) {
  std::uint64_t seed = 5;
  for (const char c : tenant) seed = seed * 131 + static_cast<unsigned char>(c);
  return seed;
}

json::Value maybe(Dice& dice, json::Value value) {
  return dice.one_in(5) ? json::Value() : std::move(value);
}

std::string insert_text(const std::string& table, const std::vector<std::string>& columns,
                        bool postgres) {
  std::string names = "tenant_id";
  std::string marks = "?1";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names += ", \"" + columns[i] + "\"";
    std::string mark = "?" + std::to_string(i + 2);
    if (postgres && columns[i] == "born") mark = "CAST(" + mark + " AS date)";
    if (postgres && columns[i] == "seen") mark = "CAST(" + mark + " AS timestamptz)";
    if (postgres && columns[i] == "extra") mark = "CAST(" + mark + " AS jsonb)";
    marks += ", " + mark;
  }
  return "INSERT INTO \"" + table + "\" (" + names + ") VALUES (" + marks + ")";
}

sql::Param param_of(const json::Value& value) {
  if (const bool* flag = value.as_bool()) return *flag;
  if (const std::int64_t* number = value.as_int()) return *number;
  if (const double* real = value.as_double()) return *real;
  if (const std::string* text = value.as_string()) return *text;
  if (value.is_null()) return std::monostate{};
  return json::print(value);
}

}  // namespace

std::string model_yaml(const std::string& url, const std::string& prefix) {
  return "sources:\n  - {name: main, url: \"" + url + "\", region: eu-west-1}\n" + R"(datasets:
  - name: person
    plural: people
    source: main
    table: )" +
         prefix + R"(person
    key: id
    tenant: tenant_id
    writable: true
    version: version
    limits: {first_default: 5, first_max: 100}
    columns:
      - {name: id, type: id}
      - {name: name, column: full name, type: string, nullable: true, sensitivity: personal}
      - {name: age, type: int, nullable: true, quasi_identifier: true}
      - {name: score, type: float, nullable: true}
      - {name: active, type: boolean, nullable: true}
      - {name: born, type: date, nullable: true}
      - {name: seen, type: datetime, nullable: true}
      - {name: big, type: long}
      - {name: extra, type: json, nullable: true}
      - {name: bossId, column: boss_id, type: id, nullable: true}
      - {name: email, type: string, nullable: true, unique: true, filterable: false}
      - {name: version, type: int, sensitivity: public}
    relations:
      - {name: boss, to: person, kind: one, local: bossId, remote: id}
      - {name: reports, to: person, kind: many, local: id, remote: bossId}
      - {name: orders, to: order, kind: many, local: id, remote: personId}
    privacy:
      unit: id
      columns:
        - {name: age, min: "-3", max: "8", step: "1"}
        - {name: score, min: "-0.25", max: "0.55", step: "0.1"}
        - name: big
          min: "0"
          max: "9007199254740995"
          step: "9007199254740995"
          keys: ["9007199254740993"]
        - {name: active, keys: ["true", "false"]}
        - {name: name}
        - {name: born}
        - {name: bossId}
  - name: order
    source: main
    table: )" +
         prefix + R"(shop_order
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
    privacy:
      unit: personId
      groups_per_unit: 2
      rows_per_group: 5
      columns:
        - {name: total, min: "0", max: "25", step: "0.5"}
        - {name: status, keys: [paid, open]}
)";
}

Rows people_of(const std::string& tenant, int people) {
  Dice dice(seed_of(tenant));
  // Bytewise order, case, spaces, wildcards of LIKE, the empty text, characters beyond the BMP.
  const std::vector<std::string> names = {
      "Anna",         "anna",      "Ännä",   "Zoë", "Bob",
      "bob ",         "",          "a_b%c",  "a%",  "\xF0\x9F\x98\x80x",
      "\xEF\xBF\xBD", "Anna'; --", "O\"Neil"};
  const std::string mark = tenant == "bravo" ? "bravo " : "";
  Rows rows;
  for (int i = 0; i < people; ++i) {
    json::Object row;
    const auto n = static_cast<std::int64_t>(i);
    row.set("id", "p" + std::to_string(i));
    row.set("name", maybe(dice, mark + dice.of(names)));
    row.set("age", maybe(dice, static_cast<std::int64_t>(dice.below(12)) - 3));
    row.set("score", maybe(dice, static_cast<double>(dice.below(9)) * 0.1 - 0.25));
    row.set("active", maybe(dice, dice.one_in(2)));
    row.set("born", maybe(dice, "19" + std::to_string(70 + dice.below(9)) + "-02-0" +
                                    std::to_string(1 + dice.below(9))));
    row.set("seen", maybe(dice, "2026-01-0" + std::to_string(1 + dice.below(9)) + "T10:00:00." +
                                    std::to_string(100 + dice.below(3)) + "Z"));
    row.set("big", (std::int64_t{1} << 53) + 1 + static_cast<std::int64_t>(dice.below(3)));
    json::Object extra;
    extra.set("n", n);
    row.set("extra", maybe(dice, extra));
    row.set("bossId",
            i == 0
                ? json::Value()
                : maybe(dice, "p" + std::to_string(dice.below(static_cast<std::size_t>(people)))));
    row.set("email", mark + "m" + std::to_string(i) + "@example.org");
    row.set("version", 1);
    rows.push_back(std::move(row));
  }
  return rows;
}

Rows orders_of(const std::string& tenant, int people) {
  Dice dice(seed_of(tenant) + 1);
  Rows rows;
  for (int i = 0; i < people * 3; ++i) {
    json::Object row;
    row.set("id", std::to_string(i + 1));
    row.set("personId", "p" + std::to_string(dice.below(static_cast<std::size_t>(people))));
    row.set("total", static_cast<double>(dice.below(50)) * 0.5);
    row.set("status", tenant == "bravo" ? "bravo-paid" : dice.one_in(2) ? "paid" : "open");
    rows.push_back(std::move(row));
  }
  return rows;
}

World::World(const Backend& backend, std::vector<std::string> tenants, int people) {
  static std::atomic<int> worlds = 0;
  const int number = ++worlds;
  const std::string prefix = "w" + std::to_string(number) + "_";
  drivers_.add(std::make_unique<WatchedDriver>(backend.driver(), journal_));
  Result<Model> model = parse_model(model_yaml(backend.url(number), prefix), "test.yaml");
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  auto catalog = Catalog::make(*model, {.cursor_key = Secret("0123456789abcdef")});
  REQUIRE_MESSAGE(catalog.has_value(), catalog.error().what);
  catalog_ = std::move(*catalog);
  writers_ = std::make_unique<Writers>(drivers_, catalog_->model());
  connections_ = std::make_unique<ConnectionSet>(drivers_, catalog_->model(), *writers_);
  create_tables(prefix);
  for (const std::string& tenant : tenants) fill(tenant, prefix, people);
  const Status tables = check_tables(catalog_->model(), *connections_);
  REQUIRE_MESSAGE(tables.has_value(), tables.error().what);
  journal_->watching = true;
}

World::~World() = default;

void World::create_tables(const std::string& prefix) {
  auto writer = writers_->borrow("main", seconds(5));
  REQUIRE_MESSAGE(writer.has_value(), writer.error().what);
  const bool postgres = (*writer)->dialect() == sql::Dialect::postgres;
  const std::string real = postgres ? "double precision" : "REAL";
  const std::string text = postgres ? "text COLLATE \"C\"" : "TEXT";
  const Status done = (*writer)->script(
      "DROP TABLE IF EXISTS " + prefix + "person; DROP TABLE IF EXISTS " + prefix +
      "shop_order; CREATE TABLE " + prefix + "person (tenant_id TEXT NOT NULL, id " + text +
      " NOT NULL, \"full name\" " + text + ", age INTEGER, score " + real + ", active " +
      (postgres ? "boolean, born date, seen timestamptz, big bigint, extra jsonb"
                : "INTEGER, born TEXT, seen TEXT, big INTEGER, extra TEXT") +
      ", boss_id " + text +
      ", email TEXT, version INTEGER NOT NULL, PRIMARY KEY (tenant_id, id)"
      ", UNIQUE (tenant_id, email)); CREATE TABLE " +
      prefix + "shop_order (tenant_id TEXT NOT NULL, id bigint NOT NULL, person_id " + text +
      ", total " + real + ", status " + text + ", PRIMARY KEY (tenant_id, id))");
  REQUIRE_MESSAGE(done.has_value(), done.error().what);
}

void World::fill(const std::string& tenant, const std::string& prefix, int people) {
  auto writer = writers_->borrow("main", seconds(5));
  REQUIRE(writer.has_value());
  const bool postgres = (*writer)->dialect() == sql::Dialect::postgres;
  const std::vector<std::string> person = {"id",     "full name", "age",   "score",
                                           "active", "born",      "seen",  "big",
                                           "extra",  "boss_id",   "email", "version"};
  auto transaction = sql::Transaction::begin(**writer);
  REQUIRE(transaction.has_value());
  const auto add = [&](const std::string& sql, const json::Object& row, bool integer_key) {
    std::vector<sql::Param> params = {tenant};
    for (const json::Member& member : row.members()) params.push_back(param_of(member.value));
    if (integer_key) params[1] = *parse_int(*row.find("id")->as_string());
    const auto done = (*writer)->execute(sql, std::span<const sql::Param>(params));
    REQUIRE_MESSAGE(done.has_value(), done.error().what);
  };
  const std::string person_sql = insert_text(prefix + "person", person, postgres);
  for (const json::Object& row : people_of(tenant, people)) add(person_sql, row, false);
  const std::string order_sql =
      insert_text(prefix + "shop_order", {"id", "person_id", "total", "status"}, postgres);
  for (const json::Object& row : orders_of(tenant, people)) add(order_sql, row, true);
  REQUIRE(transaction->commit().has_value());
}

Reply World::ask(const std::string& tenant, const std::string& query, const json::Object& variables,
                 SessionOptions options) {
  journal_->tenant = tenant;
  journal_->statements.clear();
  auto session = Session::make(*catalog_, TenantId(tenant), *connections_, {clock_, random_},
                               std::move(options));
  REQUIRE(session.has_value());
  const auto document = graphql::parse(query);
  REQUIRE_MESSAGE(document.has_value(), query);
  const auto findings = graphql::validate(catalog_->schema(), **document);
  REQUIRE_MESSAGE(findings.empty(), query << "\n" << (findings.empty() ? "" : findings[0].message));
  const graphql::ExecuteRequest request{
      .document = **document, .operation_name = "", .variables = variables};
  Reply reply;
  reply.body = graphql::execute(catalog_->schema(), request, **session, clock_).body;
  auto parsed = json::parse(reply.body, {.bytes_max = 64 << 20});
  REQUIRE_MESSAGE(parsed.has_value(), reply.body);
  reply.json = std::move(*parsed);
  reply.report = (*session)->report();
  CHECK_MESSAGE(journal_->violations.empty(), journal_->violations[0]);
  return reply;
}

std::string World::dump(const std::string& tenant) {
  std::string after = "null";
  std::string out;
  for (;;) {
    json::Object variables;
    if (after != "null") variables.set("after", after);
    const Reply reply =
        ask(tenant,
            "query($after: String) { people(first: 100, after: $after) { nodes { id "
            "name age score active born seen big extra bossId email version orders("
            "first: 100) { nodes { id personId total status } } } pageInfo { "
            "hasNextPage endCursor } } }",
            variables);
    REQUIRE_MESSAGE(reply.code().empty(), reply.body);
    out += reply.body;
    if (!*reply.at({"data", "people", "pageInfo", "hasNextPage"})->as_bool()) return out;
    after = *reply.at({"data", "people", "pageInfo", "endCursor"})->as_string();
  }
}

const json::Value* Reply::at(std::initializer_list<std::string_view> path) const {
  const json::Value* value = &json;
  for (const std::string_view key : path) {
    if (value == nullptr) return nullptr;
    value = value->find(key);
  }
  return value;
}

std::string Reply::code() const {
  const json::Value* errors = json.find("errors");
  if (errors == nullptr || errors->as_array() == nullptr) return "";
  const json::Value* extensions = errors->as_array()->front().find("extensions");
  const json::Value* code = extensions == nullptr ? nullptr : extensions->find("code");
  return code == nullptr ? "none" : *code->as_string();
}

}  // namespace mc::dataset::contract
