#include "graphql/parser.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace mc::graphql {
namespace {

struct Refusal {
  std::string source;
  const char* message;
  Location location;
};

void check_refusals(const std::vector<Refusal>& rows) {
  for (const Refusal& row : rows) {
    CAPTURE(row.source);
    const ParseResult result = parse(row.source);
    REQUIRE(!result.has_value());
    CHECK(result.error().message == std::string("Syntax Error: ") + row.message);
    REQUIRE(result.error().locations.size() == 1);
    CHECK(result.error().locations[0].line == row.location.line);
    CHECK(result.error().locations[0].column == row.location.column);
    CHECK(result.error().code == "GRAPHQL_PARSE_FAILED");
  }
}

// Messages and places as graphql-js 16 gives them.
TEST_CASE("parser: refuses executable documents with the words of graphql-js") {
  check_refusals({
      {"", "Unexpected <EOF>.", {1, 1}},
      {"{", "Expected Name, found <EOF>.", {1, 2}},
      {"{}", "Expected Name, found \"}\".", {1, 2}},
      {"{ a", "Expected Name, found <EOF>.", {1, 4}},
      {"\n{ ...MissingOn }\nfragment MissingOn Type",
       "Expected \"on\", found Name \"Type\".",
       {3, 20}},
      {"{ field: {} }", "Expected Name, found \"{\".", {1, 10}},
      {"notAnOperation Foo { field }", "Unexpected Name \"notAnOperation\".", {1, 1}},
      {"...", "Unexpected \"...\".", {1, 1}},
      {"{ \"\"", "Expected Name, found String \"\".", {1, 3}},
      {"{ ... on }", "Expected Name, found \"}\".", {1, 10}},
      {"fragment on on on { on }", "Unexpected Name \"on\".", {1, 10}},
      {"fragment \"on\" on T { a }", "Unexpected String \"on\".", {1, 10}},
      {"query Foo($x: Complex = { a: { b: [ $var ] } }) { field }",
       "Unexpected variable \"$var\" in constant value.",
       {1, 37}},
      {"query ($x: T = $) { a }", "Unexpected \"$\".", {1, 16}},
      {"{ a(x: $) }", "Expected Name, found \")\".", {1, 9}},
      {"{ a() }", "Expected Name, found \")\".", {1, 5}},
      {"query () { a }", "Expected \"$\", found \")\".", {1, 8}},
      {"\"x\" { a }",
       "Unexpected description, descriptions are not supported on shorthand queries.",
       {1, 1}},
      {"\"x\" extend type A { a: B }",
       "Unexpected description, only GraphQL definitions support descriptions.",
       {1, 1}},
  });
}

TEST_CASE("parser: refuses type system documents with the words of graphql-js") {
  check_refusals({
      {"type A {}", "Expected Name, found \"}\".", {1, 9}},
      {"type A implements { a: B }", "Expected Name, found \"{\".", {1, 19}},
      {"type A implements B & & C", "Expected Name, found \"&\".", {1, 23}},
      {"extend type A", "Unexpected <EOF>.", {1, 14}},
      {"extend scalar A", "Unexpected <EOF>.", {1, 16}},
      {"extend schema", "Unexpected <EOF>.", {1, 14}},
      {"extend directive @a on FIELD", "Unexpected Name \"directive\".", {1, 8}},
      {"extend \"d\" type A", "Unexpected String \"d\".", {1, 8}},
      {"schema { }", "Expected Name, found \"}\".", {1, 10}},
      {"schema { quary: Q }", "Unexpected Name \"quary\".", {1, 10}},
      {"union A = | ", "Expected Name, found <EOF>.", {1, 13}},
      {"enum A { true }",
       "Name \"true\" is reserved and cannot be used for an enum value.",
       {1, 10}},
      {"enum A { \"d\" \"null\" }",
       "String \"null\" is reserved and cannot be used for an enum value.",
       {1, 14}},
      {"directive @a on INCORRECT", "Unexpected Name \"INCORRECT\".", {1, 17}},
      {"directive @a repeatable FIELD", "Expected \"on\", found Name \"FIELD\".", {1, 25}},
      {"input A { a(b: C): D }", "Expected \":\", found \"(\".", {1, 12}},
      {"\"x\"", "Unexpected <EOF>.", {1, 4}},
  });
}

std::unique_ptr<const Document> parsed(const std::string& source) {
  ParseResult result = parse(source);
  REQUIRE_MESSAGE(result.has_value(), source, result ? "" : result.error().message);
  return std::move(*result);
}

TEST_CASE("parser: an operation with all its parts, names and places") {
  const auto document = parsed("query Q($a: [Int!] = [1] @d) @e { x: f(v: $a) @g { h } ...F }");
  REQUIRE(document->operations.size() == 1);
  const OperationNode& operation = document->operations[0];
  CHECK(operation.kind == OperationKind::query);
  CHECK(!operation.shorthand);
  CHECK(document->name(operation.name) == "Q");
  CHECK(operation.name_at == 6);
  const VariableNode& variable = document->variables[operation.variables];
  CHECK(document->name(variable.name) == "a");
  CHECK(variable.at == 8);
  const TypeNode& list = document->types[variable.type];
  CHECK(list.kind == TypeKind::list);
  CHECK(list.at == 12);
  const TypeNode& inner = document->types[list.inner];
  CHECK(inner.kind == TypeKind::non_null);
  CHECK(document->name(document->types[inner.inner].name) == "Int");
  const ValueNode& fallback = document->values[variable.default_value];
  CHECK(fallback.kind == ValueKind::list);
  CHECK(document->text(document->values[fallback.first]) == "1");
  CHECK(document->name(document->directives[variable.directives].name) == "d");
  CHECK(document->name(document->directives[operation.directives].name) == "e");
  const SelectionNode& field = document->selections[operation.selections];
  CHECK(document->name(field.response_name()) == "x");
  CHECK(document->name(field.name) == "f");
  CHECK(field.at == 34);
  CHECK(field.name_at == 37);
  const ArgumentNode& argument = document->arguments[field.arguments];
  CHECK(document->values[argument.value].kind == ValueKind::variable);
  CHECK(document->values[argument.value].name == variable.name);
  CHECK(field.has_selections);
  const SelectionNode& spread = document->selections[field.next];
  CHECK(spread.kind == SelectionKind::spread);
  CHECK(document->name(spread.name) == "F");
  CHECK(spread.next == kNone);
  CHECK(document->token_count == 37);
}

TEST_CASE("parser: values of every kind, in order") {
  const auto document = parsed(
      "{ a(v: [1, -2.5e3, \"s\\n\", \"\"\"b\"\"\", true, false, null, E, $v, [], {k: 1, k: 2}]) }");
  using enum ValueKind;
  const ValueKind kinds[] = {int_, float_, string,   block_string, boolean_true, boolean_false,
                             null, enum_,  variable, list,         object};
  const ValueNode& all = document->values[document->arguments[0].value];
  Index at = all.first;
  for (const ValueKind kind : kinds) {
    REQUIRE(at != kNone);
    CHECK(document->values[at].kind == kind);
    if (kind == float_) CHECK(document->text(document->values[at]) == "-2.5e3");
    if (kind == string) CHECK(document->text(document->values[at]) == "s\n");
    if (kind == list) CHECK(document->values[at].first == kNone);
    if (kind == object) {
      const ObjectField& field = document->object_fields[document->values[at].first];
      CHECK(document->name(field.name) == "k");
      CHECK(document->text(document->values[document->object_fields[field.next].value]) == "2");
    }
    at = document->values[at].next;
  }
  CHECK(at == kNone);
}

TEST_CASE("parser: schema definitions keep every operation type and the first of each kind") {
  const auto document = parsed("schema @d { mutation: M query: A query: B }");
  const TypeSystemNode& schema = document->type_system[0];
  const char* words[] = {"M", "A", "B"};
  Index at = schema.operation_type_list;
  for (const char* word : words) {
    REQUIRE(at != kNone);
    CHECK(document->name(document->operation_types[at].type) == word);
    at = document->operation_types[at].next;
  }
  CHECK(document->name(document->name_nodes[schema.operation_types[0]].name) == "A");
  CHECK(document->name(document->name_nodes[schema.operation_types[1]].name) == "M");
  CHECK(schema.operation_types[2] == kNone);
}

TEST_CASE("parser: type system definitions have their descriptions, parts and places") {
  const auto document = parsed(
      "\"d\" type T implements A & B { \"f\" f(a: Int = 1): X }\n"
      "extend union U = | C | D  directive @r repeatable on FIELD | ENUM");
  const TypeSystemNode& type = document->type_system[0];
  CHECK(type.kind == DefinitionKind::object);
  CHECK(type.at == 0);
  CHECK(type.name_at == 9);
  CHECK(document->text(document->values[type.description]) == "d");
  const NameNode& first = document->name_nodes[type.names];
  CHECK(document->name(first.name) == "A");
  CHECK(document->name(document->name_nodes[first.next].name) == "B");
  const FieldDefinitionNode& field = document->field_definitions[type.fields];
  CHECK(field.at == 34);  // of the name, after its description
  CHECK(document->text(document->values[field.description]) == "f");
  const InputValueNode& input = document->input_values[field.arguments];
  CHECK(document->text(document->values[input.default_value]) == "1");
  const TypeSystemNode& extension = document->type_system[1];
  CHECK(extension.extension);
  CHECK(extension.kind == DefinitionKind::union_);
  CHECK(document->name(document->name_nodes[extension.names].name) == "C");
  const TypeSystemNode& directive = document->type_system[2];
  CHECK(directive.repeatable);
  CHECK(document->name(document->name_nodes[directive.names].name) == "FIELD");
}

TEST_CASE("parser: keywords are names wherever a name may stand") {
  for (const char* word : {"on", "fragment", "query", "mutation", "subscription", "true", "false",
                           "null", "type", "extend", "schema", "implements", "repeatable"}) {
    CAPTURE(word);
    const std::string name = word;
    const auto document =
        parsed("query " + name + "($" + name + ": " + name + ") @" + name + " { " + name + ": " +
               name + "(" + name + ": $" + name + ") ... on " + name + " { " + name + " } } type " +
               name + " { " + name + "(" + name + ": " + name + "): " + name + " }");
    CHECK(document->names.size() == 1);
    CHECK(document->name(0) == name);
  }
}

struct LimitRow {
  std::string source;
  const char* code;  // nullptr: accepted
};

void check_limit_rows(const std::vector<LimitRow>& rows, const ParseLimits& limits) {
  for (const LimitRow& row : rows) {
    CAPTURE(row.source.substr(0, 60));
    const ParseResult result = parse(row.source, limits);
    CHECK(result.has_value() == (row.code == nullptr));
    if (!result && row.code != nullptr) CHECK(result.error().code == row.code);
  }
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST_CASE("parser: limits hold at their edges") {
  check_limit_rows({{"{ a b c }", nullptr}, {"{ a b c d }", "TOKEN_LIMIT_EXCEEDED"}},
                   {.tokens_max = 5});
  check_limit_rows({{"{ a }", nullptr}, {"{ a }\n", "GRAPHQL_PARSE_FAILED"}}, {.bytes_max = 5});
  const char* deep = "DEPTH_LIMIT_EXCEEDED";
  check_limit_rows({{"{a{b{c}}}", nullptr},
                    {"{a{b{c{d}}}}", deep},
                    {"{a(x:[[1]])}", nullptr},
                    {"{a(x:[[[1]]])}", deep},
                    {"{a(x:{y:[1]})}", nullptr},
                    {"{a(x:{y:[{}]})}", deep},
                    {"query($a:[[[A]]]){a}", nullptr},
                    {"query($a:[[[[A]]]]){a}", deep},
                    {"{...{...{a}}}", nullptr},
                    {"{...{...{...{a}}}}", deep}},
                   {.depth_max = 3});
  check_limit_rows({{"{ a }", nullptr},
                    {"type A", "GRAPHQL_PARSE_FAILED"},
                    {"extend type A @d", "GRAPHQL_PARSE_FAILED"},
                    {"\"d\" scalar A", "GRAPHQL_PARSE_FAILED"}},
                   {.type_system = false});
  const ParseResult result = parse("{ a b }", {.tokens_max = 2});
  REQUIRE(!result);
  CHECK(result.error().message ==
        "Syntax Error: Document contains more that 2 tokens. Parsing aborted.");
  CHECK(result.error().locations[0] == Location{1, 5});
}

TEST_CASE("parser: a mebibyte of openings is refused without using up the stack") {
  const std::size_t size = 1 << 20;
  for (const std::string opening : {"[", "{a", "{a(x:[", "{a(x:{y:", "{...", "type T{a(b:C=["}) {
    CAPTURE(opening);
    const std::string prefix = opening == "[" ? "query($a:" : "";
    const ParseResult result = parse(prefix + repeated(opening, size / opening.size() - 9),
                                     {.tokens_max = 10'000'000, .depth_max = 1'000'000});
    REQUIRE(!result.has_value());
  }
  const ParseResult closed =
      parse(repeated("{a", 1000) + repeated("}", 1000), {.depth_max = 1'000'000});
  CHECK(closed.has_value());  // the most that any limit allows
}

TEST_CASE("parser: every prefix and every flipped byte of a document is answered in bounds") {
  const std::string source =
      "\"\"\"d\n é\"\"\" query Q($a: [T!] = {k: [1.5, \"\\u{1F600}\\uD83D\\uDE00\"]} @d) { x: f(v: "
      "$a) ...F ... on T { g } } # c\nextend type T implements A & B { a(b: C = E): D! }";
  const auto check = [](std::string text) {
    CAPTURE(text);
    const ParseResult result = parse(text);
    if (result) {
      const ParseResult again = parse(print(**result));
      CHECK((again.has_value() && print(**again) == print(**result)));
      return;
    }
    CHECK(result.error().message.starts_with("Syntax Error: "));
    REQUIRE(result.error().locations.size() == 1);
    CHECK(result.error().locations[0].column <= text.size() + 1);
  };
  for (std::size_t i = 0; i < source.size(); ++i) {
    check(source.substr(0, i));
    for (const unsigned bit : {0U, 2U, 5U, 7U}) {
      std::string flipped = source;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1U << bit));
      check(flipped);
    }
  }
}

