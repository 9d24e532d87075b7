#include <doctest/doctest.h>

#include <limits>

#include "graphql/execute_write.h"
#include "graphql/graphql.h"

namespace {

using namespace mc;
using namespace mc::graphql;

const json::Value kObject = *json::parse("{\"a\":[1,null]}");
const json::Value kNumber = *json::parse("12");
struct Row {
  const char* field;
  Leaf leaf;
  Datum datum;
  const char* result;  // JSON, or the message
};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const Row kRows[] = {
    {"int", Leaf::integer, Datum::of_int(2147483647), "2147483647"},
    {"int", Leaf::integer, Datum::of_int(2147483648),
     "Int cannot represent non 32-bit signed integer value: 2147483648"},
    {"int", Leaf::integer, Datum::of_int(-2147483649),
     "Int cannot represent non 32-bit signed integer value: -2147483649"},
    {"int", Leaf::integer, Datum::of_real(3.0), "3"},
    {"int", Leaf::integer, Datum::of_real(3.5), "Int cannot represent non-integer value: 3.5"},
    {"int", Leaf::integer, Datum::of_real(kInfinity),
     "Int cannot represent non-integer value: Infinity"},
    {"int", Leaf::integer, Datum::of_real(std::numeric_limits<double>::quiet_NaN()),
     "Int cannot represent non-integer value: NaN"},
    {"int", Leaf::integer, Datum::of_bool(true), "1"},
    {"int", Leaf::integer, Datum::of_text("17"), "17"},
    {"int", Leaf::integer, Datum::of_text(""), "Int cannot represent non-integer value: \"\""},
    {"int", Leaf::integer, Datum::of_text("x"), "Int cannot represent non-integer value: \"x\""},
    {"int", Leaf::integer, Datum::of_json(&kNumber), "12"},
    {"float", Leaf::real, Datum::of_real(0.1), "0.1"},
    {"float", Leaf::real, Datum::of_real(1e21), "1e+21"},
    {"float", Leaf::real, Datum::of_int(4'000'000'000), "4000000000"},
    {"float", Leaf::real, Datum::of_text(" 2.5 "), "2.5"},
    {"float", Leaf::real, Datum::of_real(-kInfinity),
     "Float cannot represent non numeric value: -Infinity"},
    {"string", Leaf::text, Datum::of_text("a\"\n"), "\"a\\\"\\n\""},
    {"string", Leaf::text, Datum::of_int(5), "\"5\""},
    {"string", Leaf::text, Datum::of_bool(false), "\"false\""},
    {"string", Leaf::text, Datum::of_real(kInfinity), "String cannot represent value: Infinity"},
    {"string", Leaf::text, Datum::of_json(&kObject),
     "String cannot represent value: { a: [1, null] }"},
    {"boolean", Leaf::boolean, Datum::of_bool(true), "true"},
    {"boolean", Leaf::boolean, Datum::of_int(0), "false"},
    {"boolean", Leaf::boolean, Datum::of_text("true"),
     "Boolean cannot represent a non boolean value: \"true\""},
    {"id", Leaf::id, Datum::of_text("x"), "\"x\""},
    {"id", Leaf::id, Datum::of_int(9'000'000'000), "\"9000000000\""},
    {"id", Leaf::id, Datum::of_real(1.5), "ID cannot represent value: 1.5"},
    {"id", Leaf::id, Datum::of_bool(true), "ID cannot represent value: true"},
    {"color", Leaf::enum_, Datum::of_text("RED"), "\"RED\""},
    {"color", Leaf::enum_, Datum::of_text("PINK"),
     "Enum \"Color\" cannot represent value: \"PINK\""},
    {"color", Leaf::enum_, Datum::of_int(0), "Enum \"Color\" cannot represent value: 0"},
    {"any", Leaf::custom, Datum::of_json(&kObject), "{\"a\":[1,null]}"},
    {"any", Leaf::custom, Datum::of_text("t"), "\"t\""},
    {"any", Leaf::custom, Datum::of_int(1), "1"},
};

}  // namespace

TEST_CASE("execute: leaves are written as their type says or refused as graphql-js refuses") {
  const auto schema = Schema::build(
      {"type Query { int: Int float: Float string: String boolean: Boolean id: ID color: Color "
       "any: Any } enum Color { RED } scalar Any"});
  REQUIRE_MESSAGE(schema.has_value(), schema.error().what);
  for (const Row& row : kRows) {
    CAPTURE(row.field);
    CAPTURE(row.result);
    FieldPlan plan;
    plan.field = (*schema)->find("Query")->field(row.field);
    plan.named = &(*schema)->type(plan.field->type.named);
    plan.leaf = row.leaf;
    std::string out;
    const std::string problem = append_leaf(out, plan, row.datum);
    CHECK((problem.empty() ? out : problem) == row.result);
    if (!problem.empty()) CHECK(out.empty());
  }
}

TEST_CASE("execute: locations agree with locate() in any order of asking") {
  const std::string source = "a\nb\r\nc\rd\xC3\xA9\xF0\x9F\x98\x80 z\n\n\r";
  Locator locator(source);
  for (std::uint32_t at = 0; at < source.size(); ++at) {
    // Nothing starts inside a character or between the halves of a line end.
    if ((static_cast<unsigned char>(source[at]) & 0xC0) == 0x80) continue;
    if (at > 0 && source[at - 1] == '\r' && source[at] == '\n') continue;
    CAPTURE(at);
    CHECK(locator.find(at) == locate(source, at));
    CHECK(locator.find(0) == locate(source, 0));
    CHECK(locator.find(at) == locate(source, at));
  }
}
