#include "dataset/cursor.h"

#include <doctest/doctest.h>

#include "dataset/filter.h"

namespace mc::dataset {
namespace {

Cell integer(std::int64_t value) {
  Cell cell;
  cell.kind = Cell::Kind::integer;
  cell.integer = value;
  return cell;
}
Cell real(double value) {
  Cell cell;
  cell.kind = Cell::Kind::real;
  cell.real = value;
  return cell;
}
Cell text(std::string_view value) {
  Cell cell;
  cell.kind = Cell::Kind::text;
  cell.text = value;
  return cell;
}

TEST_CASE("hmac: the vectors of RFC 4231") {
  struct Row {
    std::string key, message;
    const char* digest;
  };
  const Row rows[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"}};
  for (const Row& row : rows) CHECK(to_hex(hmac_sha256(row.key, row.message)) == row.digest);
}

TEST_CASE("cursor: opens to the sealed values and shows nothing of them") {
  const CursorSealer sealer(Secret("0123456789abcdef"));
  const std::string context = CursorContext{"alpha", "Query.people", "age+id+", ""}.digest();
  const std::vector<Cell> values = {Cell{}, integer(-5), real(0.1), text("Zo\xC3\xAB"), text("")};
  const Result<std::string> cursor = sealer.seal(context, values);
  REQUIRE(cursor.has_value());
  graphql::Arena arena;
  const Result<std::vector<Cell>> opened = sealer.open(context, *cursor, 5, arena);
  REQUIRE(opened.has_value());
  CHECK((*opened)[0].kind == Cell::Kind::null);
  CHECK((*opened)[1].integer == -5);
  CHECK((*opened)[2].real == 0.1);
  CHECK((*opened)[3].text == "Zo\xC3\xAB");
  CHECK((*opened)[4].kind == Cell::Kind::text);
  CHECK(from_base64url(*cursor)->find("Zo") == std::string::npos);
  CHECK(*sealer.seal(context, values) == *cursor);
}

TEST_CASE("cursor: another key, context or number of values does not open it") {
  const CursorSealer sealer(Secret("0123456789abcdef"));
  const CursorContext mine{"alpha", "Query.people", "age+id+", "{}"};
  const std::vector<Cell> values = {integer(3), text("p1")};
  const std::string cursor = *sealer.seal(mine.digest(), values);
  graphql::Arena arena;
  CHECK(sealer.open(mine.digest(), cursor, 2, arena).has_value());
  const CursorContext others[] = {{"bravo", "Query.people", "age+id+", "{}"},
                                  {"alpha", "Query.orders", "age+id+", "{}"},
                                  {"alpha", "Query.people", "age-id+", "{}"},
                                  {"alpha", "Query.people", "age+id+", ""},
                                  {"alphaQ", "uery.people", "age+id+", "{}"}};
  for (const CursorContext& other : others) {
    CHECK(sealer.open(other.digest(), cursor, 2, arena).error().code == Code::invalid);
  }
  CHECK_FALSE(sealer.open(mine.digest(), cursor, 1, arena).has_value());
  CHECK_FALSE(sealer.open(mine.digest(), cursor, 3, arena).has_value());
  const CursorSealer stranger(Secret("fedcba9876543210"));
  CHECK_FALSE(stranger.open(mine.digest(), cursor, 2, arena).has_value());
  for (std::size_t length = 0; length < cursor.size(); ++length) {
    CHECK_FALSE(sealer.open(mine.digest(), cursor.substr(0, length), 2, arena).has_value());
  }
  CHECK_FALSE(sealer.open(mine.digest(), std::string(kCursorBytesMax + 1, 'A'), 2, arena));
}

TEST_CASE("cursor: refuses ordering values that are too long") {
  const CursorSealer sealer(Secret("0123456789abcdef"));
  const std::string context(32, 'x');
  const std::string fits(kCursorTextValueMax, 'a');
  const std::string longer(kCursorTextValueMax + 1, 'a');
  const std::vector<Cell> good = {text(fits)};
  const std::vector<Cell> bad = {text(longer)};
  CHECK(sealer.seal(context, good).has_value());
  CHECK(sealer.seal(context, bad).error().code == Code::invalid);
}

TEST_CASE("prefix end: bounds exactly the texts with the prefix") {
  struct Row {
    const char* prefix;
    std::string end;
  };
  const Row rows[] = {{"a", "b"},
                      {"", ""},
                      {"az", "a{"},
                      {"\x7f", "\xC2\x80"},
                      {"\xDF\xBF", "\xE0\xA0\x80"},
                      {"\xED\x9F\xBF", "\xEE\x80\x80"},
                      {"\xEF\xBF\xBF", "\xF0\x90\x80\x80"},
                      {"a\xF4\x8F\xBF\xBF", "b"},
                      {"\xF4\x8F\xBF\xBF", ""}};
  for (const Row& row : rows) {
    CHECK(prefix_end(row.prefix) == row.end);
    if (row.end.empty()) continue;
    CHECK(is_valid_utf8(row.end));
    CHECK(std::string(row.prefix) + "\xF4\x8F\xBF\xBF" < row.end);
  }
}

TEST_CASE("values: dates and moments") {
  struct Row {
    const char* text;
    bool good;
  };
  const Row rows[] = {{"2024-02-29", true},
                      {"2023-02-29", false},
                      {"1900-02-29", false},
                      {"2000-02-29", true},
                      {"2026-13-01", false},
                      {"2026-00-01", false},
                      {"2026-01-32", false},
                      {"2026-1-1", false},
                      {"0000-01-01", false},
                      {"2026-01-0x", false},
                      {"", false}};
  for (const Row& row : rows) CHECK_MESSAGE(is_date(row.text) == row.good, row.text);
  CHECK(*canonical_datetime("2026-11-22T12:51:20+01:00") == "2026-11-22T11:51:20.000Z");
  CHECK_FALSE(canonical_datetime("2026-11-22").has_value());
}

}  // namespace
}  // namespace mc::dataset
