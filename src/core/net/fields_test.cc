#include "net/fields.h"

#include <doctest/doctest.h>

namespace mc::net {
namespace {

const auto kNone = [](std::string_view) { return false; };

TEST_CASE("fields: lines are what will be sent, in their order") {
  FieldLines lines;
  lines.add("X-Text", "a b");
  lines.add("X-Empty", "");
  lines.add("X-Number", std::int64_t{-5});
  CHECK(lines.text() == "X-Text: a b\r\nX-Empty: \r\nX-Number: -5\r\n");
  CHECK(lines.sendable());
}

TEST_CASE("fields: one value that could end a line makes the whole unsendable") {
  const std::string_view values[] = {"a\r\nX-Evil: 1", "a\nb", "a\rb", std::string_view("a\0b", 3),
                                     "\x7f",           " a",   "a "};
  for (const std::string_view value : values) {
    FieldLines lines;
    lines.add("X-Good", "1");
    lines.add("X-Bad", value);
    lines.add("X-After", "2");
    CHECK_FALSE(lines.sendable());
    CHECK(lines.text() == "X-Good: 1\r\n");
  }
}

TEST_CASE("fields: what ends at a hop is not passed on, in any case of letters") {
  const std::vector<HeaderView> received = {{"ACCEPT", "x"},
                                            {"connection", "close, X-Listed ,x-other"},
                                            {"x-listed", "1"},
                                            {"X-Other", "2"},
                                            {"TE", "trailers"},
                                            {"Trailer", "a"},
                                            {"UPGRADE", "h2c"},
                                            {"Keep-Alive", "3"},
                                            {"Proxy-Connection", "x"},
                                            {"Transfer-Encoding", "chunked"},
                                            {"Proxy-Authenticate", "x"},
                                            {"Proxy-Authorization", "x"},
                                            {"Content-LENGTH", "4"},
                                            {"hOST", "x"},
                                            {"Expect", "x"},
                                            {"X-Listed-Not", "3"},
                                            {"Mine", "4"}};
  FieldLines lines;
  lines.pass_on(received, [](std::string_view name) { return name == "Mine"; });
  CHECK(lines.text() == "ACCEPT: x\r\nX-Listed-Not: 3\r\n");
}

TEST_CASE("fields: Connection alone lists nothing, and may stand more than once") {
  FieldLines plain;
  plain.pass_on({{"Connection", "keep-alive"}, {"Close", "1"}, {"A", "2"}}, kNone);
  CHECK(plain.text() == "Close: 1\r\nA: 2\r\n");
  FieldLines twice;
  twice.pass_on({{"Connection", "keep-alive"}, {"Connection", "A"}, {"A", "1"}, {"B", "2"}}, kNone);
  CHECK(twice.text() == "B: 2\r\n");
}

TEST_CASE("fields: a name is found at the beginning of a line only, whole, in any case") {
  FieldLines lines;
  lines.add("X-Request-Id", "Date: 1");
  lines.add("Vary", "x");
  struct Row {
    std::string_view name;
    bool there;
  };
  for (const Row& row : {Row{"x-request-ID", true}, Row{"vary", true}, Row{"Date", false},
                         Row{"X-Request", false}, Row{"X-Request-Id2", false}, Row{"", false}}) {
    CAPTURE(row.name);
    CHECK(lines.has(row.name) == row.there);
  }
  CHECK_FALSE(FieldLines().has("Vary"));
}

}  // namespace
}  // namespace mc::net
