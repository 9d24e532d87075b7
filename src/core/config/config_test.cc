#include "config/config.h"

#include <doctest/doctest.h>

#include <random>

#include "config/yaml.h"
#include "sim/sim.h"

namespace mc::config {
namespace {

enum class Plan { free, team };

struct Gateway {
  std::string host = "::1";
  std::uint16_t port = 8080;
  Nanos timeout = seconds(30);
  std::vector<std::string> schemes = {"https"};
};

struct Tenant {
  Plan plan = Plan::free;
  double share = 1;
  std::string key;
};

struct Tls {
  std::string certificate;
  bool strict = true;
};

struct Root {
  Gateway gateway;
  std::map<std::string, Tenant> tenants;
  std::optional<Tls> tls;
  std::optional<std::int64_t> seed;
  std::string signing_key;
  std::string name;
  Status check() const {
    if (name == "forbidden") return fail(Code::invalid, "this name is taken");
    return ok();
  }
};

}  // namespace
}  // namespace mc::config

namespace mc::json {

template <>
struct Describe<config::Plan> {
  static constexpr auto names =
      std::array{Name{"free", config::Plan::free}, Name{"team", config::Plan::team}};
};
template <>
struct Describe<config::Gateway> {
  using G = config::Gateway;
  static constexpr auto fields = std::tuple{
      Field{"host", &G::host, "Address to listen on", {.min = 1}},
      Field{"port", &G::port, "TCP port", {.min = 1}},
      Field{"timeout", &G::timeout, "Patience", {.min = millis(10), .max = seconds(300)}},
      Field{"schemes", &G::schemes, "", {.max = 2, .allowed = {"http", "https"}}},
  };
};
template <>
struct Describe<config::Tenant> {
  using T = config::Tenant;
  static constexpr auto fields = std::tuple{Field{"plan", &T::plan}, Field{"share", &T::share},
                                            Field{"key", &T::key, "", {.secret = true}}};
};
template <>
struct Describe<config::Tls> {
  using T = config::Tls;
  static constexpr auto fields =
      std::tuple{Field{"certificate", &T::certificate, "", {.min = 1, .required = true}},
                 Field{"strict", &T::strict}};
};
template <>
struct Describe<config::Root> {
  using R = config::Root;
  static constexpr auto fields = std::tuple{
      Field{"gateway", &R::gateway, "The front door"},
      Field{"tenants", &R::tenants, "", {.max = 3}},
      Field{"tls", &R::tls},
      Field{"seed", &R::seed},
      Field{"signing_key", &R::signing_key, "Signs receipts", {.secret = true}},
      Field{"name", &R::name},
  };
};

}  // namespace mc::json

