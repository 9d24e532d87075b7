#include "kanon/hierarchy.h"

#include <doctest/doctest.h>

#include "kanon/decimal.h"

namespace mc::kanon {
namespace {

std::string refused(const std::string& text, const HierarchyOptions& options = {}) {
  const Result<Hierarchy> hierarchy = Hierarchy::read("age.csv", text, options);
  return hierarchy ? "" : hierarchy.error().what;
}

TEST_CASE("hierarchy: values, parents and leaves under them") {
  const Result<Hierarchy> age = Hierarchy::read("age", "30;30-39;*\n39;30-39;*\n40;40-49;*\n");
  REQUIRE(age);
  CHECK(age->levels() == 3);
  CHECK(age->leaves() == 3);
  CHECK(age->values(1) == 2);
  CHECK(age->label(1, age->value_of(1, *age->find_leaf("39"))) == "30-39");
  CHECK(age->leaves_under(0, 0) == 1);
  CHECK(age->leaves_under(1, 0) == 2);
  CHECK(age->leaves_under(2, 0) == 3);
  CHECK(age->parent(0, 2) == 1);
  CHECK(age->parent(1, 1) == 0);
  CHECK_FALSE(age->find_leaf("30-39"));
  CHECK_FALSE(age->find_leaf(""));
}

TEST_CASE("hierarchy: its digest is that of the file, as sha256sum has it") {
  const std::string text = "a;*\n";
  const Result<Hierarchy> hierarchy = Hierarchy::read("x", text);
  REQUIRE(hierarchy);
  CHECK(hierarchy->digest() == crypto::Sha256().add(text).finish());
  CHECK(hierarchy->digest() != Hierarchy::read("x", "a;*\r\n")->digest());
}

TEST_CASE("hierarchy: CRLF, quoted delimiters and empty texts are read as they are meant") {
  const Result<Hierarchy> one =
      Hierarchy::read("x", "\"a;b\";\"say \"\"x\"\"\";*\r\n\"\";none;*\r\nc;none;*\r\n");
  REQUIRE(one);
  CHECK(one->levels() == 3);
  CHECK(one->find_leaf("a;b") == 0);
  CHECK(one->find_leaf("") == 1);
  CHECK(one->label(1, 0) == "say \"x\"");
  CHECK(one->label(2, 0) == "*");
  const Result<Hierarchy> two = Hierarchy::read("x", "a,b;c\n", {.delimiter = ','});
  REQUIRE(two);
  CHECK(two->label(1, 0) == "b;c");
  CHECK(Hierarchy::read("x", "a")->levels() == 1);
}

TEST_CASE("hierarchy: what is wrong is refused by name and line") {
  struct Row {
    const char* name;
    const char* text;
    const char* why;
  };
  const Row rows[] = {
      {"nothing", "", "hierarchy 'age.csv' is empty"},
      {"a missing value", "a;x;*\nb;;*\n",
       "hierarchy 'age.csv', line 2: the value at level 1 is missing; the empty text is written "
       "\"\""},
      {"a missing leaf", "a;*\n;*\n",
       "hierarchy 'age.csv', line 2: the value at level 0 is missing; the empty text is written "
       "\"\""},
      {"a leaf twice", "a;x\nb;x\na;x\n",
       "hierarchy 'age.csv', line 3: the leaf 'a' is on line 1 already"},
      {"a short line", "a;x;*\nb;x\n",
       "hierarchy 'age.csv', line 2: 2 values where the first line has 3"},
      {"a long line", "a;*\nb;x;*\n",
       "hierarchy 'age.csv', line 2: 3 values where the first line has 2"},
      {"parted again", "a;x;1\nb;x;2\n",
       "hierarchy 'age.csv', line 2: level 2 parts what level 1 joins: 'x' is under '1' on line 1"},
      {"a blank line", "a;*\n\nb;*\n", "hierarchy 'age.csv', line 2: a blank line"},
      {"a stray quote", "a\"b;*\n",
       "hierarchy 'age.csv', line 1: a quote inside an unquoted field"},
      {"a byte order mark",
       "\xef\xbb\xbf"
       "a;*\n",
       "hierarchy 'age.csv', line 1: begins with a byte order mark; it must be UTF-8 without one"},
      {"not UTF-8", "a;\xc3\n", "hierarchy 'age.csv', line 1: the value at level 1 is not UTF-8"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(refused(row.text) == row.why);
  }
  CHECK(refused("a;*\nb;*\n", {.leaves_max = 1}) ==
        "hierarchy 'age.csv', line 2: more leaves than 1");
  CHECK(refused("a;b;*\n", {.levels_max = 2}) == "hierarchy 'age.csv', line 1: more levels than 2");
  CHECK(refused("a;*\n", {.bytes_max = 3}) == "hierarchy 'age.csv' has more bytes than 3");
  CHECK(refused("abcd;*\n", {.cell_bytes_max = 3}) ==
        "hierarchy 'age.csv', line 1: the value at level 0 has more bytes than 3");
}

TEST_CASE("hierarchy: one of a million leaves is read") {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) {
    text += std::to_string(i) + ";" + std::to_string(i / 1000) + ";*\n";
  }
  const Result<Hierarchy> hierarchy = Hierarchy::read("id", text);
  REQUIRE(hierarchy);
  CHECK(hierarchy->leaves() == 1'000'000);
  CHECK(hierarchy->values(1) == 1'000);
  CHECK(hierarchy->leaves_under(2, 0) == 1'000'000);
}

TEST_CASE("decimal: exact, and nothing else") {
  CHECK(parse_decimal("0.02")->nano == 20'000'000);
  CHECK(parse_decimal("3")->nano == 3 * kNano);
  CHECK(parse_decimal("0.000000001")->nano == 1);
  CHECK(parse_decimal("999999999.999999999")->nano == 999'999'999'999'999'999);
  CHECK(to_text(*parse_decimal("0.20")) == "0.2");
  CHECK(to_text(*parse_decimal("10")) == "10");
  CHECK(pico_text(342'336'703'617) == "0.342336703617");
  CHECK(pico_text(kPico) == "1");
  for (const char* text : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "NaN", "inf",
                           "0.0000000001", "1000000000", "1.2.3"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text));
  }
}

}  // namespace
}  // namespace mc::kanon
