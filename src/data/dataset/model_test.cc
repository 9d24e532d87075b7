#include "dataset/model.h"

#include <doctest/doctest.h>

#include "graphql/graphql.h"

namespace mc::dataset {
namespace {

constexpr const char* kHead =
    "sources:\n"
    "  - {name: main, url: \"sqlite:/data/app.db\", region: eu-west-1}\n"
    "datasets:\n"
    "  - name: person\n"
    "    source: main\n"
    "    table: person\n"
    "    key: id\n"
    "    tenant: tenant_id\n";
constexpr const char* kColumns =
    "    columns:\n"
    "      - {name: id, type: id}\n"
    "      - {name: age, type: int, nullable: true, quasi_identifier: true}\n";

TEST_CASE("model: a small file gives the defaults") {
  const Result<Model> model = parse_model(std::string(kHead) + kColumns, "a.yaml");
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  const Dataset& person = model->datasets[0];
  CHECK(person.plural == "persons");
  CHECK(person.type == "Person");
  CHECK(person.limits == DatasetLimits{50, 500});
  CHECK_FALSE(person.writable);
  CHECK(person.purposes.empty());
  CHECK(person.columns[1].column == "age");
  CHECK(person.columns[1].sensitivity == Sensitivity::internal);
  CHECK(person.columns[1].filterable);
  CHECK(model->source("main")->region == "eu-west-1");
  CHECK(model->source("other") == nullptr);
}

TEST_CASE("model: every option is read, printed and read back the same") {
  const std::string yaml =
      std::string(kHead) +
      "    plural: people\n    type: Human\n    licence: Open-Data-OK\n"
      "    purposes: [fraud-risk, t&s, 'on']\n"
      "    description: \"People \\\"here\\\"\"\n    retention: 90d\n"
      "    writable: true\n    version: v\n"
      "    limits: {first_default: 5, first_max: 10}\n"
      "    columns:\n"
      "      - {name: id, column: \"the id\", type: id, storage: integer}\n"
      "      - {name: v, type: long}\n"
      "      - {name: born, type: date, storage: text, sensitivity: personal,"
      " licence: MIT-OK, unique: true, filterable: false}\n"
      "      - {name: more, type: json, nullable: true}\n"
      "      - {name: bossId, type: id, storage: integer}\n"
      "    relations:\n"
      "      - {name: boss, to: person, kind: one, local: bossId, remote: id}\n"
      "      - {name: team, to: person, kind: many, local: id, remote: bossId}\n";
  const Result<Model> model = parse_model(yaml, "a.yaml");
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  const Dataset& human = model->datasets[0];
  CHECK(human.retention == seconds(90 * 86'400));
  CHECK(human.purposes == std::vector<std::string>{"fraud-risk", "t&s", "on"});
  CHECK(human.columns[0].column == "the id");
  CHECK(human.columns[0].storage == Storage::integer);
  CHECK(human.columns[2].sensitivity == Sensitivity::personal);
  CHECK(human.relations[1].kind == RelationKind::many);
  const Result<Model> again = parse_model(to_yaml(*model), "b.yaml");
  REQUIRE_MESSAGE(again.has_value(), again.error().what);
  CHECK(*again == *model);
}

TEST_CASE("model: a text full of marks is a text, not nesting") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "a: b - c ? ";
  const Result<Model> model = parse_model(
      "sources:\n  - {name: main, url: 'sqlite:/d'}\ndatasets:\n"
      "  - {name: person, source: main, table: p, key: id, tenant: t, description: \"" +
          text + "\", columns: [{name: id, type: id}]}\n",
      "a.yaml");
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  CHECK(model->datasets[0].description == text);
}

struct Finding {
  const char* name;
  std::string yaml;
  const char* finding;
};

void check_findings(std::initializer_list<Finding> rows) {
  for (const Finding& row : rows) {
    CAPTURE(std::string(row.name));
    const Result<Model> model = parse_model(row.yaml, "a.yaml");
    REQUIRE_FALSE(model.has_value());
    CHECK(model.error().code == Code::invalid);
    CHECK_MESSAGE(model.error().what.find(row.finding) != std::string::npos, model.error().what);
  }
}

TEST_CASE("model: findings name the file and the line") {
  const std::string head = kHead;
  check_findings(
      {{"unknown key", head + kColumns + "    colour: red\n", "a.yaml:12: unknown key 'colour'"},
       {"unknown key in a column", head + "    columns:\n      - {name: id, type: id, size: 3}\n",
        "a.yaml:10: unknown key 'size'"},
       {"key twice", head + kColumns + "    table: again\n", "a.yaml:12: key 'table' twice"},
       {"missing key", "datasets:\n  - {name: a}\n", "a.yaml:2: 'source' is missing"},
       {"wrong type", head + "    columns:\n      - {name: id, type: uuid}\n",
        "a.yaml:10: 'uuid' is not one of id, int, long"},
       {"wrong flag", head + kColumns + "    writable: maybe\n",
        "a.yaml:12: 'writable' must be true or false"},
       {"wrong number", head + kColumns + "    limits: {first_max: many}\n",
        "a.yaml:12: 'first_max' must be a number"},
       {"limit too large", head + kColumns + "    limits: {first_max: 501}\n",
        "a.yaml:12: datasets[0].limits.first_max: must be 1 to 500"},
       {"wrong duration", head + kColumns + "    retention: soon\n",
        "a.yaml:12: 'retention' must be a duration"}});
}

std::string purposes(std::size_t count) {
  std::string out = "    purposes:\n";
  for (std::size_t i = 0; i < count; ++i) out += "      - p" + std::to_string(i) + "\n";
  return out;
}

TEST_CASE("model: purposes are words, each once, 32 at most") {
  const std::string head = kHead;
  const std::string longest(63, 'a');
  CHECK(parse_model(head + purposes(32) + kColumns, "a.yaml"));
  CHECK(parse_model(head + "    purposes: [" + longest + "]\n" + kColumns, "a.yaml"));
  check_findings(
      {{"no list", head + "    purposes: demo\n" + kColumns,
        "a.yaml:9: datasets[0].purposes must be a list"},
       {"no word", head + "    purposes: [[demo]]\n" + kColumns,
        "a.yaml:9: datasets[0].purposes[0] must be a word"},
       {"empty", head + "    purposes: [demo, '']\n" + kColumns,
        "a.yaml:9: datasets[0].purposes[1]: '' is not a purpose"},
       {"upper case", head + "    purposes: [Demo]\n" + kColumns, "'Demo' is not a purpose"},
       {"begins with a digit", head + "    purposes: [2fa]\n" + kColumns, "is not a purpose"},
       {"other characters", head + "    purposes: [a_b]\n" + kColumns, "is not a purpose"},
       {"too long", head + "    purposes: [" + longest + "a]\n" + kColumns, "is not a purpose"},
       {"twice", head + "    purposes:\n      - demo\n      - demo\n" + kColumns,
        "a.yaml:11: datasets[0].purposes[1]: used twice: demo"},
       {"too many", head + purposes(33) + kColumns,
        "a.yaml:9: datasets[0].purposes: more than 32 entries"}});
}

TEST_CASE("model: rules over columns and relations name the line of their entry") {
  const std::string head = kHead;
  check_findings(
      {{"no such key column", head + "    columns:\n      - {name: nr, type: id}\n",
        "a.yaml:7: datasets[0].key: no column is called 'id'"},
       {"nullable key", head + "    columns:\n      - {name: id, type: id, nullable: true}\n",
        "a.yaml:7: datasets[0].key: the key column must not be nullable"},
       {"tenant shown", head + kColumns + "      - {name: tenant_id, type: string}\n",
        "a.yaml:12: datasets[0].columns[2].column: the tenant column must not be exposed"},
       {"column twice", head + kColumns + "      - {name: age, column: b, type: int}\n",
        "a.yaml:12: datasets[0].columns[2].name: used twice: age"},
       {"not a name", head + kColumns + "      - {name: \"job title\", type: int}\n",
        "is not a GraphQL name"},
       {"a word of filters", head + kColumns + "      - {name: not, type: int}\n",
        "and, or and not are words of filters"},
       {"no such source",
        "datasets:\n  - {name: a, source: b, table: t, key: id, tenant: t, columns: "
        "[{name: id, type: id}]}\n",
        "datasets[0].source: no source is called 'b'"},
       {"relation to nothing",
        head + kColumns +
            "    relations:\n      - {name: a, to: b, kind: one, local: id, remote: id}\n",
        "a.yaml:13: datasets[0].relations[0].to: no dataset is called 'b'"},
       {"one to many rows",
        head + kColumns +
            "    relations:\n      - {name: a, to: person, kind: one, local: age, remote: age}\n",
        "must be the key or a unique column"},
       {"other types",
        head + kColumns +
            "    relations:\n      - {name: a, to: person, kind: one, local: age, remote: id}\n",
        "local and remote must have the same type"},
       {"type name of the schema", head + kColumns + "    type: PageInfo\n",
        "the schema has 'PageInfo' already"},
       {"json filter", head + kColumns + "      - {name: j, type: json, filterable: true}\n",
        "a json column cannot be filterable"}});
}

TEST_CASE("model: texts that are no model, or nest without end, are refused") {
  check_findings({{"not a list", "datasets: 3\n", "a.yaml:1: datasets must be a list"},
                  {"not a mapping", "- a\n", "a.yaml:1: the file must be a mapping"},
                  {"syntax", "datasets: [\n", "a.yaml:"},
                  {"not text", "datasets: \xff\n", "a.yaml: not valid UTF-8"},
                  {"brackets", std::string(20, '['), "a.yaml:1: nested too deep"},
                  {"dashes",
                   "datasets:\n" +
                       [] {
                         std::string dashes;
                         for (int i = 0; i < 5000; ++i) dashes += "- ";
                         return dashes;
                       }(),
                   "a.yaml:2: nested too deep"},
                  {"a ladder of indents",
                   [] {
                     std::string ladder;
                     for (std::size_t i = 0; i < 1500; ++i) ladder += std::string(i, ' ') + "a:\n";
                     return ladder;
                   }(),
                   "nested too deep"}});
}

TEST_CASE("model: all findings of a file come together, in order of lines") {
  const Result<Model> model =
      parse_model("datasets:\n  - {name: a, x: 1}\n  - {name: b, y: 1}\nother: 1\n", "a.yaml");
  REQUIRE_FALSE(model.has_value());
  const std::vector<std::string_view> lines = split(model.error().what, '\n');
  REQUIRE(lines.size() > 4);
  CHECK(lines.front().starts_with("a.yaml:2: "));
  CHECK(lines.back() == "a.yaml:4: unknown key 'other'");
}

TEST_CASE("sdl: builds under all rules, also when there is nothing to show") {
  const char* const columns[] = {
      kColumns,
      "    columns:\n      - {name: id, type: string}\n",
      "    writable: true\n    columns:\n      - {name: id, type: id}\n",
      "    writable: true\n    version: v\n    columns:\n      - {name: id, type: id}\n"
      "      - {name: v, type: int}\n",
      "    writable: true\n    version: v\n    columns:\n      - {name: id, type: long}\n"
      "      - {name: v, type: int}\n      - {name: x, type: json, description: 'a \"b\" \\'}\n",
  };
  for (const char* text : columns) {
    const Result<Model> model = parse_model(std::string(kHead) + text, "a.yaml");
    REQUIRE_MESSAGE(model.has_value(), model.error().what);
    const auto schema = graphql::Schema::build({sdl(*model)});
    CHECK_MESSAGE(schema.has_value(), schema.error().what);
  }
  CHECK(graphql::Schema::build({sdl(Model{})}).has_value());
}

TEST_CASE("sdl: promises a value only in public columns, for any other may be masked") {
  const Result<Model> model = parse_model(
      std::string(kHead) +
          "    writable: true\n    columns:\n      - {name: id, type: id, sensitivity: public}\n"
          "      - {name: a, type: int}\n      - {name: b, type: string, sensitivity: secret}\n"
          "      - {name: c, type: date, sensitivity: public}\n"
          "      - {name: d, type: date, sensitivity: public, nullable: true}\n",
      "a.yaml");
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  const std::string text = sdl(*model);
  CHECK(text.find("type Person {\n  id: ID!\n  a: Int\n  b: String\n  c: Date!\n  d: Date\n}\n") !=
        std::string::npos);
  CHECK(text.find("input PersonCreate { id: ID a: Int! b: String! c: Date! d: Date }\n") !=
        std::string::npos);
}

TEST_CASE("graphql names: from any header") {
  struct Row {
    const char* text;
    const char* name;
  };
  const Row rows[] = {{"marital-status", "maritalStatus"},
                      {"Job Title", "jobTitle"},
                      {"salary_class", "salaryClass"},
                      {"2nd", "n2nd"},
                      {"  a  ", "a"},
                      {"\xC3\xA4\xC3\xB6", "field"},
                      {"", "field"},
                      {"__type", "type"}};
  for (const Row& row : rows) CHECK(graphql_name(row.text) == row.name);
}

constexpr const char* kPrivate =
    "    columns:\n"
    "      - {name: id, type: id}\n"
    "      - {name: personId, type: string}\n"
    "      - {name: income, type: float, nullable: true}\n"
    "      - {name: age, type: int}\n"
    "      - {name: country, type: string}\n"
    "      - {name: job, type: string}\n"
    "      - {name: note, type: string, nullable: true, filterable: false}\n"
    "      - {name: more, type: json}\n";

// A model with this section, whose own lines are indented.
std::string with_privacy(const std::string& section) {
  return std::string(kHead) + kPrivate + "    privacy:\n" + section;
}

TEST_CASE("model: a section privacy is read, printed and read back the same") {
  const Result<Model> model = parse_model(
      with_privacy("      unit: personId\n"
                   "      groups_per_unit: 3\n"
                   "      rows_per_group: 1000000\n"
                   "      columns:\n"
                   "        - {name: income, min: \"-0.50\", max: 200000, step: \"0.25\"}\n"
                   "        - {name: age, min: 0, max: 120, step: 1, keys: [1, 2, '-3']}\n"
                   "        - {name: country, keys: [DE, \"no\", '']}\n"
                   "        - {name: job}\n"),
      "a.yaml");
  REQUIRE_MESSAGE(model.has_value(), model.error().what);
  const DatasetPrivacy& privacy = *model->datasets[0].privacy;
  CHECK(privacy.unit == "personId");
  CHECK(privacy.groups_per_unit == 3);
  CHECK(privacy.rows_per_group == 1'000'000);
  CHECK(privacy.columns[0].min == "-0.50");  // as it was written
  CHECK(privacy.columns[0].number());
  CHECK_FALSE(privacy.columns[0].key());
  CHECK(privacy.columns[1].number());
  CHECK(privacy.columns[1].key());
  CHECK(privacy.columns[2].keys == std::vector<std::string>{"DE", "no", ""});
  CHECK_FALSE(privacy.columns[2].selected());
  CHECK(privacy.columns[3].selected());
  CHECK(privacy.column("job") == &privacy.columns[3]);
  CHECK(privacy.column("note") == nullptr);
  const Result<Model> again = parse_model(to_yaml(*model), "b.yaml");
  REQUIRE_MESSAGE(again.has_value(), again.error().what);
  CHECK(*again == *model);
  // Absent is absent, and the least section is a unit and a column.
  CHECK_FALSE(parse_model(std::string(kHead) + kColumns, "a.yaml")->datasets[0].privacy);
  const Result<Model> least =
      parse_model(with_privacy("      unit: personId\n      columns: [{name: job}]\n"), "a.yaml");
  REQUIRE_MESSAGE(least.has_value(), least.error().what);
  CHECK(least->datasets[0].privacy->groups_per_unit == 1);
}

// The error of a yaml has this in it.
void check(const char* name, const std::string& yaml, const std::string& finding) {
  check_findings({{name, yaml, finding.c_str()}});
}

TEST_CASE("model: what is wrong with a section privacy is said with its path") {
  const std::string unit = "      unit: personId\n";
  const std::string at = "datasets[0].privacy.";
  check("no unit", with_privacy("      columns: [{name: job}]\n"), at + "unit: is missing");
  check("unknown unit", with_privacy("      unit: who\n      columns: [{name: job}]\n"),
        at + "unit: no column is called 'who'");
  check("unit may be missing", with_privacy("      unit: note\n      columns: [{name: job}]\n"),
        at + "unit: the column of the unit must not be nullable");
  check("unit of a type", with_privacy("      unit: more\n      columns: [{name: job}]\n"),
        at + "unit: the column of the unit must be of type");
  check("no columns", with_privacy(unit), at + "columns: must name at least one");
  check("key unknown", with_privacy(unit + "      epsilon: 1\n"),
        "a.yaml:20: unknown key 'epsilon'");
  check("no mapping", std::string(kHead) + kPrivate + "    privacy: yes\n",
        "datasets[0].privacy must be a mapping");
  check("groups 0", with_privacy(unit + "      groups_per_unit: 0\n      columns: [{name: job}]\n"),
        "a.yaml:20: " + at + "groups_per_unit: must be 1 to 10000");
  check("groups many",
        with_privacy(unit + "      groups_per_unit: 10001\n      columns: [{name: job}]\n"),
        at + "groups_per_unit: must be 1 to 10000");
  check("rows 0", with_privacy(unit + "      rows_per_group: 0\n      columns: [{name: job}]\n"),
        at + "rows_per_group: must be 1 to 1000000");
  check("rows many",
        with_privacy(unit + "      rows_per_group: 1000001\n      columns: [{name: job}]\n"),
        "'rows_per_group' must be a number from 0 to 1000000");
}

TEST_CASE("model: what is wrong with a column of the section is said with its path") {
  const std::string at = "datasets[0].privacy.";
  const std::string first = at + "columns[0]";
  const auto column = [](const std::string& entry) {
    return with_privacy("      unit: personId\n      columns: [" + entry + "]\n");
  };
  std::string many = "{name: country, keys: [";
  for (int i = 0; i <= 10'000; ++i) many += (i > 0 ? ", " : "") + std::to_string(i);
  check("unknown column", column("{name: wage}"), first + ".name: no column is called 'wage'");
  check("twice", column("{name: job}, {name: job}"), at + "columns[1].name: used twice: job");
  check("the unit", column("{name: personId}"), first + ".name: the unit can be neither");
  check("half a grid", column("{name: income, min: 0, max: 1}"),
        first + ": min, max and step belong together");
  check("grid of a text", column("{name: job, min: 0, max: 1, step: 1}"),
        first + ": min, max and step are for columns of type");
  for (const char* bad : {"1e3", "+1", ".5", "5.", "", "0x1", "1.0000000001", "1 000", "--1", "NaN",
                          "1234567890123456789"}) {
    CAPTURE(bad);
    check("no decimal",
          column("{name: income, min: 0, max: \"" + std::string(bad) + "\", step: 1}"),
          std::string(bad).empty() ? first + ": min, max" : first + ".max: '");
  }
  check("step 0", column("{name: income, min: 0, max: 1, step: 0}"),
        first + ".step: must be greater than 0");
  check("empty range", column("{name: income, min: 1, max: 1, step: 1}"),
        first + ".max: must be greater than min");
  check("off the grid", column("{name: income, min: \"0.1\", max: 1, step: \"0.2\"}"),
        first + ".max: must be min and a whole number of steps");
  check("fine grid", column("{name: income, min: 0, max: 1001, step: \"0.000000001\"}"),
        first + ".step: makes more than 1000000000000 steps");
  check("keys of a float", column("{name: income, keys: [\"1\"]}"),
        first + ".name: cannot be grouped by");
  check("key of json", column("{name: more}"), first + ".name: cannot be grouped by");
  check("key not filterable", column("{name: note}"), first + ".name: cannot be grouped by");
  check("no keys", column("{name: job, keys: []}"), first + ".keys must not be empty");
  check("key twice", column("{name: job, keys: [a, b, a]}"), first + ".keys[2]: used twice: a");
  check("key of another form", column("{name: age, keys: [\"01\"]}"),
        first + ".keys[0]: '01' is not how a value");
  check("long key", column("{name: job, keys: [" + std::string(257, 'x') + "]}"),
        first + ".keys[0]: more than 256 bytes");
  check("many keys", column(many + "]}"), first + ".keys: more than 10000");
  // 1,001 * 10^9 steps are too many, 1,000 * 10^9 are not.
  CHECK(parse_model(column("{name: income, min: 0, max: 1000, step: \"0.000000001\"}"), "a.yaml")
            .has_value());
}

TEST_CASE("model: the names of private answers are claimed, where there are some") {
  const std::string other =
      "  - name: personsDP\n    source: main\n    table: t\n    key: id\n    tenant: tenant_id\n"
      "    type: DPAnswer\n    columns: [{name: id, type: id}]\n";
  const std::string privacy = "    privacy: {unit: personId, columns: [{name: job}]}\n";
  check_findings(
      {{"the field", std::string(kHead) + kPrivate + privacy + other,
        "the schema has 'personsDP' already"},
       {"a type", std::string(kHead) + kPrivate + privacy + other, "has 'DPAnswer' already"}});
  CHECK(parse_model(std::string(kHead) + kPrivate + other, "a.yaml").has_value());
}

}  // namespace
}  // namespace mc::dataset