namespace mc::config {
namespace {

void put(sim::SimFiles& files, const std::string& path, std::string_view text) {
  auto file = files.open(path, sys::OpenMode::truncate);
  REQUIRE(file.has_value());
  REQUIRE((*file)->write(text).has_value());
}

Result<Loaded<Root>> load_text(std::string_view text) {
  sim::SimFiles files;
  put(files, "mc.yaml", text);
  return load<Root>({.file = "mc.yaml"}, files);
}

TEST_CASE("config: without any source there are the defaults") {
  sim::SimFiles files;
  const auto loaded = load<Root>({}, files);
  REQUIRE(loaded.has_value());
  CHECK(loaded->value.gateway.port == 8080);
  CHECK(loaded->effective.origin("gateway.port") == Origin{Layer::standard, "default"});
  CHECK(load_text("").has_value());
  CHECK(load_text("# nothing\n---\n").has_value());
  CHECK(load_text("gateway:\n#  port: 1\ntenants:\n").has_value());
}

TEST_CASE("config: a file sets values of every kind") {
  const auto loaded = load_text(
      "gateway:\n"
      "  host: 0.0.0.0\n"
      "  port: 0x50\n"
      "  timeout: 250ms\n"
      "  schemes: [http, https]\n"
      "tenants:\n"
      "  alpha: {plan: team, share: .5}\n"
      "  429:\n"
      "    share: 2\n"
      "tls: {certificate: /etc/cert.pem, strict: false}\n"
      "seed: -7\n"
      "name: \"12\"\n");
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  const Root& root = loaded->value;
  CHECK(root.gateway.host == "0.0.0.0");
  CHECK(root.gateway.port == 80);
  CHECK(root.gateway.timeout == millis(250));
  CHECK(root.gateway.schemes == std::vector<std::string>{"http", "https"});
  CHECK(root.tenants.at("alpha").plan == Plan::team);
  CHECK(root.tenants.at("alpha").share == 0.5);
  CHECK(root.tenants.at("429").share == 2);
  REQUIRE(root.tls.has_value());
  CHECK(!root.tls->strict);
  CHECK(root.seed == -7);
  CHECK(root.name == "12");
}

TEST_CASE("config: flag beats environment beats later file beats earlier file beats default") {
  sim::SimFiles files;
  put(files, "mc.yaml", "gateway: {host: a, port: 1, timeout: 1s, schemes: [http]}\nname: a\n");
  put(files, "conf.d/10.yaml", "gateway:\n  port: 2\n  timeout: 2s\nname: b\n");
  put(files, "conf.d/20.yaml", "gateway:\n  timeout: 3s\nname: c\ntenants: {x: {share: 3}}\n");
  put(files, "conf.d/.30.yaml", "name: hidden\n");
  put(files, "conf.d/30.yml", "name: other\n");
  const auto loaded =
      load<Root>({.file = "mc.yaml",
                  .folder = "conf.d",
                  .environment = {{"MC_GATEWAY_TIMEOUT", "4s"}, {"MC_NAME", "d"}, {"HOME", "/"}},
                  .flags = {{"name", "e"}, {"tenants.x.plan", "team"}}},
                 files);
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  struct Row {
    const char* path;
    Layer layer;
    const char* where;
  };
  const Row rows[] = {
      {"gateway.host", Layer::file, "mc.yaml:1:17"},
      {"gateway.port", Layer::file, "conf.d/10.yaml:2:9"},
      {"gateway.timeout", Layer::environment, "MC_GATEWAY_TIMEOUT"},
      {"gateway.schemes[0]", Layer::file, "mc.yaml:1:51"},
      {"name", Layer::flag, "--name"},
      {"tenants.x.plan", Layer::flag, "--tenants.x.plan"},
      {"tenants.x.share", Layer::file, "conf.d/20.yaml:4:22"},
      {"tenants.x.key", Layer::standard, "default"},
      {"seed", Layer::standard, "default"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(loaded->effective.origin(row.path) == Origin{row.layer, row.where});
  }
  CHECK(loaded->value.gateway.port == 2);
  CHECK(loaded->value.gateway.timeout == seconds(4));
  CHECK(loaded->value.name == "e");
  CHECK(loaded->value.tenants.at("x").plan == Plan::team);
  CHECK(loaded->value.tenants.at("x").share == 3);
}

TEST_CASE("config: lists are replaced whole and null clears an optional") {
  sim::SimFiles files;
  put(files, "mc.yaml", "gateway: {schemes: [http, https]}\nseed: 3\ntls: {certificate: c}\n");
  put(files, "d/1.yaml", "gateway: {schemes: [http]}\nseed:\ntls: ~\n");
  const auto loaded = load<Root>({.file = "mc.yaml", .folder = "d"}, files);
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  CHECK(loaded->value.gateway.schemes == std::vector<std::string>{"http"});
  CHECK(!loaded->value.seed.has_value());
  CHECK(!loaded->value.tls.has_value());
}

TEST_CASE("config: each error names file, line, column, key and what would be right") {
  struct Row {
    const char* text;
    const char* what;
  };
  const Row rows[] = {
      {"gatway:\n  port: 1\n", "mc.yaml:1:1: gatway is unknown; did you mean 'gateway'?"},
      {"gateway:\n  prot: 1\n", "mc.yaml:2:3: gateway.prot is unknown; did you mean 'port'?"},
      {"gateway:\n  port: 70000\n", "mc.yaml:2:9: gateway.port 70000 is more than 65535"},
      {"gateway: {port: yes}\n", "mc.yaml:1:17: gateway.port must be an integer, not \"yes\""},
      {"gateway:\n  port: '80'\n", "mc.yaml:2:9: gateway.port must be an integer, not \"80\""},
      {"gateway: {port: 010}\n", "mc.yaml:1:17: gateway.port must be an integer, not \"010\""},
      {"gateway: 3\n", "mc.yaml:1:10: gateway must be an object, not 3"},
      {"name: 12\n", "mc.yaml:1:7: name must be a text, not 12"},
      {"gateway:\n  port: 1\n  port: 2\n", "mc.yaml:3:3: 'port' is there twice; first at 2:3"},
      {"gateway:\n  schemes: [http, ftp]\n",
       "mc.yaml:2:19: gateway.schemes[1] 'ftp' is not one of http, https"},
      {"tls: {strict: true}\n", "mc.yaml:1:6: tls.certificate is missing"},
      {"tenants: {a: {plan: teem}}\n",
       "mc.yaml:1:21: tenants.a.plan 'teem' is not one of free, team; did you mean 'team'?"},
      {"tenants: {a: {}, b: {}, c: {}, d: {}}\n",
       "mc.yaml:1:10: tenants 4 entries is more than 3 entries"},
      {"name: forbidden\n", "mc.yaml:1:1: this name is taken"},
      {"a: &x 1\nb: *x\n", "mc.yaml:1:4: anchors (&name) are not taken"},
      {"name: !!str 1\n", "mc.yaml:1:7: tags (tag:yaml.org,2002:str) are not taken"},
      {"<<: {name: a}\n", "mc.yaml:1:1: merge keys (<<) are not taken"},
      {"? {a: b}\n: 1\n", "mc.yaml:1:3: a key must be a plain text"},
      {"~: 1\n", "mc.yaml:1:1: a key must be a plain text"},
      {"- 1\n", "mc.yaml:1:1: must be a map of keys to values"},
      {"name: a\n---\nname: b\n", "mc.yaml:1:1: more than one document"},
      {"name: [1\n", "mc.yaml:2:1: end of sequence flow not found"},
      {"name: \"\xff\"\n", "mc.yaml:1:1: not valid UTF-8"},
      {"seed: 1\nname: a\x04z\n", "mc.yaml:2:1: a control character in this line"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto loaded = load_text(row.text);
    REQUIRE(!loaded.has_value());
    CHECK(loaded.error().code == Code::invalid);
    const std::string first = loaded.error().what.substr(0, loaded.error().what.find('\n'));
    CHECK(first == row.what);
  }
}

TEST_CASE("config: all problems of all sources are reported together") {
  sim::SimFiles files;
  put(files, "mc.yaml", "gateway:\n  port: 0\n  nope: 1\n");
  put(files, "d/1.yaml", "name: 3\n");
  const auto loaded = load<Root>({.file = "mc.yaml",
                                  .folder = "d",
                                  .environment = {{"MC_SEED", "many"}},
                                  .flags = {{"gateway.hots", "x"}, {"gateway.timeout", "1ms"}}},
                                 files);
  REQUIRE(!loaded.has_value());
  CHECK(loaded.error().what ==
        "--gateway.hots: is unknown; did you mean 'gateway.host'?\n"
        "mc.yaml:2:9: gateway.port 0 is less than 1\n"
        "mc.yaml:3:3: gateway.nope is unknown\n"
        "--gateway.timeout: gateway.timeout 1ms is less than 10ms\n"
        "d/1.yaml:1:7: name must be a text, not 3\n"
        "MC_SEED: seed must be an integer, not \"many\"");
}

TEST_CASE("config: a named file must exist, a folder need not") {
  sim::SimFiles files;
  CHECK(!load<Root>({.file = "mc.yaml"}, files).has_value());
  CHECK(load<Root>({.folder = "conf.d"}, files).has_value());
}

TEST_CASE("config: variables and flags set every kind of value") {
  sim::SimFiles files;
  const auto loaded = load<Root>({.environment = {{"MC_GATEWAY_SCHEMES", "http, https"},
                                                  {"MC_TENANTS", R"({"a b":{"share":2}})"},
                                                  {"MC_TLS_CERTIFICATE", "c.pem"},
                                                  {"MC_TLS_STRICT", "false"},
                                                  {"MC_SEED", "12"},
                                                  {"MC_NAME", "12"}},
                                  .flags = {{"gateway.schemes", R"(["http"])"}, {"seed", ""}}},
                                 files);
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  CHECK(loaded->value.gateway.schemes == std::vector<std::string>{"http"});
  CHECK(loaded->value.tenants.at("a b").share == 2);
  CHECK(loaded->value.tls->certificate == "c.pem");
  CHECK(!loaded->value.tls->strict);
  CHECK(!loaded->value.seed.has_value());
  CHECK(loaded->value.name == "12");
  CHECK(loaded->warnings.empty());
}

TEST_CASE("config: a variable that names no key is a warning, as others may set MC_ names") {
  sim::SimFiles files;
  const auto loaded = load<Root>(
      {.environment = {{"MC_GATEWAY_PROT", "1"}, {"MC_SERVICE_HOST", "x"}, {"PATH", "/"}}}, files);
  REQUIRE(loaded.has_value());
  CHECK(loaded->warnings ==
        std::vector<std::string>{"MC_GATEWAY_PROT names no key; did you mean MC_GATEWAY_PORT?",
                                 "MC_SERVICE_HOST names no key"});
}

TEST_CASE("config: secrets come from files only and are never shown") {
  sim::SimFiles files;
  put(files, "/k/sign", "top-secret-bytes\n");
  put(files, "/k/empty", "\n");
  put(files, "/k/big", std::string(70'000, 'x'));
  struct Row {
    const char* given;
    const char* what;  // "" = accepted
  };
  const Row rows[] = {
      {"file:/k/sign", ""},
      {"hunter2",
       "--signing_key: signing_key is a secret: give the file that holds it, as "
       "file:/path"},
      {"file:relative",
       "--signing_key: signing_key is a secret: give the file that holds it, as "
       "file:/path"},
      {"file:/k/none", "--signing_key: signing_key cannot be read"},
      {"file:/k/empty", "--signing_key: signing_key is empty: /k/empty"},
      {"file:/k/big", "--signing_key: signing_key cannot be read"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.given);
    const auto loaded = load<Root>({.flags = {{"signing_key", row.given}}}, files);
    CHECK(loaded.has_value() == (*row.what == '\0'));
    if (!loaded) {
      CHECK(loaded.error().what.starts_with(row.what));
      CHECK(loaded.error().what.find("hunter2") == std::string::npos);
      continue;
    }
    CHECK(loaded->value.signing_key == "file:/k/sign");
    CHECK(show(loaded->effective).find("top-secret") == std::string::npos);
    const auto secret = read_secret(files, loaded->value.signing_key);
    REQUIRE(secret.has_value());
    CHECK(secret->reveal(RevealToken()) == "top-secret-bytes");
  }
  put(files, "mc.yaml", "tenants:\n  a:\n    key: hunter2\n");
  const auto nested = load<Root>({.file = "mc.yaml"}, files);
  REQUIRE(!nested.has_value());
  CHECK(nested.error().what.starts_with("mc.yaml:3:10: tenants.a.key is a secret"));
  put(files, "mc.yaml", "signing_key: 31337\n");
  CHECK(load<Root>({.file = "mc.yaml"}, files).error().what.find("31337") == std::string::npos);
}

TEST_CASE("config: show prints YAML with origins that loads to the same values") {
  sim::SimFiles files;
  put(files, "mc.yaml",
      "gateway:\n  host: 'true'\n  schemes: []\ntenants:\n  \"a b\": {share: 0.1}\n"
      "  alpha: {}\nname: \"x: # \\u2028\\n\"\n");
  const Sources sources{.file = "mc.yaml", .flags = {{"gateway.port", "81"}}};
  const auto loaded = load<Root>(sources, files);
  REQUIRE_MESSAGE(loaded.has_value(), loaded.error().what);
  const std::string shown = show(loaded->effective);
  CHECK(shown.find("gateway:\n  host: \"true\"  # mc.yaml:2:9\n  port: 81  # --gateway.port\n"
                   "  timeout: \"30s\"\n  schemes: []  # mc.yaml:3:12\n") != std::string::npos);
  put(files, "again.yaml", shown);
  const auto again = load<Root>({.file = "again.yaml"}, files);
  REQUIRE_MESSAGE(again.has_value(), again.error().what);
  CHECK(again->effective.tree() == loaded->effective.tree());
}

TEST_CASE("config: show round-trips random configurations") {
  std::mt19937 random(9);
  const auto word = [&] {
    constexpr std::string_view kLetters = "ab-.: #'\"\\{}[]&*!|>%@`\n\t0~\x7f";
    std::string out;
    for (std::size_t i = random() % 8; i > 0; --i) out += kLetters[random() % kLetters.size()];
    return out;
  };
  for (int round = 0; round < 300; ++round) {
    Root root;
    root.name = word();
    root.gateway.host = "h" + word();
    root.gateway.port = static_cast<std::uint16_t>(1 + random() % 65535);
    for (std::size_t i = random() % 3; i > 0; --i)
      root.tenants[word()].share = static_cast<double>(random() % 9) / 8;
    const json::Value tree = json::to_value(root);
    const std::string shown = show(Effective(json::shape_of<Root>(), tree, {}));
    CAPTURE(shown);
    const auto again = load_text(shown);
    REQUIRE_MESSAGE(again.has_value(), again.error().what);
    CHECK(again->effective.tree() == tree);
  }
}

TEST_CASE("config: explain tells all there is to know about a key") {
  sim::SimFiles files;
  put(files, "mc.yaml", "gateway:\n  port: 81\ntenants: {a: {plan: team}}\n");
  const auto loaded = load<Root>({.file = "mc.yaml"}, files);
  REQUIRE(loaded.has_value());
  struct Row {
    const char* path;
    const char* text;
  };
  const Row rows[] = {
      {"gateway.port",
       "gateway.port\n  help      TCP port\n  type      an integer, at least 1, at most 65535\n"
       "  value     81\n  origin    mc.yaml:2:9\n  default   8080\n  variable  MC_GATEWAY_PORT\n"},
      {"gateway.timeout",
       "gateway.timeout\n  help      Patience\n"
       "  type      a duration such as 250ms or 30s, at least 10ms, at most 5m\n"
       "  value     \"30s\"\n  origin    default\n  default   \"30s\"\n"
       "  variable  MC_GATEWAY_TIMEOUT\n"},
      {"gateway",
       "gateway\n  help      The front door\n  type      an object\n"
       "  keys      host, port, timeout, schemes\n"},
      {"signing_key",
       "signing_key\n  help      Signs receipts\n  type      a text, a secret: only as file:/path\n"
       "  value     \"\"\n  origin    default\n  default   \"\"\n  variable  MC_SIGNING_KEY\n"},
      {"tenants.a.plan",
       "tenants.a.plan\n  type      one of free, team\n  value     \"team\"\n"
       "  origin    mc.yaml:3:21\n  default   \"free\"\n"},
      {"seed",
       "seed\n  type      an integer, may be empty\n  value     none\n  origin    default\n"
       "  default   none\n  variable  MC_SEED\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const Result<std::string> text = explain(loaded->effective, row.path);
    REQUIRE(text.has_value());
    CHECK(*text == row.text);
  }
  const Result<std::string> unknown = explain(loaded->effective, "gateway.prot");
  REQUIRE(!unknown.has_value());
  CHECK(unknown.error().code == Code::not_found);
  CHECK(unknown.error().what == "no key 'gateway.prot'; did you mean 'gateway.port'?");
  for (const char* bad : {"", ".", "gateway.", "gateway.port.x", "tenants.b", "tenants.b.plan"}) {
    CAPTURE(bad);
    CHECK(!explain(loaded->effective, bad).has_value());
  }
}

TEST_CASE("config: diff lists changed leaves in path order") {
  const auto before = load_text("gateway: {port: 1, schemes: [http]}\ntenants: {a: {share: 2}}\n");
  const auto after = load_text("gateway: {port: 2, schemes: [http]}\nseed: 4\ntenants: {b: {}}\n");
  REQUIRE(before.has_value());
  REQUIRE(after.has_value());
  CHECK(diff(before->effective, before->effective).empty());
  CHECK(diff(before->effective, after->effective) ==
        std::vector<Change>{{"gateway.port", "1", "2"},
                            {"seed", "", "4"},
                            {"tenants.a.key", "\"\"", ""},
                            {"tenants.a.plan", "\"free\"", ""},
                            {"tenants.a.share", "2", ""},
                            {"tenants.b.key", "", "\"\""},
                            {"tenants.b.plan", "", "\"free\""},
                            {"tenants.b.share", "", "1"}});
}

TEST_CASE("config: plain scalars follow the core schema of YAML 1.2") {
  struct Row {
    const char* text;
    const char* json;
  };
  const Row rows[] = {
      {"true", "true"},
      {"FALSE", "false"},
      {"yes", "\"yes\""},
      {"no", "\"no\""},
      {"0", "0"},
      {"-12", "-12"},
      {"+12", "12"},
      {"0o17", "15"},
      {"0xff", "255"},
      {"007", "\"007\""},
      {"1.5", "1.5"},
      {".5", "0.5"},
      {"5.", "5"},
      {"1e3", "1000"},
      {"-1.5E-2", "-0.015"},
      {".", "\".\""},
      {"-", "\"-\""},
      {"+", "\"+\""},
      {"1.2.3", "\"1.2.3\""},
      {"1e", "\"1e\""},
      {"0x", "\"0x\""},
      {"0x-1", "\"0x-1\""},
      {".inf", "\".inf\""},
      {".nan", "\".nan\""},
      {"12:30", "\"12:30\""},
      {"2026-01-01", "\"2026-01-01\""},
      {"1_000", "\"1_000\""},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775808", "\"9223372036854775808\""},
      {"1e999", "\"1e999\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(json::print(detail::resolve_plain(row.text)) == row.json);
  }
}

TEST_CASE("config: the limits of a file hold at their edges") {
  const Limits limits{.file_bytes_max = 200, .files_max = 2, .depth_max = 3, .values_max = 12};
  struct Row {
    std::string text;
    bool accepted;
  };
  const Row rows[] = {
      {"a: " + std::string(197, 'x'), true},
      {"a: " + std::string(198, 'x'), false},
      {"a: [[[1]]]", false},
      {"a: [[1]]", true},
      {"a: [1,2,3,4,5,6,7,8,9]", true},
      {"a: [1,2,3,4,5,6,7,8,9,10]", false},
      {std::string(100, 'k') + ": 1", true},
      {std::string(101, 'k') + ": 1", false},
      {std::string(200, '['), false},
      {std::string(200, '{'), false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_yaml(row.text, limits).has_value() == row.accepted);
  }
  sim::SimFiles files;
  for (const char* name : {"d/1.yaml", "d/2.yaml", "d/3.yaml"}) put(files, name, "name: a\n");
  CHECK(load<Root>({.folder = "d"}, files, {.files_max = 3}).has_value());
  CHECK(!load<Root>({.folder = "d"}, files, {.files_max = 2}).has_value());
}

TEST_CASE("config: bombs are refused without being expanded") {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string inner = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + inner;
    for (int k = 0; k < 9; ++k) bomb += "," + inner;
    bomb += "]\n";
  }
  CHECK(!parse_yaml(bomb).has_value());
  CHECK(!parse_yaml(std::string(1'000'000, '[')).has_value());
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "- ";
  const Result<Document> refused = parse_yaml(deep);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().what == "1:35: deeper than 16 levels");
  CHECK(!parse_yaml(std::string_view("a: b\0cd", 7)).has_value());  // found by fuzzing
}

TEST_CASE("config: names of variables and of all keys") {
  CHECK(variable_name("gateway.port") == "MC_GATEWAY_PORT");
  CHECK(variable_name("a-b.c_d") == "MC_A_B_C_D");
  CHECK(paths(json::shape_of<Root>()) ==
        std::vector<std::string>{"gateway.host", "gateway.port", "gateway.timeout",
                                 "gateway.schemes", "tenants", "tls.certificate", "tls.strict",
                                 "seed", "signing_key", "name"});
  CHECK(schema<Root>().find("properties")->find("gateway")->find("description") != nullptr);
}

}  // namespace
}  // namespace mc::config
