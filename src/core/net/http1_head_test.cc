#include "net/http1_head.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <string>

namespace mc::net::http1 {
namespace {

int status_of(const std::string& head, const HeadLimits& limits = {}) {
  RequestHead out;
  return parse_request_head(head, limits, out).status;
}

TEST_CASE("head: takes a request apart") {
  RequestHead out;
  const std::string head =
      "POST /a/b?x=1 HTTP/1.1\r\nHost: api.example:8080\r\nContent-Type:application/json \r\n"
      "Empty:\r\ncontent-length: 12\r\nExpect: 100-Continue\r\nConnection: x, Keep-Alive\r\n\r\n";
  const Verdict verdict = parse_request_head(head, {}, out);
  CHECK(verdict.good());
  CHECK(out.method == "POST");
  CHECK(out.target == "/a/b?x=1");
  CHECK(out.minor == 1);
  CHECK(out.content_length == 12);
  CHECK(!out.chunked);
  CHECK(out.keep_alive);
  CHECK(out.expect_continue);
  REQUIRE(out.headers.size() == 6);
  CHECK(out.headers[1].name == "Content-Type");
  CHECK(out.headers[1].value == "application/json");
  CHECK(out.headers[2].value.empty());
}

TEST_CASE("head: decides on the connection as the version and Connection say") {
  struct Row {
    std::string head;
    bool keep_alive;
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: a,, close ,b\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
      {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false}};
  for (const Row& row : rows) {
    CAPTURE(row.head);
    RequestHead out;
    CHECK(parse_request_head(row.head, {}, out).good());
    CHECK(out.keep_alive == row.keep_alive);
  }
}

using namespace std::string_literals;

// Each is read differently by some pair of servers; all but the marked ones are refused.
struct Row {
  std::string name;
  std::string head;
  int status;
};
const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";

void check_rows(std::span<const Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(status_of(row.head) == row.status);
  }
}

TEST_CASE("head: refuses ambiguous framing, which requests are smuggled with") {
  const Row rows[] = {
      {"plain, accepted", get + "\r\n", 0},
      {"both framings", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"both, other order", post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n", 400},
      {"two lengths", post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n", 400},
      {"equal lengths", post + "Content-Length: 4\r\nContent-Length: 4\r\n\r\n", 400},
      {"length list", post + "Content-Length: 4, 4\r\n\r\n", 400},
      {"signed length", post + "Content-Length: +4\r\n\r\n", 400},
      {"negative length", post + "Content-Length: -4\r\n\r\n", 400},
      {"hex length", post + "Content-Length: 0x4\r\n\r\n", 400},
      {"empty length", post + "Content-Length:\r\n\r\n", 400},
      {"spaced length", post + "Content-Length: 4 4\r\n\r\n", 400},
      {"huge length", post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"length wraps", post + "Content-Length: 18446744073709551620\r\n\r\n", 400},
      {"chunked, accepted", post + "Transfer-Encoding: CHUNKED\r\n\r\n", 0},
      {"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"chunked not last", post + "Transfer-Encoding: chunked, identity\r\n\r\n", 400},
      {"chunked, chunked", post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501},
      {"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"identity", post + "Transfer-Encoding: identity\r\n\r\n", 400},
      {"xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n", 400},
      {"empty coding", post + "Transfer-Encoding:\r\n\r\n", 400},
      {"vertical tab in coding", post + "Transfer-Encoding: \vchunked\r\n\r\n", 400},
      {"quoted coding", post + "Transfer-Encoding: \"chunked\"\r\n\r\n", 400},
  };
  check_rows(rows);
}

TEST_CASE("head: refuses fields and names outside of the grammar") {
  const Row rows[] = {
      {"space before colon", get + "Transfer-Encoding : chunked\r\n\r\n", 400},
      {"tab before colon", get + "X\t: 1\r\n\r\n", 400},
      {"obs-fold space", get + "X: 1\r\n more\r\n\r\n", 400},
      {"obs-fold tab", get + "X: 1\r\n\tmore\r\n\r\n", 400},
      {"fold before fields", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
      {"no colon", get + "Nothing\r\n\r\n", 400},
      {"empty name", get + ": x\r\n\r\n", 400},
      {"bare CR in value", get + "X: a\rb\r\n\r\n", 400},
      {"CR before CRLF", get + "X: a\r\r\n\r\n", 400},
      {"bare LF in value", get + "X: a\nY: b\r\n\r\n", 400},
      {"NUL in value", get + "X: a\0b\r\n\r\n"s, 400},
      {"NUL in name", get + "X\0: b\r\n\r\n"s, 400},
      {"DEL in value", get + "X: \x7f\r\n\r\n", 400},
      {"byte above ASCII in name", get + "X\xe9: 1\r\n\r\n", 400},
      {"byte above ASCII in value, accepted", get + "X: \xe9\r\n\r\n", 0},
      {"underscore name, accepted", get + "Content_Length: 4\r\n\r\n", 0},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"no Host in 1.0, accepted", "GET / HTTP/1.0\r\n\r\n", 0},
      {"two Hosts", get + "Host: h\r\n\r\n", 400},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"Host with path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", 400},
      {"Host with user", "GET / HTTP/1.1\r\nHost: a@h\r\n\r\n", 400},
      {"Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"Host port 0", "GET / HTTP/1.1\r\nHost: h:0\r\n\r\n", 400},
      {"Host port too large", "GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n", 400},
      {"Host empty port", "GET / HTTP/1.1\r\nHost: h:\r\n\r\n", 400},
      {"IPv6 Host, accepted", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
      {"open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
      {"bytes after bracket", "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400},
  };
  check_rows(rows);
}

TEST_CASE("head: refuses request lines outside of the grammar") {
  const Row rows[] = {
      {"absolute form", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"authority form", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"star", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"OPTIONS star, accepted", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"fragment", "GET /#x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"backslash", "GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"bad escape", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"short escape", "GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"braces in the query, accepted", "GET /g?query={a} HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"space in target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"tab for space", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"trailing space", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"no version", "GET /\r\nHost: h\r\n\r\n", 400},
      {"lower case version", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"version 2", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"version 1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"version 1.10", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400},
      {"method with bad byte", "GE(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"long method", std::string(33, 'A') + " / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"unknown expectation", get + "Expect: tea\r\n\r\n", 417},
      {"bad Connection", get + "Connection: a b\r\n\r\n", 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n", 400},
  };
  check_rows(rows);
}

TEST_CASE("head: the limits have their own status") {
  HeadLimits limits;
  limits.headers_max = 3;
  limits.target_bytes_max = 10;
  limits.head_bytes_max = 200;
  const std::string host = "Host: h\r\n";
  CHECK(status_of("GET /123456789 HTTP/1.1\r\n" + host + "\r\n", limits) == 0);
  CHECK(status_of("GET /1234567890 HTTP/1.1\r\n" + host + "\r\n", limits) == 414);
  CHECK(status_of("GET / HTTP/1.1\r\n" + host + "A: 1\r\nB: 2\r\n\r\n", limits) == 0);
  CHECK(status_of("GET / HTTP/1.1\r\n" + host + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits) == 431);
  CHECK(status_of("GET / HTTP/1.1\r\n" + host + "A: " + std::string(200, 'x') + "\r\n\r\n",
                  limits) == 431);
}

// The oracle looks at the whole text; the scanner sees it in every possible pair of pieces.
TEST_CASE("scanner: finds the end of a head wherever the bytes are cut") {
  const std::string heads[] = {"GET / HTTP/1.1\r\nHost: h\r\n\r\nbody\r\n\r\n",
                               "\r\n",
                               "a\r\n\r\n",
                               "a\nb\r\n\r\n",
                               "\n",
                               "a\r\nb\r\n",
                               "a\r\n\n",
                               "a\r\n\r\r\n\r\n",
                               ""};
  for (const std::string& text : heads) {
    CAPTURE(text);
    std::size_t bare = std::string::npos;
    for (std::size_t i = 0; i < text.size() && bare == std::string::npos; ++i) {
      if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) bare = i;
    }
    std::size_t end = text.substr(0, 2) == "\r\n" ? 0 : text.find("\r\n\r\n");
    if (end != std::string::npos) end += end == 0 ? 2 : 4;
    HeadScanner::State expected = HeadScanner::State::more;
    if (end != std::string::npos && end <= bare) expected = HeadScanner::State::found;
    if (expected == HeadScanner::State::more && bare != std::string::npos) {
      expected = HeadScanner::State::bad;
    }
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      HeadScanner scanner;
      HeadScanner::State state = scanner.scan(std::string_view(text).substr(0, cut));
      if (state == HeadScanner::State::more) state = scanner.scan(text);
      CHECK(state == expected);
      if (state == HeadScanner::State::found) CHECK(scanner.head_size() == end);
    }
  }
}

TEST_CASE("head: Connection lists at most 32 options, over all its fields") {
  std::string options;
  for (int i = 0; i < 31; ++i) options += "x" + std::to_string(i) + ",";
  const Row rows[] = {
      {"32", get + "Connection: " + options + "last\r\n\r\n", 0},
      {"33", get + "Connection: " + options + "last, one\r\n\r\n", 400},
      {"33 in two", get + "Connection: " + options + "last\r\nConnection: one\r\n\r\n", 400},
      {"empty ones do not count", get + "Connection: " + options + ",,,last,\r\n\r\n", 0},
  };
  check_rows(rows);
}

TEST_CASE("head: a field value is judged byte by byte, wherever the bad byte stands") {
  for (std::size_t size = 0; size <= 40; ++size) {
    for (std::size_t at = 0; at < std::max<std::size_t>(size, 1); ++at) {
      for (const char c : {'a', ' ', '\t', '\n', '\r', '\0', '\x1f', '\x7f', '\x80', '\xff'}) {
        std::string text(size, 'v');
        if (size > 0) text[at] = c;
        const bool control = (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f;
        const bool blank_end = (c == ' ' || c == '\t') && (at == 0 || at + 1 == size);
        CAPTURE(size);
        CAPTURE(at);
        CAPTURE(static_cast<int>(c));
        CHECK(is_field_value(text) == (size == 0 || (!control && !blank_end)));
      }
    }
  }
}

TEST_CASE("head: a response's framing follows RFC 9112 section 6.3") {
  struct Case {
    std::string head;
    std::string method;
    int status;  // 502 = refused
    Framing framing;
    bool keep_alive;
  };
  const Case rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", 200, Framing::length, true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", 200, Framing::none, true},
      {"HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, Framing::none, true},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", 304, Framing::none, true},
      {"HTTP/1.1 100 Continue\r\n\r\n", "GET", 100, Framing::none, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", 200, Framing::chunked, true},
      {"HTTP/1.1 200 OK\r\n\r\n", "GET", 200, Framing::until_close, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", 200, Framing::length, false},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n", "GET", 200,
       Framing::length, true},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", "GET", 200,
       Framing::length, false},
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "GET", 200, Framing::length, true},
      {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "GET", 200, Framing::length, true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", 502,
       Framing::none, false},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", 502, Framing::none, false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "GET", 502, Framing::none,
       false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "GET", 502,
       Framing::none, false},
      {"HTTP/1.1 099 X\r\n\r\n", "GET", 502, Framing::none, false},
      {"HTTP/1.1 600 X\r\n\r\n", "GET", 502, Framing::none, false},
      {"HTTP/1.1 20 X\r\n\r\n", "GET", 502, Framing::none, false},
      {"HTTP/1.1 2000 X\r\n\r\n", "GET", 502, Framing::none, false},
      {"HTTP/2 200 OK\r\n\r\n", "GET", 502, Framing::none, false},
      {"HTTP/1.1 200 O\x01K\r\n\r\n", "GET", 502, Framing::none, false},
      {"HTTP/1.1 200 OK\r\nA: 1\r\n b\r\n\r\n", "GET", 502, Framing::none, false},
      {"ICY 200 OK\r\n\r\n", "GET", 502, Framing::none, false}};
  for (const Case& row : rows) {
    CAPTURE(row.head);
    ResponseHead out;
    const Verdict verdict = parse_response_head(row.head, {}, row.method, out);
    if (row.status == 502) {
      CHECK(verdict.status == 502);
      continue;
    }
    CHECK(verdict.good());
    CHECK(out.status == row.status);
    CHECK(out.framing == row.framing);
    CHECK(out.keep_alive == row.keep_alive);
  }
}

TEST_CASE("head: lists are searched by whole elements") {
  CHECK(list_has("a, Close ,b", "close"));
  CHECK(list_has("close", "CLOSE"));
  CHECK(!list_has("closed, not-close", "close"));
  CHECK(!list_has("", "close"));
}

}  // namespace
}  // namespace mc::net::http1
