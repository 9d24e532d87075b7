#include <doctest/doctest.h>

#include <span>
#include <string>

#include "graphql/graphql.h"
#include "json/json.h"

namespace mc::graphql {
namespace {

std::string printed(const std::string& source) {
  const ParseResult document = parse(source);
  REQUIRE_MESSAGE(document.has_value(), source, document ? "" : document.error().message);
  return print(**document);
}

struct Row {
  const char* source;
  const char* text;
};

void check_rows(std::span<const Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.source);
    CHECK(printed(row.source) == row.text);
    CHECK(printed(row.text) == row.text);
  }
}

// What graphql-js 16 prints for these.
const Row kOperations[] = {
    {"{a}",
     "{\n"
     "  a\n"
     "}"},
    {"query{a}",
     "{\n"
     "  a\n"
     "}"},
    {"query Q{a}",
     "query Q {\n"
     "  a\n"
     "}"},
    {"query($a:Int){a}",
     "query ($a: Int) {\n"
     "  a\n"
     "}"},
    {"query@d{a}",
     "query @d {\n"
     "  a\n"
     "}"},
    {"mutation{a}",
     "mutation {\n"
     "  a\n"
     "}"},
    {"subscription S($a:[Int!]!=[1,2]@d(x:{y:E}),$b:B){a}",
     "subscription S($a: [Int!]! = [1, 2] @d(x: {y: E}), $b: B) {\n"
     "  a\n"
     "}"},
    {"{a}{b}",
     "{\n"
     "  a\n"
     "}\n"
     "\n"
     "{\n"
     "  b\n"
     "}"},
    {"{x:a(i:1){b c}...F@d ...on T{d}...@e{f}}",
     "{\n"
     "  x: a(i: 1) {\n"
     "    b\n"
     "    c\n"
     "  }\n"
     "  ...F @d\n"
     "  ... on T {\n"
     "    d\n"
     "  }\n"
     "  ... @e {\n"
     "    f\n"
     "  }\n"
     "}"},
    {"fragment F on T@d{a}",
     "fragment F on T @d {\n"
     "  a\n"
     "}"},
    {"\"d\" query{a}",
     "\"d\"\n"
     "query {\n"
     "  a\n"
     "}"},
    {"\"d\" fragment F on T{a}",
     "\"d\"\n"
     "fragment F on T {\n"
     "  a\n"
     "}"},
    {"query Q(\"v\" $a:A,$b:B){a}",
     "query Q(\n"
     "\"v\"\n"
     "$a: A\n"
     "$b: B\n"
     ") {\n"
     "  a\n"
     "}"},
    {"query Q($a:A=\"\"\"x\n"
     "y\"\"\"){a}",
     "query Q(\n"
     "$a: A = \"\"\"\n"
     "x\n"
     "y\n"
     "\"\"\"\n"
     ") {\n"
     "  a\n"
     "}"},
};

const Row kValues[] = {
    {"{a(i:-1,f:1.50e+3,t:true,f:false,n:null,e:E,v:$v,l:[],o:{},m:[1 [2]],p:"
     "{a:{b:1}})}",
     "{\n"
     "  a(\n"
     "    i: -1\n"
     "    f: 1.50e+3\n"
     "    t: true\n"
     "    f: false\n"
     "    n: null\n"
     "    e: E\n"
     "    v: $v\n"
     "    l: []\n"
     "    o: {}\n"
     "    m: [1, [2]]\n"
     "    p: {a: {b: 1}}\n"
     "  )\n"
     "}"},
    {"{a(s:\"q\\\" b\\\\ s\\/ \\b\\f\\n\\r\\t \\u0000\\u001f\\u007f\\u0080\\u"
     "009F\\u00A0é😀\")}",
     "{\n"
     "  a(s: \"q\\\" b\\\\ s/ \\b\\f\\n\\r\\t \\u0000\\u001F\\u007F\\u0080\\u"
     "009F é😀\")\n"
     "}"},
};

