#include "api/served.h"

#include <doctest/doctest.h>

namespace mc::api {
namespace {

Reply reply(const std::string& type, std::string body) {
  net::Response out;
  out.status = 200;
  out.headers = {{"Content-Type", type}};
  out.body = std::move(body);
  return out;
}

TEST_CASE("served: rows and fields are counted in each form of answer") {
  struct Row {
    const char* name;
    const char* type;
    std::string body;
    std::int64_t rows;
    std::string fields;
  };
  const Row table[] = {
      {"a list", "application/json", R"({"items":[{"a":1,"b":2},{"a":3,"b":4}]})", 2, "a,b"},
      {"an empty list", "application/json", R"({"items":[]})", 0, ""},
      {"an object", "application/json", R"({"a":1,"b":{"c":2}})", 1, "a,b"},
      {"no JSON", "application/json", "{", 0, ""},
      {"CSV", "text/csv; charset=utf-8", "a,b\r\n1,2\r\n3,4\r\n", 2, "a,b"},
      {"CSV without a row", "text/csv", "a,b\r\n", 0, "a,b"},
      {"a line's end in a cell", "text/csv", "a,b\r\n\"1\r\n\"\"2\"\"\",3\r\n", 1, "a,b"},
      {"JSON lines", "application/x-ndjson", "{\"a\":1}\n{\"b\":2}\n", 2, "a"},
      {"no JSON line", "application/x-ndjson", "", 0, ""},
      {"another", "application/pdf", "%PDF", 0, ""},
  };
  for (const Row& row : table) {
    CAPTURE(row.name);
    const transparency::Served served = served_by(reply(row.type, row.body));
    CHECK(served.status == 200);
    CHECK(served.rows == row.rows);
    CHECK(served.fields == row.fields);
  }
  const transparency::Served refused = served_by(fail(Code::denied, "no"));
  CHECK(refused.status == 403);
  CHECK(refused.rows == 0);
}

TEST_CASE("served: a large answer is counted too") {
  std::string body = R"({"items":[{"a":")" + std::string(2 << 20, 'x') + "\"}";
  for (int i = 0; i < 9'999; ++i) body += R"(,{"a":"x"})";
  const transparency::Served served = served_by(reply("application/json", body + "]}"));
  CHECK(served.rows == 10'000);
  CHECK(served.fields == "a");
}

}  // namespace
}  // namespace mc::api
