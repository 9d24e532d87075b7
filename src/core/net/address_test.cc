#include "net/address.h"

#include <doctest/doctest.h>

namespace mc::net {
namespace {

bool is_public_text(const char* text) {
  const Result<IpAddress> address = parse_address(text);
  REQUIRE(address.has_value());
  return is_public(*address);
}

TEST_CASE("address: what no stranger's server has is not public") {
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.1.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.7",
                           "203.0.113.9",
                           "224.0.0.1",
                           "239.1.1.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:10.0.0.1",
                           "::ffff:127.0.0.1",
                           "::127.0.0.1",
                           "64:ff9b::a00:1",
                           "64:ff9b:1::1",
                           "100::1",
                           "2001::1",
                           "2001:1ff::1",
                           "2001:db8::1",
                           "2002:a00:1::1",
                           "3fff::1",
                           "fc00::1",
                           "fd12:3456::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "4000::1"}) {
    CAPTURE(text);
    CHECK(!is_public_text(text));
  }
}

TEST_CASE("address: the others are, up to the edges of those networks") {
  for (const char* text : {"1.0.0.0",
                           "9.255.255.255",
                           "11.0.0.0",
                           "100.63.255.255",
                           "100.128.0.0",
                           "126.255.255.255",
                           "128.0.0.0",
                           "169.253.255.255",
                           "169.255.0.0",
                           "172.15.255.255",
                           "172.32.0.0",
                           "191.255.255.255",
                           "192.0.1.0",
                           "192.0.3.0",
                           "192.167.255.255",
                           "192.169.0.0",
                           "198.17.255.255",
                           "198.20.0.0",
                           "223.255.255.255",
                           "8.8.8.8",
                           "::ffff:8.8.8.8",
                           "2001:200::1",
                           "2001:4860:4860::8888",
                           "2001:db7::1",
                           "2003::1",
                           "2600::1",
                           "3ffe::1"}) {
    CAPTURE(text);
    CHECK(is_public_text(text));
  }
}

TEST_CASE("address: networks that an operator names are allowed, and nothing beside them") {
  const Result<AddressRule> rule =
      AddressRule::make({"10.1.0.0/16", "127.0.0.1", "fd00:1::/32", "192.168.7.128/25"});
  REQUIRE(rule.has_value());
  const auto allows = [&](const char* text) { return rule->allows(*parse_address(text)); };
  for (const char* text : {"10.1.0.0", "10.1.255.255", "127.0.0.1", "fd00:1::5", "192.168.7.200",
                           "::ffff:10.1.2.3", "8.8.8.8"}) {
    CAPTURE(text);
    CHECK(allows(text));
  }
  for (const char* text : {"10.0.255.255", "10.2.0.0", "127.0.0.2", "fd00:2::5", "192.168.7.127"}) {
    CAPTURE(text);
    CHECK(!allows(text));
  }
  CHECK(AddressRule::make({"0.0.0.0/0"})->allows(*parse_address("10.0.0.1")));
  CHECK(!AddressRule::make({"0.0.0.0/0"})->allows(*parse_address("fd00::1")));
}

TEST_CASE("address: what somebody may name as the address of a server") {
  for (const char* good : {"https://a", "https://a/b?c", "https://a:8443/", "http://127.0.0.1",
                           "http://127.0.0.1:9/a", "http://localhost/a", "http://[::1]:9"}) {
    CAPTURE(good);
    CHECK(check_outbound_url("field", good).has_value());
  }
  for (const char* bad :
       {"", "a", "https://", "https:///a", "https://:443/", "http://a", "http://127.0.0.1.a",
        "http://127.0.0.1@a", "https://u:p@a", "http://localhosts", "ftp://a", "HTTPS://a",
        "https://a b", "https://a\r\nX: y", "https://a/#b", "javascript:alert(1)"}) {
    CAPTURE(bad);
    const Status checked = check_outbound_url("field", bad);
    REQUIRE(!checked.has_value());
    CHECK(checked.error().code == Code::invalid);
    CHECK(checked.error().what.starts_with("field "));
  }
}

TEST_CASE("address: other spellings are refused") {
  for (const char* text : {"", "10.1", "010.0.0.1", "0x7f.0.0.1", "2130706433", "10.0.0.0/33",
                           "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "fd00::/129", "host"}) {
    CAPTURE(text);
    CHECK(AddressRule::make({text}).error().code == Code::invalid);
  }
}

}  // namespace
}  // namespace mc::net
