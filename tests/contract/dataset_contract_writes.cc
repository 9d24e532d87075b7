#include <doctest/doctest.h>

#include "contract/dataset_contract.h"

namespace mc::dataset::contract {
namespace {

struct Step {
  const char* name;
  const char* query;
  const char* body;  // "" = only the code counts
  const char* code;
};

constexpr Step kSteps[] = {
    {"create gives what was stored",
     "mutation { createPerson(input: {id: \"new\", name: \"Mia\", age: 7, big: \"12\", born: "
     "\"2019-02-28\", seen: \"2026-01-01T01:00:00+01:00\", extra: {a: [1, true]}}) { id name age "
     "big "
     "born seen extra score version boss { id } } }",
     R"({"data":{"createPerson":{"id":"new","name":"Mia","age":7,"big":12,"born":"2019-02-28",)"
     R"("seen":"2026-01-01T00:00:00.000Z","extra":{"a":[1,true]},"score":null,"version":1,)"
     R"("boss":null}}})",
     ""},
    {"the same key again is a conflict",
     "mutation { createPerson(input: {id: \"new\", big: 1}) { id } }", "", "CONFLICT"},
    {"a unique value again is a conflict",
     "mutation { createPerson(input: {id: \"new2\", big: 1, email: \"m1@example.org\"}) { id } }",
     "", "CONFLICT"},
    {"a key is made when none is given", "mutation { createPerson(input: {big: 1}) { version } }",
     R"({"data":{"createPerson":{"version":1}}})", ""},
    {"update changes what is named and counts",
     "mutation { updatePerson(id: \"new\", input: {age: 8, name: null}, expectedVersion: 1) { age "
     "name big version } }",
     R"({"data":{"updatePerson":{"age":8,"name":null,"big":12,"version":2}}})", ""},
    {"an old version is a conflict",
     "mutation { updatePerson(id: \"new\", input: {age: 9}, expectedVersion: 1) { age } }", "",
     "CONFLICT"},
    {"and changed nothing", "{ person(id: \"new\") { age version } }",
     R"({"data":{"person":{"age":8,"version":2}}})", ""},
    {"update without a version counts too",
     "mutation { updatePerson(id: \"new\", input: {boss: \"p1\"}) { id } }", "", "invalid"},
    {"an update of nothing is refused", "mutation { updatePerson(id: \"new\", input: {}) { age } }",
     "", "BAD_USER_INPUT"},
    {"a column that is never null stays so",
     "mutation { updatePerson(id: \"new\", input: {big: null}) { age } }", "", "BAD_USER_INPUT"},
    {"relations show the new value",
     "mutation { updatePerson(id: \"new\", input: {bossId: \"p1\"}) { boss { id } version } }",
     R"({"data":{"updatePerson":{"boss":{"id":"p1"},"version":3}}})", ""},
    {"an update of no row is not found",
     "mutation { updatePerson(id: \"nobody\", input: {age: 1}) { age } }", "", "NOT_FOUND"},
    {"a delete of an old version is a conflict",
     "mutation { deletePerson(id: \"new\", expectedVersion: 2) }", "", "CONFLICT"},
    {"delete", "mutation { deletePerson(id: \"new\", expectedVersion: 3) }",
     R"({"data":{"deletePerson":true}})", ""},
    {"a second delete is not found", "mutation { deletePerson(id: \"new\") }", "", "NOT_FOUND"},
    {"a text that is no number is the key of no order", "mutation { deleteOrder(id: \"x\") }", "",
     "NOT_FOUND"},
    {"numbers are keys too",
     "mutation { createOrder(input: {id: 5000, personId: \"p1\", total: 2, status: \"new\"}) { id "
     "total person { id } } }",
     R"({"data":{"createOrder":{"id":"5000","total":2,"person":{"id":"p1"}}}})", ""},
    {"mutations run in order, each for itself",
     "mutation { a: deleteOrder(id: 5000) b: deleteOrder(id: 5000) }", "", "NOT_FOUND"},
};

// The other tenant has p1 to p39 as well; only its own rows may answer.
void keeps_tenants_apart(World& world) {
  const std::string before = world.dump("bravo");
  const Reply absent = world.ask("alpha", "mutation { deletePerson(id: \"only-bravo\") }");
  world.ask("bravo", "mutation { createPerson(input: {id: \"only-bravo\", big: 5}) { id } }");
  const Reply foreign = world.ask("alpha", "mutation { deletePerson(id: \"only-bravo\") }");
  CHECK(absent.body == foreign.body);
  CHECK(world.ask("alpha", "{ person(id: \"only-bravo\") { id } }").body ==
        R"({"data":{"person":null}})");
  const Reply stolen =
      world.ask("alpha", "mutation { updatePerson(id: \"only-bravo\", input: {age: 1}) { id } }");
  CHECK(stolen.code() == "NOT_FOUND");
  // The other tenant's key is free here: no conflict tells of it.
  CHECK(world
            .ask("alpha",
                 "mutation { createPerson(input: {id: \"only-bravo\", big: 6, email: "
                 "\"bravo m3@example.org\"}) { big } }")
            .body == R"({"data":{"createPerson":{"big":6}}})");
  CHECK(world.ask("alpha", "mutation { deletePerson(id: \"only-bravo\") }").code().empty());
  CHECK(world.ask("bravo", "{ person(id: \"only-bravo\") { big } }").body ==
        R"({"data":{"person":{"big":5}}})");
  CHECK(world.ask("bravo", "mutation { deletePerson(id: \"only-bravo\") }").code().empty());
  CHECK(world.dump("bravo") == before);
}

}  // namespace

void run_writes(const Backend& backend) {
  World world(backend, {"alpha", "bravo"});
  for (const Step& step : kSteps) {
    CAPTURE(step.name);
    if (std::string_view(step.code) == "invalid") {
      const auto document = graphql::parse(step.query);
      CHECK_FALSE(graphql::validate(world.catalog().schema(), **document).empty());
      continue;
    }
    const Reply reply = world.ask("alpha", step.query);
    CHECK(reply.code() == step.code);
    if (*step.body != '\0') CHECK(reply.body == step.body);
  }
  keeps_tenants_apart(world);
}

}  // namespace mc::dataset::contract
