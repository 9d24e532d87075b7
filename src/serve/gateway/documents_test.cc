#include "gateway/documents.h"

#include <doctest/doctest.h>

#include <thread>

#include "sim/sim.h"

namespace mc::gateway {
namespace {

const TenantId kAlpha("alpha");
const TenantId kBravo("bravo");

std::string numbered(int i) {
  return "{ f" + std::to_string(i) + " }";
}
std::shared_ptr<const Compiled> compiled(const std::string& query) {
  return compile(query, LimitsConfig{}, nullptr);
}
void put(DocumentCache& cache, const TenantId& tenant, const std::string& query) {
  cache.insert(tenant, query, compiled(query));
}
int held(DocumentCache& cache, const TenantId& tenant, int from, int to) {
  int found = 0;
  for (int i = from; i < to; ++i) found += cache.find(tenant, numbered(i)) != nullptr ? 1 : 0;
  return found;
}
LimitsConfig cache_of(std::int64_t all, std::int64_t per_tenant) {
  LimitsConfig limits;
  limits.cached_documents_max = all;
  limits.cached_documents_per_tenant_max = per_tenant;
  return limits;
}

TEST_CASE("documents: compile tells syntax errors, broken limits and invalid fields apart") {
  const auto schema = graphql::Schema::build({"type Query { a: Int, b(x: Int): Query }"});
  REQUIRE(schema.has_value());
  struct Row {
    const char* query;
    const char* code;
  };
  const Row rows[] = {{"{ a }", ""},
                      {"{ a", "GRAPHQL_PARSE_FAILED"},
                      {"", "GRAPHQL_PARSE_FAILED"},
                      {"{ c }", "GRAPHQL_VALIDATION_FAILED"},
                      {"{ x: a y: a z: a }", "ALIASES_LIMIT_EXCEEDED"},
                      {"{ b { b { b { b { b { a } } } } } }", "DEPTH_LIMIT_EXCEEDED"},
                      {"{ a b { a } ...F } fragment F on Query { __typename }", ""},
                      {"query A { a } query A { a }", "GRAPHQL_VALIDATION_FAILED"},
                      {"type X { a: Int }", "GRAPHQL_VALIDATION_FAILED"}};
  LimitsConfig limits;
  limits.aliases_max = 2;
  limits.depth_max = 4;
  for (const Row& row : rows) {
    CAPTURE(row.query);
    const auto out = compile(row.query, limits, schema->get());
    CHECK((out->errors.empty() ? "" : out->errors.front().code) == row.code);
    CHECK(out->prepared.size() == (out->errors.empty() ? 1 : 0));
  }
}

// An upstream may choose another of two operations of one name than the gateway has checked.
TEST_CASE("documents: names of the schema are suggested apart from the plain findings") {
  const auto schema = graphql::Schema::build({"type Query { fullName: Int }"});
  REQUIRE(schema.has_value());
  const auto wrong = compile("{ fullNam }", LimitsConfig{}, schema->get());
  REQUIRE(wrong->errors.size() == 1);
  REQUIRE(wrong->suggested.size() == 1);
  CHECK(wrong->errors[0].message.find("fullName") == std::string::npos);
  CHECK(wrong->suggested[0].message.find("Did you mean \"fullName\"?") != std::string::npos);
  CHECK(compile("{ fullName }", LimitsConfig{}, schema->get())->suggested.empty());
}

TEST_CASE("documents: without a schema, what an upstream could read in two ways is refused") {
  for (const char* query :
       {"query A { a } mutation A { b }", "query A { a } query A { b }", "{ a } mutation { b }",
        "{ a } mutation B { b }", "type X { a: Int }", "{ a } type X { a: Int }",
        "fragment F on T { a }", "{ ...F } fragment F on T { a } fragment F on T { b }"}) {
    CAPTURE(query);
    CHECK(!compiled(query)->errors.empty());
  }
  for (const char* query : {"{ a }", "query A { a } mutation B { b }",
                            "query A { ...F } fragment F on T { a } query B { ...F }"}) {
    CAPTURE(query);
    CHECK(compiled(query)->errors.empty());
  }
}

TEST_CASE("documents: introspection is seen wherever it hides") {
  CHECK(compiled("{ x: __schema { types { name } } }")->introspects);
  CHECK(compiled("{ ...F } fragment F on Query { a { ... on T { __type(name: \"T\") { name } } } }")
            ->introspects);
  CHECK(!compiled("{ __typename schema: a(x: \"__schema\") }")->introspects);
}

TEST_CASE("documents: an entry is found by the exact text of its own tenant only") {
  DocumentCache cache(LimitsConfig{}, 42);
  put(cache, kAlpha, "{ a }");
  CHECK(cache.find(kAlpha, "{ a }") != nullptr);
  CHECK(cache.find(kAlpha, "{ a } ") == nullptr);
  CHECK(cache.find(kBravo, "{ a }") == nullptr);
  const std::string id = document_id("{ a }");
  cache.remember_id(kAlpha, id, "{ a }");
  CHECK(cache.find_by_id(kAlpha, id) == "{ a }");
  CHECK(!cache.find_by_id(kBravo, id));
  CHECK(!cache.find_by_id(kAlpha, "{ a }"));
  CHECK(cache.find(kAlpha, id) == nullptr);
}

TEST_CASE("documents: the cache never holds more than its limits, in all and of one tenant") {
  struct Row {
    std::int64_t all, per_tenant;
  };
  for (const Row& row : {Row{64, 32}, Row{64, 8}, Row{9, 5}, Row{4, 100}, Row{1, 1}}) {
    CAPTURE(row.all);
    CAPTURE(row.per_tenant);
    DocumentCache cache(cache_of(row.all, row.per_tenant), 42);
    for (int i = 0; i < 300; ++i) {
      put(cache, kAlpha, numbered(i));
      REQUIRE(held(cache, kAlpha, 0, i + 1) <= row.per_tenant);
      REQUIRE(static_cast<std::int64_t>(cache.size()) <= row.all);
    }
    CHECK(held(cache, kAlpha, 0, 300) >= 1);
    for (const char* tenant : {"bravo", "cosmos", "delta"}) {
      for (int i = 0; i < 100; ++i) put(cache, TenantId(tenant), numbered(i));
      REQUIRE(static_cast<std::int64_t>(cache.size()) <= row.all);
    }
  }
}

TEST_CASE("documents: a flood of one tenant costs that tenant, not the others") {
  DocumentCache cache(cache_of(4'096, 256), 42);
  for (int i = 0; i < 100; ++i) put(cache, kBravo, numbered(i));
  for (int i = 0; i < 2'000; ++i) {
    const std::string query = numbered(i);
    put(cache, kAlpha, query);
    cache.remember_id(kAlpha, document_id(query), query);
  }
  CHECK(held(cache, kBravo, 0, 100) == 100);
  CHECK(cache.size() <= 356);
}

TEST_CASE("documents: large texts count by their bytes") {
  LimitsConfig limits = cache_of(1'000, 1'000);
  limits.cached_document_bytes_max = 1 << 20;
  limits.cached_document_bytes_per_tenant_max = 256 << 10;
  DocumentCache cache(limits, 42);
  const std::string padding(8 << 10, ' ');
  for (int i = 0; i < 100; ++i) {
    put(cache, kAlpha, numbered(i) + padding);
    const std::string query = numbered(i) + padding + " ";
    cache.remember_id(kAlpha, document_id(query), query);
    REQUIRE(cache.bytes() <= 256 << 10);
  }
  CHECK(cache.size() > 0);
  for (const char* tenant : {"b", "c", "d", "e", "f", "g"}) {
    for (int i = 0; i < 100; ++i) put(cache, TenantId(tenant), numbered(i) + padding);
    REQUIRE(cache.bytes() <= 1 << 20);
  }
  // Larger than all that a tenant may keep: not kept, and nothing else is lost for it.
  const std::size_t before = cache.size();
  put(cache, kBravo, numbered(0) + std::string(300 << 10, ' '));
  CHECK(cache.size() == before);
}

TEST_CASE("documents: what is used stays, what is oldest goes") {
  DocumentCache cache(cache_of(1, 1), 42);
  put(cache, kAlpha, "{ a }");
  put(cache, kAlpha, "{ b }");
  CHECK(cache.find(kAlpha, "{ a }") == nullptr);
  CHECK(cache.find(kAlpha, "{ b }") != nullptr);
  DocumentCache larger(cache_of(64, 64), 42);
  put(larger, kAlpha, "{ kept }");
  for (int i = 0; i < 500; ++i) {
    put(larger, kAlpha, numbered(i));
    REQUIRE(larger.find(kAlpha, "{ kept }") != nullptr);
  }
}

// The twin: a list in order of use. Its one limit is large enough never to be reached.
TEST_CASE("documents: a cache that is never full answers like a plain list") {
  DocumentCache cache(cache_of(8'192, 8'192), 7);
  std::vector<std::pair<std::string, std::string>> twin;
  sim::SimRandom random(3);
  for (int step = 0; step < 2'000; ++step) {
    const std::string tenant = random.next_u64() % 2 == 0 ? "alpha" : "bravo";
    const std::string query = numbered(static_cast<int>(random.next_u64() % 200));
    const bool known = std::find(twin.begin(), twin.end(), std::pair(tenant, query)) != twin.end();
    CHECK((cache.find(TenantId(tenant), query) != nullptr) == known);
    if (!known && random.next_u64() % 2 == 0) {
      put(cache, TenantId(tenant), query);
      twin.emplace_back(tenant, query);
    }
  }
  CHECK(cache.size() == twin.size());
}

TEST_CASE("documents: threads may use one cache at once") {
  DocumentCache cache(cache_of(64, 32), 42);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&cache, t] {
      const TenantId tenant(t == 0 ? "alpha" : "bravo");
      for (int i = 0; i < 400; ++i) {
        const std::string query = numbered(i % 50);
        if (cache.find(tenant, query) == nullptr) put(cache, tenant, query);
        cache.remember_id(tenant, document_id(query), query);
        cache.find_by_id(tenant, document_id(query));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(cache.size() <= 64);
}

TEST_CASE("documents: a registered file is taken only when every id fits its text") {
  sim::SimFiles files;
  REQUIRE(files.write_atomic("/good.json", "{\"" + document_id("{ a }") + "\":\"{ a }\"}"));
  REQUIRE(files.write_atomic("/wrong.json", "{\"" + document_id("{ a }") + "\":\"{ b }\"}"));
  REQUIRE(files.write_atomic("/list.json", "[]"));
  REQUIRE(files.write_atomic("/number.json", "{\"" + document_id("{ a }") + "\":1}"));
  REQUIRE(files.write_atomic("/broken.json", "{"));
  const auto good = Registered::load(files, "/good.json");
  REQUIRE(good.has_value());
  CHECK(good->size() == 1);
  CHECK(good->contains_text("{ a }"));
  CHECK(!good->contains_text("{ a } "));
  REQUIRE(good->find(document_id("{ a }")) != nullptr);
  CHECK(good->find("sha256:00") == nullptr);
  CHECK(Registered::load(files, "")->size() == 0);
  for (const char* path :
       {"/wrong.json", "/list.json", "/number.json", "/broken.json", "/absent.json"}) {
    CAPTURE(path);
    CHECK(!Registered::load(files, path).has_value());
  }
}

}  // namespace
}  // namespace mc::gateway
