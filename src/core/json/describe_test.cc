#include "json/describe.h"

#include <doctest/doctest.h>

#include <random>

namespace mc::json {
namespace {

enum class Mode { fast, safe };

struct Listener {
  std::string host = "::1";
  std::uint16_t port = 8080;
  bool operator==(const Listener&) const = default;
};

struct Sample {
  bool on = true;
  int depth = 3;
  std::int64_t bytes = 1 << 20;
  double ratio = 0.5;
  std::string name = "main";
  std::string key;
  Nanos wait = seconds(30);
  Mode mode = Mode::safe;
  std::optional<int> seats;
  std::vector<Listener> listeners = {Listener{}};
  std::vector<std::string> schemes;
  std::map<std::string, double> weights;
  Listener admin{.host = "127.0.0.1", .port = 9090};
  bool operator==(const Sample&) const = default;
  Status check() const {
    if (depth > 10 && mode == Mode::fast) return fail(Code::invalid, "depth past 10 needs safe");
    return ok();
  }
};

struct Record {
  std::string actor;
  std::int64_t at = 0;
};

}  // namespace

template <>
struct Describe<Mode> {
  static constexpr auto names = std::array{Name{"fast", Mode::fast}, Name{"safe", Mode::safe}};
};
template <>
struct Describe<Listener> {
  static constexpr std::string_view title = "Listening address";
  static constexpr auto fields = std::tuple{
      Field{"host", &Listener::host, "Address", {.min = 1, .max = 255}},
      Field{"port", &Listener::port, "TCP port", {.min = 1}},
  };
};
template <>
struct Describe<Sample> {
  static constexpr auto fields = std::tuple{
      Field{"on", &Sample::on},
      Field{"depth", &Sample::depth, "Levels", {.min = 1, .max = 64}},
      Field{"bytes", &Sample::bytes},
      Field{"ratio", &Sample::ratio, "", {.min = 0, .max = 1.0}},
      Field{"name", &Sample::name, "", {.max = 8}},
      Field{"key", &Sample::key, "Signing key", {.max = 64, .secret = true}},
      Field{"wait", &Sample::wait, "Patience", {.min = millis(10), .max = seconds(300)}},
      Field{"mode", &Sample::mode},
      Field{"seats", &Sample::seats, "", {.min = 1}},
      Field{"listeners", &Sample::listeners, "", {.max = 2}},
      Field{"schemes", &Sample::schemes, "", {.allowed = {"http", "https"}}},
      Field{"weights", &Sample::weights},
      Field{"admin", &Sample::admin},
  };
};
template <>
struct Describe<Record> {
  static constexpr auto fields = std::tuple{Field{"actor", &Record::actor, "", {.required = true}},
                                            Field{"at", &Record::at, "", {.required = true}}};
};

namespace {

Value parsed(std::string_view text) {
  const Result<Value> value = parse(text);
  REQUIRE(value.has_value());
  return *value;
}

TEST_CASE("describe: an empty object gives the defaults") {
  const Result<Sample> sample = read<Sample>(parsed("{}"));
  REQUIRE(sample.has_value());
  CHECK(*sample == Sample{});
}

TEST_CASE("describe: every kind of member is read") {
  const Result<Sample> sample = read<Sample>(parsed(
      R"({"on":false,"depth":7,"bytes":9007199254740993,"ratio":1,"name":"x","wait":"250ms",)"
      R"("mode":"fast","seats":4,"listeners":[{"port":1},{"host":"h"}],"schemes":["https"],)"
      R"("weights":{"a":0.25,"b c":2},"admin":{"port":65535}})"));
  REQUIRE_MESSAGE(sample.has_value(), sample.error().what);
  Sample wanted;
  wanted.on = false;
  wanted.depth = 7;
  wanted.bytes = 9007199254740993;
  wanted.ratio = 1;
  wanted.name = "x";
  wanted.wait = millis(250);
  wanted.mode = Mode::fast;
  wanted.seats = 4;
  wanted.listeners = {Listener{.host = "::1", .port = 1}, Listener{.host = "h", .port = 8080}};
  wanted.schemes = {"https"};
  wanted.weights = {{"a", 0.25}, {"b c", 2}};
  wanted.admin.port = 65535;
  CHECK(*sample == wanted);
}

TEST_CASE("describe: an error names the path and the limit") {
  struct Row {
    const char* text;
    const char* what;
  };
  const Row rows[] = {
      {"[]", "$ must be an object, not this array"},
      {R"({"dept":1})", "$.dept is unknown; did you mean 'depth'?"},
      {R"({"zzzzzzz":1})", "$.zzzzzzz is unknown"},
      {R"({"on":1})", "$.on must be true or false, not 1"},
      {R"({"depth":"7"})", "$.depth must be an integer, not \"7\""},
      {R"({"depth":7.0})", "$.depth must be an integer, not 7"},
      {R"({"depth":null})", "$.depth must be an integer, not empty"},
      {R"({"depth":0})", "$.depth 0 is less than 1"},
      {R"({"depth":65})", "$.depth 65 is more than 64"},
      {R"({"ratio":1.5})", "$.ratio 1.5 is more than 1"},
      {R"({"name":"123456789"})", "$.name 9 bytes is more than 8 bytes"},
      {R"({"wait":"5"})", "$.wait must be a duration such as 250ms or 30s, not \"5\""},
      {R"({"wait":30})", "$.wait must be a duration such as 250ms or 30s, not 30"},
      {R"({"wait":"1ms"})", "$.wait 1ms is less than 10ms"},
      {R"({"wait":"1h"})", "$.wait 1h is more than 5m"},
      {R"({"mode":"fats"})", "$.mode 'fats' is not one of fast, safe; did you mean 'fast'?"},
      {R"({"mode":"slow"})", "$.mode 'slow' is not one of fast, safe"},
      {R"({"mode":2})", "$.mode must be one of its names, not 2"},
      {R"({"seats":0})", "$.seats 0 is less than 1"},
      {R"({"listeners":[{},{},{}]})", "$.listeners 3 entries is more than 2 entries"},
      {R"({"listeners":[{},{"port":0}]})", "$.listeners[1].port 0 is less than 1"},
      {R"({"listeners":[{"port":65536}]})", "$.listeners[0].port 65536 is more than 65535"},
      {R"({"schemes":["https","htp"]})",
       "$.schemes[1] 'htp' is not one of http, https; did you mean 'http'?"},
      {R"({"weights":{"b c":"x"}})", "$.weights[\"b c\"] must be a number, not \"x\""},
      {R"({"weights":[]})", "$.weights must be a map, not this array"},
      {R"({"admin":{"prot":1}})", "$.admin.prot is unknown; did you mean 'port'?"},
      {R"({"depth":11,"mode":"fast"})", "$ depth past 10 needs safe"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<Sample> sample = read<Sample>(parsed(row.text));
    REQUIRE(!sample.has_value());
    CHECK(sample.error().code == Code::invalid);
    CHECK(sample.error().what.substr(0, std::string_view(row.what).size()) == row.what);
  }
}

TEST_CASE("describe: limits hold at their edges") {
  for (const char* text :
       {R"({"depth":1})", R"({"depth":64})", R"({"ratio":0})", R"({"ratio":1})",
        R"({"name":"12345678"})", R"({"wait":"10ms"})", R"({"wait":"300s"})",
        R"({"listeners":[{},{}]})", R"({"listeners":[]})", R"({"seats":null})"}) {
    CAPTURE(text);
    CHECK(read<Sample>(parsed(text)).has_value());
  }
}

TEST_CASE("describe: all problems are collected and counted") {
  Reader reader;
  read_into<Sample>(parsed(R"({"on":1,"depth":0,"nope":1,"admin":{"port":"x"}})"), reader);
  REQUIRE(reader.problems().size() == 4);
  CHECK(reader.problems()[0].fault == Fault::type);
  CHECK(reader.problems()[1].fault == Fault::range);
  CHECK(reader.problems()[2].fault == Fault::unknown);
  CHECK(reader.problems()[3].path == "$.admin.port");
  CHECK(reader.path() == "$");
  CHECK(to_error(reader.problems()).what == "$.on must be true or false, not 1 (and 3 more)");
}

TEST_CASE("describe: the number of collected problems is bounded") {
  std::string text = "{";
  for (int i = 0; i < 500; ++i) text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  Reader reader;
  read_into<Sample>(parsed(text + "}"), reader);
  CHECK(reader.problems().size() == 100);
}

TEST_CASE("describe: required fields must be present") {
  CHECK(read<Record>(parsed(R"({"actor":"a","at":1})")).has_value());
  const Result<Record> none = read<Record>(parsed("{}"));
  REQUIRE(!none.has_value());
  CHECK(none.error().what == "$.actor is missing (and 1 more)");
}

TEST_CASE("describe: a secret is never quoted") {
  const std::string long_secret(65, 'S');
  for (const std::string& text :
       {std::string(R"({"key":12345678})"), R"({"key":")" + long_secret + R"("})"}) {
    const Result<Sample> sample = read<Sample>(parsed(text));
    REQUIRE(!sample.has_value());
    CHECK(sample.error().what.find("1234") == std::string::npos);
    CHECK(sample.error().what.find("SS") == std::string::npos);
  }
}

TEST_CASE("describe: what was printed reads back as the same struct") {
  std::mt19937_64 random(7);
  const auto below = [&](std::uint64_t n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 500; ++round) {
    Sample sample;
    sample.on = below(2) == 0;
    sample.depth = 1 + below(10);
    sample.bytes = static_cast<std::int64_t>(random());
    sample.ratio = below(1000) / 1000.0;
    sample.name = std::string(static_cast<std::size_t>(below(9)), 'n');
    sample.wait = millis(10 + below(100'000));
    sample.mode = below(2) == 0 ? Mode::fast : Mode::safe;
    if (below(2) == 0) sample.seats = 1 + below(9);
    sample.listeners.resize(static_cast<std::size_t>(below(3)));
    for (Listener& listener : sample.listeners)
      listener.port = static_cast<std::uint16_t>(1 + below(65535));
    if (below(2) == 0) sample.schemes = {"http", "https"};
    for (int i = below(4); i > 0; --i) sample.weights["w" + std::to_string(i)] = below(100) / 8.0;
    const Value value = to_value(sample);
    const Result<Sample> back = read<Sample>(parsed(print(value)));
    REQUIRE_MESSAGE(back.has_value(), back.error().what);
    CHECK(*back == sample);
  }
}

TEST_CASE("describe: an empty optional is left out and null means none") {
  CHECK(to_value(Sample{}).find("seats") == nullptr);
  const Result<Sample> sample = read<Sample>(parsed(R"({"seats":null})"));
  REQUIRE(sample.has_value());
  CHECK(!sample->seats.has_value());
}

TEST_CASE("describe: the schema carries types, titles, help, limits and defaults") {
  CHECK(print(json_schema<Listener>()) ==
        R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Listening address",)"
        R"("type":"object","properties":{)"
        R"("host":{"description":"Address","type":"string","maxLength":255,"minLength":1,)"
        R"("default":"::1","title":"Host"},)"
        R"("port":{"description":"TCP port","type":"integer","minimum":1,"maximum":65535,)"
        R"("default":8080,"title":"Port"}},"additionalProperties":false})");
}

TEST_CASE("describe: the schema of each kind") {
  const Value schema = json_schema<Sample>();
  const Value* all = schema.find("properties");
  REQUIRE(all != nullptr);
  struct Row {
    const char* field;
    const char* schema;
  };
  const Row rows[] = {
      {"on", R"({"type":"boolean","default":true,"title":"On"})"},
      {"ratio", R"({"type":"number","minimum":0,"maximum":1,"default":0.5,"title":"Ratio"})"},
      {"key", R"({"description":"Signing key","type":"string","maxLength":64,"writeOnly":true,)"
              R"("default":"","title":"Key"})"},
      {"wait", R"({"description":"Patience; at least 10ms, at most 5m","type":"string",)"
               R"("pattern":"^[0-9]+(ms|s|m|h|d)$","default":"30s","title":"Wait"})"},
      {"mode", R"({"type":"string","enum":["fast","safe"],"default":"safe","title":"Mode"})"},
      {"seats", R"({"type":["integer","null"],"minimum":1,"maximum":2147483647,"title":"Seats"})"},
      {"schemes", R"({"type":"array","items":{"type":"string","enum":["http","https"]},)"
                  R"("default":[],"title":"Schemes"})"},
      {"weights", R"({"type":"object","additionalProperties":{"type":"number"},"default":{},)"
                  R"("title":"Weights"})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.field);
    const Value* field = all->find(row.field);
    REQUIRE(field != nullptr);
    CHECK(print(*field) == row.schema);
  }
  // A nested struct shows the defaults of its owner, not its own.
  CHECK(print(*all->find("admin")->find("properties")->find("port")->find("default")) == "9090");
}

TEST_CASE("describe: required fields stand in the schema and have no default") {
  const Value schema = json_schema<Record>();
  CHECK(print(*schema.find("required")) == R"(["actor","at"])");
  CHECK(schema.find("properties")->find("at")->find("default") == nullptr);
}

TEST_CASE("describe: the nearest name is within two edits and half of the word") {
  const std::vector<std::string_view> names = {"port", "host", "port_max", "timeout"};
  struct Row {
    const char* word;
    const char* near;
  };
  const Row rows[] = {{"prt", "port"},         {"hots", "host"}, {"tiemout", "timeout"},
                      {"port_mx", "port_max"}, {"xy", ""},       {"", ""},
                      {"timeouts", "timeout"}, {"qqqqqq", ""},   {"hosst", "host"}};
  for (const Row& row : rows) {
    CAPTURE(row.word);
    CHECK(nearest(row.word, names) == row.near);
  }
  CHECK(nearest(std::string(100'000, 'a'), names).empty());
}

}  // namespace
}  // namespace mc::json
