#include "rego/types.h"

#include <doctest/doctest.h>

#include "rego/types_check.h"

namespace mc::rego::types {
namespace {

TypePtr type_named(const std::string& text) {
  const Result<TypePtr> parsed = parse_signature("(x: " + text + ") => any");
  REQUIRE_MESSAGE(parsed.has_value(), text);
  return (*parsed)->items.at(0);
}

Term text_term(std::string text) {
  return make_string(std::move(text), {});
}
Term number_term(std::string text) {
  Term term;
  term.kind = Term::Kind::number;
  term.text = std::move(text);
  return term;
}
Term list_term(Term::Kind kind, std::vector<Term> items) {
  Term term;
  term.kind = kind;
  term.items = std::move(items);
  return term;
}

TEST_CASE("types: a signature is read and printed as OPA prints types") {
  struct Row {
    const char* signature;
    const char* operands;
    const char* result;
  };
  const Row rows[] = {
      {"() => number", "()", "number"},
      {"(x: number, y: number) => number", "(x: number, y: number)", "number"},
      {"(collection: array[any] | set[any] | string) => number",
       "(collection: any<string, array[any], set[any]>)", "number"},
      {"(string) => array<string, number>", "(string)", "array<string, number>"},
      {"(x: array<string>[any]) => null", "(x: array<string>[any])", "null"},
      {"(o: object[string: any]) => object<b: string, a: number>", "(o: object[string: any])",
       "object<a: number, b: string>"},
      {"(o: object<a: string>[string: number]) => boolean",
       "(o: object<a: string>[string: number])", "boolean"},
      {"(x: any<string, number>) => any", "(x: any<number, string>)", "any"},
      {"(x: array, y: set, z: object) => any", "(x: array[any], y: set[any], z: object[any: any])",
       "any"},
      {"(path: string | array[any], x: set[string|number]) => z: set[string]",
       "(path: any<string, array[any]>, x: set[any<number, string>])", "set[string]"},
      {"(...args: any) => void", "(args: any...)", "???"},
      {"(s: string, ...rest: number)", "(s: string, rest: number...)", "???"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.signature);
    const Result<TypePtr> type = parse_signature(row.signature);
    REQUIRE(type.has_value());
    CHECK(operands_text(**type, Shown::operands) == row.operands);
    CHECK(to_text((*type)->rest) == row.result);
  }
}

TEST_CASE("types: a signature that is none is refused, naming the offset") {
  const char* const wrong[] = {"",           "number",        "(x: numbr) => any",
                               "(x: number", "(x: set[any) ", "(x: object[string]) => any",
                               "() => any x"};
  for (const char* signature : wrong) {
    CAPTURE(signature);
    const Result<TypePtr> type = parse_signature(signature);
    REQUIRE_FALSE(type.has_value());
    CHECK(type.error().what.find("at offset") != std::string::npos);
  }
  CHECK(parse_signature("(x: numbr) => any").error().what ==
        "signature: wanted a type at offset 9 of \"(x: numbr) => any\"");
}

TEST_CASE("types: the result is shown as one more operand, with its name when it has one") {
  const Result<TypePtr> named = parse_signature("(x: number) => y: string");
  CHECK(operands_text(**named, Shown::with_result) == "(x: number, y: string)");
  const Result<TypePtr> unnamed = parse_signature("(x: number) => string");
  CHECK(operands_text(**unnamed, Shown::with_result) == "(x: number, string)");
}

TEST_CASE("types: either of two types is the least that has both") {
  struct Row {
    const char* a;
    const char* b;
    const char* both;
  };
  const Row rows[] = {
      {"number", "number", "number"},
      {"string", "number", "any<number, string>"},
      {"any", "number", "any"},
      {"any<number, string>", "number", "any<number, string>"},
      {"any<number, string>", "null", "any<null, number, string>"},
      {"any<number, string>", "any<boolean, string>", "any<boolean, number, string>"},
      {"set[number]", "set[string]", "any<set[number], set[string]>"},
      {"object[any: any]", "array[any]", "any<array[any], object[any: any]>"},
      {"array<number>", "array[number]", "any<array<number>, array[number]>"},
      {"object<a: number>", "object<a: string>", "any<object<a: number>, object<a: string>>"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(to_text(either(type_named(row.a), type_named(row.b))) == row.both);
    CHECK(to_text(either(type_named(row.b), type_named(row.a))) == row.both);
  }
  CHECK(to_text(either(nullptr, number())) == "number");
  CHECK(either(function({}, number()), number()) == nullptr);
  CHECK(to_text(either(function({number()}, number()), function({string()}, null()))) ==
        "(any<number, string>) => any<null, number>");
  CHECK(either(function({number()}, number()), function({}, null())) == nullptr);
}

TEST_CASE("types: the types of a rule's definitions are merged inside sets and open objects") {
  struct Row {
    const char* a;
    const char* b;
    const char* both;
  };
  const Row rows[] = {
      {"set[number]", "set[string]", "set[any<number, string>]"},
      {"object[string: number]", "object[number: string]",
       "object[any<number, string>: any<number, string>]"},
      {"object[string: object[string: number]]", "object[string: object[number: null]]",
       "object[string: object[any<number, string>: any<null, number>]]"},
      {"object<a: number>", "object[string: string]",
       "any<object<a: number>, object[string: string]>"},
      {"any<number, object[string: number]>", "object[string: null]",
       "any<number, object[string: any<null, number>]>"},
      {"number", "string", "any<number, string>"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(to_text(merge(type_named(row.a), type_named(row.b))) == row.both);
  }
}

TEST_CASE("types: keys and values of what may be iterated") {
  struct Row {
    const char* type;
    const char* keys;
    const char* values;
  };
  const Row rows[] = {
      {"array<number, string>", "number", "any<number, string>"},
      {"array[boolean]", "number", "boolean"},
      {"object<a: number, b: null>", "string", "any<null, number>"},
      {"object<a: number>[number: string]", "any<number, string>", "any<number, string>"},
      {"set[string]", "string", "string"},
      {"any", "any", "any"},
      {"any<array[string], set[null]>", "any<null, number>", "any<null, string>"},
      {"number", "???", "???"},
      {"any<number, string>", "???", "???"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.type);
    CHECK(to_text(keys(type_named(row.type))) == row.keys);
    CHECK(to_text(values(type_named(row.type))) == row.values);
  }
}

TEST_CASE("types: what stands under a constant key") {
  struct Row {
    const char* type;
    Term key;
    const char* found;
  };
  const Row rows[] = {
      {"array<number, string>", number_term("1"), "string"},
      {"array<number, string>", number_term("2"), "???"},
      {"array<number>[string]", number_term("7"), "string"},
      {"array[string]", number_term("-1"), "???"},
      {"array[string]", number_term("1.5"), "???"},
      {"array[string]", text_term("0"), "???"},
      {"object<a: number>", text_term("a"), "number"},
      {"object<a: number>", text_term("b"), "???"},
      {"object<a: number>[string: null]", text_term("b"), "null"},
      {"object[string: null]", number_term("1"), "???"},
      {"object[any: null]", number_term("1"), "null"},
      {"set[string]", text_term("x"), "string"},
      {"set[string]", number_term("1"), "???"},
      {"set[any<number, string>]", number_term("1"), "number"},
      {"any<object<a: number>, array[string]>", text_term("a"), "number"},
      {"any", text_term("a"), "any"},
      {"string", text_term("a"), "???"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.type);
    CAPTURE(row.key.text);
    CHECK(to_text(select(type_named(row.type), row.key)) == row.found);
  }
}

TEST_CASE("types: two types unify when a value may be of both, whichever comes first") {
  struct Row {
    const char* a;
    const char* b;
    bool unifies;
  };
  const Row rows[] = {
      {"number", "number", true},
      {"number", "string", false},
      {"number", "any", true},
      {"any<number, string>", "any<null, string>", true},
      {"any<number, string>", "any<null, boolean>", false},
      {"any<number, null>", "string", false},
      {"array<number, string>", "array<number, string>", true},
      {"array<number, string>", "array<number>", false},
      {"array<number, string>", "array<number, any<string, null>>", true},
      {"array<number>[string]", "array<number, string, string>", true},
      {"array<number>[string]", "array<number, number>", false},
      {"array[number]", "array[string]", false},
      {"object<a: number>", "object<a: number>", true},
      {"object<a: number>", "object<a: number, b: string>", false},
      {"object<a: number>[string: any]", "object<a: number, b: string>", true},
      {"object<a: number>", "object[string: string]", false},
      {"object<a: number>", "object[string: number]", true},
      {"object[string: number]", "object[string: string]", false},
      {"set[number]", "set[any<null, number>]", true},
      {"set[number]", "set[string]", false},
      {"set[number]", "array[number]", false},
      {"null", "boolean", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    std::int64_t steps = kStepsMax;
    CHECK(unifies(type_named(row.a), type_named(row.b), steps) == row.unifies);
    CHECK(unifies(type_named(row.b), type_named(row.a), steps) == row.unifies);
  }
  std::int64_t steps = 10;
  CHECK_FALSE(unifies(nullptr, any(), steps));
  CHECK_FALSE(unifies(function({}, any()), any(), steps));
  CHECK(unifies(function({any()}, any()), function({number()}, null()), steps));
  CHECK_FALSE(unifies(function({any()}, any()), function({}, null()), steps));
}

TEST_CASE("types: when the steps are used up, everything unifies") {
  std::int64_t steps = 1;
  CHECK(unifies(type_named("array<number, number>"), type_named("array<string, string>"), steps));
  CHECK(steps < 0);
}

TEST_CASE("types: a type that grows without bound becomes any") {
  TypePtr deep = number();
  for (int i = 0; i < kDepthMax + 50; ++i) deep = array({deep}, nullptr);
  CHECK(deep->depth <= kDepthMax);
  TypePtr wide = number();
  for (int i = 0; i < 64; ++i) wide = array({wide, wide}, nullptr);  // would have 2^64 parts
  CHECK(wide->weight <= kWeightMax);
}

TEST_CASE("types: parts that are not known make a type unknown") {
  CHECK(is_unknown(nullptr));
  CHECK(is_unknown(array({number(), nullptr}, nullptr)));
  CHECK(is_unknown(object({}, Dynamic{string(), nullptr})));
  CHECK(is_unknown(object({{text_term("a"), nullptr}}, std::nullopt)));
  CHECK(is_unknown(set(nullptr)));
  CHECK(is_unknown(function({nullptr}, any())));
  CHECK_FALSE(is_unknown(array({}, nullptr)));
  CHECK_FALSE(is_unknown(any()));
  CHECK(to_text(array({number(), nullptr}, nullptr)) ==
        "array<number, ??"
        "?>");
}

TEST_CASE("types: constants are keys by value, sets as arrays") {
  const Term set =
      list_term(Term::Kind::set, {number_term("2"), number_term("1"), number_term("2")});
  const std::optional<Term> key = constant(set);
  REQUIRE(key.has_value());
  CHECK(key->kind == Term::Kind::array);
  CHECK(key->items.size() == 2);
  CHECK(to_text(type_of_constant(*key)) == "array<number, number>");
  CHECK_FALSE(constant(make_var("x", {})).has_value());
  CHECK_FALSE(constant(list_term(Term::Kind::array, {make_var("x", {})})).has_value());

  CHECK(compare_constants(number_term("1"), number_term("1.0")) == 0);
  CHECK(compare_constants(number_term("9"), number_term("10")) < 0);
  CHECK(compare_constants(number_term("-9"), number_term("-10")) > 0);
  CHECK(compare_constants(number_term("100000000000000000001"),
                          number_term("100000000000000000002")) < 0);
  CHECK(compare_constants(number_term("1"), text_term("1")) < 0);

  // As Go prints keys.
  const Term member = list_term(Term::Kind::object, {text_term("k"), number_term("1")});
  std::vector<Property> properties = {{*key, null()}, {text_term("s"), null()}, {member, null()}};
  CHECK(to_text(object(std::move(properties), std::nullopt)) ==
        "object<s: null, [1 2]: null, map[k:1]: null>");
}

TEST_CASE("types: rules lie in a tree by their paths, and documents have the types of all below") {
  RuleTypes rules;
  const auto path = [](std::initializer_list<const char*> names) {
    RuleTypes::Path made;
    for (const char* name : names) made.push_back(text_term(name));
    return made;
  };
  const auto type_at = [&](std::initializer_list<Term> operands) {
    std::vector<Term> items = {make_var("data", {})};
    items.insert(items.end(), operands);
    return to_text(rules.find(make_ref(std::move(items), {})));
  };
  rules.insert(path({"a", "p"}), number());
  rules.insert(path({"a", "p"}), string());
  rules.insert(path({"a", "q", "r"}), boolean());
  rules.insert(path({"a", "q"}), object({}, Dynamic{string(), null()}));
  CHECK(type_at({text_term("a"), text_term("p")}) == "any<number, string>");
  CHECK(type_at({text_term("a"), text_term("q"), text_term("r")}) == "boolean");
  CHECK(type_at({text_term("a"), text_term("q")}) == "object[string: any<null, boolean>]");
  CHECK(type_at({text_term("b")}) == "any");
  CHECK(type_at({text_term("a")}) ==
        "object<p: any<number, string>, q: object[string: any<null, boolean>]>[string: any]");
  CHECK(type_at({text_term("a"), make_var("x", {})}) == "any");
  rules.put_any(path({"a", "p"}));
  CHECK(type_at({text_term("a"), text_term("p")}) == "any");
}

}  // namespace
}  // namespace mc::rego::types
