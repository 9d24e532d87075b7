#include "gateway/budgets.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "budget/settings.h"
#include "contract/guarded_world.h"
#include "gateway/gateway.h"
#include "json/json.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::header_of;

constexpr const char* kPerson = "{ person(id: \"p3\") { id } }";

std::unique_ptr<budget::Book> book_of(const budget::BudgetSettings& settings) {
  auto made = budget::Book::make(settings, {"/graphql"});
  if (!made) FAIL(made.error().what);
  return std::move(*made);
}

budget::BudgetSettings starter(const budget::LimitSettings& limits) {
  budget::BudgetSettings out;
  static_cast<budget::LimitSettings&>(out.plans["starter"]) = limits;
  return out;
}

budget::LimitSettings requests(std::int64_t gql_qps) {
  budget::LimitSettings out;
  out.gql_qps = gql_qps;
  return out;
}

TEST_CASE("budgets: what is over the caller's own is 429, and waiting as told is enough") {
  const auto book = book_of(starter(requests(3)));
  World world({.budgets = book.get()});
  const std::string alpha = world.token(), bravo = world.token({.tenant = "bravo"});
  for (int left = 2; left >= 0; --left) {
    const net::Response reply = world.query(kPerson, alpha);
    CHECK(reply.status == 200);
    CHECK(header_of(reply.headers, "RateLimit-Policy") == "\"tenant-requests\";q=3;w=1");
    CHECK(header_of(reply.headers, "RateLimit") == "\"tenant-requests\";r=" + std::to_string(left));
    CHECK(header_of(reply.headers, "Retry-After").empty());
  }
  const net::Response denied = world.query(kPerson, alpha);
  CHECK(denied.status == 429);
  CHECK(code_of(denied) == "BUDGET_EXCEEDED");
  CHECK(denied.body.find("tenant-requests is used up: 3 in 1 s") != std::string::npos);
  CHECK(header_of(denied.headers, "RateLimit") == "\"tenant-requests\";r=0;t=1");
  CHECK(header_of(denied.headers, "Retry-After") == "1");
  CHECK(denied.body.find("data") == std::string::npos);
  CHECK(world.query(kPerson, bravo).status == 200);
  world.clock().advance(seconds(std::stoll(header_of(denied.headers, "Retry-After"))));
  CHECK(world.query(kPerson, alpha).status == 200);
}

TEST_CASE("budgets: each operation of a batch counts, and one larger than the burst says so") {
  const auto book = book_of(starter(requests(5)));
  World world({.budgets = book.get()});
  const std::string token = world.token();
  const auto batch = [&](int items) {
    std::string text = "[";
    for (int i = 0; i < items; ++i) text += (i > 0 ? "," : "") + guarded::body_of(kPerson);
    return world.post(text + "]", token);
  };
  CHECK(batch(3).status == 200);
  const net::Response denied = batch(3);
  CHECK(denied.status == 429);
  CHECK(header_of(denied.headers, "RateLimit") == "\"tenant-requests\";r=2;t=1");
  const net::Response never = batch(6);
  CHECK(never.status == 400);
  CHECK(code_of(never) == "BUDGET_TOO_SMALL");
  CHECK(header_of(never.headers, "Retry-After").empty());
  CHECK(batch(2).status == 200);
  // What JSON passes over is passed over here, too.
  for (const char* before : {"\n", "\r\n", "\t", " ", " \n\t\r "}) {
    CAPTURE(before);
    world.clock().advance(seconds(1));
    const std::string one = guarded::body_of(kPerson);
    const net::Response reply =
        world.post(before + ("[" + one + "," + one + "," + one + "]"), token);
    CHECK(reply.status == 200);
    CHECK(header_of(reply.headers, "RateLimit") == "\"tenant-requests\";r=2");
  }
}

TEST_CASE("budgets: what a budget refuses is not read, and what cannot be read has cost one") {
  const auto book = book_of(starter(requests(3)));
  World world({.budgets = book.get()});
  const std::string token = world.token();
  const auto left = [&](const net::Response& reply) {
    return std::to_string(reply.status) + " " + header_of(reply.headers, "RateLimit");
  };
  CHECK(left(world.post("{", token)) == "400 \"tenant-requests\";r=2");
  CHECK(left(world.post("", token)) == "400 \"tenant-requests\";r=1");
  const auto get = world.send({.method = "GET", .target = "/graphql?query=%7Ba%7D"}, token);
  REQUIRE(get->wait());
  CHECK(header_of(get->response().headers, "RateLimit") == "\"tenant-requests\";r=0");
  const net::Response denied = world.post("{", token);
  CHECK(left(denied) == "429 \"tenant-requests\";r=0;t=1");
  CHECK(code_of(denied) == "BUDGET_EXCEEDED");
  // A batch is read first: it must be known how many operations it has.
  CHECK(world.post("[", token).status == 400);
  CHECK(world.post("[]", token).status == 400);
}

