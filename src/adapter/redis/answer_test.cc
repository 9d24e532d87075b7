#include "redis/answer.h"

#include <doctest/doctest.h>

#include "redis/redis.h"
#include "redis/script.h"

namespace mc::redis {
namespace {

// All that `bytes` are read as, given in pieces of `piece`.
Result<std::vector<Value>> read_all(const std::string& bytes, std::size_t piece) {
  Answers answers;
  std::vector<Value> out;
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    MC_TRY_OK(answers.feed(std::string_view(bytes).substr(i, piece)));
    for (;;) {
      MC_TRY(std::optional<Value> value, answers.next());
      if (!value) break;
      out.push_back(std::move(*value));
    }
  }
  return out;
}

TEST_CASE("redis answers: are the same in whatever pieces they come") {
  const std::string bytes =
      "*6\r\n:0\r\n:1\r\n:20\r\n:5\r\n:-1\r\n:3\r\n-NOSCRIPT gone\r\n$-1\r\n+OK\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    CAPTURE(piece);
    const auto values = read_all(bytes, piece);
    REQUIRE(values.has_value());
    REQUIRE(values->size() == 4);
    const auto replies = replies_of((*values)[0], 1);
    REQUIRE(replies.has_value());
    CHECK((*replies)[0] ==
          share::Reply{.known = true, .lease = 20, .left = 5, .eligible_us = -1, .nodes = 3});
    CHECK(code_of((*values)[1]) == "NOSCRIPT");
    CHECK((*values)[2].type == Value::Type::nil);
    CHECK((*values)[3].text == "OK");
  }
}

TEST_CASE("redis answers: what no Redis says is corrupt") {
  struct Row {
    const char* name;
    std::string bytes;
  };
  const Row rows[] = {
      {"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"},
      {"a list of two thousand millions", "*2000000000\r\n"},
      {"a list of more than is allowed", "*1025\r\n"},
      {"lists in lists in lists",
       "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"},
      {"a text that is too long", "$70000\r\n" + std::string(70'000, 'x') + "\r\n"},
      {"a line without end", "+" + std::string(70'000, 'x')},
      {"zeros", std::string(64, '\0')},
      {"TLS", "\x15\x03\x01\x00\x02\x02\x16"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto values = read_all(row.bytes, 4'096);
    REQUIRE_FALSE(values.has_value());
    CHECK(values.error().code == Code::corrupt);
    CHECK(values.error().what.find("xxx") == std::string::npos);
  }
}

TEST_CASE("redis answers: of the script only sound numbers are taken") {
  struct Row {
    const char* bytes;
    Code code;
  };
  const Row rows[] = {
      {":1\r\n", Code::corrupt},
      {"*0\r\n", Code::corrupt},
      {"*5\r\n:0\r\n:1\r\n:20\r\n:5\r\n:0\r\n", Code::corrupt},
      {"*6\r\n:0\r\n:1\r\n:-20\r\n:5\r\n:0\r\n:1\r\n", Code::corrupt},
      {"*6\r\n:0\r\n:2\r\n:20\r\n:5\r\n:0\r\n:1\r\n", Code::corrupt},
      {"*6\r\n:0\r\n:1\r\n:9007199254740993\r\n:5\r\n:0\r\n:1\r\n", Code::corrupt},
      {"*6\r\n:0\r\n:1\r\n:20\r\n:5\r\n:-2\r\n:1\r\n", Code::corrupt},
      {"*6\r\n:0\r\n:1\r\n+20\r\n:5\r\n:0\r\n:1\r\n", Code::corrupt},
      {"-LOADING Redis is loading\r\n", Code::unavailable},
      {"-READONLY You can't write\r\n", Code::unavailable},
      {"-NOPERM this user\r\n", Code::denied},
      {"-NOAUTH\r\n", Code::denied},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    const auto values = read_all(row.bytes, 4'096);
    REQUIRE(values.has_value());
    const auto replies = replies_of(values->at(0), 1);
    REQUIRE_FALSE(replies.has_value());
    CHECK(replies.error().code == row.code);
  }
}

TEST_CASE("redis answers: an error's words are not passed on, they may be what was sent") {
  const auto values = read_all("-ERR unknown command `AUTH`, with args: `hunter2`\r\n", 10);
  REQUIRE(values.has_value());
  CHECK(failure_of(values->at(0)).what == "redis: the server answers with an error: ERR");
  const auto odd = read_all("-hunter2 is wrong\r\n-HUNTER2\r\n", 100);
  CHECK(failure_of(odd->at(0)).what == "redis: the server answers with an error");
  CHECK(failure_of(odd->at(1)).what == "redis: the server answers with an error");
}

TEST_CASE("redis: the script's arguments are numbers in a fixed order") {
  const share::Ask ask = {
      .key = "{alpha}k",
      .shape = {.kind = share::Kind::window, .max = 9'007'199'254'740'991, .keep = seconds(60)},
      .seq = 1,
      .used = 2,
      .charge = 3,
      .held = 4,
      .want = 5,
      .need = 6,
      .least = 7,
      .ttl = millis(8)};
  const std::vector<std::string> expected = {
      "1",   "mc:{alpha}k", "node1000", "w", "9007199254740991",
      "1",   "0",           "60000",    "1", "2",
      "3",   "4",           "5",        "6", "7",
      "8000"};
  CHECK(script_arguments("node1000", {&ask, 1}) == expected);
}

TEST_CASE("redis: options are checked, and errors name them") {
  const auto refused = [](Options options, std::string password = "") {
    const auto store = redis_store(std::move(options), Secret(std::move(password)));
    return store ? std::string() : store.error().what;
  };
  CHECK(refused({.host = ""}).starts_with("redis: host:"));
  CHECK(refused({.host = "h", .port = 0}).starts_with("redis: port:"));
  CHECK(refused({.host = "h", .user = "u"}) == "redis: user: needs a password");
  CHECK(refused({.host = "h", .op_timeout = seconds(2)}).starts_with("redis: op_timeout:"));
  CHECK(
      refused({.host = "h", .connect_timeout = millis(1)}).starts_with("redis: connect_timeout:"));
  CHECK(refused({.host = "127.0.0.1"}).empty());
}

}  // namespace
}  // namespace mc::redis
