#include "base/base.h"

#include <doctest/doctest.h>

#include <type_traits>

namespace mc {
namespace {

static_assert(!std::is_convertible_v<std::string, TenantId>);
static_assert(!std::is_copy_constructible_v<Secret>);

Result<std::int64_t> doubled(std::string_view text) {
  MC_TRY(const std::int64_t n, parse_int(text));
  return n * 2;
}

TEST_CASE("result: MC_TRY unwraps a value and returns an error upward") {
  CHECK(doubled("21") == 42);
  REQUIRE(!doubled("x").has_value());
  CHECK(doubled("x").error().code == Code::invalid);
}

TEST_CASE("time: RFC 3339 both ways, leap days and offsets") {
  struct Row {
    const char* text;
    const char* back;
  };
  const Row rows[] = {{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
                      {"2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999Z"},
                      {"2026-11-22T12:51:20.5+01:00", "2026-11-22T11:51:20.500Z"},
                      {"2261-12-31T23:59:59Z", "2261-12-31T23:59:59.000Z"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<WallTime> time = parse_rfc3339(row.text);
    REQUIRE(time.has_value());
    CHECK(format_rfc3339(*time) == row.back);
  }
  for (const char* bad :
       {"", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-01-01 00:00:00Z",
        "2023-01-01T00:00:00", "2023-01-01T00:00:00.Z", "2023-01-01T24:00:00Z",
        "2300-01-01T00:00:00Z", "2023-01-01T00:00:00Zx"}) {
    CAPTURE(bad);
    CHECK(!parse_rfc3339(bad).has_value());
  }
}

TEST_CASE("time: durations have a unit and do not overflow") {
  CHECK(parse_duration("250ms")->count == 250'000'000);
  CHECK(parse_duration("4h") == Nanos{4LL * 3600 * 1'000'000'000});
  for (const char* bad : {"", "5", "m", "-1s", "1.5s", "9999999999999h", "1 s"}) {
    CAPTURE(bad);
    CHECK(!parse_duration(bad).has_value());
  }
  for (const char* text : {"250ms", "30s", "5m", "4h", "2d", "90s"}) {
    CHECK(format_duration(*parse_duration(text)) == text);
  }
  CHECK(format_duration(Nanos{0}) == "0ms");
}

TEST_CASE("text: UTF-8 follows the table of well-formed sequences") {
  for (const char* good :
       {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD"}) {
    CHECK(is_valid_utf8(good));
  }
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF0\x9F\x98", "\xC3(", "\xFF"}) {
    CHECK(!is_valid_utf8(bad));
  }
}

TEST_CASE("text: a line for people has no control character") {
  for (const char* good :
       {"", "Ana", "Ana B", "\xC3\xA9", "\xC2\xA0", "\xD7\x90", "\xF0\x9F\x98\x80"}) {
    CAPTURE(good);
    CHECK(is_one_line(good));
  }
  for (const std::string& bad :
       {std::string("a\0b", 3), std::string("a\nb"), std::string("\x1B[1m"), std::string("\x7F"),
        std::string("\xC2\x85"), std::string("\xC2"), std::string("\xFF")}) {
    CHECK(!is_one_line(bad));
  }
}

TEST_CASE("text: what others read turns no direction") {
  for (const char* good :
       {"", "TKT-1", "\xD7\x90", "\xE2\x80\x8D", "\xE2\x80\xA6", "\xE2\x81\xAA"}) {
    CAPTURE(good);
    CHECK(is_readable_line(good));
  }
  for (const char* turn : {"\xD8\x9C", "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xAA",
                           "\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x81\xA9"}) {
    CAPTURE(turn);
    CHECK(is_one_line(turn));
    CHECK_FALSE(is_readable_line("TKT-1 " + std::string(turn) + "321"));
  }
  CHECK_FALSE(is_readable_line("a\nb"));
  CHECK_FALSE(is_readable_line("a\xE2\x80\xA8z"));
  CHECK_FALSE(is_readable_line("a\xE2\x80\xA9z"));
}

TEST_CASE("text: hexadecimal and base64url go both ways and refuse other spellings") {
  CHECK(to_hex("\x01\xAB") == "01ab");
  CHECK(*from_hex("01AB") == "\x01\xAB");
  CHECK(!from_hex("0").has_value());
  CHECK(!from_hex("0g").has_value());
  for (const char* text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    CHECK(*from_base64url(to_base64url(text)) == text);
  }
  CHECK(to_base64url("\xFB\xFF") == "-_8");
  // RFC 4648 section 10.
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
  CHECK(to_base64("\xFB\xFF") == "+/8=");
  for (const char* bad : {"A", "AB=", "A+",
                          "AB"
                          "\n",
                          "AR"})
    CHECK(!from_base64url(bad).has_value());
  for (const char* text : {"", "f", "fo", "foo", "foob", "\xFB\xFF"}) {
    CHECK(*from_base64(to_base64(text)) == text);
  }
  for (const char* bad :
       {"Zg", "Zg=", "Zg===", "Zm9v=", "====", "=Zg=", "Zh==", "-_8=", "Zm9v\n"}) {
    CHECK(!from_base64(bad).has_value());
  }
}

TEST_CASE("text: Crockford base32 sorts as the number does") {
  CHECK(to_crockford(0, 0) == std::string(26, '0'));
  CHECK(to_crockford(~0ULL, ~0ULL) == "7zzzzzzzzzzzzzzzzzzzzzzzzz");
  CHECK(to_crockford(0, 31, "id_") == "id_0000000000000000000000000z");
  CHECK(to_crockford(0, 31) < to_crockford(0, 32));
}

TEST_CASE("text: integers are read whole or not at all") {
  CHECK(parse_int("-9223372036854775808") == INT64_MIN);
  for (const char* bad : {"", "+1", " 1", "1 ", "9223372036854775808", "0x1"}) {
    CHECK(!parse_int(bad).has_value());
  }
}

TEST_CASE("text: the keyed hash depends on every byte, the length and the seed") {
  const std::string text = "query { person(id: 1) { name } }";
  const std::uint64_t whole = keyed_hash(7, text);
  CHECK(whole == keyed_hash(7, text));
  CHECK(whole != keyed_hash(8, text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(keyed_hash(7, changed) != whole);
    CHECK(keyed_hash(7, text.substr(0, i)) != whole);
  }
}

TEST_CASE("secret: a moved-from secret is empty") {
  Secret a(std::string("hunter2"));
  const Secret b(std::move(a));
  CHECK(b.reveal(RevealToken()) == "hunter2");
  CHECK(a.empty());  // NOLINT(bugprone-use-after-move): the state after a move is the contract
  CHECK(equal_constant_time("abc", "abc"));
  CHECK(!equal_constant_time("abc", "abd"));
  CHECK(!equal_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace mc