const Row kLongArguments[] = {
    {"{field(first:\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",second:\"yyyyyyyyyyy"
     "yyyyyyyyy\")}",
     "{\n"
     "  field(\n"
     "    first: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n"
     "    second: \"yyyyyyyyyyyyyyyyyyyy\"\n"
     "  )\n"
     "}"},
    {"{field(first:\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",second:\"yyyyyyyyyyy"
     "yyyyyyyyyy\")}",
     "{\n"
     "  field(\n"
     "    first: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n"
     "    second: \"yyyyyyyyyyyyyyyyyyyyy\"\n"
     "  )\n"
     "}"},
    {"{field(first:\"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀\",second:\"éééééééééééé"
     "éééééééééé\")}",
     "{\n"
     "  field(\n"
     "    first: \"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀\"\n"
     "    second: \"éééééééééééééééééééééé\"\n"
     "  )\n"
     "}"},
    {"{field(first:\"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀\",second:\"éééééééééé"
     "ééééééééééé\")}",
     "{\n"
     "  field(\n"
     "    first: \"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀\"\n"
     "    second: \"ééééééééééééééééééééé\"\n"
     "  )\n"
     "}"},
    {"{a{b{c(x:\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxx\",y:\"\"\"one\n"
     "  two\"\"\")@d(z:\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
     "zzzzzzzzzzzzzzzzzzzzzzzzzzzz\")}}}",
     "{\n"
     "  a {\n"
     "    b {\n"
     "      c(\n"
     "        x: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxx\"\n"
     "        y: \"\"\"\n"
     "        one\n"
     "        two\n"
     "        \"\"\"\n"
     "      ) @d(z: \"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
     "zzzzzzzzzzzzzzzzzzzzzzzzz\")\n"
     "    }\n"
     "  }\n"
     "}"},
};

const Row kBlockStrings[] = {
    {"{a(b:\"\"\"\"\"\")}",
     "{\n"
     "  a(b: \"\"\"\"\"\")\n"
     "}"},
    {"{a(b:\"\"\"one\"\"\")}",
     "{\n"
     "  a(b: \"\"\"one\"\"\")\n"
     "}"},
    {"{a(b:\"\"\" lead\"\"\")}",
     "{\n"
     "  a(b: \"\"\" lead\"\"\")\n"
     "}"},
    {"{a(b:\"\"\"quote\\\"\"\" \"\"\")}",
     "{\n"
     "  a(b: \"\"\"quote\\\"\"\" \"\"\")\n"
     "}"},
    {"{a(b:\"\"\"ends \\\"\"\"\"\"\")}",
     "{\n"
     "  a(b: \"\"\"\n"
     "  ends \\\"\"\"\n"
     "  \"\"\")\n"
     "}"},
    {"{a(b:\"\"\"slash\\\n"
     "\"\"\")}",
     "{\n"
     "  a(b: \"\"\"\n"
     "  slash\\\n"
     "  \"\"\")\n"
     "}"},
    {"{a{a(b:\"\"\"\n"
     "  x\n"
     "\n"
     "    y\n"
     "\"\"\")}}",
     "{\n"
     "  a {\n"
     "    a(b: \"\"\"\n"
     "    x\n"
     "    \n"
     "      y\n"
     "    \"\"\")\n"
     "  }\n"
     "}"},
    {"{a(b:\"\"\"x\n"
     "  y\"\"\")}",
     "{\n"
     "  a(b: \"\"\"\n"
     "  x\n"
     "  y\n"
     "  \"\"\")\n"
     "}"},
    {"{a(b:\"\"\"llllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"
     "llllllllll\"\"\")}",
     "{\n"
     "  a(\n"
     "    b: \"\"\"llllllllllllllllllllllllllllllllllllllllllllllllllllllllll"
     "llllllllllll\"\"\"\n"
     "  )\n"
     "}"},
    {"{a(b:\"\"\"llllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"
     "lllllllllll\"\"\")}",
     "{\n"
     "  a(\n"
     "    b: \"\"\"\n"
     "    lllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"
     "llll\n"
     "    \"\"\"\n"
     "  )\n"
     "}"},
    {"{a(b:\"\"\"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"
     "😀😀😀😀😀😀\"\"\")}",
     "{\n"
     "  a(\n"
     "    b: \"\"\"\n"
     "    😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"
     "😀😀\n"
     "    \"\"\"\n"
     "  )\n"
     "}"},
    {"{a(b:\"\"\"\tx\n"
     "\ty\"\"\")}",
     "{\n"
     "  a(b: \"\"\"\n"
     "  \tx\n"
     "  y\n"
     "  \"\"\")\n"
     "}"},
};

