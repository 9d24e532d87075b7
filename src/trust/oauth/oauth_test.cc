#include "oauth/oauth.h"

#include <doctest/doctest.h>

#include "sim/sim.h"

namespace mc::oauth {
namespace {

TEST_CASE("oauth: only Bearer tokens with an end are taken") {
  const auto read =
      read_token("x", R"({"access_token":"a","token_type":"bearer","expires_in":60})", WallTime{});
  REQUIRE(read.has_value());
  CHECK(read->text == "a");
  CHECK(read->ends == WallTime{} + seconds(60));
  for (const char* body : {R"({"access_token":"a","token_type":"mac","expires_in":60})",
                           R"({"access_token":"a b","token_type":"Bearer","expires_in":60})",
                           R"({"access_token":"a","token_type":"Bearer","expires_in":0})",
                           R"({"access_token":"a","token_type":"Bearer","expires_in":"60"})",
                           R"({"access_token":"a","token_type":"Bearer"})", "[]", ""}) {
    CAPTURE(body);
    const auto bad = read_token("x", body, WallTime{});
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error().code == Code::corrupt);
  }
}

TEST_CASE("oauth: a token serves to its end, but not past a refusal") {
  sim::SimClock clock;
  Code next = Code::unavailable;
  int asked = 0;
  Tokens tokens(clock, [&](MonoTime) -> Result<Token> {
    if (++asked > 1) return fail(next, "x: token: refused");
    Token out;
    out.text = "first";
    out.ends = clock.wall() + seconds(600);
    return out;
  });
  const auto get = [&] { return tokens.get(clock.mono()); };
  REQUIRE(get().has_value());
  clock.advance(seconds(299));
  REQUIRE(get().has_value());
  CHECK(asked == 1);
  clock.advance(seconds(1));  // due now: the endpoint is asked, and the old one serves
  REQUIRE(get().has_value());
  CHECK(asked == 2);
  next = Code::denied;
  CHECK(get().error().code == Code::denied);
  next = Code::unavailable;
  clock.advance(seconds(300));
  CHECK(get().error().code == Code::unavailable);
}

TEST_CASE("oauth: base URLs are https, or http of a loopback address") {
  CHECK(base_url("x", "endpoint", "https://a.example:8443/").value() == "https://a.example:8443");
  CHECK(base_url("x", "endpoint", "http://127.0.0.1:1").has_value());
  for (const char* url :
       {"http://a.example", "http://127.0.0.1.evil.example", "ftp://a", "https://",
        "https://u@a.example", "https://a.example/path", "a.example"}) {
    CAPTURE(url);
    CHECK_FALSE(base_url("x", "endpoint", url).has_value());
  }
}

TEST_CASE("oauth: forms are encoded, and only plain codes are repeated") {
  CHECK(form_encoded("a+b/c=~ \xff") == "a%2Bb%2Fc%3D~%20%FF");
  CHECK(plain_code(nullptr).empty());
  const json::Value good("invalid_client");
  const json::Value bad("two words");
  CHECK(plain_code(&good) == "invalid_client");
  CHECK(plain_code(&bad).empty());
}

}  // namespace
}  // namespace mc::oauth
