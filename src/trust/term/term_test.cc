#include "term/term.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "term/number.h"

namespace mc::term {
namespace {

Value read(Arena& arena, std::string_view json) {
  const auto value = parse_json(arena, json);
  REQUIRE_MESSAGE(value, json);
  return *value;
}

TEST_CASE("term: what is printed reads back as the same value") {
  Arena arena;
  const char* const kTexts[] = {"null",
                                "true",
                                "false",
                                "0",
                                "-1",
                                "9223372036854775807",
                                "-9223372036854775808",
                                "92233720368547758070",
                                "1.0",
                                "3.14",
                                "1e1000",
                                "\"\"",
                                "\"a\\nb\\u0001\"",
                                "\"\xc3\xa4\"",
                                "[]",
                                "[1,[2,[3]]]",
                                "{}",
                                R"({"a":{"b":[null]},"c":"d"})"};
  for (const char* const text : kTexts) {
    CAPTURE(text);
    CHECK(to_json(read(arena, text)) == text);
  }
}

TEST_CASE("term: bad JSON is refused with its offset") {
  Arena arena;
  struct Row {
    const char* text;
    const char* why;
  };
  const Row rows[] = {{"", "unexpected end at byte 0"},
                      {"[1,]", "not a value at byte 3"},
                      {"[1 2]", "',' or ']' expected at byte 3"},
                      {"{1:2}", "a name expected at byte 1"},
                      {"{\"a\" 1}", "':' expected at byte 5"},
                      {"\"abc", "unterminated string"},
                      {"\"\\x\"", "unknown escape"},
                      {"\"\\u12\"", "\\u escape"},
                      {"\"\xff\"", "invalid UTF-8"},
                      {"\"\x01\"", "control character"},
                      {"01", "not a value"},
                      {"1.", "not a value"},
                      {"nul", "unknown word"},
                      {"1 2", "trailing bytes at byte 2"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto value = parse_json(arena, row.text);
    REQUIRE(!value);
    CHECK(value.error().what.find(row.why) != std::string::npos);
  }
  std::string deep(2'000, '[');
  REQUIRE(!parse_json(arena, deep));
  CHECK(parse_json(arena, deep).error().what.find("nested too deeply") != std::string::npos);
}

TEST_CASE("term: of equal names the last one stays, escapes are read") {
  Arena arena;
  CHECK(to_json(read(arena, R"({"a":1,"b":2,"a":3})")) == R"({"a":3,"b":2})");
  CHECK(read(arena, R"("\u00e4\ud83d\ude00\/")").text() == "\xc3\xa4\xf0\x9f\x98\x80/");
  CHECK(read(arena, R"("\ud800")").text() == "\xef\xbf\xbd");
}

TEST_CASE("term: the total order and equality") {
  Arena arena;
  Value small_set = set(arena), large_set = set(arena);
  add(arena, small_set, Value::integer(1));
  add(arena, large_set, Value::integer(2));
  const std::vector<Value> ordered = {Value(),
                                      Value::null(),
                                      Value::boolean(false),
                                      Value::boolean(true),
                                      Value::integer(-3),
                                      read(arena, "1.5"),
                                      Value::integer(2),
                                      read(arena, "18446744073709551616"),
                                      read(arena, "18446744073709551617"),
                                      string(arena, ""),
                                      string(arena, "a"),
                                      string(arena, "ab"),
                                      string(arena, "b"),
                                      read(arena, "[]"),
                                      read(arena, "[1]"),
                                      read(arena, "[1,2]"),
                                      read(arena, "[2]"),
                                      read(arena, "{}"),
                                      read(arena, R"({"a":1})"),
                                      read(arena, R"({"a":1,"b":1})"),
                                      read(arena, R"({"a":2})"),
                                      small_set,
                                      large_set};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      CAPTURE(i);
      CAPTURE(j);
      CHECK(compare(ordered[i], ordered[j]) == (i < j ? -1 : i > j ? 1 : 0));
      CHECK(equal(ordered[i], ordered[j]) == (i == j));
      if (i == j) CHECK(hash(ordered[i]) == hash(ordered[j]));
    }
  }
  CHECK(equal(read(arena, "1"), read(arena, "1.0")));
  CHECK(hash(read(arena, "1")) == hash(read(arena, "1.0")));
  CHECK(equal(read(arena, "1e3"), read(arena, "1000")));
  CHECK(equal(read(arena, R"({"a":1,"b":2})"), read(arena, R"({"b":2,"a":1})")));
  CHECK(hash(read(arena, R"({"a":1,"b":2})")) == hash(read(arena, R"({"b":2,"a":1})")));
}

TEST_CASE("term: objects and sets against a sorted list, in any order of insertion") {
  std::mt19937 random(7);
  for (const int count : {0, 1, 7, 8, 9, 40, 1'000}) {
    Arena arena;
    std::vector<std::int64_t> keys;
    Value numbers = set(arena), squares = object(arena);
    for (int i = 0; i < count; ++i) {
      const auto key = static_cast<std::int64_t>(random() % 700);
      keys.push_back(key);
      add(arena, numbers, Value::integer(key));
      insert(arena, squares, Value::integer(key), Value::integer(key * key));
      if (i % 97 == 0) CHECK(squares.members().size() == squares.size());  // sorts in between
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    REQUIRE(numbers.size() == keys.size());
    REQUIRE(squares.size() == keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      CHECK(numbers.items()[i].small() == keys[i]);
      CHECK(squares.members()[i].value.small() == keys[i] * keys[i]);
    }
    for (std::int64_t key = 0; key < 700; ++key) {
      const bool there = std::binary_search(keys.begin(), keys.end(), key);
      CHECK(numbers.find(Value::integer(key)).is_undefined() != there);
      CHECK(squares.find(Value::integer(key)).is_undefined() != there);
    }
  }
}

TEST_CASE("term: changing a frozen value leaves it alone and changes the caller's handle") {
  Arena arena;
  Value frozen = read(arena, R"({"a":1,"list":[1,2]})");
  freeze(frozen);
  Value mine = frozen;
  insert(arena, mine, "b", Value::integer(2));
  Value list = frozen.find("list");
  append(arena, list, Value::integer(3));
  CHECK(to_json(frozen) == R"({"a":1,"list":[1,2]})");
  CHECK(to_json(mine) == R"({"a":1,"b":2,"list":[1,2]})");
  CHECK(to_json(list) == "[1,2,3]");
  Value members = set(arena);
  for (int i = 0; i < 20; ++i) add(arena, members, Value::integer(i));
  freeze(members);
  Value larger = members;
  add(arena, larger, Value::integer(77));
  CHECK(members.size() == 20);
  CHECK(larger.size() == 21);
  CHECK(!larger.find(Value::integer(5)).is_undefined());
}

TEST_CASE("term: references into values") {
  Arena arena;
  const Value list = read(arena, R"(["a","b"])");
  CHECK(list.find(Value::integer(1)).text() == "b");
  CHECK(list.find(read(arena, "1.0")).text() == "b");
  for (const char* const index : {"-1", "2", "1.5", "\"0\"", "1e30"}) {
    CAPTURE(index);
    CHECK(list.find(read(arena, index)).is_undefined());
  }
  CHECK(Value::integer(1).find(Value::integer(0)).is_undefined());
  std::string wide = "{";
  for (int i = 0; i < 100; ++i) wide += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  wide.back() = '}';
  CHECK(read(arena, wide).find("k73").small() == 73);
  CHECK(read(arena, wide).find("k100").is_undefined());
}

TEST_CASE("term: merge lets the second win and joins what is under the same key") {
  Arena arena;
  CHECK(to_json(merge(arena, read(arena, R"({"a":{"x":1,"y":1},"b":1})"),
                      read(arena, R"({"a":{"y":2},"b":{"z":3},"c":4})"))) ==
        R"({"a":{"x":1,"y":2},"b":{"z":3},"c":4})");
  CHECK(to_json(merge(arena, read(arena, "{}"), read(arena, "[1]"))) == "[1]");
}

TEST_CASE("term: as JSON and as Rego") {
  Arena arena;
  Value members = set(arena), named = object(arena);
  add(arena, members, string(arena, "b"));
  add(arena, members, Value::integer(3));
  insert(arena, named, members, Value::null());
  insert(arena, named, "k", set(arena));
  CHECK(to_json(named) == R"({"k":[],"[3,\"b\"]":null})");
  CHECK(to_rego(named) == R"({"k": set(), {3, "b"}: null})");
  CHECK(to_json_pretty(read(arena, R"({"a":[1,{}],"b":[]})")) ==
        "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

TEST_CASE("number: arithmetic is exact within 64 bits and rounds beyond") {
  Arena arena;
  struct Row {
    const char* a;
    char op;
    const char* b;
    const char* result;
  };
  const Row rows[] = {{"1", '+', "2", "3"},
                      {"0.1", '+', "0.2", "0.3"},
                      {"9223372036854775807", '+', "1", "9223372036854775808"},
                      {"9223372036854775807", '*', "2", "18446744073709551614"},
                      {"1", '/', "3", "0.33333333333333333334"},
                      {"10", '/', "4", "2.5"},
                      {"1.5", '*', "2", "3"},
                      {"5", '-', "7.25", "-2.25"},
                      {"1e400", '*', "10", ""},
                      {"0.00001", '*', "1", "1e-05"}};
  for (const Row& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.op);
    CAPTURE(row.b);
    const Value a = read(arena, row.a), b = read(arena, row.b);
    const Value result = row.op == '+'   ? plus(arena, a, b)
                         : row.op == '-' ? minus(arena, a, b)
                         : row.op == '*' ? times(arena, a, b)
                                         : divide(arena, a, b);
    if (*row.result != '\0') CHECK(number_text(result) == row.result);
  }
  CHECK(divide(arena, Value::integer(1), Value::integer(0)).is_undefined());
  CHECK(number_text(divide(arena, Value::integer(INT64_MIN), Value::integer(-1))) ==
        "9223372036854775808");
  CHECK(integer_digits(read(arena, "1e20")) == "100000000000000000000");
  CHECK(integer_digits(read(arena, "1.5")).empty());
  CHECK(!to_int64(read(arena, "9223372036854775808")));
  CHECK(*to_int64(read(arena, "-9223372036854775808.0")) == INT64_MIN);
}

TEST_CASE("arena: answers past its limit and says so") {
  Arena arena(1'000);
  CHECK(arena.may_take(1'000));
  CHECK(!arena.may_take(1'001));
  arena.take(900);
  CHECK(!arena.over_limit());
  CHECK(arena.take(200) != nullptr);
  CHECK(arena.over_limit());
  arena.reset();
  CHECK(arena.used() == 0);
  CHECK(!arena.over_limit());
}

TEST_CASE("term: a collection never holds itself, whatever is put into it") {
  Arena arena;
  Value list = array(arena);
  append(arena, list, Value::integer(1));
  append(arena, list, list);
  CHECK(to_json(list) == "[1,[1]]");
  // Through another one.
  Value inner = array(arena), outer = array(arena);
  append(arena, outer, inner);
  append(arena, inner, outer);
  CHECK(to_json(inner) == "[[[]]]");
  CHECK(to_json(outer) == "[[]]");
  Value object = term::object(arena);
  insert(arena, object, "a", object);
  insert(arena, object, "b", object);
  CHECK(to_json(object) == R"({"a":{},"b":{"a":{}}})");
  // What is not deeper goes into the one that is held, and is seen there.
  Value set = term::set(arena), holder = array(arena);
  add(arena, set, Value::integer(1));
  append(arena, holder, set);
  add(arena, set, Value::integer(2));
  CHECK(to_json(holder) == "[[1,2]]");
}

TEST_CASE("term: a value deeper than kDepthMax is left out and noted") {
  Arena arena;
  Value nested = array(arena);
  for (int i = 1; i < kDepthMax; ++i) {
    Value outer = array(arena);
    append(arena, outer, nested);
    nested = outer;
  }
  CHECK(!arena.over_limit());
  Value outer = array(arena);
  append(arena, outer, nested);
  CHECK(outer.size() == 0);
  CHECK(arena.too_deep());
  CHECK(arena.over_limit());
  arena.reset();
  CHECK(!arena.over_limit());
}

TEST_CASE("document: owns its values and is copied freely") {
  auto first = Document::parse(R"({"a":[1,2,3]})");
  REQUIRE(first);
  const Document second = *first;
  *first = Document();
  CHECK(to_json(second.root()) == R"({"a":[1,2,3]})");
  CHECK(to_json(first->root()) == "{}");
  CHECK(second.bytes() > 0);
  CHECK(!Document::parse("{"));
}

}  // namespace
}  // namespace mc::term
