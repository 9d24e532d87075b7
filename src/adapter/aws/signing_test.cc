#include "aws/signing.h"

#include <doctest/doctest.h>

namespace mc::aws {
namespace {

const SigningKeys kKeys = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};

SigningRequest request() {
  SigningRequest out;
  out.headers = {{"Host", "example.amazonaws.com"}};
  out.region = "us-east-1";
  out.service = "service";
  out.time = {1'440'938'160'000'000'000};  // 2015-08-30T12:36:00Z
  return out;
}

TEST_CASE("aws signing: a request of AWS's own suite") {
  const auto made = sign(request(), kKeys);
  REQUIRE(made.has_value());
  CHECK(made->date == "20150830T123600Z");
  CHECK(made->authorization ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST_CASE("aws signing: the body is hashed as it is, whatever bytes it has") {
  struct Row {
    std::string body;
    const char* digest;  // of SHA-256, by sha256sum
  };
  const Row rows[] = {
      {"Param1=value1", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"},
      {std::string("\0\0", 2), "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"},
      {"\x01\x01", "9dcf97a184f32623d11a73124ceb99a5709b083721e878a16d78f596718ba7b2"},
  };
  for (const Row& row : rows) {
    SigningRequest wanted = request();
    wanted.body = row.body;
    const auto made = sign(wanted, kKeys);
    REQUIRE(made.has_value());
    CHECK(made->canonical.ends_with(row.digest));
    CHECK(made->canonical.find("content-length:" + std::to_string(row.body.size()) + "\n") !=
          std::string::npos);
  }
}

TEST_CASE("aws signing: one bit of anything changes the signature") {
  const auto first = sign(request(), kKeys);
  REQUIRE(first.has_value());
  std::vector<Signed> all = {*first};
  const auto add = [&](const SigningRequest& wanted, const SigningKeys& keys) {
    const auto made = sign(wanted, keys);
    REQUIRE(made.has_value());
    const std::string signature = made->authorization.substr(made->authorization.size() - 64);
    for (const Signed& other : all) CHECK(!other.authorization.ends_with(signature));
    all.push_back(*made);
  };
  add(request(), {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEZ"});
  add(request(), {"AKIDEXAMPLE", ""});
  for (const auto& change : std::vector<void (*)(SigningRequest&)>{
           [](SigningRequest& wanted) { wanted.method = "PUT"; },
           [](SigningRequest& wanted) { wanted.target = "/x"; },
           [](SigningRequest& wanted) { wanted.target = "/?a=b"; },
           [](SigningRequest& wanted) { wanted.body = "x"; },
           [](SigningRequest& wanted) { wanted.body = "y"; },
           [](SigningRequest& wanted) { wanted.region = "us-east-2"; },
           [](SigningRequest& wanted) { wanted.service = "kms"; },
           [](SigningRequest& wanted) { wanted.time.nanos += 1'000'000'000; },
           [](SigningRequest& wanted) { wanted.headers.emplace_back("X-A", "1"); }}) {
    SigningRequest wanted = request();
    change(wanted);
    add(wanted, kKeys);
  }
}

TEST_CASE("aws signing: what the library would cut off or trip over is refused") {
  for (const auto& change : std::vector<void (*)(SigningRequest&)>{
           [](SigningRequest& wanted) { wanted.target = "/?nameless"; },
           [](SigningRequest& wanted) { wanted.target = std::string("/\0x", 3); },
           [](SigningRequest& wanted) { wanted.headers[0].second = std::string("a\0b", 3); },
           [](SigningRequest& wanted) { wanted.region = std::string("a\0b", 3); }}) {
    SigningRequest wanted = request();
    change(wanted);
    const auto made = sign(wanted, kKeys);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == Code::invalid);
  }
  CHECK_FALSE(sign(request(), {"A", std::string_view("a\0b", 3)}).has_value());
}

}  // namespace
}  // namespace mc::aws
