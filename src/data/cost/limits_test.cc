#include <string>

#include "cost/priced.h"

using namespace mc;
using namespace mc::cost;

TEST_CASE("cost: too many objects times fragments are summed") {
  std::string sdl = "interface I { x: Int @deprecated } type Query { i: I } ";
  const int objects = 64;
  for (int i = 0; i < objects; ++i) {
    sdl += "type T" + std::to_string(i) + " implements I { x: Int y: Int @cost(weight: \"1\") } ";
  }
  const Priced priced(sdl);
  const auto query = [](int fragments) {
    std::string text = "{ i { ";
    for (int i = 0; i < fragments; ++i) text += "... on T" + std::to_string(i % 64) + " { y } ";
    return text + "... { x } ... @skip(if: true) { x } ... on T0 @include(if: false) { y } } }";
  };
  CHECK(priced.text(query(64)) == "2 2");   // 64 * 64
  CHECK(priced.text(query(65)) == "2 66");  // one above the limit: all of them
  CHECK(priced.text(query(63)) == "2 2");
}

TEST_CASE("cost: a bomb of fragments costs no more to price than to write") {
  const Priced priced(
      "type Query { q: Query a: Int @cost(weight: \"1\") c(n: Int): Conn "
      "@listSize(slicingArguments: "
      "[\"n\"], sizedFields: [\"all\"]) } type Conn { all: [Query] }");
  const auto bomb = [](const std::string& head, const std::string& left, const std::string& right,
                       int depth) {
    std::string text = head;
    for (int i = 0; i < depth; ++i) {
      const std::string next = "...F" + std::to_string(i + 1);
      text += "fragment F" + std::to_string(i) + " on Query { " + left + next + right + left +
              next + right + "} ";
    }
    return text + "fragment F" + std::to_string(depth) + " on Query { a } ";
  };
  CHECK(priced.price(bomb("{ ...F0 } ", " ", " ", 30)) == Cost{1000, 1000LL << 30});
  CHECK(priced.price(bomb("{ ...F0 } ", " ", " ", 39)) == Cost{1000, 1000LL << 39});
  CHECK(priced.price(bomb("{ ...F0 } ", " ", " ", 40)) == Cost{1000, kCostMax});
  CHECK(priced.price(bomb("{ ...F0 } ", " ", " ", 300)) == Cost{1000, kCostMax});
  // 2^20 leaves below fields that cost 2 + 4 + .. + 2^20
  const Milli fields = (2LL << 20) - 2;
  CHECK(priced.price(bomb("{ ...F0 } ", " q { ", " } ", 20)) ==
        Cost{1000 + 1000 * fields, 1000 * (fields + (1 << 20))});
  CHECK(priced.price(bomb("{ ...F0 } ", " q { ", " } ", 60)) == Cost{kCostMax, kCostMax});
  // Through connections, where a fragment is sized by the field above.
  const std::string sized = bomb("query($n: Int) { ...F0 } ", " c(n: $n) { all { ", " } } ", 40);
  CHECK(priced.price(sized, "{\"n\": 0}") == Cost{3000, 4000});
  CHECK(priced.price(sized, "{\"n\": 1}") == Cost{kCostMax, kCostMax});
  CHECK(priced.price(sized).error().code == Code::invalid);
  const auto program = priced.program(sized);
  REQUIRE(program.has_value());
  CHECK((*program)->steps() < 1000);
}

TEST_CASE("cost: fragments on sized fields are made once for each of them") {
  const Priced priced(
      "type Query { c(n: Int): Conn @listSize(slicingArguments: [\"n\"], sizedFields: [\"all\"]) } "
      "type Conn { all: [Query] c(n: Int): Conn @listSize(slicingArguments: [\"n\"], sizedFields: "
      "[\"all\"]) }");
  // Each fragment spreads the next below two fields that size it: 2 * 40 units, not 2^40.
  std::string text = "query($n: Int) { c(n: 1) { ...F0 } } ";
  for (int i = 0; i < 40; ++i) {
    const std::string next = "...F" + std::to_string(i + 1);
    text += "fragment F" + std::to_string(i) + " on Conn { a: c(n: 2) { " + next +
            " } b: c(n: $n) { " + next + " } } ";
  }
  text += "fragment F40 on Conn { all { __typename } }";
  const auto program = priced.program(text);
  REQUIRE(program.has_value());
  CHECK((*program)->steps() < 2000);
  json::Object variables;
  variables.set("n", 3);
  // What is folded has been work: 400 fields that size a fragment of 300 fields.
  std::string wide = "{";
  for (int i = 0; i < 400; ++i) wide += " c(n: 1) { ...F }";
  wide += " } fragment F on Conn {";
  for (int i = 0; i < 300; ++i) wide += " __typename";
  CHECK(priced.unchecked(wide + " }").error().code == Code::exhausted);
  // 2^40 lists, of two and of three: too many to count, and yet priced.
  CHECK(*(*program)->price(variables) == Cost{kCostMax, kCostMax});
}

