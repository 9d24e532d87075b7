#include "json/json.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>

namespace mc::json {
namespace {

TEST_CASE("json: values come back as they were written") {
  for (const char* text :
       {"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "1.5",
        "\"\"", "\"a\\\"\\\\\\n\"", "[]", "{}", "[1,[2,[3]]]", "{\"b\":1,\"a\":{\"c\":null}}"}) {
    CAPTURE(text);
    const Result<Value> value = parse(text);
    REQUIRE(value.has_value());
    CHECK(print(*value) == text);
  }
}

TEST_CASE("json: what RFC 8259 leaves open is refused") {
  for (const char* bad : {"",
                          " ",
                          "nul",
                          "nullx",
                          "truex",
                          "01",
                          "-",
                          "1.",
                          "1e",
                          ".5",
                          "+1",
                          "0x1",
                          "1 2",
                          "[1 2]",
                          "[1,]",
                          "{\"a\":1,}",
                          "{\"a\" 1}",
                          "{a:1}",
                          "[",
                          "{",
                          "\"",
                          "\"\t\"",
                          "\"\\x\"",
                          "\"\\ud800\"",
                          "\"\\udc00x\"",
                          "{\"\\ud800\":1}",
                          "\"\xff\"",
                          "{\"a\":1,\"a\":2}",
                          "[1]]",
                          "1e999",
                          "{\"a\":1}{",
                          "\"a\" \"b\"",
                          "[-]",
                          "[1x]",
                          "[nul]"}) {
    CAPTURE(bad);
    CHECK(!parse(bad).has_value());
  }
}

TEST_CASE("json: duplicate keys are found in small and large objects") {
  for (int n : {2, 10, 40, 400}) {
    std::string text = "{";
    for (int i = 0; i < n; ++i) text += "\"k" + std::to_string(i) + "\":0,";
    CHECK(parse(text + "\"z\":1}").has_value());
    CHECK(!parse(text + "\"k" + std::to_string(n - 1) + "\":1}").has_value());
  }
}

TEST_CASE("json: every limit refuses one past its edge") {
  const Limits limits{.bytes_max = 20, .depth_max = 3, .values_max = 5};
  CHECK(parse("[[[1]]]", limits).has_value());
  CHECK(!parse("[[[[1]]]]", limits).has_value());
  CHECK(parse("[1,2,3,4]", limits).has_value());
  CHECK(!parse("[1,2,3,4,5]", limits).has_value());
  CHECK(parse("\"" + std::string(18, 'a') + "\"", limits).has_value());
  CHECK(!parse("\"" + std::string(19, 'a') + "\"", limits).has_value());
  CHECK(!parse(std::string(1 << 19, '['), {}).has_value());
}

TEST_CASE("json: numbers keep their type and range") {
  CHECK(*parse("9223372036854775807")->as_int() == INT64_MAX);
  CHECK(*parse("9223372036854775808")->as_double() == 9223372036854775808.0);
  CHECK(*parse("123456789012345678901234567890")->as_double() == 123456789012345678901234567890.0);
  CHECK(*parse("1e-400")->as_double() == 0.0);
  CHECK(std::signbit(*parse("-0")->as_double()));
  CHECK(*parse(" 7 ")->as_int() == 7);
}

TEST_CASE("json: doubles print as ECMAScript does") {
  struct Row {
    double number;
    const char* text;
  };
  const Row rows[] = {{0.0, "0"},
                      {-0.0, "0"},
                      {1.0, "1"},
                      {-1.5, "-1.5"},
                      {1e21, "1e+21"},
                      {1e20, "100000000000000000000"},
                      {1e-6, "0.000001"},
                      {1e-7, "1e-7"},
                      {123456.789, "123456.789"},
                      {5e-324, "5e-324"},
                      {1.7976931348623157e308, "1.7976931348623157e+308"},
                      {333333333.33333329, "333333333.3333333"},
                      {9007199254740993.0, "9007199254740992"}};
  for (const Row& row : rows) {
    std::string out;
    append_double(out, row.number);
    CHECK(out == row.text);
  }
}

TEST_CASE("json: any double printed reads back as itself") {
  std::mt19937_64 bits(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto number = std::bit_cast<double>(bits());
    if (!std::isfinite(number)) continue;
    std::string out;
    append_double(out, number);
    CHECK(std::strtod(out.c_str(), nullptr) == number);
    CHECK(parse(out).has_value());
  }
}

TEST_CASE("json: canonical form sorts by UTF-16 and normalises numbers") {
  // U+E000 sorts after U+10000 in UTF-16, before it in UTF-8.
  const Value value = *parse("{\"\\ue000\":1,\"\\ud800\\udc00\":2,\"b\":10.0,\"a\":1E3}");
  CHECK(canonical(value) == "{\"a\":1000,\"b\":10,\"\xF0\x90\x80\x80\":2,\"\xEE\x80\x80\":1}");
  CHECK(canonical(*parse("[9007199254740993,\"\\u0001\\/\"]")) ==
        "[9007199254740992,\"\\u0001/\"]");
}

TEST_CASE("json: the writer places commas and escapes") {
  std::string out;
  Writer writer(out);
  writer.begin_object().member("a", 1).key("b").begin_array().value("x\n").value(true).null();
  writer.value(0.5).raw("{}").end_array().member("c", Value(Array{1, "y"})).end_object();
  CHECK(writer.balanced());
  CHECK(out == R"({"a":1,"b":["x\n",true,null,0.5,{}],"c":[1,"y"]})");
}

TEST_CASE("json: pretty printing is for people and reads back") {
  const Value value = *parse(R"({"a":[1,{}],"b":[]})");
  CHECK(print_pretty(value) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
  CHECK(*parse(print_pretty(value)) == value);
}

}  // namespace
}  // namespace mc::json
