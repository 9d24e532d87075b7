#include "mask/mask.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace mc::mask {
namespace {

const ColumnKey kKey = {{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL}};

std::string shown(const char* mask, Form form, std::string_view text, const ColumnKey& key = kKey) {
  const auto parsed = parse_mask(mask);
  REQUIRE(parsed);
  std::string out = "left over";
  const Masked masked = apply(*parsed, key, form, text, out);
  switch (masked.kind) {
    case Masked::Kind::null:
      return "null";
    case Masked::Kind::text:
      return out;
    case Masked::Kind::integer:
      return std::to_string(masked.integer);
    case Masked::Kind::real:
      return std::to_string(masked.real);
  }
  return "";
}

TEST_CASE("mask: hash is SipHash-2-4 of 128 bits") {
  // Messages 00 01 02 ..., as the reference implementation (and openssl mac SIPHASH) digests them;
  // its bytes are little-endian words, ours are printed as numbers.
  const std::pair<std::size_t, const char*> vectors[] = {
      {0, "e6a825ba047f81a3930255c71472f66d"},  {1, "44af996bd8c187da45fc229b11597634"},
      {3, "4ea967520cb6709c51ed8529b0b6335f"},  {4, "af8f9c2dc16481f87955cd7b7c6e0f7d"},
      {7, "53c1dbd8beebf1a13982f01fa64ab8c0"},  {8, "61f55862baa9623bb49714f364e2830f"},
      {12, "58f35e9066b226d625c13285f64d6382"}, {15, "11a8b03399e99354d9c3cf970fec087e"},
      {16, "bb54b067caa4e26e77052385bf1533fd"}, {23, "e0f5a9d5dd84d1c91c69bf9a9ae28ccf"}};
  for (const auto& [size, digest] : vectors) {
    CAPTURE(size);
    std::string message;
    for (std::size_t i = 0; i < size; ++i) message += static_cast<char>(i);
    CHECK(shown("hash", Form::text, message) == digest);
  }
}

TEST_CASE("mask: numbers are masked as their text is, and rounded as numbers") {
  const auto of_real = [](const char* mask, double value) {
    std::string out = "left over";
    const Masked masked = apply_real(*parse_mask(mask), kKey, value, out);
    return masked.kind == Masked::Kind::text   ? out
           : masked.kind == Masked::Kind::real ? std::to_string(masked.real)
                                               : std::string("null");
  };
  CHECK(of_real("hash", 2.5) == shown("hash", Form::real, "2.5"));
  CHECK(of_real("partial:1", 2.25) == "***5");
  CHECK(of_real("generalise", -1.5) == "-10.000000");
  CHECK(of_real("generalise:7", 1.7e308 * 10) == "null");
  CHECK(of_real("null", 2.5) == "null");
  CHECK(of_real("drop", 2.5) == "null");
  std::string out;
  CHECK(apply_integer(*parse_mask("hash"), kKey, -77, out).kind == Masked::Kind::text);
  CHECK(out == shown("hash", Form::integer, "-77"));
}

TEST_CASE("mask: what is left of values") {
  struct Row {
    const char* mask;
    Form form;
    const char* text;
    const char* result;
  };
  const Row rows[] = {
      {"keep", Form::text, "abc", "abc"},
      {"null", Form::text, "abc", "null"},
      {"drop", Form::integer, "7", "null"},
      {"partial", Form::text, "4111111111111234", "************1234"},
      {"partial:2", Form::text, "secret", "****et"},
      {"partial", Form::text, "abc", "**c"},
      {"partial", Form::text, "a", "*"},
      {"partial", Form::text, "", ""},
      {"partial:2", Form::text, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", "**\xc3\xbc\xc3\x9f"},
      {"partial", Form::json, "{\"a\":1}", "null"},
      {"generalise", Form::integer, "47", "40"},
      {"generalise", Form::integer, "-1", "-10"},
      {"generalise:5", Form::integer, "47", "45"},
      {"generalise", Form::integer, "9223372036854775807", "9223372036854775800"},
      {"generalise", Form::integer, "-9223372036854775808", "-9223372036854775800"},
      {"generalise", Form::integer, "x", "null"},
      {"generalise", Form::real, "47.5", "40.000000"},
      {"generalise", Form::real, "nan", "null"},
      {"generalise", Form::date, "2026-11-29", "2026-11-01"},
      {"generalise:12", Form::date, "2026-11-29", "2026-01-01"},
      {"generalise", Form::datetime, "2026-11-29T10:11:12.000Z", "2026-11-01T00:00:00.000Z"},
      {"generalise", Form::date, "29.11.2026", "null"},
      {"generalise", Form::text, "Zoe", "Z*"},
      {"generalise", Form::boolean, "true", "null"},
      {"generalise", Form::json, "[1]", "null"}};
  for (const Row& row : rows) {
    CAPTURE(row.mask);
    CAPTURE(row.text);
    CHECK(shown(row.mask, row.form, row.text) == row.result);
  }
}

TEST_CASE("mask: hash and tokenise are stable within a column and differ between columns") {
  const auto keys = Keys::make(Secret("an installation's secret"));
  REQUIRE(keys);
  const ColumnKey mail = keys->column("alpha", "person", "mail");
  std::set<std::string> seen;
  for (const char* const mask : {"hash", "tokenise"}) {
    CAPTURE(mask);
    CHECK(shown(mask, Form::text, "zoe@example.org", mail) ==
          shown(mask, Form::text, "zoe@example.org", keys->column("alpha", "person", "mail")));
    seen.clear();
    for (const ColumnKey& key :
         {mail, keys->column("beta", "person", "mail"), keys->column("alpha", "person", "name"),
          keys->column("alpha", "order", "mail"), keys->column("alph", "aperson", "mail")}) {
      CHECK(seen.insert(shown(mask, Form::text, "zoe@example.org", key)).second);
    }
  }
}

TEST_CASE("mask: a token has the form of the value and none of it at all in the long run") {
  const std::string token = shown("tokenise", Form::text, "DE-4711 x\xc3\xa4");
  REQUIRE(token.size() == 11 - 1);
  CHECK(token[2] == '-');
  CHECK(token[7] == ' ');
  for (const std::size_t at : {3U, 4U, 5U, 6U}) CHECK((token[at] >= '0' && token[at] <= '9'));
  for (const std::size_t at : {0U, 1U}) CHECK((token[at] >= 'A' && token[at] <= 'Z'));
  // Letters of other alphabets, long values, those that differ only at the end.
  CHECK(shown("tokenise", Form::text, "\xc3\xa4\xf0\x9f\x98\x80").size() == 2);
  const std::string longer(100, 'x');
  CHECK(shown("tokenise", Form::text, longer).size() == 100);
  CHECK(shown("tokenise", Form::text, longer).substr(0, 50) !=
        shown("tokenise", Form::text, longer).substr(50));
  CHECK(shown("tokenise", Form::text, longer + "1").substr(0, 20) !=
        shown("tokenise", Form::text, longer + "2").substr(0, 20));
  // Each digit comes about as often as the others.
  int counts[10] = {};
  for (int i = 0; i < 1'000; ++i) {
    for (const char c : shown("tokenise", Form::text, "00000000" + std::to_string(10'000 + i))) {
      ++counts[c - '0'];
    }
  }
  for (const int count : counts) {
    CHECK(count > 1'100);
    CHECK(count < 1'500);
  }
}

TEST_CASE("mask: texts of obligations, and which of two shows less") {
  for (const char* const text :
       {"keep", "hash", "null", "partial:3", "tokenise", "generalise:100", "drop"}) {
    CHECK(to_text(*parse_mask(text)) == text);
  }
  for (const char* const text : {"", "HASH", "hash:1", "partial:0", "partial:-1", "partial:x",
                                 "partial:99999999999", "reveal"}) {
    CAPTURE(text);
    CHECK(!parse_mask(text));
  }
  const char* const ordered[] = {"keep",         "partial:9",  "partial",       "partial:1",
                                 "generalise:5", "generalise", "generalise:50", "tokenise",
                                 "hash",         "null",       "drop"};
  for (std::size_t i = 0; i < std::size(ordered); ++i) {
    for (std::size_t j = 0; j < std::size(ordered); ++j) {
      const Mask a = *parse_mask(ordered[i]), b = *parse_mask(ordered[j]);
      CHECK(to_text(stricter(a, b)) == ordered[std::max(i, j)]);
    }
  }
}

TEST_CASE("mask: a short secret is refused") {
  CHECK(!Keys::make(Secret("fifteen bytes..")));
  CHECK(Keys::make(Secret("sixteen bytes...")));
}

}  // namespace
}  // namespace mc::mask