const Row kTypeSystems[] = {
    {"schema@d{mutation:M query:Q mutation:N}",
     "schema @d {\n"
     "  mutation: M\n"
     "  query: Q\n"
     "  mutation: N\n"
     "}"},
    {"extend schema@d", "extend schema @d"},
    {"\"\"\"D\"\"\" schema{query:Q}",
     "\"\"\"D\"\"\"\n"
     "schema {\n"
     "  query: Q\n"
     "}"},
    {"\"d\" scalar S@d",
     "\"d\"\n"
     "scalar S @d"},
    {"type T", "type T"},
    {"type T implements&A&B@d{a:Int b(x:Int=1,y:[T!]!=[]@d):X@e}",
     "type T implements A & B @d {\n"
     "  a: Int\n"
     "  b(x: Int = 1, y: [T!]! = [] @d): X @e\n"
     "}"},
    {"type T{a(\"desc\" x:Int,y:Int):B \"d\" c:D}",
     "type T {\n"
     "  a(\n"
     "    \"desc\"\n"
     "    x: Int\n"
     "    y: Int\n"
     "  ): B\n"
     "  \"d\"\n"
     "  c: D\n"
     "}"},
    {"interface I implements J{a:B}",
     "interface I implements J {\n"
     "  a: B\n"
     "}"},
    {"union U", "union U"},
    {"union U@d=|A|B", "union U @d = A | B"},
    {"enum E@d{\"a\" A@d B}",
     "enum E @d {\n"
     "  \"a\"\n"
     "  A @d\n"
     "  B\n"
     "}"},
    {"input I{\"\"\"\n"
     "  x\n"
     "    y\n"
     "\"\"\" a:Int=1@d b:B}",
     "input I {\n"
     "  \"\"\"\n"
     "  x\n"
     "    y\n"
     "  \"\"\"\n"
     "  a: Int = 1 @d\n"
     "  b: B\n"
     "}"},
    {"directive@d(a:Int=1)repeatable on|FIELD|QUERY",
     "directive @d(a: Int = 1) repeatable on FIELD | QUERY"},
    {"directive@d(\"x\" a:Int) on ENUM",
     "directive @d(\n"
     "  \"x\"\n"
     "  a: Int\n"
     ") on ENUM"},
    {"extend type T implements A", "extend type T implements A"},
    {"extend input I{a:B}",
     "extend input I {\n"
     "  a: B\n"
     "}"},
    {"extend enum E{A}",
     "extend enum E {\n"
     "  A\n"
     "}"},
    {"extend union U=A|B", "extend union U = A | B"},
    {"extend scalar S@d", "extend scalar S @d"},
    {"extend interface I@d", "extend interface I @d"},
};

TEST_CASE("print: operations") {
  check_rows(kOperations);
}

TEST_CASE("print: values") {
  check_rows(kValues);
}

TEST_CASE("print: long arguments go on lines of their own") {
  check_rows(kLongArguments);
}

TEST_CASE("print: block strings") {
  check_rows(kBlockStrings);
}

TEST_CASE("print: type systems") {
  check_rows(kTypeSystems);
}

TEST_CASE("print: any string value survives printing and parsing, plain and in blocks") {
  const std::string pieces[] = {"",       "a",  " ",   "\t",   "\n",      "\"",
                                "\"\"\"", "\\", "é😀", "\x7F", "\xC2\x85"};
  for (const std::string& first : pieces) {
    for (const std::string& second : pieces) {
      for (const std::string& third : pieces) {
        const std::string body = first + second + third;
        // As a plain string, by way of the printer of JSON: its escapes are GraphQL's as well.
        std::string source = "{a(s:";
        json::append_quoted(source, body);
        source += ")}";
        const ParseResult document = parse(source);
        REQUIRE(document.has_value());
        CHECK((*document)->text((*document)->values[0]) == body);
        const ParseResult again = parse(print(**document));
        REQUIRE(again.has_value());
        CHECK((*again)->text((*again)->values[0]) == body);

        // As a block string, when it is one.
        const ParseResult block = parse("{a{a(s:\"\"\"" + body + "\"\"\")}}");
        if (!block) continue;
        const ParseResult block_again = parse(print(**block));
        REQUIRE(block_again.has_value());
        CHECK((*block_again)->text((*block_again)->values[0]) ==
              (*block)->text((*block)->values[0]));
      }
    }
  }
}

}  // namespace
}  // namespace mc::graphql
