#include "builtin/armor.h"

#include <doctest/doctest.h>

#include "builtin/der.h"
#include "builtin/go_url.h"

namespace mc::builtin {

using namespace std::string_view_literals;

TEST_CASE("armor: base64 as Go reads it, and where it stops") {
  struct Row {
    const char* text;
    const char* bytes;
    const char* message;
  };
  const Row rows[] = {
      {"", "", ""},
      {"YQ==", "a", ""},
      {"YWI=", "ab", ""},
      {"YWJj", "abc", ""},
      {"Y\nW\r\nJj\n", "abc", ""},
      {"YQ=\n=\n", "a", ""},
      {"YR==", "a", ""},  // bits that say nothing
      {"YQ", "", "illegal base64 data at input byte 0"},
      {"YWJjYQ", "", "illegal base64 data at input byte 4"},
      {"YQ=", "", "illegal base64 data at input byte 3"},
      {"YQ=x", "", "illegal base64 data at input byte 2"},
      {"Y===", "", "illegal base64 data at input byte 1"},
      {"YQ==x", "", "illegal base64 data at input byte 4"},
      {"YW-j", "", "illegal base64 data at input byte 2"},
      {"YWI=YWI=", "", "illegal base64 data at input byte 4"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<std::string> bytes = decode_base64(row.text);
    CHECK(bytes.value_or("") == row.bytes);
    CHECK((bytes ? "" : bytes.error().what) == row.message);
  }
  CHECK(*decode_base64url("_-8") == "\xff\xef");
  CHECK(*decode_base64url("_-8=") == "\xff\xef");
  CHECK(decode_base64url("AAAAA").error().what == "illegal base64url string: AAAAA");
  CHECK(decode_base64url("+/8=").error().what == "illegal base64 data at input byte 0");
}

TEST_CASE("armor: blocks among other text") {
  const std::string text =
      "noise\n-----BEGIN A-----\r\nYQ==\r\n-----END A-----\r\nbetween\n"
      "-----BEGIN B-----\nx: y\n\nYg==\n-----END B-----\n"
      "-----BEGIN C-----\n-----END C-----\n"
      "-----BEGIN D-----\nYQ==\n-----END E-----\n"
      "-----BEGIN F-----\nY!==\n-----END F-----\n"
      "-----BEGIN G-----\nZw==\n-----END G-----";
  std::string_view rest = text;
  std::string seen;
  while (const auto block = next_pem_block(rest)) seen += block->type + "=" + block->bytes + ";";
  CHECK(seen == "A=a;B=b;C=;G=g;");
  CHECK(rest.empty());
  rest = "-----BEGIN A-----\nYQ==\n-----END A----- x";
  CHECK_FALSE(next_pem_block(rest).has_value());
  CHECK(rest.starts_with("-----BEGIN A"));
}

TEST_CASE("armor: beginnings without an end are given up") {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "-----BEGIN A-----\n";
  text += "-----BEGIN A-----\nYQ==\n-----END A-----\n";
  std::string_view rest = text;
  CHECK_FALSE(next_pem_block(rest).has_value());
}

TEST_CASE("der: elements are read whole or not at all") {
  const auto reads = [](std::string_view bytes) {
    Der der(bytes);
    Der::Element element;
    const bool good = der.read(element);
    CHECK(der.rest() == (good ? bytes.substr(element.whole.size()) : bytes));
    return good;
  };
  CHECK(reads("\x30\x01z!"sv));
  CHECK(reads("\x04\x81\x80"sv.substr(0, 3)) == false);
  CHECK(reads(std::string("\x04\x81\x80") + std::string(128, 'x')));
  for (const std::string_view bad :
       {""sv, "\x30"sv, "\x30\x02z"sv, "\x30\x80"sv, "\x30\x81\x01z"sv, "\x30\x82\x00\x01z"sv,
        "\x30\x85\x01\x01\x01\x01\x01"sv, "\x1f\x01z"sv, "\x30\x84\xff\xff\xff\xffz"sv}) {
    CAPTURE(to_hex(bad));
    CHECK_FALSE(reads(bad));
  }
}

TEST_CASE("der: integers, flags, bits and identifiers") {
  std::int64_t number = 0;
  CHECK(Der("\x02\x02\xff\x7f"sv).read_integer(number));
  CHECK(number == -129);
  CHECK_FALSE(Der("\x02\x02\x00\x7f"sv).read_integer(number));
  CHECK_FALSE(Der("\x02\x02\xff\xff"sv).read_integer(number));
  CHECK_FALSE(Der("\x02\x00"sv).read_integer(number));
  CHECK_FALSE(Der("\x02\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01"sv).read_integer(number));
  bool flag = false;
  CHECK(Der("\x01\x01\xff"sv).read_boolean(flag));
  CHECK(flag);
  CHECK_FALSE(Der("\x01\x01\x01"sv).read_boolean(flag));
  std::string bits;
  CHECK(Der("\x03\x03\x04\xab\xc0"sv).read_bit_string(bits));
  CHECK(bits == "\x0a\xbc");
  CHECK_FALSE(Der("\x03\x03\x04\xab\xc1"sv).read_bit_string(bits));
  CHECK_FALSE(Der("\x03\x02\x08\xab"sv).read_bit_string(bits));
  CHECK_FALSE(Der("\x03\x01\x01"sv).read_bit_string(bits));
  std::vector<std::uint64_t> numbers;
  CHECK(Der::oid_numbers("\x2a\x86\x48\x86\xf7\x0d"sv, numbers));
  CHECK(numbers == std::vector<std::uint64_t>{1, 2, 840, 113549});
  CHECK(Der::oid_numbers("\x88\x37"sv, numbers));
  CHECK(numbers == std::vector<std::uint64_t>{2, 999});
  for (const std::string_view bad :
       {""sv, "\x80\x01"sv, "\x2a\x86"sv, "\x2a\xff\xff\xff\xff\x7f"sv}) {
    CHECK_FALSE(Der::oid_numbers(bad, numbers));
  }
}

TEST_CASE("urls: are split as Go splits them") {
  struct Row {
    const char* text;
    const char* parts;  // scheme|opaque|host|path|escaped path|query|fragment, or the message
  };
  const Row rows[] = {
      {"https://example.com/a/b?x=1&y=2#f", "https||example.com|/a/b|/a/b|x=1&y=2|f"},
      {"HTTP://example.com:80", "http||example.com:80||||"},
      {"http://u:p@[::1]:8080/", "http||[::1]:8080|/|/||"},
      {"https://x/a%2fb c", "https||x|/a/b c|/a/b%20c||"},
      {"https://x/a%2Fb", "https||x|/a/b|/a%2Fb||"},
      {"mailto:a@b.c", "mailto|a@b.c|||||"},
      {"/only/path", "|||/only/path|/only/path||"},
      {"*", "|||*|*||"},
      {"spiffe://d/w?", "spiffe||d|/w|/w||"},
      {"http://[::1", "parse \"http://[::1\": missing ']' in host"},
      {"http://x:y", "parse \"http://x:y\": invalid port \":y\" after host"},
      {"http://x/%zz", "parse \"http://x/%zz\": invalid URL escape \"%zz\""},
      {"http://x/%4", "parse \"http://x/%4\": invalid URL escape \"%4\""},
      {"http://a b/", "parse \"http://a b/\": invalid character \" \" in host name"},
      {":x", "parse \":x\": missing protocol scheme"},
      {"1a:b", "parse \"1a:b\": first path segment in URL cannot contain colon"},
      {"a\nb", "parse \"a\nb\": net/url: invalid control character in URL"},
      {"http://a@b c@x/", "parse \"http://a@b c@x/\": net/url: invalid userinfo"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<GoUrl> url = parse_go_url(row.text);
    const std::string said = url ? url->scheme + "|" + url->opaque + "|" + url->host + "|" +
                                       url->path + "|" + url->escaped_path() + "|" + url->query +
                                       "|" + url->fragment
                                 : url.error().what;
    CHECK(said == row.parts);
  }
}

}  // namespace mc::builtin