TEST_CASE("budgets: a request that cannot be read gives its seat back") {
  budget::LimitSettings one;
  one.seats = 1;
  const auto book = book_of(starter(one));
  World world({.budgets = book.get()});
  const std::string token = world.token();
  for (int i = 0; i < 3; ++i) CHECK(world.post("{", token).status == 400);
  CHECK(world.query(kPerson, token).status == 200);
}

TEST_CASE("budgets: a shared limit is 503 and tells nothing of itself") {
  budget::BudgetSettings settings;
  settings.admission.global = requests(2);
  settings.plans["starter"].seats = 100;
  const auto book = book_of(settings);
  World world({.budgets = book.get()});
  const std::string alpha = world.token(), bravo = world.token({.tenant = "bravo"});
  CHECK(world.query(kPerson, alpha).status == 200);
  CHECK(world.query(kPerson, alpha).status == 200);
  const net::Response denied = world.query(kPerson, bravo);
  CHECK(denied.status == 503);
  CHECK(code_of(denied) == "OVERLOADED");
  CHECK(denied.body.find("the server is at its limit; retry\"") != std::string::npos);
  CHECK(header_of(denied.headers, "RateLimit") == "\"tenant-seats\";r=99");
  CHECK(header_of(denied.headers, "Retry-After") == "1");
}

// Two worlds that differ in what alpha does: whatever bravo sees is the same.
TEST_CASE("budgets: no answer tells one tenant of another's load") {
  budget::BudgetSettings settings = starter(requests(4));
  settings.plans["starter"].users = requests(3);
  settings.plans["starter"].bytes_per_s = 5'000;
  const auto seen_beside = [&](int load) {
    const auto book = book_of(settings);
    World world({.budgets = book.get()});
    const std::string alpha = world.token(), bravo = world.token({.tenant = "bravo"});
    std::string seen;
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < load; ++i) world.query(kPerson, alpha);
      const net::Response reply = world.query(round % 5 == 4 ? "{ nothing }" : kPerson, bravo);
      seen += std::to_string(reply.status);
      for (const char* name : {"RateLimit", "RateLimit-Policy", "Retry-After"}) {
        seen += " " + std::string(header_of(reply.headers, name));
      }
      std::string body = reply.body;  // but for the request's id
      const std::size_t id = body.find("\"requestId\":\"");
      if (id != std::string::npos) body.erase(id, body.find('"', id + 13) - id);
      seen += " " + body + "\n";
      world.clock().advance(millis(100));
    }
    return seen;
  };
  const std::string alone = seen_beside(0);
  CHECK(alone.find("429") != std::string::npos);
  for (const int load : {1, 3, 20}) {
    CAPTURE(load);
    CHECK(seen_beside(load) == alone);
  }
}

TEST_CASE("budgets: seats are free again however a request ends") {
  budget::LimitSettings one;
  one.seats = 1;
  const auto book = book_of(starter(one));
  World world({.budgets = book.get()});
  const std::string token = world.token();
  const std::string reader = world.token({.principal = "rea", .scopes = "query"});
  for (int round = 0; round < 3; ++round) {
    CHECK(world.query(kPerson, token).status == 200);
    CHECK(code_of(world.query("{ person(", token)) == "GRAPHQL_PARSE_FAILED");
    CHECK(code_of(world.query("{ nothing }", token)) == "GRAPHQL_VALIDATION_FAILED");
    CHECK(!code_of(world.query("mutation { deletePerson(id: \"p1\") }", reader)).empty());
    const auto dropped =
        world.send({.headers = {{"Content-Type", "application/json"}},
                    .body = guarded::body_of("{ people(first: 3) { edges { node { id } } } }")},
                   token);
    dropped->cancel();
    dropped->wait();
  }
  CHECK(world.query(kPerson, token).status == 200);
}

TEST_CASE("budgets: bytes of answers are owed") {
  budget::LimitSettings bytes;
  bytes.bytes_per_s = 100;
  const auto book = book_of(starter(bytes));
  World world({.budgets = book.get()});
  const std::string token = world.token();
  const net::Response first =
      world.query("{ people(first: 20) { edges { node { id email } } } }", token);
  REQUIRE(first.status == 200);
  REQUIRE(first.body.size() > 200);
  const net::Response denied = world.query(kPerson, token);
  CHECK(denied.status == 429);
  CHECK(header_of(denied.headers, "RateLimit") ==
        "\"tenant-bytes\";r=0;t=2");  // one burst is owed at most
  world.clock().advance(seconds(2));
  CHECK(world.query(kPerson, token).status == 200);
}

TEST_CASE("budgets: who is unknown makes nothing be kept") {
  const auto book = book_of(starter(requests(3)));
  World world({.budgets = book.get()});
  for (int i = 0; i < 50; ++i) {
    CHECK(world.query(kPerson, "mct_" + std::to_string(i)).status == 401);
    CHECK(world.query(kPerson, "").status == 401);
  }
  CHECK(book->tenants() == 0);
  CHECK(world.query(kPerson, world.token()).status == 200);
  CHECK(book->tenants() == 1);
}

}  // namespace
}  // namespace mc::gateway
