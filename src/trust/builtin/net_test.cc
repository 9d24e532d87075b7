#include <doctest/doctest.h>

#include "builtin/go_address.h"
#include "builtin/test_calls.h"

namespace mc::builtin {
namespace {

void check(std::initializer_list<CallRow> rows) {
  Calls call;
  for (const CallRow& row : rows) {
    CAPTURE(row.function);
    CAPTURE(row.operands);
    CHECK(call(row.function, row.operands) == row.result);
  }
}

TEST_CASE("addresses: are read and written as Go does") {
  struct Row {
    const char* text;
    const char* shown;  // empty: refused
  };
  const Row rows[] = {
      {"1.2.3.4", "1.2.3.4"},
      {"255.255.255.255", "255.255.255.255"},
      {"1.2.3", ""},
      {"1.2.3.4.5", ""},
      {"1.2.3.256", ""},
      {"01.2.3.4", ""},
      {"1.2.3.", ""},
      {" 1.2.3.4", ""},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"1:2:3:4:5:6:7::8", ""},
      {"1:2:3:4:5:6:7:8:9", ""},
      {"1::2::3", ""},
      {":1", ""},
      {"1:", ""},
      {":::", ""},
      {"12345::", ""},
      {"::ffff:1.2.3.4", "1.2.3.4"},
      {"::1.2.3.4", "::102:304"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"1:2:3:4:5:6:7:1.2.3.4", ""},
      {"fe80::1%eth0", ""},
      {"", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto address = read_address(row.text);
    CHECK((address ? address->text() : "") == row.shown);
  }
}

TEST_CASE("net.cidr_is_valid: needs an address and a length that fits") {
  check({
      {"net.cidr_is_valid", R"("10.0.0.0/8")", "true"},
      {"net.cidr_is_valid", R"("10.0.0.0/08")", "true"},
      {"net.cidr_is_valid", R"("10.0.0.0/33")", "false"},
      {"net.cidr_is_valid", R"("10.0.0.0/")", "false"},
      {"net.cidr_is_valid", R"("10.0.0.0/-1")", "false"},
      {"net.cidr_is_valid", R"("10.0.0.0")", "false"},
      {"net.cidr_is_valid", R"("2001:db8::/129")", "false"},
      {"net.cidr_is_valid", R"("2001:db8::/128")", "true"},
      {"net.cidr_is_valid", "1", "false"},
  });
}

TEST_CASE("net.cidr_contains: addresses and networks inside of a network") {
  check({
      {"net.cidr_contains", R"("192.168.0.0/16", "192.168.3.4")", "true"},
      {"net.cidr_contains", R"("192.168.0.0/16", "192.169.0.0")", "false"},
      {"net.cidr_contains", R"("192.168.5.5/16", "192.168.0.0/24")", "true"},
      {"net.cidr_contains", R"("192.168.0.0/24", "192.168.0.0/16")", "false"},
      {"net.cidr_contains", R"("0.0.0.0/0", "255.255.255.255")", "true"},
      {"net.cidr_contains", R"("::/0", "10.0.0.1")", "false"},
      {"net.cidr_contains", R"("::/0", "2001:db8::1/64")", "true"},
      {"net.cidr_contains", R"("10.0.0.0/8", "::ffff:10.1.2.3")", "true"},
      {"net.cidr_contains", R"("::ffff:10.0.0.0/104", "10.1.2.3")", "true"},
      {"net.cidr_overlap", R"("10.0.0.0/8", "10.1.2.3")", "true"},
      {"net.cidr_contains", R"("10.0.0.0", "10.1.2.3")",
       "eval_builtin_error: invalid CIDR address: 10.0.0.0"},
      {"net.cidr_contains", R"("10.0.0.0/8", "ten")",
       "eval_builtin_error: not a valid textual representation of an IP address or CIDR: ten"},
      {"net.cidr_contains", R"(1, "10.0.0.1")",
       "eval_type_error: operand 1 must be string but got number"},
  });
}

TEST_CASE("net.cidr_intersects: when one holds the start of the other") {
  check({
      {"net.cidr_intersects", R"("10.0.0.0/8", "10.200.0.0/16")", "true"},
      {"net.cidr_intersects", R"("10.200.0.0/16", "10.0.0.0/8")", "true"},
      {"net.cidr_intersects", R"("10.0.0.0/9", "10.128.0.0/9")", "false"},
      {"net.cidr_intersects", R"("10.0.0.0/9", "x")",
       "eval_builtin_error: invalid CIDR address: x"},
  });
}

TEST_CASE("net.cidr_contains_matches: names pairs by index, member or key") {
  check({
      {"net.cidr_contains_matches", R"("10.0.0.0/8", "10.1.1.1")",
       R"({["10.0.0.0/8", "10.1.1.1"]})"},
      {"net.cidr_contains_matches", R"(["10.0.0.0/8", "11.0.0.0/8"], ["11.1.1.1", "12.1.1.1"])",
       "{[1, 0]}"},
      {"net.cidr_contains_matches", R"({["10.0.0.0/8", "x"]}, {"a": "10.1.1.1"})",
       R"({[["10.0.0.0/8", "x"], "a"]})"},
      {"net.cidr_contains_matches", R"([], [1])", "set()"},
      {"net.cidr_contains_matches", R"([[]], ["10.1.1.1"])",
       "eval_builtin_error: operand 1: element must be string or non-empty array"},
      {"net.cidr_contains_matches", R"(["10.0.0.0/8"], [true])",
       "eval_builtin_error: operand 2: element must be string or non-empty array"},
      {"net.cidr_contains_matches", R"(["10.0.0.0/8"], [[1]])",
       "eval_type_error: operand 1 must be string but got number"},
  });
}

TEST_CASE("net.cidr_expand: every address, as long as they are not too many") {
  check({
      {"net.cidr_expand", R"("10.0.0.254/31")", R"({"10.0.0.254", "10.0.0.255"})"},
      {"net.cidr_expand", R"("255.255.255.255/32")", R"({"255.255.255.255"})"},
      {"net.cidr_expand", R"("2001:db8::3/127")", R"({"2001:db8::2", "2001:db8::3"})"},
      {"net.cidr_expand", R"("2001:db8::/64")",
       "eval_cancel_error: timed out before generating all IP addresses"},
      {"net.cidr_expand", R"("10.0.0.0")", "eval_builtin_error: invalid CIDR address: 10.0.0.0"},
  });
  Calls small(1 << 20);
  CHECK(small("net.cidr_expand", R"("10.0.0.0/8")").starts_with("eval_cancel_error"));
  Calls few;
  few.steps = 100;
  CHECK(few("net.cidr_expand", R"("10.0.0.0/16")").starts_with("eval_cancel_error"));
}

TEST_CASE("net.cidr_merge: the fewest networks, those left alone as they were given") {
  check({
      {"net.cidr_merge", R"(["10.0.0.0/25", "10.0.0.128/25"])", R"({"10.0.0.0/24"})"},
      {"net.cidr_merge", R"(["10.0.0.0/24", "10.0.0.7/32"])", R"({"10.0.0.0/24"})"},
      {"net.cidr_merge", R"(["10.0.0.0/32", "10.0.0.1/32", "10.0.0.2/32"])",
       R"({"10.0.0.0/31", "10.0.0.2/32"})"},
      {"net.cidr_merge", R"(["10.0.0.1/32", "10.0.0.3/32"])", R"({"10.0.0.1/32", "10.0.0.3/32"})"},
      {"net.cidr_merge", R"(["10.1.2.3"])", R"({"10.1.2.3/8"})"},
      {"net.cidr_merge", R"({"172.16.0.1", "172.17.0.0/16"})", R"({"172.16.0.0/15"})"},
      {"net.cidr_merge", R"(["2001:db8::/33", "2001:db8:8000::/33", "10.0.0.0/8"])",
       R"({"10.0.0.0/8", "2001:db8::/32"})"},
      {"net.cidr_merge", R"(["0.0.0.0/1", "128.0.0.0/1"])", R"({"0.0.0.0/0"})"},
      {"net.cidr_merge", R"(["::/1", "8000::/1"])", R"({"::/0"})"},
      {"net.cidr_merge", "[]", "set()"},
      {"net.cidr_merge", R"(["::1"])", "eval_builtin_error: IPv6 invalid: needs prefix length"},
      {"net.cidr_merge", R"(["x"])", "eval_builtin_error: invalid CIDR address: x"},
      {"net.cidr_merge", "[1]", "eval_builtin_error: element must be string"},
      {"net.cidr_merge", "{}", "eval_builtin_error: operand must be an array"},
  });
}

}  // namespace
}  // namespace mc::builtin
