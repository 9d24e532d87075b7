#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "contract/guarded_world.h"
#include "gateway/gateway.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::header_of;

constexpr std::string_view kPerson = "{ person(id: \"p3\") { id email } }";
constexpr std::string_view kBravo = R"({"data":{"person":{"id":"p3","email":"m3@bravo.example"}}})";
constexpr std::string_view kRename =
    "mutation { updatePerson(id: \"p3\", input: {name: \"renamed\"}) { id name } }";

// What is recorded after the answer is there within ten seconds.
bool soon(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

struct Reaching {
  World world{{.governed = true}};
  std::string operator_token = world.token(
      {.tenant = "system", .principal = "olga", .roles = "operator", .purposes = "support"});

  net::Response ask(std::string_view document, const std::string& token, net::Headers headers) {
    headers.emplace_back("Content-Type", "application/json");
    return world.ask(
        {.headers = std::move(headers), .body = guarded::body_of(std::string(document))}, token);
  }
  net::Response reach(std::string_view document, const std::string& warrant = "") {
    net::Headers headers = {{"X-MC-Tenant", "bravo"}};
    if (!warrant.empty()) headers.emplace_back("X-Maestro-Warrant", warrant);
    return ask(document, operator_token, std::move(headers));
  }
  struct Wish {
    std::string tenant = "bravo";
    std::string principals = "*";
    std::string actions = "read";
    Nanos lifetime = seconds(3600);
  };
  // A warrant; its id.
  std::string give(const Wish& wish) {
    std::string id;
    transparency::NewWarrant wanted;
    wanted.tenant = TenantId(wish.tenant);
    wanted.principals = wish.principals;
    wanted.actions = wish.actions;
    wanted.lifetime = wish.lifetime;
    wanted.reference = "TKT-1";
    wanted.reason = "a test";
    wanted.issued_by = "root@system";
    REQUIRE(world.governed().gate.lend([&](transparency::Warrants& warrants) -> Status {
      MC_TRY(const transparency::Warrant made, warrants.create(wanted));
      id = made.id;
      return ok();
    }));
    return id;
  }
  std::string records() { return world.governed().records("bravo"); }
};

std::size_t count_of(const std::string& text, std::string_view wanted) {
  std::size_t out = 0;
  for (std::size_t at = text.find(wanted); at != std::string::npos;
       at = text.find(wanted, at + 1)) {
    ++out;
  }
  return out;
}

TEST_CASE("reach: another tenant's rows are opened by a warrant, and stand in its log") {
  Reaching it;
  const net::Response shut = it.reach(kPerson);
  CHECK(shut.status == 403);
  CHECK(shut.body.find("no-warrant") != std::string::npos);
  CHECK(shut.body.find("bravo.example") == std::string::npos);
  CHECK(it.records().find("\"reason\":\"no-warrant\"") != std::string::npos);
  CHECK(count_of(it.records(), "\n") == 1);

  const std::string warrant = it.give({});
  const net::Response open = it.reach(kPerson);
  CHECK(open.status == 200);
  CHECK(open.body == kBravo);
  CHECK(header_of(open.headers, "X-IG-Decision-Id").starts_with("dec_"));
  const std::string records = it.records();
  CHECK(count_of(records, "\n") == 2);
  for (const std::string& part : {warrant, std::string("TKT-1"), std::string("GraphQL query"),
                                  std::string("email,id"), std::string("olga@system")}) {
    CAPTURE(part);
    const bool found = records.find(part) != std::string::npos;
    CHECK((found || (part == "email,id" && records.find("id,email") != std::string::npos)));
  }
  // Nothing of it is in the caller's own tenant's log, and the own tenant's rows are as before.
  CHECK(it.world.governed().records("system").empty());
}

TEST_CASE("reach: a warrant is for its tenant, people, actions and time") {
  Reaching it;
  const std::string other = it.give({.tenant = "alpha"});
  CHECK(it.reach(kPerson, other).body.find("warrant-invalid") != std::string::npos);
  const std::string somebody = it.give({.principals = "otto"});
  CHECK(it.reach(kPerson, somebody).body.find("warrant-invalid") != std::string::npos);
  CHECK(it.reach(kPerson).body.find("no-warrant") != std::string::npos);
  const std::string change = it.give({.actions = "change"});
  CHECK(it.reach(kPerson, change).body.find("warrant-invalid") != std::string::npos);
  const std::string named = it.give({.principals = "olga", .lifetime = seconds(600)});
  CHECK(it.reach(kPerson, named).body == kBravo);
  it.world.clock().advance(seconds(601));
  CHECK(it.reach(kPerson, named).body.find("warrant-invalid") != std::string::npos);
  CHECK(it.reach(kPerson).body.find("no-warrant") != std::string::npos);
}

TEST_CASE("reach: a change takes a warrant for change and is recorded before and after") {
  Reaching it;
  const std::string before = it.world.dump("bravo");
  const std::string read = it.give({});
  CHECK(it.reach(kRename, read).status == 403);
  CHECK(it.world.dump("bravo") == before);
  const std::string both = it.give({.actions = "read,change"});
  const net::Response done = it.reach(kRename, both);
  CHECK(done.body == R"({"data":{"updatePerson":{"id":"p3","name":"renamed"}}})");
  const std::string records = it.records();
  CHECK(records.find("GraphQL mutation") != std::string::npos);
  CHECK(it.world.dump("bravo").find("p3|renamed") != std::string::npos);
  CHECK(it.world.dump("alpha").find("renamed") == std::string::npos);
}

TEST_CASE("reach: nobody of another tenant learns whether there is such a tenant") {
  Reaching it;
  it.give({.actions = "read,change"});
  const std::string alpha = it.world.token({.purposes = "demo"});
  const net::Response known = it.ask(kPerson, alpha, {{"X-MC-Tenant", "bravo"}});
  const net::Response unknown = it.ask(kPerson, alpha, {{"X-MC-Tenant", "nobody"}});
  for (const net::Response* reply : {&known, &unknown}) {
    CHECK(reply->status == 403);
    CHECK(code_of(*reply) == "FORBIDDEN");
    CHECK(reply->body.find("denied by policy: cross-tenant (decision") != std::string::npos);
  }
  CHECK(it.records().empty());
  // Naming the own tenant is no reach.
  CHECK(it.ask(kPerson, alpha, {{"X-MC-Tenant", "alpha"}}).status == 200);
  const net::Response operators = it.ask(kPerson, it.operator_token, {{"X-MC-Tenant", "nobody"}});
  CHECK(operators.status == 404);
}

TEST_CASE("reach: what cannot be one is refused by name") {
  Reaching it;
  struct Row {
    net::Headers headers;
    int status;
    std::string named;
  };
  const Row rows[] = {
      {{{"X-Maestro-Warrant", "wrt_1"}}, 400, "X-Maestro-Warrant"},
      {{{"X-MC-Tenant", std::string(64, 'a')}}, 400, "X-MC-Tenant"},
      {{{"X-MC-Tenant", "bravo"}, {"X-Maestro-Warrant", std::string(65, 'w')}},
       400,
       "X-Maestro-Warrant"},
      {{{"X-MC-Tenant", "bravo"}, {"X-MC-Tenant", "alpha"}}, 400, "X-MC-Tenant"},
      {{{"X-MC-Tenant", "bravo"}, {"X-Maestro-Warrant", "wrt_nope"}}, 403, "warrant-invalid"},
  };
  for (const Row& row : rows) {
    const net::Response reply = it.ask(kPerson, it.operator_token, row.headers);
    CHECK(reply.status == row.status);
    CHECK(reply.body.find(row.named) != std::string::npos);
  }
}

TEST_CASE("reach: columns of another tenant stay masked, and the purpose must hold") {
  Reaching it;
  it.give({});
  const net::Response purpose =
      it.ask(kPerson, it.operator_token, {{"X-MC-Tenant", "bravo"}, {"X-MC-Purpose", "training"}});
  CHECK(purpose.body.find("purpose-not-granted") != std::string::npos);
  CHECK(purpose.body.find("bravo.example") == std::string::npos);
  // The record says that nothing was served.
  CHECK(soon([&] { return it.records().find("403") != std::string::npos; }));
}

// What the endpoints of a tenant are told, one event a line.
std::string told(World& world) {
  std::string out;
  const Status read = world.directory().lend([&](sql::Connection& connection) -> Status {
    MC_TRY(const auto rows, connection.query("SELECT body FROM notify_event WHERE tenant_id = ?1 "
                                             "AND type LIKE 'mc.access.%' ORDER BY event_id",
                                             {std::string("bravo")}));
    while (true) {
      MC_TRY(const bool more, rows->next());
      if (!more) return ok();
      out.append(rows->text(0)).append("\n");
    }
  });
  REQUIRE(read);
  return out;
}

TEST_CASE("reach: the tenant is told the purpose that was decided on, not the token's first") {
  Reaching it;
  it.operator_token = it.world.token({.tenant = "system",
                                      .principal = "olga",
                                      .roles = "operator",
                                      .purposes = "support,fraud-risk"});
  it.give({.actions = "read,change"});
  const net::Headers stated = {{"X-MC-Tenant", "bravo"}, {"X-MC-Purpose", "fraud-risk"}};
  CHECK(it.ask(kPerson, it.operator_token, stated).body == kBravo);
  CHECK(it.ask(kRename, it.operator_token, stated).status == 200);
  const std::string fraud = R"("purpose":"fraud-risk")";
  const std::string support = R"("purpose":"support")";
  // The read; the change, before and after it.
  CHECK(soon([&] { return count_of(it.records(), fraud) == 3; }));
  CHECK(count_of(told(it.world), fraud) == 2);
  CHECK(count_of(it.records() + told(it.world), support) == 0);
  // Without one it is the token's first.
  CHECK(it.ask(kPerson, it.operator_token, {{"X-MC-Tenant", "bravo"}}).status == 200);
  CHECK(count_of(it.records(), support) == 1);
  CHECK(count_of(told(it.world), support) == 1);
}

TEST_CASE("reach: without policies or a ledger nothing crosses") {
  World world;
  const std::string token = world.token({.tenant = "system", .roles = "operator"});
  const net::Response reply =
      world.ask({.headers = {{"X-MC-Tenant", "bravo"}, {"Content-Type", "application/json"}},
                 .body = guarded::body_of(std::string(kPerson))},
                token);
  CHECK(reply.status == 403);
  CHECK(reply.body.find("cross-tenant") != std::string::npos);
}

TEST_CASE("reach: what cannot be recorded is not served") {
  Reaching it;
  it.give({.actions = "read,change"});
  const std::string before = it.world.dump("bravo");
  it.world.files().set_capacity(0);
  const net::Response read = it.reach(kPerson);
  CHECK(read.status == 503);
  CHECK(read.body.find("bravo.example") == std::string::npos);
  CHECK(it.reach(kRename).status == 503);
  CHECK(it.world.dump("bravo") == before);
}

// The built-in policies, with a fresh proof wanted of people who read.
std::vector<archive::Entry> proof_for_reads() {
  std::vector<archive::Entry> files = access::default_policies();
  const std::string wanted = R"("step_up": ["export", "admin", "hold"])";
  int changed = 0;
  for (archive::Entry& file : files) {
    const std::size_t at = file.bytes.find(wanted);
    if (at == std::string::npos) continue;
    file.bytes.replace(at, wanted.size(), R"("step_up": ["read"])");
    ++changed;
  }
  REQUIRE(changed == 1);
  return files;
}

TEST_CASE("gateway: a person who has just signed in has stepped up, one from before has not") {
  World world{{.governed = true}};
  world.governed().use(proof_for_reads());
  const auto made = world.directory().check(world.token());
  REQUIRE(made != nullptr);
  auto ada = std::make_shared<identity::Caller>();
  ada->tenant = made->tenant;
  ada->principal = made->principal;
  ada->region = made->region;
  ada->session_id = "ses_1";
  ada->purpose = "demo";
  ada->purposes = {"demo"};
  ada->roles = made->roles;
  ada->scopes = made->scopes;
  world.gateway().set_browsers(
      [&](const net::Request&) -> Result<std::shared_ptr<const identity::Caller>> { return ada; });
  const auto ask = [&] {
    return world.ask({.headers = {{"Content-Type", "application/json"}},
                      .body = guarded::body_of(std::string(kPerson))},
                     "");
  };
  const WallTime now = world.clock().wall();
  struct Row {
    std::optional<identity::SignInProof> proof;
    bool served;
  };
  const Row rows[] = {{std::nullopt, false},
                      {identity::SignInProof{std::nullopt, ""}, false},
                      {identity::SignInProof{now - seconds(301), ""}, false},
                      {identity::SignInProof{now - seconds(299), ""}, true}};
  for (const Row& row : rows) {
    ada->proof = row.proof;
    const net::Response reply = ask();
    CHECK((reply.body.find("m3@alpha.example") != std::string::npos) == row.served);
    CHECK((reply.body.find("this takes a person who has just signed in") != std::string::npos) ==
          !row.served);
  }
  // A machine signs in to nothing: its token alone counts.
  CHECK(world.query(std::string(kPerson), world.token()).body.find("m3@alpha") !=
        std::string::npos);
}

}  // namespace
}  // namespace mc::gateway
