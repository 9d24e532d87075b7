#include "kanon/table.h"

#include <doctest/doctest.h>

namespace mc::kanon {
namespace {

std::string refused(const std::string& text, const TableOptions& options = {}) {
  const Result<Table> table = read_table(text, options);
  return table ? "" : table.error().what;
}

TEST_CASE("table: codes are places in the sorted values, whatever the order of rows") {
  const Result<Table> one = read_table("a,b\nx,2\ny,10\nx,2\n");
  const Result<Table> two = read_table("a,b\r\ny,10\r\nx,2\r\nx,2");
  REQUIRE(one);
  REQUIRE(two);
  CHECK(one->rows == 3);
  CHECK(one->columns[1].values == std::vector<std::string>{"10", "2"});
  CHECK(one->columns[0].codes == std::vector<std::uint32_t>{0, 1, 0});
  CHECK(two->columns[0].codes == std::vector<std::uint32_t>{1, 0, 0});
  CHECK(two->columns[1].values == one->columns[1].values);
  CHECK(one->columns[1].text(1) == "10");
  CHECK(one->columns[0].code_of("y") == 1);
  CHECK_FALSE(one->columns[0].code_of("z"));
  CHECK(one->find("b") == 1);
  CHECK_FALSE(one->find("c"));
}

TEST_CASE("table: empty texts, quotes and delimiters inside them are values") {
  const Result<Table> table =
      read_table("a;b\n;\"\"\n\"x;y\";\"two\nlines\"\n", {.delimiter = ';'});
  REQUIRE(table);
  CHECK(table->columns[0].values == std::vector<std::string>{"", "x;y"});
  CHECK(table->columns[1].values == std::vector<std::string>{"", "two\nlines"});
}

TEST_CASE("table: what is wrong is refused with its line") {
  struct Row {
    const char* name;
    const char* text;
    const char* why;
  };
  const Row rows[] = {
      {"nothing", "", "the table has no header"},
      {"a short row", "a,b\n1,2\n3\n", "line 3: 1 cells where the header has 2"},
      {"a long row", "a,b\n1,2,3\n", "line 2: 3 cells where the header has 2"},
      {"no name", "a,\n1,2\n", "line 1: a column without a name"},
      {"a name twice", "a,a\n1,2\n", "line 1: two columns are named 'a'"},
      {"a byte order mark",
       "\xef\xbb\xbf"
       "a,b\n",
       "line 1: begins with a byte order mark; it must be UTF-8 without one"},
      {"a blank line", "a,b\n1,2\n\n3,4\n", "line 3: a blank line"},
      {"a stray quote", "a,b\n1\"2,3\n", "line 2: a quote inside an unquoted field"},
      {"an open quote", "a,b\n1,\"2\n", "line 2: the quoted field does not end"},
      {"not UTF-8", "a,b\n1,\xff\n", "line 2: column 'b' has a cell that is not UTF-8"},
      {"after many lines", "a,b\n\"x\ny\",2\n3\n", "line 4: 1 cells where the header has 2"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(refused(row.text) == row.why);
    // As it comes byte by byte.
    TableReader reader({});
    std::string why;
    for (const char* c = row.text; *c != '\0' && why.empty(); ++c) {
      const Status added = reader.add(std::string_view(c, 1));
      if (!added) why = added.error().what;
    }
    if (why.empty()) why = reader.finish().error().what;
    CHECK(why == row.why);
  }
}

TEST_CASE("table: limits are named when they are reached") {
  const TableLimits all;
  const auto with = [&](auto set) {
    TableOptions options{.limits = all};
    set(options.limits);
    return options;
  };
  const std::string text = "a,b\n1,1\n2,1\n3,1\n";
  CHECK(refused(text, with([](TableLimits& l) { l.rows_max = 3; })).empty());
  CHECK(refused(text, with([](TableLimits& l) { l.rows_max = 2; })) == "line 4: more rows than 2");
  CHECK(refused(text, with([](TableLimits& l) { l.columns_max = 1; })) ==
        "line 1: more columns than 1");
  CHECK(refused(text, with([](TableLimits& l) { l.distinct_max = 3; })).empty());
  CHECK(refused(text, with([](TableLimits& l) { l.distinct_max = 2; })) ==
        "line 4: column 'a' has more different values than 2");
  CHECK(refused(text, with([](TableLimits& l) { l.bytes_max = 15; })) ==
        "the table has more bytes than 15");
  CHECK(refused("a\n1234\n", with([](TableLimits& l) { l.cell_bytes_max = 3; })) ==
        "line 2: column 'a' has a cell of more bytes than 3");
  CHECK(refused("a\n123456\n", with([](TableLimits& l) { l.row_bytes_max = 5; })) ==
        "line 2: the row is longer than the limit");
}

TEST_CASE("table: columns that are read past leave nothing, and must be there") {
  const Result<Table> table = read_table("a,b\n1,secret\n", {.skip = {"b"}});
  REQUIRE(table);
  CHECK(table->columns[1].skipped);
  CHECK(table->columns[1].values.empty());
  CHECK(table->columns[1].codes.empty());
  CHECK(refused("a,b\n1,2\n", {.skip = {"c"}}) == "line 1: there is no column 'c'");
}

TEST_CASE("table: a column of a million values is read, or refused at a limit") {
  std::string text = "id\n";
  for (int i = 0; i < 1'000'000; ++i) text += std::to_string(i * 7) + "\n";
  const Result<Table> table = read_table(text);
  REQUIRE(table);
  CHECK(table->columns[0].values.size() == 1'000'000);
  CHECK(refused(text, {.limits = {.distinct_max = 999'999}}) ==
        "line 1000001: column 'id' has more different values than 999999");
}

}  // namespace
}  // namespace mc::kanon
