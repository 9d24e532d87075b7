#include <doctest/doctest.h>

#include "builtin/test_calls.h"

namespace mc::builtin {
namespace {

void check(std::initializer_list<CallRow> rows) {
  Calls call;
  for (const CallRow& row : rows) {
    CAPTURE(row.function);
    CAPTURE(row.operands);
    CHECK(call(row.function, row.operands) == row.result);
  }
}

TEST_CASE("base64: both alphabets, as lax as Go's decoder") {
  check({
      {"base64.encode", R"("a?>")", R"("YT8+")"},
      {"base64.encode", R"("a")", R"("YQ==")"},
      {"base64.decode", R"("YT8+")", R"("a?>")"},
      {"base64.decode", R"("YQ==")", R"("a")"},
      {"base64.decode", R"("Y\nQ=\r=\n")", R"("a")"},
      {"base64.decode", R"("YR==")", R"("a")"},
      {"base64.decode", R"("")", R"("")"},
      {"base64.decode", R"("YQ")", "eval_builtin_error: illegal base64 data at input byte 0"},
      {"base64.decode", R"("YQ=a")", "eval_builtin_error: illegal base64 data at input byte 2"},
      {"base64.decode", R"("YQ=")", "eval_builtin_error: illegal base64 data at input byte 3"},
      {"base64.decode", R"("YQ==x")", "eval_builtin_error: illegal base64 data at input byte 4"},
      {"base64.decode", R"("Y=Q=")", "eval_builtin_error: illegal base64 data at input byte 1"},
      {"base64.decode", R"("YT8-")", "eval_builtin_error: illegal base64 data at input byte 3"},
      {"base64.is_valid", R"("YT8+")", "true"},
      {"base64.is_valid", R"("YT8-")", "false"},
      {"base64.is_valid", "1", "false"},
      {"base64url.encode", R"("a?>b")", R"("YT8-Yg==")"},
      {"base64url.encode_no_pad", R"("a?>b")", R"("YT8-Yg")"},
      {"base64url.decode", R"("YT8-Yg==")", R"("a?>b")"},
      {"base64url.decode", R"("YT8-Yg")", R"("a?>b")"},
      {"base64url.decode", R"("YT8-Y")", "eval_builtin_error: illegal base64url string: YT8-Y"},
      {"base64url.decode", R"("YT8+")", "eval_builtin_error: illegal base64 data at input byte 3"},
      {"base64.encode", "1", "eval_type_error: operand 1 must be string but got number"},
  });
}

TEST_CASE("hex: names the first byte that is no digit") {
  check({
      {"hex.encode", R"("Aé")", R"("41c3a9")"},
      {"hex.decode", R"("41C3a9")", R"("Aé")"},
      {"hex.decode", R"("4")", "eval_builtin_error: encoding/hex: odd length hex string"},
      {"hex.decode", R"("414")", "eval_builtin_error: encoding/hex: odd length hex string"},
      {"hex.decode", R"("4z")", "eval_builtin_error: encoding/hex: invalid byte: U+007A 'z'"},
      {"hex.decode", R"("41z")", "eval_builtin_error: encoding/hex: invalid byte: U+007A 'z'"},
      {"hex.decode", R"("\n0")", "eval_builtin_error: encoding/hex: invalid byte: U+000A"},
  });
}

TEST_CASE("base64 and hex: what is no UTF-8 comes back as the same bytes") {
  Calls call;
  const Builtin* const decode = find_builtin("base64.decode");
  CountingRandom random;
  const auto caches = make_caches();
  Context context(call.arena(), *caches, WallTime{}, random);
  const Value text[] = {term::string(call.arena(), "/4BBw6n/")};
  const Value bytes = decode->function(context, text);
  CHECK(bytes.text() ==
        "\xff\x80"
        "A\xc3\xa9\xff");
  CHECK(call.run("hex.encode", {bytes}) == R"("ff8041c3a9ff")");
  CHECK(call.run("base64.encode", {bytes}) == R"("/4BBw6n/")");
  // Where it is shown, each byte that is none is U+FFFD.
  CHECK(term::to_json(bytes) == "\"\ufffd\ufffdA\u00e9\ufffd\"");
  CHECK(call.run("json.marshal", {bytes}) == R"("\"\\ufffd\\ufffdAé\\ufffd\"")");
}

TEST_CASE("urlquery: escapes like a form") {
  check({
      {"urlquery.encode", R"("a b&c/d~e")", R"("a+b%26c%2Fd~e")"},
      {"urlquery.decode", R"("a+b%26c%2fd")", R"("a b&c/d")"},
      {"urlquery.decode", R"("%4")", R"(eval_builtin_error: invalid URL escape "%4")"},
      {"urlquery.decode", R"("a%zzb")", R"(eval_builtin_error: invalid URL escape "%zz")"},
      {"urlquery.encode_object", R"({"b": "1 2", "a": ["x", "y"], "c": {"z"}})",
       R"("a=x&a=y&b=1+2&c=z")"},
      {"urlquery.encode_object", R"({"a": []})", R"("")"},
      {"urlquery.encode_object", R"({1: "x"})", R"("1=x")"},
      {"urlquery.encode_object", R"({"a": 1})",
       "eval_type_error: operand 1 values must be string, array[string], or set[string]"},
      {"urlquery.encode_object", R"({"a": [1]})",
       "eval_type_error: operand 1 values must be string, array[string], or set[string]"},
      {"urlquery.encode_object", R"("a")",
       "eval_type_error: operand 1 must be object but got string"},
      {"urlquery.decode_object", R"("a=1&b=x%20y&a=2&c&&=d")",
       R"({"": ["d"], "a": ["1", "2"], "b": ["x y"], "c": [""]})"},
      {"urlquery.decode_object", R"("a=1;b=2")",
       "eval_builtin_error: invalid semicolon separator in query"},
      {"urlquery.decode_object", R"("a=%x&b;c")", R"(eval_builtin_error: invalid URL escape "%x")"},
  });
}

TEST_CASE("uuid.parse: the forms of google/uuid, and the fields of version 1 and 2") {
  check({
      {"uuid.parse", R"("f47ac10b-58cc-4372-a567-0e02b2c3d479")",
       R"({"variant": "RFC4122", "version": 4})"},
      {"uuid.parse", R"("URN:UUID:f47ac10b-58cc-0372-0567-0e02b2c3d479")",
       R"({"variant": "Reserved", "version": 0})"},
      {"uuid.parse", R"("{f47ac10b-58cc-5372-c567-0e02b2c3d479}")",
       R"({"variant": "Microsoft", "version": 5})"},
      {"uuid.parse", R"("f47ac10b58cc7372e5670e02b2c3d479")",
       R"({"variant": "Future", "version": 7})"},
      {"uuid.parse", R"("b9be4b5c-5b0e-11ee-8c99-0242ac120002")",
       R"({"clocksequence": 3225, "macvariables": "local:unicast", )"
       R"("nodeid": "02-42-ac-12-00-02", "time": 1695582929898991600, "variant": "RFC4122", )"
       R"("version": 1})"},
      {"uuid.parse", R"("000003e8-5b0e-21ee-8c01-0342ac120002")",
       R"({"clocksequence": 3073, "domain": "Group", "id": 1000, )"
       R"("macvariables": "local:multicast", "nodeid": "03-42-ac-12-00-02", )"
       R"("time": 1695582618273482400, "variant": "RFC4122", "version": 2})"},
      {"uuid.parse", R"("f47ac10b-58cc-4372-a567-0e02b2c3d47")", "undefined"},
      {"uuid.parse", R"("f47ac10b-58cc-4372-a567_0e02b2c3d479")", "undefined"},
      {"uuid.parse", R"("g47ac10b-58cc-4372-a567-0e02b2c3d479")", "undefined"},
      {"uuid.parse", "1", "eval_type_error: operand 1 must be string but got number"},
  });
}

TEST_CASE("uuid.rfc4122: one value a query for one operand, and another for another") {
  term::Arena arena;
  CountingRandom random;
  const auto caches = make_caches();
  Context context(arena, *caches, WallTime{}, random);
  const Builtin* const builtin = find_builtin("uuid.rfc4122");
  REQUIRE(builtin != nullptr);
  CHECK_FALSE(builtin->deterministic);
  const auto call = [&](std::string_view key) {
    const Value operands[] = {term::string(arena, key)};
    return std::string(builtin->function(context, operands).text());
  };
  const std::string first = call("a");
  CHECK(first == "00010203-0405-4607-8809-0a0b0c0d0e0f");
  CHECK(call("b") != first);
  CHECK(call("a") == first);
}

TEST_CASE("semver: is ordered as semver.org says") {
  const char* const versions[] = {"1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
                                  "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",       "1.0.0",
                                  "v1.0.1",       "1.1.0+build",   "1.10.0",           "2.0.0"};
  Calls call;
  for (std::size_t i = 0; i < std::size(versions); ++i) {
    for (std::size_t k = 0; k < std::size(versions); ++k) {
      CAPTURE(versions[i]);
      CAPTURE(versions[k]);
      const std::string operands = '"' + std::string(versions[i]) + R"(", ")" + versions[k] + '"';
      CHECK(call("semver.compare", operands) == (i < k ? "-1" : i == k ? "0" : "1"));
    }
  }
  check({
      {"semver.compare", R"("1.0.0+a", "1.0.0+b")", "0"},
      {"semver.compare", R"("1.0.0-1", "1.0.0-01")", "0"},
      {"semver.compare", R"("1.0", "1.0.0")",
       R"(eval_builtin_error: operand 1: string "1.0" is not a valid SemVer)"},
      {"semver.compare", R"("1.0.0", "x")",
       R"(eval_builtin_error: operand 2: string "x" is not a valid SemVer)"},
  });
}

TEST_CASE("semver.is_valid: three numbers, and identifiers without empty parts") {
  check({
      {"semver.is_valid", R"("1.2.3-a.b-c+5.x")", "true"},
      {"semver.is_valid", R"("v1.2.3")", "true"},
      {"semver.is_valid", R"("01.2.3")", "true"},
      {"semver.is_valid", R"("1.2")", "false"},
      {"semver.is_valid", R"("1.2.3.4")", "false"},
      {"semver.is_valid", R"("1.2.x")", "false"},
      {"semver.is_valid", R"("1..3")", "false"},
      {"semver.is_valid", R"("1.2.3-a..b")", "false"},
      {"semver.is_valid", R"("1.2.3-a_b")", "false"},
      {"semver.is_valid", R"("1.2.3+a.")", "false"},
      {"semver.is_valid", R"("1.2.9223372036854775808")", "false"},
      {"semver.is_valid", "1", "false"},
  });
}

TEST_CASE("units.parse: decimal and binary units, exactly") {
  check({
      {"units.parse", R"("10")", "10"},
      {"units.parse", R"("10K")", "10000"},
      {"units.parse", R"("1.5Ki")", "1536"},
      {"units.parse", R"("2kI")", "2048"},
      {"units.parse", R"("5M")", "5000000"},
      {"units.parse", R"("5m")", "0.0050000000"},
      {"units.parse", R"("1E")", "1000000000000000000"},
      {"units.parse", R"("1E2")", "100"},
      {"units.parse", R"("1e-3")", "0.0010000000"},
      {"units.parse", R"("-0.1K")", "-100"},
      {"units.parse", R"("0.1234567890123")", "0.1234567890"},
      {"units.parse", R"("0.00000000005")", "0.0000000001"},
      {"units.parse", R"("99999999999999999999P")", "99999999999999999999000000000000000"},
      {"units.parse", R"("1 K")",
       "eval_builtin_error: units.parse: spaces not allowed in resource strings"},
      {"units.parse", R"("K")", "eval_builtin_error: units.parse: no amount provided"},
      {"units.parse", R"("1Zz")", "eval_builtin_error: units.parse: unit Zz not recognized"},
      {"units.parse", R"("1.2.3K")",
       "eval_builtin_error: units.parse: could not parse amount to a number"},
      {"units.parse", R"("1e1234567")", "eval_builtin_error: units.parse: exponent too large"},
      {"units.parse", R"("1e999999")", "eval_builtin_error: units.parse: exponent too large"},
      {"units.parse", "1", "eval_type_error: operand 1 must be string but got number"},
  });
}

TEST_CASE("units.parse_bytes: whole bytes, whatever the case") {
  check({
      {"units.parse_bytes", R"("1.5KiB")", "1536"},
      {"units.parse_bytes", R"("1.0001kb")", "1000"},
      {"units.parse_bytes", R"("3m")", "3000000"},
      {"units.parse_bytes", R"("2EiB")", "2305843009213693952"},
      {"units.parse_bytes", R"("16EiB")", "18446744073709551616"},
      {"units.parse_bytes", R"("1e30")", "1000000000000000000024696061952"},
      {"units.parse_bytes", R"("")",
       "eval_builtin_error: units.parse_bytes: no byte amount provided"},
      {"units.parse_bytes", R"("1B")",
       "eval_builtin_error: units.parse_bytes: byte unit b not recognized"},
      {"units.parse_bytes", R"("1.2.3K")",
       "eval_builtin_error: units.parse_bytes: could not parse byte amount to a number"},
      {"units.parse_bytes", R"("1 K")",
       "eval_builtin_error: units.parse_bytes: spaces not allowed in resource strings"},
  });
}

}  // namespace
}  // namespace mc::builtin
