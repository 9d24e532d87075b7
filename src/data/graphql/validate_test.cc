// Every rule with the findings graphql-js 16.15 has for the same documents, words and places.
#include <doctest/doctest.h>

#include <algorithm>

#include "graphql/graphql.h"

namespace {

using namespace mc;
using namespace mc::graphql;

constexpr const char* kSdl =
    "type Query { dog: Dog, pet: Pet, either: Either, human(id: ID!, name: String = "
    "\"x\"): Human, args(int: Int, ints: [Int!], color: Color, box: Box, one: One, "
    "flag: Boolean!, any: Any): Int }\n"
    "type Mutation { walk: Dog }\n"
    "type Subscription { barked: Dog, meowed: Cat }\n"
    "interface Pet { name: String }\n"
    "interface Canine implements Pet { name: String, barks: Boolean }\n"
    "type Dog implements Pet & Canine { name: String, barks: Boolean, volume(at: "
    "Int): Int!, friend: Pet, owner: Human, nick: [String] }\n"
    "type Cat implements Pet { name: String, meows: Boolean, volume: Int }\n"
    "type Human { name: String, pets: [Pet], age: Int }\n"
    "union Either = Dog | Human\n"
    "enum Color { RED, GREEN, BLUE }\n"
    "input Box { width: Int!, height: Int = 1, inner: Box, colors: [Color] }\n"
    "input One @oneOf { a: Int, b: String }\n"
    "scalar Any\n"
    "directive @tag(name: String!, more: [Int]) repeatable on FIELD | QUERY\n"
    "directive @onField on FIELD\n";

struct Row {
  const char* rule;
  const char* document;
  std::vector<std::string> findings;  // message, then line:column of every place; sorted
};
const Row kRows[] = {
    {"ExecutableDefinitions",
     "{ dog { name } } type Cow { a: Int }",
     {"The \"Cow\" definition is not executable. 1:18"}},
    {"ExecutableDefinitions",
     "schema { query: Query } extend type Dog { a: Int }",
     {"The \"Dog\" definition is not executable. 1:25",
      "The schema definition is not executable. 1:1"}},
    {"ExecutableDefinitions", "{ dog { name } }", {}},
    {"UniqueOperationNames",
     "query A { dog { name } } mutation A { walk { name } }",
     {"There can be only one operation named \"A\". 1:7 1:35"}},
    {"LoneAnonymousOperation",
     "{ dog { name } } query B { dog { name } }",
     {"This anonymous operation must be the only defined operation. 1:1"}},
    {"SingleFieldSubscriptions",
     "subscription S { barked { name } meowed { name } ...F } fragment F on "
     "Subscription { other: barked { name } }",
     {"Subscription \"S\" must select only one top level field. 1:34 1:86"}},
    {"SingleFieldSubscriptions",
     "subscription { __typename }",
     {"Anonymous Subscription must not select an introspection top level field. 1:16"}},
    {"SingleFieldSubscriptions",
     "subscription S { barked { name } meowed @skip(if: true) { name } }",
     {}},
    {"SingleFieldSubscriptions",
     "subscription { ...F ...F } fragment F on Subscription { barked { name } ...F }",
     {}},
    {"KnownTypeNames",
     "query A($x: Nope, $y: [Boolen!]) { dog { ... on Doge { name } ...F } } fragment "
     "F on Kat { name }",
     {"Unknown type \"Boolen\". Did you mean \"Boolean\"? 1:24",
      "Unknown type \"Doge\". Did you mean \"Dog\" or \"One\"? 1:49",
      "Unknown type \"Kat\". Did you mean \"Cat\", \"Int\", or \"Pet\"? 1:86",
      "Unknown type \"Nope\". Did you mean \"One\"? 1:13"}},
    {"FragmentsOnCompositeTypes",
     "{ dog { ... on Color { x } ... on Pet { name } } } fragment F on Box { a }",
     {"Fragment \"F\" cannot condition on non composite type \"Box\". 1:66",
      "Fragment cannot condition on non composite type \"Color\". 1:16"}},
    {"VariablesAreInputTypes",
     "query A($a: Dog, $b: [Pet!]!, $c: Box, $d: Unknown) { dog { name } }",
     {"Variable \"$a\" cannot be non-input type \"Dog\". 1:13",
      "Variable \"$b\" cannot be non-input type \"[Pet!]!\". 1:22"}},
    {"ScalarLeafs",
     "{ dog }",
     {"Field \"dog\" of type \"Dog\" must have a selection of subfields. Did you mean "
      "\"dog { ... }\"? 1:3"}},
    {"ScalarLeafs",
     "{ dog { name @onField # { \n { x } volume(at: 1) { y } nick { z } } pet { friend "
     "} }",
     {"Field \"name\" must not have a selection since type \"String\" has no subfields. "
      "2:2",
      "Field \"nick\" must not have a selection since type \"[String]\" has no subfields. "
      "2:33",
      "Field \"volume\" must not have a selection since type \"Int!\" has no subfields. "
      "2:22"}},
    {"ScalarLeafs",
     "{ args(box: {width: 1}, flag: true, any: \"{\") { x } }",
     {"Field \"args\" must not have a selection since type \"Int\" has no subfields. 1:47"}},
    {"FieldsOnCorrectType",
     "{ dog { nam barkss nothing } pet { barks volume meows } either { name } dig }",
     {"Cannot query field \"barks\" on type \"Pet\". Did you mean to use an inline "
      "fragment on \"Canine\" or \"Dog\"? 1:36",
      "Cannot query field \"barkss\" on type \"Dog\". Did you mean \"barks\"? 1:13",
      "Cannot query field \"dig\" on type \"Query\". Did you mean \"dog\"? 1:73",
      "Cannot query field \"meows\" on type \"Pet\". Did you mean to use an inline "
      "fragment on \"Cat\"? 1:49",
      "Cannot query field \"nam\" on type \"Dog\". Did you mean \"name\"? 1:9",
      "Cannot query field \"name\" on type \"Either\". Did you mean to use an inline "
      "fragment on \"Pet\", \"Canine\", \"Dog\", or \"Human\"? 1:66",
      "Cannot query field \"nothing\" on type \"Dog\". 1:20",
      "Cannot query field \"volume\" on type \"Pet\". Did you mean to use an inline "
      "fragment on \"Cat\" or \"Dog\"? 1:42"}},
    {"FieldsOnCorrectType",
     "{ human(id: 1) { __schema { x } } __typename __schema { types { name } } either "
     "{ __typename } }",
     {"Cannot query field \"__schema\" on type \"Human\". 1:18"}},
    {"FieldsOnCorrectType",
     "{ unknown { deeper { still } } }",
     {"Cannot query field \"unknown\" on type \"Query\". 1:3"}},
    {"UniqueFragmentNames",
     "{ dog { ...F } } fragment F on Dog { name } fragment F on Dog { barks } "
     "fragment F on Dog { nick }",
     {"There can be only one fragment named \"F\". 1:27 1:54",
      "There can be only one fragment named \"F\". 1:27 1:82"}},
    {"KnownFragmentNames",
     "{ dog { ...Gone ...F } } fragment F on Dog { ...AlsoGone }",
     {"Unknown fragment \"AlsoGone\". 1:49", "Unknown fragment \"Gone\". 1:12"}},
    {"NoUnusedFragments",
     "{ dog { ...A } } fragment A on Dog { name ...B } fragment B on Dog { name } "
     "fragment C on Dog { ...D } fragment D on Dog { name }",
     {"Fragment \"C\" is never used. 1:77", "Fragment \"D\" is never used. 1:104"}},
    {"PossibleFragmentSpreads",
     "{ dog { ... on Cat { name } ... on Pet { name } ...H ...E } either { ... on Cat "
     "{ name } ... on Pet { name } ... on Canine { name } } } fragment H on Human { "
     "name } fragment E on Either { __typename }",
     {"Fragment \"H\" cannot be spread here as objects of type \"Dog\" can never be of "
      "type \"Human\". 1:49",
      "Fragment cannot be spread here as objects of type \"Dog\" can never be of type "
      "\"Cat\". 1:9",
      "Fragment cannot be spread here as objects of type \"Either\" can never be of "
      "type \"Cat\". 1:70"}},
    {"NoFragmentCycles",
     "{ dog { ...A } } fragment A on Dog { ...A }",
     {"Cannot spread fragment \"A\" within itself. 1:38"}},
    {"NoFragmentCycles",
     "{ dog { ...A } } fragment A on Dog { friend { ...B } ...C } fragment B on Dog { "
     "...C } fragment C on Dog { ... on Dog { ...A } name ...B }",
     {"Cannot spread fragment \"A\" within itself via \"C\". 1:54 1:121",
      "Cannot spread fragment \"C\" within itself via \"B\". 1:133 1:81"}},
    {"UniqueVariableNames",
     "query A($x: Int, $ y: Int, $x: String, $x: Int) { dog { name } }",
     {"There can be only one variable named \"$x\". 1:10 1:29 1:41"}},
    {"NoUndefinedVariables",
     "query A($a: Int) { dog { volume(at: $a) ...F } } query B { dog { ...F } } "
     "fragment F on Dog { volume(at: $b) @tag(name: $c) }",
     {"Variable \"$b\" is not defined by operation \"A\". 1:106 1:1",
      "Variable \"$b\" is not defined by operation \"B\". 1:106 1:50",
      "Variable \"$c\" is not defined by operation \"A\". 1:121 1:1",
      "Variable \"$c\" is not defined by operation \"B\". 1:121 1:50"}},
    {"NoUndefinedVariables",
     "{ args(flag: $f, ints: [$a], box: {width: $w}) }",
     {"Variable \"$a\" is not defined. 1:25 1:1", "Variable \"$f\" is not defined. 1:14 1:1",
      "Variable \"$w\" is not defined. 1:43 1:1"}},
    {"NoUnusedVariables",
     "query A($a: Int, $b: Int) { dog { ...F } } query ($c: Int) { dog { name } } "
     "fragment F on Dog { volume(at: $a) }",
     {"Variable \"$b\" is never used in operation \"A\". 1:18",
      "Variable \"$c\" is never used. 1:51"}},
    {"KnownDirectives",
     "query A @onField { dog @nope @onField { name ... @tag(name: \"x\") { name } } }",
     {"Directive \"@onField\" may not be used on QUERY. 1:9",
      "Directive \"@tag\" may not be used on INLINE_FRAGMENT. 1:50",
      "Unknown directive \"@nope\". 1:24"}},
    {"KnownDirectives",
     "type A @onField { a(b: Int @tag): Int @nope } extend schema @onField enum E { V "
     "@nope } input I @nope { i: Int @onField }",
     {"Directive \"@onField\" may not be used on INPUT_FIELD_DEFINITION. 1:112",
      "Directive \"@onField\" may not be used on OBJECT. 1:8",
      "Directive \"@onField\" may not be used on SCHEMA. 1:61",
      "Directive \"@tag\" may not be used on ARGUMENT_DEFINITION. 1:28",
      "Unknown directive \"@nope\". 1:39", "Unknown directive \"@nope\". 1:81",
      "Unknown directive \"@nope\". 1:97"}},
    {"UniqueDirectivesPerLocation",
     "{ dog @onField @tag(name: \"a\") @onField @tag(name: \"b\") @onField @nope @nope { "
     "name } }",
     {"The directive \"@onField\" can only be used once at this location. 1:7 1:32",
      "The directive \"@onField\" can only be used once at this location. 1:7 1:57"}},
    {"KnownArgumentNames",
     "{ dog { volume(att: 1, zzz: 2) @tag(nam: \"x\", name: \"y\") } human(id: 1, nme: "
     "\"x\") { name } }",
     {"Unknown argument \"att\" on field \"Dog.volume\". Did you mean \"at\"? 1:16",
      "Unknown argument \"nam\" on directive \"@tag\". Did you mean \"name\"? 1:37",
      "Unknown argument \"nme\" on field \"Query.human\". Did you mean \"name\"? 1:73",
      "Unknown argument \"zzz\" on field \"Dog.volume\". 1:24"}},
    {"UniqueArgumentNames",
     "{ dog { volume(at: 1, at: 2, at: 3) @tag(name: \"a\", name: \"b\") } }",
     {"There can be only one argument named \"at\". 1:16 1:23 1:30",
      "There can be only one argument named \"name\". 1:42 1:53"}},
    {"ValuesOfCorrectType",
     "{ args(int: \"1\", ints: [1, \"2\", null], color: \"RED\", flag: 1) a: args(int: "
     "3000000000, ints: 1.5, color: REDD, flag: null) b: args(int: {a: 1}, ints: {x: "
     "2}, color: 3, box: 7, flag: [true]) }",
     {"Boolean cannot represent a non boolean value: 1 1:60",
      "Boolean cannot represent a non boolean value: [true] 1:183",
      "Enum \"Color\" cannot represent non-enum value: \"RED\". Did you mean the enum "
      "value \"RED\" or \"GREEN\"? 1:47",
      "Enum \"Color\" cannot represent non-enum value: 3. 1:166",
      "Expected value of type \"Boolean!\", found null. 1:118",
      "Expected value of type \"Box\", found 7. 1:174",
      "Expected value of type \"Int!\", found null. 1:33",
      "Int cannot represent non 32-bit signed integer value: 3000000000 1:76",
      "Int cannot represent non-integer value: \"1\" 1:13",
      "Int cannot represent non-integer value: \"2\" 1:28",
      "Int cannot represent non-integer value: 1.5 1:94",
      "Int cannot represent non-integer value: {a: 1} 1:137",
      "Int cannot represent non-integer value: {x: 2} 1:151",
      "Value \"REDD\" does not exist in \"Color\" enum. Did you mean the enum value "
      "\"RED\"? 1:106"}},
    {"ValuesOfCorrectType",
     "{ args(flag: true, box: {height: null, wdth: 1, inner: {width: \"x\", colors: "
     "[RED, YELLOW, \"BLUE\"]}}) }",
     {"Enum \"Color\" cannot represent non-enum value: \"BLUE\". Did you mean the enum "
      "value \"BLUE\"? 1:91",
      "Field \"Box.width\" of required type \"Int!\" was not provided. 1:25",
      "Field \"wdth\" is not defined by type \"Box\". Did you mean \"width\"? 1:40",
      "Int cannot represent non-integer value: \"x\" 1:64",
      "Value \"YELLOW\" does not exist in \"Color\" enum. 1:83"}},
    {"ValuesOfCorrectType",
     "{ args(flag: true, one: {}) a: args(flag: true, one: {a: 1, b: \"x\"}) b: "
     "args(flag: true, one: {a: null}) c: args(flag: true, one: {b: \"x\"}) }",
     {"Field \"One.a\" must be non-null. 1:95",
      "OneOf Input Object \"One\" must specify exactly one key. 1:25",
      "OneOf Input Object \"One\" must specify exactly one key. 1:54"}},
    {"ValuesOfCorrectType",
     "{ args(flag: true, any: {x: [1, A, \"s\", null]}) human(id: 1.5, name: 5) { name "
     "} b: human(id: TRUE, name: \"\"\"block \"x\" \"\"\") { name } }",
     {"ID cannot represent a non-string and non-integer value: 1.5 1:59",
      "ID cannot represent a non-string and non-integer value: TRUE 1:95",
      "String cannot represent a non string value: 5 1:70"}},
    {"ValuesOfCorrectType",
     "query A($a: Int = \"x\", $b: Int! = null, $c: [Color!] = [RED, null], $d: Box = "
     "{}) { dog { name } }",
     {"Expected value of type \"Color!\", found null. 1:62",
      "Expected value of type \"Int!\", found null. 1:35",
      "Field \"Box.width\" of required type \"Int!\" was not provided. 1:79",
      "Int cannot represent non-integer value: \"x\" 1:19"}},
    {"ValuesOfCorrectType",
     "{ args(int: [1], box: [{width: 1}], flag: true, ints: [[1]]) @skip(if: \"yes\") }",
     {"Boolean cannot represent a non boolean value: \"yes\" 1:72",
      "Expected value of type \"Box\", found [{width: 1}]. 1:23",
      "Int cannot represent non-integer value: [1] 1:13",
      "Int cannot represent non-integer value: [1] 1:56"}},
    {"ProvidedRequiredArguments",
     "{ args human { name } dog @tag @tag(more: 1) @skip { name } b: args(flag: true) "
     "}",
     {"Directive \"@skip\" argument \"if\" of type \"Boolean!\" is required, but it was not "
      "provided. 1:46",
      "Directive \"@tag\" argument \"name\" of type \"String!\" is required, but it was not "
      "provided. 1:27",
      "Directive \"@tag\" argument \"name\" of type \"String!\" is required, but it was not "
      "provided. 1:32",
      "Field \"args\" argument \"flag\" of type \"Boolean!\" is required, but it was not "
      "provided. 1:3",
      "Field \"human\" argument \"id\" of type \"ID!\" is required, but it was not "
      "provided. 1:8"}},
    {"VariablesInAllowedPosition",
     "query A($s: String, $i: Int, $b: Boolean, $bd: Boolean = true, $l: [Int], $ln: "
     "[Int!]!, $n: Boolean = null) { args(int: $s, ints: $l, flag: $b) a: args(int: "
     "$i, ints: $ln, flag: $bd) b: args(ints: [$i], box: {width: $i, height: $i}, "
     "flag: $n) c: human(id: $s, name: $s) { name } }",
     {"Variable \"$b\" of type \"Boolean\" used in position expecting type \"Boolean!\". "
      "1:30 1:141",
      "Variable \"$i\" of type \"Int\" used in position expecting type \"Int!\". 1:21 1:199",
      "Variable \"$i\" of type \"Int\" used in position expecting type \"Int!\". 1:21 1:217",
      "Variable \"$l\" of type \"[Int]\" used in position expecting type \"[Int!]\". 1:64 "
      "1:131",
      "Variable \"$n\" of type \"Boolean\" used in position expecting type \"Boolean!\". "
      "1:89 1:240",
      "Variable \"$s\" of type \"String\" used in position expecting type \"ID!\". 1:9 "
      "1:257",
      "Variable \"$s\" of type \"String\" used in position expecting type \"Int\". 1:9 "
      "1:121"}},
    {"VariablesInAllowedPosition",
     "query A($a: Int, $b: String!) { args(flag: true, one: {a: $a}) b: args(flag: "
     "true, one: {b: $b}) }",
     {"Variable \"$a\" is of type \"Int\" but must be non-nullable to be used for OneOf "
      "Input Object \"One\". 1:9 1:59"}},
    {"OverlappingFieldsCanBeMerged",
     "{ dog { x: name x: barks } dog { x: volume } }",
     {"Fields \"dog\" conflict because subfields \"x\" conflict because \"name\" and "
      "\"volume\" are different fields and subfields \"x\" conflict because \"barks\" and "
      "\"volume\" are different fields. Use different aliases on the fields to fetch "
      "both if this was intentional. 1:3 1:9 1:17 1:28 1:34 1:34",
      "Fields \"x\" conflict because \"name\" and \"barks\" are different fields. Use "
      "different aliases on the fields to fetch both if this was intentional. 1:9 "
      "1:17"}},
    {"OverlappingFieldsCanBeMerged",
     "{ dog { volume(at: 1) volume(at: 2) volume } }",
     {"Fields \"volume\" conflict because they have differing arguments. Use different "
      "aliases on the fields to fetch both if this was intentional. 1:23 1:37",
      "Fields \"volume\" conflict because they have differing arguments. Use different "
      "aliases on the fields to fetch both if this was intentional. 1:9 1:23",
      "Fields \"volume\" conflict because they have differing arguments. Use different "
      "aliases on the fields to fetch both if this was intentional. 1:9 1:37"}},
    {"OverlappingFieldsCanBeMerged",
     "{ pet { ... on Dog { x: volume } ... on Cat { x: volume } } }",
     {"Fields \"x\" conflict because they return conflicting types \"Int!\" and \"Int\". "
      "Use different aliases on the fields to fetch both if this was intentional. "
      "1:22 1:47"}},
    {"OverlappingFieldsCanBeMerged",
     "{ pet { ... on Dog { x: name } ... on Cat { x: meows } } }",
     {"Fields \"x\" conflict because they return conflicting types \"String\" and "
      "\"Boolean\". Use different aliases on the fields to fetch both if this was "
      "intentional. 1:22 1:45"}},
    {"OverlappingFieldsCanBeMerged",
     "{ pet { ... on Dog { x: friend { y: name } } ... on Cat { x: name } } }",
     {"Fields \"x\" conflict because they return conflicting types \"Pet\" and \"String\". "
      "Use different aliases on the fields to fetch both if this was intentional. "
      "1:22 1:59"}},
    {"OverlappingFieldsCanBeMerged",
     "{ dog { ...A ...B } } fragment A on Dog { f: friend { name ...C } } fragment B "
     "on Dog { f: friend { name: __typename } } fragment C on Pet { n: name }",
     {"Fields \"f\" conflict because subfields \"name\" conflict because \"name\" and "
      "\"__typename\" are different fields. Use different aliases on the fields to "
      "fetch both if this was intentional. 1:43 1:55 1:89 1:101"}},
    {"OverlappingFieldsCanBeMerged",
     "{ a: dog { friend { x: name } } a: dog { friend { x: __typename } owner { z: "
     "name } owner { z: age } } }",
     {"Fields \"a\" conflict because subfields \"friend\" conflict because subfields \"x\" "
      "conflict because \"name\" and \"__typename\" are different fields. Use different "
      "aliases on the fields to fetch both if this was intentional. 1:3 1:12 1:21 "
      "1:33 1:42 1:51",
      "Fields \"owner\" conflict because subfields \"z\" conflict because \"name\" and "
      "\"age\" are different fields. Use different aliases on the fields to fetch both "
      "if this was intentional. 1:67 1:75 1:85 1:93"}},
    {"OverlappingFieldsCanBeMerged",
     "{ dog { ...F } } fragment F on Dog { owner { pets { ...G } } } fragment G on "
     "Pet { name ... on Dog { ...F } }",
     {}},
    {"OverlappingFieldsCanBeMerged",
     "{ args(flag: true, box: {width: 1, height: 2}) args(flag: true, box: {height: "
     "2, width: 1}) args(flag: true, any: \"1\") args(flag: true, any: 1) }",
     {"Fields \"args\" conflict because they have differing arguments. Use different "
      "aliases on the fields to fetch both if this was intentional. 1:3 1:120",
      "Fields \"args\" conflict because they have differing arguments. Use different "
      "aliases on the fields to fetch both if this was intentional. 1:3 1:93",
      "Fields \"args\" conflict because they have differing arguments. Use different "
      "aliases on the fields to fetch both if this was intentional. 1:48 1:120",
      "Fields \"args\" conflict because they have differing arguments. Use different "
      "aliases on the fields to fetch both if this was intentional. 1:48 1:93",
      "Fields \"args\" conflict because they have differing arguments. Use different "
      "aliases on the fields to fetch both if this was intentional. 1:93 1:120"}},
    {"OverlappingFieldsCanBeMerged",
     "{ dog { name name ...N ...N } dog { name } } fragment N on Dog { name }",
     {}},
    {"UniqueInputFieldNames",
     "{ args(flag: true, box: {width: 1, width: 2, inner: {width: 1, inner: null}, "
     "inner: {width: 3, width: 4}}, any: {a: 1, a: 2}) }",
     {"There can be only one input field named \"a\". 1:114 1:120",
      "There can be only one input field named \"inner\". 1:46 1:78",
      "There can be only one input field named \"width\". 1:26 1:36",
      "There can be only one input field named \"width\". 1:86 1:96"}},
    {"MaxIntrospectionDepth",
     "{ __schema { types { fields { type { fields { type { fields { name } } } } } } "
     "} }",
     {"Maximum introspection depth exceeded 1:3"}},
    {"MaxIntrospectionDepth",
     "{ __schema { types { ...T } } __type(name: \"x\") { fields { type { fields { name "
     "} } } } } fragment T on __Type { fields { type { ...U } } } fragment U on "
     "__Type { interfaces { possibleTypes { name } } }",
     {"Maximum introspection depth exceeded 1:3"}},
};

const Schema& schema() {
  static const auto built = Schema::build({kSdl});
  REQUIRE_MESSAGE(built.has_value(), built.error().what);
  return **built;
}

std::vector<GraphqlError> check(const std::string& text, const ValidateOptions& options) {
  const ParseResult document = parse(text);
  REQUIRE_MESSAGE(document.has_value(), document.error().message);
  return validate(schema(), **document, options);
}

std::vector<std::string> lines_of(const std::vector<GraphqlError>& errors) {
  std::vector<std::string> lines;
  for (const GraphqlError& error : errors) {
    std::string line = error.message;
    for (const Location& place : error.locations) {
      line += " " + std::to_string(place.line) + ":" + std::to_string(place.column);
    }
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("validate: each rule by itself finds what graphql-js finds") {
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.rule));
    CAPTURE(std::string(row.document));
    ValidateOptions options{.suggestions = Suggestions::on, .only_rules = {row.rule}};
    const auto errors = check(row.document, options);
    CHECK(lines_of(errors) == row.findings);
    for (const GraphqlError& error : errors) {
      CHECK(error.rule == std::string(row.rule) + "Rule");
      CHECK(error.code == "GRAPHQL_VALIDATION_FAILED");
    }
    options.only_rules = {std::string(row.rule) + "Rule"};
    CHECK(lines_of(check(row.document, options)) == row.findings);
  }
}