TEST_CASE("parser: bytes that are not UTF-8 are refused where they stand") {
  const ParseResult result = parse("{ a(s: \"é\xFF\") }");
  REQUIRE(!result.has_value());
  CHECK(result.error().message == "Syntax Error: Invalid character: not UTF-8.");
  CHECK(result.error().locations[0] == Location{1, 10});
}

// The slow twin counts code units and line ends one character at a time.
TEST_CASE("parser: locate agrees with counting") {
  const std::string source = "a\nbé😀c\r\n\r\rd\n\ne😀";
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  for (std::uint32_t at = 0; at <= source.size(); ++at) {
    const auto byte = static_cast<unsigned char>(at < source.size() ? source[at] : 0);
    const bool within = (byte & 0xC0) == 0x80;
    const bool line_feed_of_pair = at > 0 && byte == '\n' && source[at - 1] == '\r';
    if (!within && !line_feed_of_pair) {
      CAPTURE(at);
      CHECK(locate(source, at).line == line);
      CHECK(locate(source, at).column == column);
    }
    if (within || line_feed_of_pair) continue;
    column += byte >= 0xF0 ? 2 : 1;
    if (byte == '\n' || byte == '\r') {
      ++line;
      column = 1;
    }
  }
}

TEST_CASE("parser: errors as JSON, with only the members that are set") {
  struct Row {
    GraphqlError error;
    const char* json;
  };
  const Row rows[] = {
      {{"m \"q\"", {}, "", "R"}, R"({"message":"m \"q\""})"},
      {{"m", {{1, 2}, {3, 4}}, "", ""},
       R"({"message":"m","locations":[{"line":1,"column":2},{"line":3,"column":4}]})"},
      {{"m", {}, "CODE", ""}, R"({"message":"m","extensions":{"code":"CODE"}})"},
  };
  for (const Row& row : rows) {
    std::string json = "[";
    append_error(json, row.error);
    CHECK(json == "[" + std::string(row.json));
  }
}

// Seeds and findings of graphql_parse_fuzz; files named refused_* must be refused.
TEST_CASE("parser: the corpus of the fuzzer parses, prints and prints the same again") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/corpus/graphql_parse")) {
    CAPTURE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string source{std::istreambuf_iterator<char>(file), {}};
    const ParseResult result = parse(source);
    const std::string name = entry.path().filename().string();
    CHECK(result.has_value() == !name.starts_with("refused_"));
    ++files;
    if (!result) continue;
    const std::string text = print(**result);
    const ParseResult again = parse(text, {.bytes_max = 1 << 30});
    REQUIRE(again.has_value());
    CHECK(print(**again) == text);
    CHECK(measure(**again) == measure(**result));
  }
  CHECK(files >= 10);
}

}  // namespace
}  // namespace mc::graphql
