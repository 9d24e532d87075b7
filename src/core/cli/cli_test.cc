#include "cli/cli.h"

#include <doctest/doctest.h>

namespace mc::cli {
namespace {

struct Flags {
  std::string id;
  std::string window = "15m";
  std::string from_environment;
  std::int64_t port = 8080;
  std::uint64_t seed = 42;
  std::vector<std::string> sets;
  std::vector<std::string> paths;
  bool json = false;
};

// maestro [--json] [--set X]... tenant show ID [--window W] [--port N] [--seed N],
// | serve | check PATH...
struct World {
  Flags flags;
  std::string ran;
  Line line{"What it is", "maestro", "maestro 0.1.0"};
  Parsed parsed;

  explicit World(std::vector<const char*> words) {
    Command& root = line.root();
    root.flag("-j,--json", flags.json, "Machine-readable output");
    root.option("--set", flags.sets, "Override one key");
    root.option("--url", flags.from_environment, "Address").environment("MC_CLI_TEST_URL");
    Command& tenant = root.add("tenant", "Tenants");
    Command& show = tenant.add("show", "One tenant");
    show.option("ID", flags.id, "Tenant").required();
    show.option("--window", flags.window, "How far back").one_of({"15m", "1h"});
    show.option("--port", flags.port, "Port").between(0, 65535);
    show.option("--seed", flags.seed, "Seed");
    show.runs([this] {
      ran = "show";
      return ok();
    });
    root.add("serve", "Run").runs([this] {
      ran = "serve";
      return fail(Code::unavailable, "port taken");
    });
    root.add("check", "Paths").option("PATH", flags.paths, "Files").required();
    words.insert(words.begin(), "maestro");
    parsed = line.parse(static_cast<int>(words.size()), words.data());
  }
};

TEST_CASE("cli: the command that was named is the one to run, with its targets written") {
  World world(
      {"tenant", "show", "alpha", "--window", "1h", "--port=0", "--seed", "18446744073709551615"});
  REQUIRE(world.parsed.action);
  CHECK(world.ran.empty());
  CHECK(world.parsed.action().has_value());
  CHECK(world.ran == "show");
  CHECK(world.flags.id == "alpha");
  CHECK(world.flags.window == "1h");
  CHECK(world.flags.port == 0);
  CHECK(world.flags.seed == 18446744073709551615U);
}

TEST_CASE("cli: what an action reports comes back") {
  World world({"serve"});
  REQUIRE(world.parsed.action);
  CHECK(world.parsed.action().error().what == "port taken");
}

TEST_CASE("cli: options of the root may stand anywhere, a list takes one value a time") {
  World world({"--set", "a=1", "tenant", "-j", "show", "--set", "b=2", "alpha"});
  REQUIRE(world.parsed.action);
  CHECK(world.flags.json);
  CHECK(world.flags.sets == std::vector<std::string>{"a=1", "b=2"});
  CHECK(world.flags.id == "alpha");
}

TEST_CASE("cli: a list without a name takes all words that are left") {
  const World world({"check", "a", "--json", "b", "--set", "x=1", "c"});
  CHECK(world.flags.paths == std::vector<std::string>{"a", "b", "c"});
  CHECK(world.flags.sets == std::vector<std::string>{"x=1"});
  CHECK(world.flags.json);
  CHECK(World({"check"}).parsed.exit == 2);
}

TEST_CASE("cli: the environment speaks when the line does not") {
  ::setenv("MC_CLI_TEST_URL", "http://there", 1);
  CHECK(World({"serve"}).flags.from_environment == "http://there");
  CHECK(World({"serve", "--url", "http://here"}).flags.from_environment == "http://here");
  ::unsetenv("MC_CLI_TEST_URL");
}

TEST_CASE("cli: wrong usage is exit 2 and runs nothing; help and version are exit 0") {
  const std::vector<std::vector<const char*>> wrong = {
      {},
      {"no-such-noun"},
      {"tenant"},
      {"tenant", "show"},
      {"tenant", "show", "alpha", "more"},
      {"tenant", "show", "alpha", "--window", "2h"},
      {"tenant", "show", "alpha", "--port", "65536"},
      {"tenant", "show", "alpha", "--port", "x"},
      {"tenant", "show", "alpha", "--seed", "-1"},
      {"serve", "--no-such-flag"},
      {"serve", "--set"}};
  for (const auto& words : wrong) {
    std::string line;
    for (const char* word : words) line.append(word).append(" ");
    CAPTURE(line);
    World world(words);
    CHECK(world.parsed.exit == 2);
    CHECK_FALSE(world.parsed.action);
  }
  for (const char* word : {"--help", "--version"}) {
    World world({word});
    CHECK(world.parsed.exit == 0);
    CHECK_FALSE(world.parsed.action);
  }
}

TEST_CASE("cli: the tree tells its commands and options in the order they were added") {
  World world({"serve"});
  const auto commands = world.line.root().commands();
  REQUIRE(commands.size() == 3);
  CHECK(commands[0]->name() == "tenant");
  CHECK(commands[0]->help() == "Tenants");
  CHECK(commands[1]->commands().empty());
  const auto options = commands[0]->commands()[0]->options();
  REQUIRE(options.size() == 5);  // --help is the first
  CHECK(options[0].long_names == std::vector<std::string>{"help"});
  CHECK(options[0].value.empty());
  CHECK(options[1].positional == "ID");
  CHECK(options[2].long_names == std::vector<std::string>{"window"});
  CHECK(options[2].positional.empty());
  CHECK_FALSE(options[2].value.empty());
  CHECK(options[2].help == "How far back");
  CHECK(world.line.root().options()[2].short_names == std::vector<std::string>{"j"});
}

}  // namespace
}  // namespace mc::cli