TEST_CASE("validate: a rule that is not wanted is silent, an unknown one switches nothing on") {
  CHECK(check("{ dog { nope } }", {.only_rules = {"ScalarLeafs"}}).empty());
  CHECK(check("{ dog { nope } }", {.only_rules = {"NoSuchRule"}}).empty());
  CHECK(check("{ dog { nope } }", {}).size() == 1);
}

TEST_CASE("validate: names of the schema are hinted at only when suggestions are on") {
  const char* text =
      "query A($x: Colr) { dog { nam volume(t: 1) @tagg owner @tag(nam: 1) { name } } pet { barks "
      "} "
      "args(flag: true, color: REDD, box: {width: 1, heigt: 2}) }";
  const auto mentions = [](const std::vector<GraphqlError>& errors) {
    return std::count_if(errors.begin(), errors.end(), [](const GraphqlError& error) {
      return error.message.find("Did you mean") != std::string::npos;
    });
  };
  CHECK(mentions(check(text, {.suggestions = Suggestions::on, .only_rules = {}})) == 7);
  CHECK(mentions(check(text, {.suggestions = Suggestions::off, .only_rules = {}})) == 0);
}

TEST_CASE("validate: findings end at the limit with one more that says so") {
  std::string text = "{ dog {";
  for (int i = 0; i < 30; ++i) text += " unknown" + std::to_string(i);
  const auto errors = check(text + " } }", {.errors_max = 10, .only_rules = {}});
  REQUIRE(errors.size() == 11);
  CHECK(errors.back().message ==
        "Too many validation errors, error limit reached. Validation aborted.");
  CHECK(errors.back().locations.empty());
}

TEST_CASE("validate: columns count UTF-16 code units, lines end as GraphQL says") {
  const auto errors = check(
      "# \xf0\x9f\x98\x80\r\n{ args(flag: true, any: \"\xc3\xa9\xf0\x9f"
      "\x98\x80\") no1 }\r{ no2 }\n\n{ no3 }",
      {.only_rules = {"FieldsOnCorrectType"}});
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].locations == std::vector<Location>{{2, 32}});
  CHECK(errors[1].locations == std::vector<Location>{{3, 3}});
  CHECK(errors[2].locations == std::vector<Location>{{5, 3}});
}
