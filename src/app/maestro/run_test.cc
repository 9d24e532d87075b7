#include <doctest/doctest.h>

#include <set>

#include "dataset/dataset.h"
#include "maestro/command.h"
#include "maestro/demo_world.h"
#include "sim/sim.h"

namespace mc::app {
namespace {

TEST_CASE("run: exit codes are those of the table in command.h") {
  struct Row {
    Code code;
    int exit;
  };
  for (const Row& row :
       {Row{Code::invalid, 2}, Row{Code::not_found, 3}, Row{Code::denied, 4}, Row{Code::corrupt, 5},
        Row{Code::conflict, 8}, Row{Code::exhausted, 8}, Row{Code::unavailable, 1}}) {
    CAPTURE(row.exit);
    CHECK(exit_code({row.code, "why"}) == row.exit);
  }
}

TEST_CASE("run: wrong words on the command line are a usage error, help is none") {
  struct Row {
    std::vector<std::string> words;
    int exit;
  };
  const Row rows[] = {{{"maestro"}, 2},
                      {{"maestro", "no-such-noun"}, 2},
                      {{"maestro", "tenant"}, 2},
                      {{"maestro", "serve", "--no-such-flag"}, 2},
                      {{"maestro", "--set", "nonsense", "config", "check"}, 2},
                      {{"maestro", "--set", "server.port=x", "config", "check"}, 2},
                      {{"maestro", "--version"}, 0},
                      {{"maestro", "--help"}, 0},
                      {{"maestro", "config", "check"}, 0}};
  for (const Row& row : rows) {
    std::vector<std::string> words = row.words;
    std::vector<char*> arguments;
    std::string line;
    for (std::string& word : words) {
      arguments.push_back(word.data());
      line += word + " ";
    }
    CAPTURE(line);
    CHECK(run(static_cast<int>(arguments.size()), arguments.data()) == row.exit);
  }
}

TEST_CASE(
    "demo people: every tenant has somebody, every token works, a second start changes "
    "nobody") {
  sim::SimClock clock;
  sim::SimRandom random(3);
  auto connection = sql::sqlite_driver()->open("sqlite::memory:", {});
  REQUIRE(connection.has_value());
  REQUIRE(sql::migrate(**connection, sql::built_in_migrations(), clock).has_value());
  auto directory = identity::Directory::open(std::move(*connection), clock, random);
  REQUIRE(directory.has_value());
  const auto first = make_demo_people(**directory);
  REQUIRE(first.has_value());
  std::set<std::string> roles;
  for (const PersonaToken& held : *first) {
    const auto caller = (*directory)->check(held.token.reveal(RevealToken()));
    REQUIRE(caller != nullptr);
    CHECK(caller->tenant.get() == held.persona.tenant);
    CHECK(caller->principal.get() == held.persona.id);
    CHECK(caller->reads_other_tenants() ==
          (held.persona.tenant == "system" &&
           (held.persona.roles == "operator" || held.persona.roles == "platform")));
    roles.insert(held.persona.roles);
  }
  CHECK(roles.size() == 7);
  const auto before = (*directory)->principals(TenantId("alpha"));
  REQUIRE(make_demo_people(**directory).has_value());
  const auto after = (*directory)->principals(TenantId("alpha"));
  CHECK(before->size() == after->size());
}

TEST_CASE("demo model: it is a model that builds a schema") {
  auto model = dataset::parse_model(demo_model("/data/demo"), "demo.yaml");
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  const auto catalog =
      dataset::Catalog::make(std::move(*model), {.cursor_key = Secret("0123456789abcdef")});
  CHECK(catalog.has_value());
}

}  // namespace
}  // namespace mc::app
