#include "csv/csv.h"

#include <doctest/doctest.h>

namespace mc::csv {
namespace {

// Rows as "a|b", quoted fields in <>, bad rows as "!error@field".
std::vector<std::string> rows_of(std::string_view input, char delimiter = ',',
                                 std::size_t row_max = 1000, std::size_t chunk = SIZE_MAX) {
  Parser parser(delimiter, row_max);
  std::vector<std::string> out;
  std::string buffer;
  std::size_t given = 0;
  for (;;) {
    const Parser::Step step = parser.next(buffer, given == input.size());
    if (step == Parser::Step::end) return out;
    if (step == Parser::Step::more) {
      const std::string_view part = input.substr(given, chunk);
      buffer.erase(0, parser.consumed());
      buffer += part;
      given += part.size();
      continue;
    }
    std::string row;
    for (const Field& field : parser.fields()) {
      if (&field != parser.fields().data()) row += '|';
      row += field.quoted ? "<" + std::string(field.text) + ">" : std::string(field.text);
    }
    if (step == Parser::Step::bad) {
      row = "!" + std::string(parser.error()) + "@" + std::to_string(parser.bad_field());
    }
    out.push_back(row);
    buffer.erase(0, parser.consumed());
  }
}

using List = std::vector<std::string>;

TEST_CASE("csv: rows as RFC 4180 writes them, however the bytes arrive") {
  struct Row {
    const char* name;
    const char* input;
    List rows;
  };
  const Row rows[] = {
      {"plain", "a,b\nc,d\n", {"a|b", "c|d"}},
      {"no last line end", "a,b\nc,d", {"a|b", "c|d"}},
      {"crlf", "a,b\r\nc,d\r\n", {"a|b", "c|d"}},
      {"blank lines", "\n\r\na,b\n\n\nc,d\n\n", {"a|b", "c|d"}},
      {"empty fields", ",\n,,\n", {"|", "||"}},
      {"quoted", "\"a\",\"b c\"\n", {"<a>|<b c>"}},
      {"quoted and empty", "\"\",x\n", {"<>|x"}},
      {"doubled quotes", "\"a\"\"b\",\"\"\"\"\n", {"<a\"b>|<\">"}},
      {"line ends inside", "\"a\nb\",c\r\nd,\"e\r\nf\"\n", {"<a\nb>|c", "d|<e\r\nf>"}},
      {"delimiters inside", "\"a,b\",c\n", {"<a,b>|c"}},
      {"quoted at the end", "a,\"b\"", {"a|<b>"}},
      {"a return inside a field", "a\rb,c\n", {"a\rb|c"}},
      {"a stray quote costs one line",
       "a,b\"c\nd,e\n",
       {"!a quote inside an unquoted field@1", "d|e"}},
      {"text behind a quote", "\"a\"b,c\nd,e\n", {"!text behind a closing quote@0", "d|e"}},
      {"a quote that never ends",
       "x,y\na,\"b\nc,d\n",
       {"x|y", "!the quoted field does not end@1", "c|d"}},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{2}, std::size_t{7}, SIZE_MAX}) {
      CAPTURE(chunk);
      CHECK(rows_of(row.input, ',', 1000, chunk) == row.rows);
    }
  }
}

TEST_CASE("csv: a row over the limit is skipped to its end") {
  const std::string error = "!the row is longer than the limit@";
  const std::string wide(20, 'x');
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{5}, SIZE_MAX}) {
    CHECK(rows_of("a,b\n" + wide + ",b\nc,d\n", ',', 10, chunk) == List{"a|b", error + "0", "c|d"});
    CHECK(rows_of("a," + wide + wide, ',', 10, chunk) == List{error + "0"});
  }
  CHECK(rows_of("\"" + wide + "\",b\nc,d\n", ',', 10) == List{error + "0", "c|d"});
}

TEST_CASE("csv: the delimiter is the one that makes equal columns") {
  struct Row {
    const char* sample;
    char delimiter;
  };
  const Row rows[] = {{"a,b,c\n1,2,3\n", ','},
                      {"a;b;c\n1,5;2,5;3,5\n", ';'},
                      {"a\tb\n1,0\t2,0\n", '\t'},
                      {"a|b|c\n1|2|3\n", '|'},
                      {"\"a;b;c\",d\n\"x;y;z\",e\n", ','},
                      {"only\none\n", ','},
                      {"a;b", ';'},
                      {"", ','}};
  for (const Row& row : rows) {
    CAPTURE(row.sample);
    CHECK(detect_delimiter(row.sample) == row.delimiter);
  }
}

}  // namespace
}  // namespace mc::csv