TEST_CASE("cost: what grows saturates and stays an upper bound") {
  const Priced priced(
      "type Query @cost(weight: \"1000000\") { l: [Query] @listSize(assumedSize: 1000000000) @cost("
      "weight: \"1000000\") less: [Query] @cost(weight: \"-1000000\") z: [Query] @listSize("
      "assumedSize: 0) f(i: [In], ll: [[In]]): Int } input In { a: Int @cost(weight: \"1000000\") "
      "b: Int @cost("
      "weight: \"-1000000\") }",
      kListSizeMax);
  CHECK(priced.price("{ l { l { l { __typename } } } }") == Cost{kCostMax, kCostMax});
  CHECK(priced.price("{ less { __typename } }") == Cost{kCostMax, 0});
  CHECK(priced.price("{ z { l { l { __typename } } } }") == Cost{kWeightMax, kMilli});
  CHECK(priced.price("{ a: l { __typename } b: l { __typename } z { l { __typename } } }") ==
        Cost{kCostMax, 2 * kWeightMax + kMilli});
  std::string list = "{\"i\": [";
  for (int i = 0; i < 50'000; ++i) list += "{\"a\": 1, \"b\": 1},";
  list += "{\"a\": 1}]}";
  const Milli once = 50'001 * kMilli + kWeightMax;
  CHECK(priced.price("query($i: [In]) { f(i: $i) }", list) == Cost{kWeightMax, once});
  std::string many = "query($i: [In]) {";
  std::string within = "query($i: [In]) { f(ll: [";
  for (int i = 0; i < 40; ++i) {
    many += " a" + std::to_string(i) + ": f(i: $i)";
    within += " $i";
  }
  CHECK(priced.price(many + " }", list) == Cost{kWeightMax, 40 * once});
  // What is added and what is taken off are summed apart, and are too much each.
  CHECK(priced.price(within + " ]) }", list) == Cost{kWeightMax, 0});
}

TEST_CASE("cost: credits are whole, rounded up, at least one") {
  struct Case {
    Cost cost;
    std::int64_t credits;
  };
  const Case cases[] = {{{0, 0}, 1},
                        {{1000, 0}, 1},
                        {{1001, 0}, 2},
                        {{1000, 2001}, 3},
                        {{5000, 999}, 5},
                        {{1, 1}, 1},
                        {{0, kCostMax}, kCostMax / kMilli}};
  for (const Case& row : cases) CHECK(row.cost.credits() == row.credits);
}

TEST_CASE("cost: a program is bounded, and knows whether it needs variables") {
  const Priced priced(
      "type Query { l(n: Int): [Query] @listSize(slicingArguments: [\"n\"]) "
      "a(n: Int @cost(weight: \"1\"), m: Int): Int }");
  const auto small = priced.program("{ l(n: 3) { l(n: 2) { a(n: 1) } } b: a(m: 3) }");
  REQUIRE(small.has_value());
  CHECK_FALSE((*small)->depends_on_variables());
  CHECK((*small)->steps() == 4);  // an addition, the end, two sizes
  CHECK(*(*small)->price({}) == Cost{10'000, 10'000});
  CHECK_FALSE((*priced.program("query($m: Int) { a(m: $m) }"))->depends_on_variables());
  CHECK((*priced.program("query($m: Int) { a(n: $m) }"))->depends_on_variables());
  CHECK((*priced.program("query($m: Int) { l(n: $m) { a } }"))->depends_on_variables());

  std::string wide = "query($n: Int) {";
  for (int i = 0; i < 51'000; ++i) wide += " l(n: $n) { a }";
  const auto many = priced.unchecked(wide + " }");
  REQUIRE_FALSE(many.has_value());
  CHECK(many.error().code == Code::exhausted);
  CHECK(many.error().what.find("100000 steps") != std::string::npos);

  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "{ l(n: 1) ";
    text += "{ a }";
    for (int i = 0; i < depth; ++i) text += " }";
    return text;
  };
  CHECK(priced.unchecked(nested(250)).has_value());
  CHECK(priced.unchecked(nested(251)).error().code == Code::exhausted);
}

TEST_CASE("cost: documents that do not validate are refused or priced, never worse") {
  const Priced priced(
      "type Query { q: Query i: I a(n: In): Int } interface I { x: Int } input In { n: Int }");
  for (const char* query :
       {"{ ...F } fragment F on Query { q { ...F } }",
        "{ ...F } fragment F on Query { ...G } fragment G on Query { q { ...F } }",
        "{ ...F } fragment F on Query { ...F }", "{ nothing }", "{ ...Nothing }",
        "{ q { ... on Nothing { a } } }", "{ i { ... on Nothing { a } } }",
        "{ ...F } fragment F on Nothing { a }", "{ i { nothing } }", "mutation { a }"}) {
    CAPTURE(query);
    const auto program = priced.unchecked(query);
    REQUIRE_FALSE(program.has_value());
    CHECK(program.error().code == Code::invalid);
  }
  for (const char* query :
       {"{ a(n: $n) @skip(if: $n) }", "{ a(n: {x: 1, n: $m}, m: 1) @none(x: $n) }", "{ a { x } }",
        "{ q }", "query($n: Nothing = 3) { a(n: $n) }", "{ a @skip(unless: 1) @skip(if: \"no\") }",
        "fragment F on Query { ...F } query { a }"}) {
    CAPTURE(query);
    const auto program = priced.unchecked(query);
    if (!program) continue;
    json::Object variables;
    variables.set("n", 3);
    static_cast<void>((*program)->price(variables));
  }
}
