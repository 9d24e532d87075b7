#include "mask/mask.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "crypto/cmac.h"

namespace mc::mask {
namespace {

using crypto::Block;
using crypto::CmacKey;

ColumnKey key_of(const Block& bytes, CmacKey::Way way = CmacKey::Way::fastest) {
  return {std::make_shared<const CmacKey>(bytes, way)};
}

// The key of RFC 4493.
const ColumnKey kKey = key_of({0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15,
                               0x88, 0x09, 0xcf, 0x4f, 0x3c});

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

TEST_CASE("mask: hash is AES-128-CMAC") {
  const std::string message = *from_hex(
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
      "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  // RFC 4493 section 4.
  const std::pair<std::size_t, const char*> vectors[] = {{0, "bb1d6929e95937287fa37d129b756746"},
                                                         {16, "070a16b46b4d4144f79bdd9dd04a287c"},
                                                         {40, "dfa66747de9ae63030ca32611497c827"},
                                                         {64, "51f0bebf7e3b9d92fc49741779363cfe"}};
  for (const auto& [size, digest] : vectors) {
    CAPTURE(size);
    CHECK(shown("hash", Form::text, message.substr(0, size)) == digest);
  }
}

// What a token is, byte by byte, from the digest that `hash` shows.
std::string slow_token(const ColumnKey& key, std::string_view text) {
  const Block digest = key.cmac->digest(text);
  auto [state, other] = std::bit_cast<std::array<std::uint64_t, 2>>(digest);
  std::array<std::uint64_t, 2> words{state, other};
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i >= 8 && i % 4 == 0) {
      state += 0xa0761d6478bd642fULL;
      __extension__ using Wide = unsigned __int128;
      const Wide product = Wide{state} * (state ^ 0xe7037ed1a0b428dbULL);
      words[i / 4 % 2] =
          static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product) ^ other;
    }
    const std::uint64_t number = words[i / 4 % 2] >> 16 * (i % 4) & 0xffff;
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      out += static_cast<char>('0' + (number * 10 >> 16));
    } else if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>('A' + (number * 26 >> 16));
    } else if ((c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) >= 0xc0)) {
      out += static_cast<char>('a' + (number * 26 >> 16));
    } else if (static_cast<unsigned char>(c) < 0x80) {
      out += c;
    }
  }
  return out;
}

// Bytes of any kind, or ASCII alone, or mostly ASCII.
std::string random_text(std::mt19937_64& random, std::size_t size_max) {
  std::string text(random() % (size_max + 1), '\0');
  const std::uint64_t kind = random() % 3;
  for (char& c : text) {
    const bool ascii = kind == 0 || (kind == 1 && random() % 20 != 0);
    c = static_cast<char>(random() & (ascii ? 0x7f : 0xff));
  }
  return text;
}

TEST_CASE("mask: tokens are the same byte by byte, and whichever way the digest is made") {
  std::mt19937_64 random(20);
  for (int i = 0; i < 6'000; ++i) {
    const Block bytes = std::bit_cast<Block>(std::array{random(), random()});
    const ColumnKey key = key_of(bytes), library = key_of(bytes, CmacKey::Way::library);
    const std::string text = random_text(random, i % 2 == 0 ? 24 : 200);
    CAPTURE(to_hex(text));
    const std::string token = shown("tokenise", Form::text, text, key);
    REQUIRE(token == slow_token(key, text));
    REQUIRE(token == shown("tokenise", Form::text, text, library));
    REQUIRE(shown("hash", Form::text, text, key) == shown("hash", Form::text, text, library));
  }
}

TEST_CASE("mask: integers of any length are masked as their text is") {
  std::mt19937_64 random(8);
  std::set<std::int64_t> numbers = {0, std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max()};
  for (std::int64_t power = 1;; power *= 10) {
    for (const std::int64_t near : {power - 1, power, power + 1}) numbers.insert({near, -near});
    if (power == 1'000'000'000'000'000'000) break;
  }
  for (int i = 0; i < 4'000; ++i) {
    numbers.insert(static_cast<std::int64_t>(random()) >> random() % 64);
  }
  for (const char* const mask : {"keep", "hash", "partial", "partial:2", "tokenise"}) {
    CAPTURE(mask);
    for (const std::int64_t number : numbers) {
      std::string out = "left over";
      REQUIRE(apply_integer(*parse_mask(mask), kKey, number, out).kind == Masked::Kind::text);
      const std::string text = std::to_string(number);
      REQUIRE(out == shown(mask, Form::integer, text));
    }
  }
}

TEST_CASE("mask: without a key nothing is shown that needs one") {
  std::string out;
  for (const char* const name : {"hash", "tokenise"}) {
    const Mask mask = *parse_mask(name);
    CHECK(shown(name, Form::text, "Zoe", ColumnKey{}) == "null");
    for (const std::int64_t number : {7LL, 7'000'000'000LL, 7'000'000'000'000'000'000LL}) {
      CHECK(apply_integer(mask, ColumnKey{}, number, out).kind == Masked::Kind::null);
    }
    CHECK(apply_real(mask, ColumnKey{}, 2.5, out).kind == Masked::Kind::null);
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
      {"partial", Form::text, "4111-1111-1111-1111-1234", "********************1234"},
      {"partial", Form::text, "4111-1111-1111-1111-123\xc3\xa4", "********************123\xc3\xa4"},
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
