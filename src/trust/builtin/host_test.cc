#include <doctest/doctest.h>

#include "builtin/test_keys.h"

namespace mc::builtin {

TEST_CASE("host: print says every combination, a line each") {
  struct Row {
    const char* operand;
    std::vector<std::string> lines;
  };
  const Row rows[] = {
      {"[]", {""}},
      {R"([{"a"}, {1}])", {"a 1"}},
      {R"([set(), {"x"}])", {"<undefined> x"}},
      {R"([{""}, {"x"}])", {" x"}},
      {R"([{1, 2}, {"a", "b"}])", {"1 a", "1 b", "2 a", "2 b"}},
      {R"([{{"a": [1]}}])", {R"({"a": [1]})"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.operand);
    Callee callee;
    std::vector<std::string> lines;
    callee.printed = &lines;
    CHECK(callee.shown("internal.print", {callee.read(row.operand)}) == "true");
    CHECK(lines == row.lines);
    callee.printed = nullptr;
    CHECK(callee.shown("internal.print", {callee.read(row.operand)}) == "true");
  }
  Callee callee;
  std::vector<std::string> lines;
  callee.printed = &lines;
  CHECK(callee.shown("print", {callee.read("1"), callee.read("\"a\"")}) == "true");
  CHECK(lines == std::vector<std::string>{"1 a"});
  CHECK(callee.shown("internal.print", {callee.read("[1]")}) ==
        "eval_internal_error: illegal argument type: number");
}

TEST_CASE("host: printing ends at a limit") {
  Callee callee;
  std::vector<std::string> lines;
  callee.printed = &lines;
  const char* const digits = "{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}";
  std::string operand = "[";
  for (int i = 0; i < 20; ++i) operand += std::string(i > 0 ? ", " : "") + digits;
  CHECK(callee.shown("internal.print", {callee.read(operand + "]")}) == "true");
  CHECK(lines.size() == 10'000);
  lines.clear();
  callee.steps = 100;
  callee.call("internal.print", {callee.read(operand + "]")});
  REQUIRE(callee.fault.has_value());
  CHECK(callee.fault->failure == Failure::cancelled);
}

TEST_CASE("host: trace notes a text") {
  Callee callee;
  std::vector<std::string> notes;
  callee.traced = &notes;
  CHECK(callee.shown("trace", {callee.read("\"a\"")}) == "true");
  CHECK(notes == std::vector<std::string>{"a"});
  CHECK(callee.shown("trace", {callee.read("1")}) ==
        "eval_type_error: operand 1 must be string but got number");
}

TEST_CASE("host: rand.intn answers the same operands the same way") {
  Callee callee;
  const auto draw = [&](std::string_view name, std::string_view n) {
    return callee.shown("rand.intn", {callee.text(name), callee.read(n)});
  };
  const std::string first = draw("a", "1000000000");
  CHECK(draw("b", "1000000000") != first);
  CHECK(draw("a", "1000000000") == first);
  CHECK(draw("a", "-1000000000") == first);
  CHECK(draw("a", "0") == "0");
  CHECK(draw("a", "1") == "0");
  CHECK(draw("a", "-9223372036854775808").front() != '-');
  CHECK(draw("a", "1.5") ==
        "eval_type_error: operand 2 must be integer number but got floating-point number");
  CHECK(callee.answers.find("rand.intn").size() == 4);
  for (int i = 0; i < 100; ++i) {
    const std::string number = draw(std::to_string(i), "3");
    CHECK((number == "0" || number == "1" || number == "2"));
  }
}

TEST_CASE("host: what reaches out is off, and known by type") {
  Callee callee;
  const char* const off = "eval_builtin_error: the capability is off";
  CHECK(callee.shown("http.send", {callee.read(R"({"method": "get", "url": "http://x"})")}) == off);
  CHECK(callee.shown("http.send", {callee.read("{}")}) ==
        "eval_type_error: operand 1 missing required request parameters(s): "
        R"({"method", "url"})");
  CHECK(callee.shown("opa.runtime", {}) == off);
  CHECK(callee.shown("net.lookup_ip_addr", {callee.read("\"example.com\"")}) == off);
  CHECK(callee.shown("net.lookup_ip_addr", {callee.read("\"::1\"")}) == "{\"::1\"}");
  CHECK(callee.shown("net.lookup_ip_addr", {callee.read("\"LOCALHOST\"")}) == "{\"127.0.0.1\"}");
  for (const char* name : {"http.send", "opa.runtime", "net.lookup_ip_addr"}) {
    CAPTURE(name);
    CHECK_FALSE(find_builtin(name)->deterministic);
  }
  for (const char* name : {"graphql.parse", "rego.parse_module", "rego.metadata.chain"}) {
    CAPTURE(name);
    REQUIRE(find_builtin(name) != nullptr);
    const bool callable = find_builtin(name)->function != nullptr;
    CHECK(callable);
  }
}

TEST_CASE("providers: a request of AWS's documentation") {
  Callee callee;
  // "Signature Version 4 signing process", the request ListUsers of IAM.
  const char* const request =
      R"({"method": "GET",)"
      R"( "url": "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",)"
      R"( "headers": {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8",)"
      R"( "User-Agent": "x"}})";
  const char* const config =
      R"({"aws_access_key": "AKIDEXAMPLE",)"
      R"( "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",)"
      R"( "aws_service": "iam", "aws_region": "us-east-1"})";
  const Value out = callee.call(
      "providers.aws.sign_req",
      {callee.read(request), callee.read(config), Value::integer(1'440'938'160'000'000'000)});
  REQUIRE(out.is_object());
  CHECK(out.find("method").text() == "GET");
  const Value headers = out.find("headers");
  CHECK(headers.find("Authorization").text() ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request,"
        "SignedHeaders=content-type;host;x-amz-date,"
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  CHECK(headers.find("host").text() == "iam.amazonaws.com");
  CHECK(headers.find("x-amz-date").text() == "20150830T123600Z");
  CHECK(headers.find("User-Agent").text() == "x");
  CHECK(headers.find("x-amz-content-sha256").is_undefined());
}

TEST_CASE("providers: tokens, bodies and payloads that are not signed") {
  Callee callee;
  const auto header = [&](const char* request, const char* more, const char* name) {
    const std::string config =
        std::string(R"({"aws_access_key": "A", "aws_secret_access_key": "S",)") +
        R"("aws_service": "s3", "aws_region": "eu")" + more + "}";
    const Value out = callee.call("providers.aws.sign_req",
                                  {callee.read(request), callee.read(config), Value::integer(-1)});
    MC_CHECK(out.is_object());
    return std::string(out.find("headers").find(name).text());
  };
  const char* const plain = R"({"method": "get", "url": "http://x/"})";
  CHECK(header(plain, "", "x-amz-content-sha256") == to_hex(sys::sha256("")));
  CHECK(header(plain, "", "x-amz-date") == "19691231T235959Z");
  CHECK(header(plain, R"(, "disable_payload_signing": true)", "x-amz-content-sha256") ==
        "UNSIGNED-PAYLOAD");
  CHECK(header(plain, R"(, "aws_session_token": "T")", "x-amz-security-token") == "T");
  CHECK(header(R"({"method": "get", "url": "http://x/", "body": {"b": {2, 1}, "a": "<"}})", "",
               "x-amz-content-sha256") == to_hex(sys::sha256(R"({"a":"\u003c","b":[1,2]})")));
  CHECK(header(R"({"method": "get", "url": "http://x/", "body": 1, "raw_body": "r"})", "",
               "x-amz-content-sha256") == to_hex(sys::sha256("r")));
}

TEST_CASE("providers: what a request and a configuration lack") {
  Callee callee;
  const char* const config = R"({"aws_access_key": "A", "aws_secret_access_key": "S",)"
                             R"( "aws_service": "s3", "aws_region": "eu"})";
  struct Row {
    const char* request;
    const char* config;
    const char* time;
    const char* message;
  };
  const Row rows[] = {
      {"1", config, "1", "eval_type_error: operand 1 must be object but got number"},
      {"{}", "1", "1", "eval_type_error: operand 1 must be object but got number"},
      {"{}", R"({"aws_region": "eu"})", "1",
       "eval_type_error: operand 2 missing required AWS config parameters(s): "
       R"({"aws_access_key", "aws_secret_access_key", "aws_service"})"},
      {"{}",
       R"({"aws_access_key": 1, "aws_secret_access_key": "S",)"
       R"( "aws_service": "s3", "aws_region": 2})",
       "1",
       "eval_type_error: operand 2 invalid values for required AWS config parameters(s): "
       R"({"aws_access_key", "aws_region"})"},
      {"{}", config, "\"x\"", "eval_type_error: operand 1 must be number but got string"},
      {"{}", config, "1.5",
       "eval_type_error: operand 3 could not convert time_ns value into a unix timestamp"},
      {R"({"method": "get", "x": 1})", config, "1",
       R"(eval_type_error: operand 1 invalid request parameters(s): {"x"})"},
      {R"({"method": "get"})", config, "1",
       R"(eval_type_error: operand 1 missing required request parameters(s): {"url"})"},
      {R"({"method": 1, "url": "x"})", config, "1",
       "eval_type_error: operand 1 invalid values for required request parameters(s): "
       R"({"method"})"},
      {R"({"method": "get", "url": "x", "headers": 1})", config, "1",
       "eval_type_error: operand 0 must be object but got number"},
      {R"({"method": "get", "url": ":x"})", config, "1",
       "eval_builtin_error: parse \":x\": missing protocol scheme"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    CHECK(callee.shown("providers.aws.sign_req", {callee.read(row.request), callee.read(row.config),
                                                  callee.read(row.time)}) == row.message);
  }
}

}  // namespace mc::builtin
